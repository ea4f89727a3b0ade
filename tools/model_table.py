"""Write what the shipped checkpoints achieve into README.md and docs/spotting.md, from their cards.

``python tools/model_table.py`` writes the pages; with ``--check`` it fails when one is out of date.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from spotkick.model_cards import MeasuredScore, ShippedModel, list_models

ROOT: Final = Path(__file__).parent.parent
START: Final = "<!-- models: written by tools/model_table.py -->\n"
END: Final = "<!-- models: end -->\n"

GOOD: Final = 0.5
"""A class with at least this average precision is found well."""

POOR: Final = 0.2
"""A class with less is found badly."""

_WIDTH: Final = 140


def with_text(page: str, text: str) -> str:
    """The page with a new text between its marks."""
    before, _, rest = page.partition(START)
    _, _, after = rest.partition(END)
    return f"{before}{START}\n{text}\n\n{END}{after}"


def readme_text(models: tuple[ShippedModel, ...]) -> str:
    """What the checkpoint for real matches finds well and badly, in plain words."""
    found = next(((model.name, one) for model in models for one in _class_scores(model)), None)
    if found is None:
        return "`spotkick models` lists what ships, what each reads and how well it does."
    name, score = found
    ranked = sorted(score.per_class.items(), key=lambda item: -item[1])
    well = [_name_value(*item) for item in ranked if item[1] >= GOOD]
    badly = [_name_value(*item) for item in ranked if item[1] < POOR]
    between = [_name_value(*item) for item in ranked if POOR <= item[1] < GOOD]
    low, high = score.tolerance_s
    measured = (
        f"Average precision in percent, tolerances of {low:g} to {high:g} s ({score.split}; "
        f"{score.data}). `spotkick models {name}` has the rest."
    )
    parts = [
        f"Best found: {_join(well)}." if well else "",
        f"Found in part: {_join(between)}." if between else "",
        f"Hardly found: {_join(badly)}." if badly else "",
        "Commentators do not mention everything.",
        measured,
    ]
    return _wrap(" ".join(part for part in parts if part))


def guide_text(models: tuple[ShippedModel, ...]) -> str:
    """A table of all shipped checkpoints and their scores."""
    rows = ["| name | finds | reads | scores |", "|---|---|---|---|"]
    for model in models:
        card = model.card
        scores = "<br>".join(score.describe() for score in card.scores)
        rows.append(f"| `{model.name}` | {card.summary} | {', '.join(card.inputs)} | {scores} |")
    return "\n".join(rows)


def _class_scores(model: ShippedModel) -> Iterator[MeasuredScore]:
    """Scores of a checkpoint that state the classes, the longest list first."""
    stated = (score for score in model.card.scores if score.per_class)
    yield from sorted(stated, key=lambda score: -len(score.per_class))


def _name_value(name: str, value: float) -> str:
    return f"{name} {100 * value:.0f}"


def _join(items: list[str]) -> str:
    return ", ".join(items)


def _wrap(text: str) -> str:
    lines = [""]
    for word in text.split():
        if len(lines[-1]) + len(word) + 1 > _WIDTH:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return "\n".join(lines)


def main() -> None:
    """Write or check."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    models = list_models()
    texts = {"README.md": readme_text(models), "docs/spotting.md": guide_text(models)}
    for name, text in texts.items():
        page = (ROOT / name).read_text()
        written = with_text(page, text)
        if page != written and check:
            sys.exit(f"{name} is out of date: python tools/model_table.py")
        (ROOT / name).write_text(written)


if __name__ == "__main__":
    main()
