"""Average-mAP on the rendered test matches, per class: CALF, chance, and a per-frame network.

    python benchmarks/season.py --season SEASON --masked FEATURES --open OPEN --work RUNS

SEASON is the folder of videos and labels, FEATURES and OPEN are folders of `spotkick features` with
and without scoreboard and radar painted over (tools/season/README.md has the commands). Columns:

* CALF: the checkpoint that ships, from the pixels of the test videos, as `spotkick spot MATCH`
  reads them;
* chance: the same predictions, each match shifted around by a random time, mean of 20 draws;
* BCE: a network with the same trunk, one sigmoid per frame and class, and binary cross-entropy, on
  the same features;
* open: CALF and BCE trained and tested with scoreboard and radar in sight.

Networks that RUNS does not hold are trained, with src/spotkick/assets/demo/season.toml. Nothing is
chosen on the test matches. The matches are synthetic: the numbers say nothing about broadcasts.
"""

import argparse
import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from spotkick.actions import ActionClasses, MatchActions
from spotkick.checkpoint import read_checkpoint
from spotkick.demo.data import EXPERIMENT, SHIPPED
from spotkick.errors import SpotkickWarning
from spotkick.evaluation import evaluate
from spotkick.formats.results import read_results
from spotkick.formats.soccernet import read_label_set
from spotkick.formats.splits import read_split
from spotkick.pipelines.config import read_experiment
from spotkick.pipelines.spot import network_for, run_spotting
from spotkick.pipelines.spot_inputs import InputOptions, jobs_for
from spotkick.pipelines.spot_summary import speed_line
from spotkick.pipelines.train import BEST, run_training

BCE = ("model.kind=dense", "loss.segmentation=bce", "loss.target_radius_s=1.0")
DRAWS = 20
ENOUGH_LABELS = 20


def trained(features: Path, season: Path, run: Path, assignments: Sequence[str] = ()) -> Path:
    """The checkpoint of a run, trained unless it is there."""
    if not (run / BEST).is_dir():
        places = [f"data.features_root={features}", *assignments]
        run_training(read_experiment(EXPERIMENT, places, data_root=season), run, quiet=True)
    return run / BEST


def spot(
    checkpoint: Path, inputs: Sequence[Path], options: InputOptions, out: Path
) -> list[MatchActions]:
    """Spot the test matches; names are those of their folders."""
    trained_one = read_checkpoint(checkpoint)
    summary = run_spotting(
        jobs_for(inputs, trained_one, options), network_for(trained_one), trained_one, out
    )
    print(f"{checkpoint}: {speed_line(summary)}", flush=True)
    return [replace(found, match=found.match.rpartition("/")[2]) for found in read_results(out)]


def shifted(
    matches: Sequence[MatchActions], length_ms: dict[str, int], rng: np.random.Generator
) -> list[MatchActions]:
    """Each match turned around by a random time of its own."""
    moved = []
    for match in matches:
        length = length_ms[match.match]
        by = int(rng.integers(length // 10, length * 9 // 10))
        actions = [
            replace(action, position_ms=(action.position_ms + by) % length)
            for action in match.actions
        ]
        moved.append(replace(match, actions=tuple(actions)))
    return moved


def scores(
    found: Sequence[MatchActions], labels: Sequence[MatchActions], classes: ActionClasses
) -> dict[str, np.ndarray]:
    """Class -> (loose, tight) in percent."""
    both = [
        evaluate(found, labels, classes, metric=metric).overall.per_class
        for metric in ("loose", "tight")
    ]
    return {name: 100 * np.array([part[name] for part in both]) for name in classes.names}


def table(columns: dict[str, dict[str, np.ndarray]], counts: dict[str, int]) -> list[str]:
    """Markdown."""
    often = [name for name, count in counts.items() if count >= ENOUGH_LABELS]
    occurring = [name for name, count in counts.items() if count]
    groups = [(name, [name]) for name in occurring]
    groups += [
        (f"**mean of classes with {ENOUGH_LABELS} or more**", often),
        ("mean of all that occur", occurring),
    ]
    lines = [f"| class | labels | {' | '.join(columns)} |", f"|---|---:|{'---:|' * len(columns)}"]
    for title, names in groups:
        cells = [np.mean([values[name] for name in names], axis=0) for values in columns.values()]
        cell = " | ".join(f"{loose:.1f} / {tight:.1f}" for loose, tight in cells)
        lines.append(f"| {title} | {sum(counts[name] for name in names)} | {cell} |")
    return lines


def main() -> None:
    """Train what is missing, spot, score, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--season", type=Path, required=True)
    parser.add_argument(
        "--masked", type=Path, required=True, help="features with scoreboard and radar painted over"
    )
    parser.add_argument(
        "--open",
        type=Path,
        help="features of whole pictures; without it these columns are left out",
    )
    parser.add_argument("--work", type=Path, required=True, help="folder of runs and predictions")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore", SpotkickWarning)
    season, work = arguments.season, arguments.work
    names = read_split(season / "splits" / "test.txt")
    labels = [
        replace(match, match=match.match.rpartition("/")[2])
        for match in read_label_set(season, names)
    ]
    classes = read_checkpoint(SHIPPED).classes
    counts = {
        name: sum(a.label == name for match in labels for a in match.actions)
        for name in classes.names
    }

    found = spot(
        SHIPPED, [season / name for name in names], InputOptions(), work / "predictions" / "pixels"
    )
    columns = {"CALF": scores(found, labels, classes)}
    rng = np.random.default_rng(0)
    lengths = {
        match.match: 1000 + max(action.position_ms for action in match.actions) for match in found
    }
    draws = [scores(shifted(found, lengths, rng), labels, classes) for _ in range(DRAWS)]
    columns["chance"] = {
        name: np.mean([draw[name] for draw in draws], axis=0) for name in classes.names
    }
    systems = [("BCE", arguments.masked, "masked-bce", BCE)]
    if arguments.open:
        systems += [
            ("CALF, open", arguments.open, "open-calf", ()),
            ("BCE, open", arguments.open, "open-bce", BCE),
        ]
    for title, features, run, assignments in systems:
        checkpoint = trained(features, season, work / run, assignments)
        options = InputOptions(data=features, split=str(season / "splits" / "test.txt"))
        columns[title] = scores(
            spot(checkpoint, [], options, work / "predictions" / run), labels, classes
        )
    print(f"\n{len(labels)} test matches; average precision in percent, loose / tight\n")
    print("\n".join(table(columns, counts)))


if __name__ == "__main__":
    main()
