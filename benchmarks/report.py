"""How long a whole report takes, with 1,000 bootstrap resamples, and how large it is.

    python benchmarks/report.py --data SOCCERNET_FOLDER --split SOCCERNET_FOLDER/splits/valid.txt
    --out report.html

Predictions are made from the labels as in `parity_real_labels.py`, and so are scores of every frame
of a few matches: a bump at most predictions, lower ones at moments that were not spotted, and
noise. Thresholds are chosen on the first half of the split and the second half is reported, unless
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
from spotkick.report import evaluation_page
from spotkick.report.scores import TuningSet
from spotkick.timeline import FEATURE_RATE

SCORED = 5
"""Matches with scores of every frame."""


def make_scores(found: MatchActions, rng: np.random.Generator) -> MatchScores:
    """Scores as a network might give them."""
    periods = {}
    for period in (1, 2):
        values = rng.gamma(1.0, 0.02, (5700, len(SOCCERNET_V2)))
        own = [action for action in found.actions if action.period == period and rng.random() < 0.9]
        bumps = [
            (a.position_s * 2, SOCCERNET_V2.names.index(a.label), 0.5 + 0.5 * (a.confidence or 0))
            for a in own
        ]
        bumps += [
            (rng.uniform(0, 5400), int(rng.integers(len(SOCCERNET_V2))), rng.uniform(0.2, 0.7))
            for _ in range(12)
        ]
        for frame, column, height in bumps:
            after = np.arange(5700) - frame
            values[:, column] = np.maximum(
                values[:, column], height * np.exp(-np.abs(after) / np.where(after < 0, 4, 14))
            )
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
        write_results(
            Path(name),
            [make_predictions(match, rng) for match in read_label_set(given.data, matches)],
        )
        scores = [
            make_scores(found, np.random.default_rng(1))
            for found in read_results(Path(name), matches[-SCORED:])
        ]
        wall, cpu = time.perf_counter(), time.process_time()
        labels = list(read_label_set(given.data, matches))
        predictions = list(read_results(Path(name), matches))
        tuned, half = None, len(matches) // 2
        if not given.whole:
            tuned = TuningSet("the first half of the split", predictions[:half], labels[:half])
            labels, predictions = labels[half:], predictions[half:]
        page = evaluation_page(
            predictions, labels, resamples=given.resamples, scores=scores, tuned=tuned
        )
        out = given.out or Path(name) / "report.html"
        out.write_text(page, encoding="utf-8")
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print("| matches | labels | resamples | wall s | CPU s | page kB |")
    print("|---:|---:|---:|---:|---:|---:|")
    count = sum(len(match.actions) for match in labels)
    print(
        f"| {len(labels)} | {count:,} | {given.resamples:,} | {wall:.1f} | {cpu:.1f} | {len(page.encode()) / 1000:.0f} |"
    )


if __name__ == "__main__":
    main()
