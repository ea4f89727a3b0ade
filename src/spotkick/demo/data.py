"""The data that ship with the package: a season of rendered matches, its checkpoint, and a clip.

See ``assets/NOTICE.md`` for where they come from.
"""

from pathlib import Path
from typing import Final

from spotkick.formats.splits import read_split
from spotkick.shipped_folders import SHIPPED_FOLDER

SEASON: Final = Path(__file__).parent.parent / "assets" / "demo"
"""Features, labels and splits of the season: a data set to train on and to spot."""

EXPERIMENT: Final = SEASON / "season.toml"
"""Configuration that the shipped checkpoint was trained with."""

SHIPPED: Final = SHIPPED_FOLDER / "demo"
"""Checkpoint that was trained on the season."""

CLIP: Final = SEASON / "clip" / "clip.mp4"
"""Video of a part of a test match."""

CLIP_LABELS: Final = SEASON / "clip" / "Labels-v2.json"

COMMENTARY: Final = SEASON / "commentary"
"""Match folder with an invented commentary of ten minutes, and what happens in it."""

SPLITS: Final = ("train", "valid", "test")


def describe_data() -> str:
    """What the data are, for the page and the terminal."""
    train, valid, test = (len(read_split(SEASON / "splits" / f"{name}.txt")) for name in SPLITS)
    return (
        f"The data are {train + valid + test} football matches of 10 to 15 minutes, rendered by a "
        "simulator (Google Research Football, Apache-2.0; Gameplay Football engine, public "
        f"domain), with exact event times: {train} to train on, {valid} to validate, {test} to "
        "test. They are synthetic: the numbers say nothing about accuracy on broadcasts."
    )
