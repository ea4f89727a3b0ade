"""Choose the display thresholds of a trained checkpoint again, from its validation matches.

    python tools/season/thresholds.py src/spotkick/assets/checkpoints/demo src/spotkick/assets/demo

Only the thresholds in the checkpoint's ``config.json`` change. The tables say what is found, false
and missed at the former and the new thresholds, on the validation and the test matches.
"""

import argparse
import json
from collections.abc import Mapping
from pathlib import Path

import spotkick
from spotkick.evaluation import AssignmentResult, assign_predictions, count_spots
from spotkick.files import atomic_path
from spotkick.formats.soccernet import read_labels
from spotkick.formats.splits import read_split
from spotkick.peaks import SPOT_THRESHOLD
from spotkick.pipelines.validation import THRESHOLD_TOLERANCE_S, choose_display_thresholds
from spotkick.stored_checkpoint import CONFIG_FILE

LABELS = "Labels-v2.json"


def assign_split(model: spotkick.Model, data: Path, split: str) -> AssignmentResult:
    """Spot the matches of a split, and assign the spots to the labels."""
    matches = read_split(data / "splits" / f"{split}.txt")
    return assign_predictions(
        [spotkick.spot(model, data / match) for match in matches],
        [read_labels(data / match / LABELS, match=match) for match in matches],
        model.checkpoint.classes,
        tolerances_s=(THRESHOLD_TOLERANCE_S,),
        frame_rate=model.checkpoint.frame_rate,
        periods=(1,),
    )


def compare_thresholds(
    assignment: AssignmentResult, former: Mapping[str, float], new: Mapping[str, float]
) -> str:
    """A Markdown table of found, false and missed per class at both thresholds.

    A class without a threshold has the default one.
    """
    names = assignment.classes.names
    counts = [
        count_spots(
            assignment,
            {name: chosen.get(name, SPOT_THRESHOLD) for name in names},
            THRESHOLD_TOLERANCE_S,
        )
        for chosen in (former, new)
    ]

    # One row a class, then the sums.
    lines = ["| class | labels | threshold | found / false / missed |", "| --- | --- | --- | --- |"]
    for name in names:
        before, after = (count[name] for count in counts)
        lines.append(
            f"| {name} | {before.true_positives + before.false_negatives} "
            f"| {before.threshold:.3f} → {after.threshold:.3f} | "
            f"{before.true_positives} / {before.false_positives} / {before.false_negatives} → "
            f"{after.true_positives} / {after.false_positives} / {after.false_negatives} |"
        )
    totals = [
        " / ".join(
            str(sum(getattr(one, kind) for one in count.values()))
            for kind in ("true_positives", "false_positives", "false_negatives")
        )
        for count in counts
    ]
    means = [sum(one.f1 for one in count.values()) / len(names) for count in counts]
    lines.append(
        f"| all | {len(assignment.labels.class_index)} | mean F1 {means[0]:.3f} → {means[1]:.3f} "
        f"| {totals[0]} → {totals[1]} |"
    )
    return "\n".join(lines)


def replace_thresholds(folder: Path, thresholds: Mapping[str, float]) -> None:
    """Write the thresholds into a checkpoint's configuration; all else stays as it is."""
    path = folder / CONFIG_FILE
    values = {**json.loads(path.read_text(encoding="utf-8")), "thresholds": dict(thresholds)}
    with atomic_path(path) as temporary:
        temporary.write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")


def main() -> None:
    """Choose, compare and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("data", type=Path, help="the season, with splits valid and test")
    arguments = parser.parse_args()

    model = spotkick.load_model(arguments.checkpoint)
    former = model.checkpoint.config.thresholds
    valid = assign_split(model, arguments.data, "valid")
    new = choose_display_thresholds(valid)
    for split, assignment in (
        ("valid", valid),
        ("test", assign_split(model, arguments.data, "test")),
    ):
        print(f"\n{split}, window {THRESHOLD_TOLERANCE_S:g} s\n")
        print(compare_thresholds(assignment, former, new))
    replace_thresholds(model.checkpoint.folder, new)


if __name__ == "__main__":
    main()
