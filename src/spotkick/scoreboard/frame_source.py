"""Frames of a video at any time, in any order, at the least cost that the file allows.

Where key frames are near each other they are looked up. Where they are rare, or a file cannot be
entered at a time, it is decoded once, and what is needed of its frames is kept.
"""

import zlib
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Final, Protocol

import numpy as np

from spotkick.scoreboard.still import Region
from spotkick.scoreboard.text_reader import Image
from spotkick.video.decode import sample_video
from spotkick.video.key_frames import (
    FrameFinder,
    measure_key_frame_gap,
    open_frame_finder,
    read_key_frames,
)

SPARSE_S: Final = 15.0
"""Where key frames are rarer, the file is decoded. Encoders set them every 10 s by default."""


class FrameSource(Protocol):
    """Frames by time."""

    def read(self, seconds: float) -> tuple[float, Image] | None:
        """A frame shown shortly before a time, and when; None where there is none."""

    def read_exactly(self, seconds: float) -> tuple[float, Image] | None:
        """The frame shown at a time, or the nearest before it that this source has."""


class SeekingSource:
    """Looks key frames up in the file."""

    def __init__(self, finder: FrameFinder) -> None:
        """Use an opened file."""
        self._finder = finder

    def read(self, seconds: float) -> tuple[float, Image] | None:
        """See `FrameSource`."""
        return self._finder.read_key_frame(seconds)

    def read_exactly(self, seconds: float) -> tuple[float, Image] | None:
        """See `FrameSource`."""
        return self._finder.read_frame(seconds)


class StoredSource:
    """Keeps a region of all frames, compressed; its images are black outside."""

    def __init__(self, region: Region) -> None:
        """Start without frames."""
        left, top, right, bottom = region
        self._part = (slice(top, bottom), slice(left, right))
        self._part_shape = (bottom - top, right - left, 3)
        self._times: list[float] = []
        self._stored: list[bytes] = []
        self._shape: tuple[int, ...] = ()

    def add(self, seconds: float, image: Image) -> None:
        """Keep a frame; they come in order of time."""
        if self._shape and image.shape != self._shape:
            return
        self._shape = image.shape
        self._times.append(seconds)
        self._stored.append(zlib.compress(image[self._part].tobytes(), level=1))

    def read(self, seconds: float) -> tuple[float, Image] | None:
        """See `FrameSource`."""
        index = max(0, bisect_right(self._times, seconds) - 1)
        if not self._times:
            return None
        image = np.zeros(self._shape, dtype=np.uint8)
        part = np.frombuffer(zlib.decompress(self._stored[index]), dtype=np.uint8)
        image[self._part] = part.reshape(self._part_shape)
        return self._times[index], image

    def read_exactly(self, seconds: float) -> tuple[float, Image] | None:
        """See `FrameSource`."""
        return self.read(seconds)


@contextmanager
def open_frame_source(path: Path, region: Region, *, interval_s: float) -> Iterator[FrameSource]:
    """Open a video for looking at frames in any order.

    Args:
        path: video file.
        region: of the images that is needed; the rest may be black.
        interval_s: distance of frames where the file has to be decoded.

    Raises:
        InputError: if the file cannot be used.
    """
    is_sparse = measure_key_frame_gap(path) > SPARSE_S
    with open_frame_finder(path) as finder:
        if finder.can_seek and not is_sparse:
            yield SeekingSource(finder)
            return

    # one pass through the file
    stored = StoredSource(region)
    if is_sparse:
        for sample in sample_video(path, 1 / Fraction(interval_s)):
            stored.add(sample.frame_s, sample.image)
    else:
        for seconds, image in read_key_frames(path, min_gap_s=interval_s):
            stored.add(seconds, image)
    yield stored
