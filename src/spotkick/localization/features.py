"""Features of whole videos for temporal localization, rescaled to a fixed number of steps."""

import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from spotkick.errors import InputError
from spotkick.features.tracks import read_track
from spotkick.files import read_bytes

SAMPLES_PER_STEP: Final = 3
"""Positions that are averaged for each step. Source: the script that made the public 100-step
features of BSN and BMN."""

SUFFIXES: Final = (".npy", ".csv")

PREFIXES: Final = ("", "v_")
"""Before the video name in names of feature files; ActivityNet's have ``v_``."""


@dataclass(frozen=True, slots=True)
class LocalizationVideo:
    """A video on a fixed number of steps.

    Attributes:
        name: unique in its set.
        duration_s: time that the steps cover.
        features: (steps, dim) float32.
        segments: (instances, 2) starts and ends in normalised time, 0 to 1; empty where they are
            not known.
        labels: class of each instance.
    """

    name: str
    duration_s: float
    features: npt.NDArray[np.float32]
    segments: npt.NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 2)))
    labels: tuple[str, ...] = ()


def find_video_features(folder: Path, video: str) -> Path:
    """The feature file of a video.

    Raises:
        InputError: if there is none, or the name steps out of the folder.
    """
    if "/" in video or "\\" in video or video.startswith("."):
        raise InputError(f"video {video!r} cannot be the name of a feature file in {folder}")
    for prefix in PREFIXES:
        for suffix in SUFFIXES:
            path = folder / f"{prefix}{video}{suffix}"
            if path.is_file():
                return path
    raise InputError(
        f"{folder}: no features of video '{video}' ({video}.npy, {video}.csv, or the same after "
        "'v_')"
    )


def read_video_features(path: Path) -> npt.NDArray[np.float32]:
    """Read the features of a video.

    Args:
        path: ``.npy`` of shape (frames, dim), or ``.csv`` with one line of column names and one
            line per frame.

    Returns:
        (frames, dim).

    Raises:
        InputError: if the file is malformed, or holds NaN or infinity.
    """
    if path.suffix == ".npy":
        track = read_track(path)
        track.require_finite()
        return np.asarray(track.values, dtype=np.float32)

    # A table as the public features of ActivityNet have it
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # NumPy only warns of a file without values
            lines = read_bytes(path).decode().splitlines()[1:]
            values = np.loadtxt(lines, delimiter=",", dtype=np.float32, ndmin=2)
    except (ValueError, UserWarning) as error:
        raise InputError(
            f"{path}: not a table of features (one line of names, then numbers with commas): "
            f"{error}"
        ) from error
    is_finite = np.isfinite(values).all(axis=1)
    if not is_finite.all():
        raise InputError(f"{path}: frame {int(np.argmin(is_finite))} holds NaN or infinity")
    return values


def rescale_features(values: npt.NDArray[np.floating], num_steps: int) -> npt.NDArray[np.float32]:
    """Rescale a video to a fixed number of steps; one of this length is left as it is.

    Frame i is taken to lie at the middle of its interval. Each step is the mean of 3 linear
    interpolations: at its beginning, middle and end, moved to the first or last frame where they
    lie outside.

    Args:
        values: (frames, dim).
        num_steps: T.

    Returns:
        (num_steps, dim).

    Raises:
        InputError: if there are no frames.

    Source: the script that made the public 100-step features of BSN and BMN; it writes zeros into
    steps before the middle of the first frame, which only videos with fewer frames than steps have.
    """
    if values.ndim != 2 or 0 in values.shape:
        raise InputError(
            f"features to rescale must have the shape (frames, dim), got {values.shape}"
        )
    if len(values) == num_steps:
        return values.astype(np.float32)

    # (steps, samples) positions between frames
    offset = np.linspace(0, 1, SAMPLES_PER_STEP)
    position = (np.arange(num_steps)[:, None] + offset) * (len(values) / num_steps) - 0.5
    position = position.clip(0, len(values) - 1)

    # Linear interpolation of the two frames around each position
    below = np.floor(position).astype(np.intp)
    share = (position - below)[..., None]
    above = np.minimum(below + 1, len(values) - 1)
    sampled = values[below] * (1 - share) + values[above] * share
    rescaled: npt.NDArray[np.float64] = sampled.mean(axis=1)
    return rescaled.astype(np.float32)
