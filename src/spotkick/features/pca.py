"""Principal components: shorter vectors, learned once on a training set for all videos.

The projection is part of where features come from and is stored with their source. Learning it on
each video by itself would give every video axes of its own, and nothing learned on one would hold
on another.
"""

import io
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from spotkick.errors import ConfigError, InputError
from spotkick.features.tracks import fingerprint
from spotkick.files import read_bytes, write_bytes

PROJECTION_FILE: Final = "projection.npz"
"""Name in the folder of a feature source."""


@dataclass(frozen=True)
class Projection:
    """Subtract a mean, keep the directions in which the training set varies most, and scale.

    Attributes:
        mean: (dim,) float32.
        components: (kept, dim) float32, orthonormal rows by falling variance.
        scale: one factor for all values, which gives the training set unit RMS.
        explained: share of the training set's variance that is kept, between 0 and 1.
    """

    mean: npt.NDArray[np.float32]
    components: npt.NDArray[np.float32]
    scale: float
    explained: float

    @property
    def dim(self) -> int:
        """Length of the vectors that come out."""
        return len(self.components)

    def apply(
        self, values: npt.NDArray[np.floating[Any] | np.integer[Any]]
    ) -> npt.NDArray[np.float32]:
        """Project (frames, dim) to (frames, kept)."""
        centred = values.astype(np.float32) - self.mean
        projected: npt.NDArray[np.float32] = centred @ (self.components.T * np.float32(self.scale))
        return projected

    def fingerprint(self) -> str:
        """SHA-256 of the values."""
        return fingerprint(self.mean.tobytes(), self.components.tobytes(), self.scale.hex())


def fit_projection(batches: Iterable[npt.NDArray[np.floating[Any]]], kept: int) -> Projection:
    """Learn a projection from vectors of a training set, one batch at a time.

    The sign of a direction is free; the largest entry of each is made positive, so that the result
    is the same everywhere.

    Args:
        batches: (frames, dim) each, such as the tracks of the training matches.
        kept: number of directions to keep.

    Raises:
        ConfigError: if there are fewer dimensions, or fewer frames, than directions to keep.
    """
    count, total, products = 0, np.zeros(0), np.zeros((0, 0))

    # Sums of vectors and of their products, one batch in memory at a time
    for batch in batches:
        values = batch.astype(np.float64)
        if not count:
            dim = values.shape[1]
            total, products = np.zeros(dim), np.zeros((dim, dim))
        count += len(values)
        total += values.sum(axis=0)
        products += values.T @ values
    if not 0 < kept <= min(count, len(total)):
        raise ConfigError(
            f"cannot keep {kept} directions of {count} vectors with {len(total)} values; "
            "keep fewer, or fit on more"
        )

    # Directions by falling variance
    mean = total / count
    variances, directions = np.linalg.eigh(products / count - np.outer(mean, mean))
    components = directions.T[::-1][:kept]

    # Sign and scale
    largest = components[np.arange(kept), np.abs(components).argmax(axis=1)]
    components = components * np.sign(largest)[:, None]
    kept_variance = float(variances[-kept:].sum())
    variance = max(float(variances.sum()), np.finfo(float).tiny)
    scale = (kept / kept_variance) ** 0.5 if kept_variance > 0 else 1.0
    return Projection(
        mean.astype(np.float32),
        components.astype(np.float32),
        scale=scale,
        explained=kept_variance / variance,
    )


def write_projection(projection: Projection, folder: Path) -> None:
    """Store a projection in the folder of its feature source.

    Raises:
        StorageError: if it cannot be written.
    """
    buffer = io.BytesIO()
    scale, explained = np.float64(projection.scale), np.float64(projection.explained)
    np.savez(
        buffer,
        mean=projection.mean,
        components=projection.components,
        scale=scale,
        explained=explained,
    )
    write_bytes(folder / PROJECTION_FILE, buffer.getvalue())


def read_projection(folder: Path) -> Projection | None:
    """Read the projection of a feature source; None when it has none.

    Raises:
        InputError: if the file is damaged.
    """
    path = folder / PROJECTION_FILE
    if not path.exists():
        return None
    try:
        with np.load(io.BytesIO(read_bytes(path)), allow_pickle=False) as arrays:
            mean = arrays["mean"].astype(np.float32)
            components = arrays["components"].astype(np.float32)
            scale, explained = float(arrays["scale"]), float(arrays["explained"])
    except (ValueError, KeyError, TypeError, EOFError, OSError, zipfile.BadZipFile) as error:
        raise InputError(f"{path}: not a stored projection ({error}); fit it again") from error

    if components.ndim != 2 or mean.shape != components.shape[1:]:
        raise InputError(
            f"{path}: mean {mean.shape} and components {components.shape} do not fit each other; "
            "fit it again"
        )
    return Projection(mean, components, scale=scale, explained=explained)
