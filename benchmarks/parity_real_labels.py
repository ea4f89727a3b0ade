"""Equality with the official evaluator on real labels.

    python benchmarks/parity_real_labels.py --data SOCCERNET --split SOCCERNET/splits/valid.txt

Predictions are made from the labels: some are dropped, the others are moved by a random time, and
false ones are added. They are scored by the package ``SoccerNet`` and by spotkick in every setting,
and a Markdown table shows both. The official code multiplies the unshown score by 17/13 for every
class list, spotkick for the 17 classes only; for the others the table shows it without the factor.
"""

import argparse
import random
import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from spotkick.actions import SOCCERNET_V1, SOCCERNET_V2, Action, ActionClasses, MatchActions
from spotkick.evaluation import Score, SpottingScore, evaluate
from spotkick.formats import read_label_set, read_results, read_split, write_labels, write_results

METRICS = ("loose", "tight", "at1", "at2", "at3", "at4", "at5")


def make_predictions(labels: MatchActions, rng: random.Random) -> MatchActions:
    """Imperfect predictions from labels.

    A quarter is dropped, the rest moved by up to a minute (mostly little), some are doubled, and
    false ones, as many as a tenth, are added.
    """
    found = []
    for action in labels.actions:
        if rng.random() < 0.25:
            continue
        for _ in range(rng.choice((1, 1, 1, 2))):
            shift_ms = round(rng.choice((0, rng.gauss(0, 1500), rng.gauss(0, 12_000))))
            confidence = rng.choice((rng.betavariate(3, 2), round(rng.random(), 1)))
            position_ms = max(0, action.position_ms + shift_ms)
            found.append(Action(action.label, action.period, position_ms, confidence))

    # False spots, anywhere in a period of 45 minutes.
    names = sorted({action.label for action in labels.actions})
    false = []
    for _ in found[::10]:
        label, period = rng.choice(names), rng.choice((1, 2))
        position_ms, confidence = rng.randrange(2_700_000), rng.betavariate(1, 3)
        false.append(Action(label, period, position_ms, confidence))
    rows = [*found, *false]
    rng.shuffle(rows)
    return MatchActions(labels.match, tuple(rows))


def official_score(folder: Path, classes: ActionClasses, metric: str) -> dict[str, Any]:
    """Score with the package ``SoccerNet``."""
    with warnings.catch_warnings(), np.errstate():
        warnings.simplefilter("ignore")
        from SoccerNet.Evaluation import ActionSpotting

        ActionSpotting.tqdm = lambda items: items
        np.seterr(divide="ignore", invalid="ignore")
        dictionary = {name: index for index, name in enumerate(classes.names)}
        options: dict[str, Any] = {
            "dataset": None,
            "EVENT_DICTIONARY": dictionary,
            "metric": metric,
            "version": 2,
        }
        result: dict[str, Any] = ActionSpotting.evaluate(
            str(folder / "labels"), str(folder / "predictions"), **options
        )
    return result


def our_score(folder: Path, classes: ActionClasses, metric: str) -> SpottingScore:
    """Score with spotkick, from the same files."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return evaluate(
            read_results(folder / "predictions"),
            read_label_set(folder / "labels"),
            classes,
            metric=metric,
        )


def table_rows(folder: Path, classes: ActionClasses, metric: str) -> list[str]:
    """One row for each visibility."""
    theirs, ours = official_score(folder, classes, metric), our_score(folder, classes, metric)
    if metric in ("loose", "tight") and ours.unshown_factor == 1:
        theirs["a_mAP_unshown"] *= 13 / 17

    rows = []
    parts: list[tuple[str, str, Score | None]] = [
        ("any", "", ours.overall),
        ("visible", "_visible", ours.visible),
        ("unshown", "_unshown", ours.unshown),
    ]
    for name, suffix, part in parts:
        assert part is not None
        expected = np.append(theirs[f"a_mAP{suffix}"], theirs[f"a_mAP_per_class{suffix}"])
        difference = np.abs(expected - [part.average_map, *part.per_class.values()]).max()
        both = f"{100 * expected[0]:.10f} | {100 * part.average_map:.10f}"
        rows.append(f"| {classes.name} | {metric} | {name} | {both} | {difference:.0e} |")
    return rows


def main() -> None:
    """Make the predictions and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="root of the match folders")
    parser.add_argument("--split", type=Path, required=True, help="split file")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()

    # The same labels and predictions for all settings.
    rng = random.Random(given.seed)
    labels = list(read_label_set(given.data, read_split(given.split)))
    predictions = [make_predictions(match, rng) for match in labels]
    counts = [sum(len(match.actions) for match in matches) for matches in (labels, predictions)]
    print(
        f"{len(labels)} matches, {counts[0]:,} labels, {counts[1]:,} predictions "
        f"(seed {given.seed}), in percent\n"
    )
    print("| classes | metric | labels | official | spotkick | largest difference, all values |")
    print("|---|---|---|---:|---:|---:|")

    for classes in (SOCCERNET_V1, SOCCERNET_V2):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            # The official code knows no grouping of classes: labels and predictions get the names
            # of the group.
            for match in labels:
                selected = MatchActions(match.match, classes.select(match.actions))
                write_labels(folder / "labels" / match.match / "Labels-v2.json", selected)
            grouped = [
                MatchActions(match.match, classes.select(match.actions)) for match in predictions
            ]
            write_results(folder / "predictions", grouped)
            for metric in METRICS:
                print("\n".join(table_rows(folder, classes, metric)), flush=True)


if __name__ == "__main__":
    main()
