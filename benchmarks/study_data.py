"""Data files of the study of docs/study.md: commentary, rendered matches and synthetic features.

    python benchmarks/study_data.py --soccernet DATA --out FOLDER
    spotkick study benchmarks/study.json --data FOLDER --out RESULTS

DATA is a folder of SoccerNet-v2 matches with labels, transcripts and splits. With --tokens, the
folder of features made by `spotkick features DATA --kind tokens`, the data files of token networks
are written, too. The rendered matches ship with the package, and the synthetic sets are drawn from
a seed.
"""

import argparse
from collections import Counter
from pathlib import Path

from spotkick.actions import SOCCERNET_V1, SOCCERNET_V2, ActionClasses
from spotkick.demo.data import EXPERIMENT, SEASON
from spotkick.pipelines.config import read_experiment
from spotkick.study.data import StudyData, write_study_data
from spotkick.study.sources import read_token_rows, read_tracks, read_transcripts, split_of
from spotkick.study.synthetic import SyntheticConfig, make_synthetic

ENOUGH_LABELS = 20
"""Rendered classes with fewer held labels are left out: their average precision is noise."""

SYNTHETIC = {
    "instant": SyntheticConfig(trace="instant"),
    "aftermath": SyntheticConfig(trace="aftermath"),
    "both": SyntheticConfig(trace="both"),
    "aftermath-5s": SyntheticConfig(trace="aftermath", aftermath_s=5),
    "aftermath-40s": SyntheticConfig(trace="aftermath", aftermath_s=40),
}


def rendered(root: Path) -> StudyData:
    """The rendered season; valid and test matches are held."""
    config = read_experiment(EXPERIMENT, [], data_root=root)
    held = (*split_of(root, "valid"), *split_of(root, "test"))
    train, classes = split_of(root, "train"), config.data.task().classes
    data = read_tracks(root, config.data.features, classes, name="rendered", train=train, held=held)
    periods = set(data.periods(held=True).tolist())
    counts = Counter(column for period, column, _ in data.actions.tolist() if period in periods)
    kept = tuple(name for n, name in enumerate(data.classes) if counts[n] >= ENOUGH_LABELS)
    return read_tracks(
        root, config.data.features, ActionClasses(kept), name="rendered", train=train, held=held
    )


def main() -> None:
    """Write all files."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--soccernet", type=Path, help="folder of matches, labels and transcripts")
    parser.add_argument("--tokens", type=Path, help="folder of features of the kind tokens")
    parser.add_argument("--out", type=Path, required=True, help="folder of the data files")
    arguments = parser.parse_args()

    made = [make_synthetic(f"synthetic-{name}", own) for name, own in SYNTHETIC.items()]
    made.append(rendered(SEASON))
    if arguments.soccernet:
        root = arguments.soccernet
        train, held = split_of(root, "train"), split_of(root, "valid")
        for name, classes in (("commentary", SOCCERNET_V1), ("commentary-17", SOCCERNET_V2)):
            made.append(read_transcripts(root, classes, name=name, train=train, held=held))
    if arguments.soccernet and arguments.tokens:
        for name, classes in (("tokens", SOCCERNET_V1), ("tokens-17", SOCCERNET_V2)):
            made.append(
                read_token_rows(
                    root,
                    classes,
                    name=name,
                    train=train,
                    held=held,
                    features_root=arguments.tokens,
                )
            )
    for data in made:
        path = arguments.out / f"{data.name}.npz"
        write_study_data(data, path)
        print(
            f"{path}: {len(data.matches)} matches, {len(data.actions)} actions of "
            f"{len(data.classes)} classes, {path.stat().st_size / 1e6:.1f} MB"
        )


if __name__ == "__main__":
    main()
