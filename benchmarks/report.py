"""How long a whole report takes, with 1,000 bootstrap resamples, and how large it is.

    python benchmarks/report.py --data SOCCERNET --split SOCCERNET/splits/valid.txt --out page.html

Predictions are made from the labels as in `parity_real_labels.py`, and so are scores of every frame
of a few matches: a peak at most predictions, lower ones where nothing was spotted, and noise.
Thresholds are chosen on the first half of the split and the second half is reported, unless
``--whole``. Time includes reading the labels and writing the page.
"""

import argparse
import random
import tempfile
import time
from pathlib import Path

import numpy as np

from parity_real_labels import make_predictions
from spotkick.actions import SOCCERNET_V2, MatchActions
from spotkick.formats import read_label_set, read_results, read_split, write_results
from spotkick.formats.scores import MatchScores
from spotkick.report import ReportNames, ReportOptions, evaluation_page
from spotkick.report.system import TuningSet
from spotkick.timeline import FEATURE_RATE

SCORED = 5
"""Matches with scores of every frame."""

FRAMES = 5700
"""Of a period, at 2 frames per second."""


def make_scores(found: MatchActions, rng: np.random.Generator) -> MatchScores:
    """Scores as a network might give them."""
    periods = {}
    for period in (1, 2):
        values = rng.gamma(1.0, 0.02, (FRAMES, len(SOCCERNET_V2)))
        own = [action for action in found.actions if action.period == period and rng.random() < 0.9]

        # Frame, column and height: a peak at each of these predictions, lower ones elsewhere.
        peaks = [
            (a.position_s * 2, SOCCERNET_V2.names.index(a.label), 0.5 + 0.5 * (a.confidence or 0))
            for a in own
        ]
        peaks += [
            (rng.uniform(0, 5400), int(rng.integers(len(SOCCERNET_V2))), rng.uniform(0.2, 0.7))
            for _ in range(12)
        ]
        for frame, column, height in peaks:
            after = np.arange(FRAMES) - frame
            peak = height * np.exp(-np.abs(after) / np.where(after < 0, 4, 14))
            values[:, column] = np.maximum(values[:, column], peak)
        periods[period] = np.clip(values, 0, 1).astype(np.float32)
    return MatchScores(found.match, SOCCERNET_V2.names, FEATURE_RATE, periods)


def main() -> None:
    """Make the predictions and the report, and print time and size."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="root of the match folders")
    parser.add_argument("--split", type=Path, required=True, help="split file")
    parser.add_argument("--out", type=Path, help="keep the page here")
    parser.add_argument(
        "--whole",
        action="store_true",
        help="report the whole split, with thresholds chosen on itself",
    )
    parser.add_argument("--resamples", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    matches = read_split(given.split)
    rng = random.Random(given.seed)
    with tempfile.TemporaryDirectory() as name:
        # Predictions and scores, which are not timed.
        made = [make_predictions(match, rng) for match in read_label_set(given.data, matches)]
        write_results(Path(name), made)
        scores = [
            make_scores(found, np.random.default_rng(1))
            for found in read_results(Path(name), matches[-SCORED:])
        ]

        wall, cpu = time.perf_counter(), time.process_time()
        labels = list(read_label_set(given.data, matches))
        predictions = list(read_results(Path(name), matches))
        tuned, middle = None, len(matches) // 2
        if not given.whole:
            first = (predictions[:middle], labels[:middle])
            tuned = TuningSet("the first half of the split", *first)
            labels, predictions = labels[middle:], predictions[middle:]
        names = ReportNames(system="made from labels", labels=given.data.name, split="valid")
        options = ReportOptions(names=names, resamples=given.resamples)
        page = evaluation_page(predictions, labels, scores=scores, tuned=tuned, options=options)
        out = given.out or Path(name) / "report.html"
        out.write_text(page, encoding="utf-8")
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu

    print("| matches | labels | resamples | wall s | CPU s | page kB |")
    print("|---:|---:|---:|---:|---:|---:|")
    count = sum(len(match.actions) for match in labels)
    print(
        f"| {len(labels)} | {count:,} | {given.resamples:,} | {wall:.1f} | {cpu:.1f} | "
        f"{len(page.encode()) / 1000:.0f} |"
    )


if __name__ == "__main__":
    main()
