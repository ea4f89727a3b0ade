"""Time and memory of scoring, beside the official package in the same run.

    python benchmarks/scoring.py --matches 100 --predictions 1000 --repeats 3
    python benchmarks/scoring.py --memory

Both read the same JSON files and compute the loose Average-mAP of the 17 classes of SoccerNet-v2.
Runs alternate in both orders; medians are shown, and the digits are compared. ``--memory`` scores a
million predictions in a fresh process and shows its peak.
"""

import argparse
import gc
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from spotkick.actions import SOCCERNET_V2, Action, MatchActions, Visibility
from spotkick.evaluation import evaluate
from spotkick.formats import read_label_set, read_results, write_labels, write_results

LABELS_PER_MATCH = 215  # as in SoccerNet-v2


def make_labels(number: int) -> MatchActions:
    """Labels of one match, spread evenly over classes and halves."""
    rng = random.Random(number)
    actions = [
        Action(
            rng.choice(SOCCERNET_V2.names),
            rng.choice((1, 2)),
            rng.randrange(2_800_000),
            team="home",
            visibility=rng.choice(
                (Visibility.VISIBLE, Visibility.VISIBLE, Visibility.VISIBLE, Visibility.NOT_SHOWN)
            ),
        )
        for _ in range(LABELS_PER_MATCH)
    ]
    return MatchActions(
        f"league/season/match {number:03d}",
        tuple(sorted(actions, key=lambda action: (action.period, action.position_ms))),
    )


def make_predictions(labels: MatchActions, number: int, wanted: int) -> MatchActions:
    """Jittered labels and noise, ``wanted`` in all."""
    rng = random.Random(1000 + number)
    near = [
        Action(
            action.label,
            action.period,
            max(0, action.position_ms + rng.randrange(-9000, 9000)),
            rng.betavariate(4, 2),
        )
        for action in labels.actions
        if rng.random() < 0.8
    ]
    noise = [
        Action(
            rng.choice(SOCCERNET_V2.names),
            rng.choice((1, 2)),
            rng.randrange(2_800_000),
            rng.betavariate(1, 4),
        )
        for _ in range(wanted - len(near))
    ]
    return MatchActions(labels.match, tuple(near + noise))


def write_data(folder: Path, matches: int, predictions: int) -> None:
    """Write the files that both programs read."""

    def found() -> Iterator[MatchActions]:
        for number in range(matches):
            labels = make_labels(number)
            write_labels(folder / "labels" / labels.match / "Labels-v2.json", labels)
            yield make_predictions(labels, number, predictions)

    write_results(folder / "predictions", found())


def score_here(folder: Path) -> tuple[float, list[float], float, float]:
    """Score with spotkick."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = evaluate(read_results(folder / "predictions"), read_label_set(folder / "labels"))
    assert result.visible is not None
    assert result.unshown is not None
    return (
        result.average_map,
        list(result.overall.per_class.values()),
        result.visible.average_map,
        result.unshown.average_map,
    )


def score_officially(folder: Path) -> tuple[float, list[float], float, float]:
    """Score with the package ``SoccerNet``."""
    with warnings.catch_warnings(), np.errstate():
        warnings.simplefilter("ignore")
        from SoccerNet.Evaluation import ActionSpotting
        from SoccerNet.Evaluation.utils import EVENT_DICTIONARY_V2

        ActionSpotting.tqdm = lambda items: items
        np.seterr(divide="ignore", invalid="ignore")
        result = ActionSpotting.evaluate(
            str(folder / "labels"),
            str(folder / "predictions"),
            dataset=None,
            EVENT_DICTIONARY=EVENT_DICTIONARY_V2,
            metric="loose",
        )
    return (
        result["a_mAP"],
        list(result["a_mAP_per_class"]),
        result["a_mAP_visible"],
        result["a_mAP_unshown"],
    )


def timed(
    score: Callable[[Path], tuple[float, list[float], float, float]], folder: Path
) -> tuple[float, tuple[float, list[float], float, float]]:
    """Seconds of one processor (both programs use one), and the scores."""
    gc.collect()  # neither pays for what the other has left behind
    start = time.process_time()
    scores = score(folder)
    return time.process_time() - start, scores


def compare(matches: int, predictions: int, repeats: int) -> None:
    """Print the table of times."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_data(folder, matches, predictions)
        seconds: dict[str, list[float]] = {"official": [], "spotkick": []}
        differences = []
        score_here(folder)  # the first run reads the files from disk for both

        for turn in range(repeats):
            # Each program comes first in every other turn.
            pair = [("spotkick", score_here), ("official", score_officially)]
            scores = {}
            for who, score in pair if turn % 2 == 0 else reversed(pair):
                spent, scores[who] = timed(score, folder)
                seconds[who].append(spent)
            mine, theirs = (
                np.concatenate([np.ravel(part) for part in scores[who]])
                for who in ("spotkick", "official")
            )
            differences.append(float(np.abs(mine - theirs).max()))

    fast, slow = (statistics.median(seconds[who]) for who in ("spotkick", "official"))
    print(
        "| matches | predictions | official, CPU s | spotkick, CPU s | ratio | largest difference "
        "of 20 scores |"
    )
    print("|---:|---:|---:|---:|---:|---:|")
    print(
        f"| {matches} | {matches * predictions:,} | {slow:.2f} | {fast:.3f} | {slow / fast:.1f} | "
        f"{max(differences):.1e} |"
    )
    every = "; ".join(
        f"{who} " + ", ".join(f"{spent:.3g}" for spent in runs) for who, runs in seconds.items()
    )
    print(f"\nMedians of {repeats} runs each, in both orders. All runs: {every}")


def measure_memory(matches: int, predictions: int) -> None:
    """Score a million predictions in a fresh process and print its peak resident size."""
    with tempfile.TemporaryDirectory() as name:
        write_data(Path(name), matches, predictions)
        finished = subprocess.run(
            [sys.executable, __file__, "--score-only", name],
            check=True,
            capture_output=True,
            text=True,
        )
    print(finished.stdout.strip())


def score_only(folder: Path) -> None:
    """Score once; print time and peak memory of this process."""
    seconds, scores = timed(score_here, folder)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"scored in {seconds:.1f} s, peak resident size {peak:.0f} MB, "
        f"Average-mAP {100 * scores[0]:.2f}"
    )


def main() -> None:
    """Parse the arguments and run one of the benchmarks."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--matches", type=int, default=100)
    parser.add_argument("--predictions", type=int, default=1000, help="per match")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument(
        "--memory", action="store_true", help="peak memory with 10,000 predictions per match"
    )
    parser.add_argument("--score-only", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.score_only is not None:
        score_only(given.score_only)
    elif given.memory:
        measure_memory(given.matches, 1_000_000 // given.matches)
    else:
        compare(given.matches, given.predictions, given.repeats)


if __name__ == "__main__":
    main()
