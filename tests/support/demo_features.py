"""Features that the shipped demo checkpoint reads."""

from pathlib import Path

import numpy as np

from spotkick.checkpoint import read_checkpoint
from spotkick.demo.run import SHIPPED
from spotkick.features.tracks import write_source, write_track


def write_demo_features(root: Path, matches: int, frames: int = 200) -> None:
    """Random features of matches of two periods."""
    source = read_checkpoint(SHIPPED).feature_source
    write_source(source, root)
    random = np.random.default_rng(1)
    for number in range(matches):
        for period in (1, 2):
            values = random.random((frames, source.dim), dtype=np.float32)
            write_track(values, root / f"match {number}" / f"{period}_{source.name}.npy")
