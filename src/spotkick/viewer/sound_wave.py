"""The loudness of a video's sound over time, for drawing: one byte for each fiftieth of a second.

The sound is decoded once, a packet after the other, in the background; two hours give 360 kB, which
are kept in the cache folder.
"""

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
import numpy as np
import numpy.typing as npt
from av.audio.frame import AudioFrame

from spotkick.files import atomic_path
from spotkick.video.reader import MediaReader, open_media
from spotkick.viewer.cached_files import CachedFileMaker, cache_folder

PEAKS_PER_S: Final = 50
"""Values a second."""

LARGEST_CACHE_BYTES: Final = 200_000_000
"""All kept files together, some 500 matches; the oldest ones are removed."""

_VERSION: Final = 1
_RATE_HZ: Final = 8000
_SAMPLES: Final = _RATE_HZ // PEAKS_PER_S
_FULL_SCALE: Final = 32768.0

_BLOCK_SAMPLES: Final = 2 * _RATE_HZ
"""Decoded sound is looked at in blocks of two seconds."""

_FIRST_ROOM: Final = 3600 * PEAKS_PER_S
"""Values that there is room for at first; it grows with the sound."""

_TOLERATED_S: Final = 0.1
"""Timestamps of sound are rounded in many files; only a larger difference is a gap."""

_LONGEST_S: Final = 24 * 3600
"""What lies later is a mistake of a recorder."""


class WaveMaker(CachedFileMaker):
    """Measures the loudness of videos in the background, and finds what was measured before.

    Args:
        folder: for the values; None takes ``sound`` in the cache folder.
    """

    def __init__(self, folder: Path | None = None) -> None:
        """Start with what an earlier run has left."""
        super().__init__(
            folder or cache_folder("sound"),
            write_wave,
            suffix=".peaks",
            version=_VERSION,
            most_bytes=LARGEST_CACHE_BYTES,
        )


def write_wave(video: Path, target: Path, progress: Callable[[float], object] = float) -> None:
    """Write the values of `measure_wave`; an empty file where there is no sound.

    Raises:
        InputError: if the video cannot be read.
        StorageError: if the file cannot be written.
    """
    values = measure_wave(video, progress)
    with atomic_path(target) as temporary:
        temporary.write_bytes(values.tobytes())


def measure_wave(video: Path, progress: Callable[[float], object] = float) -> npt.NDArray[np.uint8]:
    """Measure how loud a video is from its first frame on.

    Args:
        video: any file that can be opened.
        progress: gets the share that is done, and may raise to stop.

    Returns:
        (fiftieths of a second,) 255 times the square root of the largest sample, so that quiet
        sound can be seen; empty where no sound can be decoded. Gaps are silent.

    Raises:
        InputError: if the video cannot be read.
    """
    peaks = _Peaks()
    with open_media(video) as media:
        length_s = _length_of(media)
        for start_s, samples in _iterate_blocks(media):
            peaks.add(start_s, samples)
            progress(min(1.0, peaks.end_s / length_s))
    return peaks.values()


def _length_of(media: MediaReader) -> float:
    """Length that the header states, for the progress alone."""
    duration = media.container.duration
    return max(1.0, duration / av.time_base) if duration else float(_LONGEST_S)


class _Peaks:
    """Collects the largest sample of each fiftieth of a second."""

    def __init__(self) -> None:
        self._values = np.zeros(_FIRST_ROOM, np.float32)
        self._count = 0

    @property
    def end_s(self) -> float:
        return self._count / PEAKS_PER_S

    def add(self, start_s: float, samples: npt.NDArray[np.int16]) -> None:
        """Take sound from a second of the video on; what lies before its first frame is cut."""
        first = round(start_s * _RATE_HZ)
        if first < 0:
            samples, first = samples[-first:], 0
        if not len(samples) or first > _LONGEST_S * _RATE_HZ:
            return

        # whole fiftieths, filled with silence at both ends
        lead = first % _SAMPLES
        tail = -(lead + len(samples)) % _SAMPLES
        loud = np.abs(samples.astype(np.float32))
        largest = np.pad(loud, (lead, tail)).reshape(-1, _SAMPLES).max(axis=1)

        begin = first // _SAMPLES
        end = begin + len(largest)
        if end > len(self._values):
            self._values = np.pad(self._values, (0, end))
        np.maximum(self._values[begin:end], largest, out=self._values[begin:end])
        self._count = max(self._count, end)

    def values(self) -> npt.NDArray[np.uint8]:
        """All values so far as bytes."""
        shares = np.minimum(1.0, self._values[: self._count] / _FULL_SCALE)
        return np.asarray(np.rint(255 * np.sqrt(shares)), dtype=np.uint8)


def _iterate_blocks(media: MediaReader) -> Iterator[tuple[float, npt.NDArray[np.int16]]]:
    """Mono sound in blocks, each with the second at which it starts."""
    resampler = _Resampler()
    for start_s, frame in _decode_frames(media):
        yield from resampler.push(start_s, frame)
    yield from resampler.flush()


class _Resampler:
    """Brings frames of any format to mono at 8 kHz, in blocks; a gap begins a new one."""

    def __init__(self) -> None:
        self._resampler: av.AudioResampler | None = None
        self._format: tuple[object, ...] = ()
        self._next_s = 0.0
        self._block_s = 0.0
        self._parts: list[npt.NDArray[np.int16]] = []
        self._held = 0

    def push(
        self, start_s: float, frame: AudioFrame
    ) -> Iterator[tuple[float, npt.NDArray[np.int16]]]:
        """Take a frame; gives the blocks that are full."""
        # A recording may change its format in the middle, or lack a stretch.
        found = (frame.sample_rate, frame.layout.name, frame.format.name)
        is_late = abs(start_s - self._next_s) > _TOLERATED_S
        if self._resampler is None or found != self._format or is_late:
            yield from self.flush()
            self._resampler = av.AudioResampler(format="s16", layout="mono", rate=_RATE_HZ)
            self._format, self._next_s, self._block_s = found, start_s, start_s
        self._next_s += frame.samples / frame.sample_rate

        frame.pts = None
        self._keep(self._resampler.resample(frame))
        if self._held >= _BLOCK_SAMPLES:
            yield self._take()

    def flush(self) -> Iterator[tuple[float, npt.NDArray[np.int16]]]:
        """Give what is left."""
        if self._resampler is not None:
            self._keep(self._resampler.resample(None))
            self._resampler = None
        if self._held:
            yield self._take()

    def _keep(self, frames: list[AudioFrame]) -> None:
        for frame in frames:
            samples = np.asarray(frame.to_ndarray(), dtype=np.int16).reshape(-1)  # (samples,)
            self._parts.append(samples)
            self._held += len(samples)

    def _take(self) -> tuple[float, npt.NDArray[np.int16]]:
        block = (self._block_s, np.concatenate(self._parts))
        self._block_s += self._held / _RATE_HZ
        self._parts, self._held = [], 0
        return block


def _decode_frames(media: MediaReader) -> Iterator[tuple[float, AudioFrame]]:
    """Frames of sound with their seconds; damaged packets are skipped, and leave a gap."""
    if media.audio is None:
        return
    next_s: Fraction | None = None
    for packet in media.packets(media.audio):
        stated_s = media.clock.seconds(packet)
        try:
            frames = media.audio.codec_context.decode(packet)
        except av.FFmpegError:
            continue
        for frame in frames:
            if frame.pts is not None and frame.time_base is not None:
                next_s = frame.pts * frame.time_base - media.clock.origin_s
            elif next_s is None:
                next_s = stated_s or Fraction(0)
            yield float(next_s), frame
            next_s += Fraction(frame.samples, frame.sample_rate)
