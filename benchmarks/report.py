"""How long a whole report takes, with 1,000 bootstrap resamples, and how large it is.

    python benchmarks/report.py --data SOCCERNET_FOLDER --split SOCCERNET_FOLDER/splits/valid.txt --out report.html

Predictions are made from the labels as in `parity_real_labels.py`. Time includes reading the labels and writing the page.
"""

import argparse
import random
import tempfile
import time
from pathlib import Path

from parity_real_labels import make_predictions
from spotkick.formats import read_label_set, read_results, read_split, write_results
from spotkick.report import evaluation_page


def main() -> None:
    """Make the predictions and the report, and print time and size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="root of the match folders")
    parser.add_argument("--split", type=Path, required=True, help="split file")
    parser.add_argument("--out", type=Path, help="keep the page here")
    parser.add_argument("--resamples", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    matches = read_split(given.split)
    rng = random.Random(given.seed)
    with tempfile.TemporaryDirectory() as name:
        write_results(Path(name), [make_predictions(match, rng) for match in read_label_set(given.data, matches)])
        wall, cpu = time.perf_counter(), time.process_time()
        labels = list(read_label_set(given.data, matches))
        page = evaluation_page(list(read_results(Path(name), matches)), labels, resamples=given.resamples)
        out = given.out or Path(name) / "report.html"
        out.write_text(page, encoding="utf-8")
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print("| matches | labels | resamples | wall s | CPU s | page kB |")
    print("|---:|---:|---:|---:|---:|---:|")
    count = sum(len(match.actions) for match in labels)
    print(f"| {len(labels)} | {count:,} | {given.resamples:,} | {wall:.1f} | {cpu:.1f} | {len(page.encode()) / 1000:.0f} |")


if __name__ == "__main__":
    main()
