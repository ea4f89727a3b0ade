"""Peak resident memory of training on 300 matches: 600 halves of 5,400 x 512, 17 classes.

Makes the set in a folder (3.3 GB), trains one epoch of the 17-class preset in a fresh process, and
prints the peak of the resident set as the system counted it. The limit that the project sets itself
is 1.5 GB.
"""

import argparse
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np

from spotkick.actions import SOCCERNET_V2, Action, MatchActions
from spotkick.features.tracks import write_track
from spotkick.files import write_text
from spotkick.formats.soccernet import write_labels

CONFIG = """
[data]
features = "random"
valid = ""
[model]
num_spots = 15
[slicing]
preset = "v2"
[sampling]
preset = "v2"
chunks_per_epoch = {chunks}
batch_chunks = 32
[training]
epochs = 1
threads = 1
"""


def make_set(root: Path, matches: int) -> None:
    """Random features, and labels at random places."""
    random = np.random.default_rng(0)
    names = [f"league/season/match {index:03d}" for index in range(matches)]
    block = random.standard_normal((5400, 512)).astype(np.float16)
    for name in names:
        actions = []
        for period in (1, 2):
            write_track(
                np.roll(block, int(random.integers(5400)), axis=0),
                root / name / f"{period}_random.npy",
            )
            places = np.sort(random.integers(0, 2_700_000, 100))
            labels = random.choice(SOCCERNET_V2.names, 100)
            actions += [
                Action(str(label), period, int(place))
                for label, place in zip(labels, places, strict=True)
            ]
        write_labels(root / name / "Labels-v2.json", MatchActions(name, tuple(actions)))
    write_text(root / "splits" / "train.txt", "\n".join(names) + "\n")


def main() -> None:
    """Make the set unless it is there, train, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="where the set is kept; a new folder")
    parser.add_argument("--matches", type=int, default=300)
    parser.add_argument("--chunks", type=int, default=6400)
    args = parser.parse_args()
    data = args.folder / "data"
    if not (data / "splits").is_dir():
        make_set(data, args.matches)
    config = args.folder / "memory.toml"
    config.write_text(CONFIG.format(chunks=args.chunks))
    out = args.folder / f"run-{len(list(args.folder.glob('run-*')))}"
    command = [
        sys.executable,
        "-m",
        "spotkick",
        "train",
        str(config),
        "--data",
        str(data),
        "--out",
        str(out),
    ]
    subprocess.run(command, check=True)
    peak_gb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024**2
    print(
        f"{2 * args.matches} halves of 5,400 x 512, {args.chunks} chunks: "
        f"peak resident memory {peak_gb:.2f} GB (limit 1.5)"
    )
    sys.exit(peak_gb > 1.5)


if __name__ == "__main__":
    main()
