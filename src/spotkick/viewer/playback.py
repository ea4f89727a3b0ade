"""What a browser can do with a video file, and when each of its frames is shown.

A browser tells time on the clock of the file, spotkick from the first frame (`MediaClock`). The
page gets what it needs to go from one to the other: the timestamp of the first frame, and, where
frames do not follow each other steadily, the time of every one.
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from spotkick.video.clock_reading import read_clock
from spotkick.video.opening import open_container
from spotkick.video.packet_times import fill_times, read_packet_times
from spotkick.video.probe import VideoInfo
from spotkick.video.streams import choose_video_stream

MEDIA_TYPES: Final = {
    ".mp4": "video/mp4",
    ".m4v": "video/mp4",
    ".f4v": "video/mp4",
    ".mov": "video/mp4",
    ".qt": "video/mp4",
    ".webm": "video/webm",
    ".mkv": "video/x-matroska",
    ".ogv": "video/ogg",
}
"""By suffix; files of other kinds are not given to a browser's player."""

_PLAYED_CODECS: Final = frozenset({"h264", "hevc", "vp8", "vp9", "av1", "theora"})
"""Codecs that some browsers play; the page finds out whether its own one does."""

_ROUNDED_S: Final = 0.001
"""Timestamps of a steady rate are out of place by this much at most, where they are rounded to
milliseconds."""

_MOST_KEPT: Final = 16


@dataclass(frozen=True, slots=True)
class FrameTimes:
    """When the frames of a file are shown, in seconds after the first one.

    Attributes:
        count: number of frames; 0 where they could not be read.
        rate: frames per second; the average where the rate varies.
        times_s: (frames,) rising; None where frame n is shown at ``n / rate``.
    """

    count: int
    rate: Fraction
    times_s: npt.NDArray[np.float64] | None = None

    def document(self) -> dict[str, Any]:
        """The times as JSON: steps from frame to frame in microseconds, none for a steady rate."""
        steps = None
        if self.times_s is not None:
            steps = np.diff(np.rint(self.times_s * 1e6)).astype(np.int64).tolist()
        return {
            "count": self.count,
            "rate": [self.rate.numerator, self.rate.denominator],
            "steps_us": steps,
        }


def may_be_played(info: VideoInfo) -> bool:
    """Whether a browser may be able to play a file; the others need a copy or still images.

    Recordings that were joined have clocks of their own, which no browser follows.
    """
    return (
        info.path.suffix.lower() in MEDIA_TYPES
        and info.codec in _PLAYED_CODECS
        and len(read_clock(info.path).recordings) < 2
    )


def measure_frames(times_s: npt.NDArray[np.float64], average: Fraction) -> FrameTimes:
    """Decide whether frames follow each other steadily.

    Args:
        times_s: (frames,) seconds after the first frame, rising.
        average: frames per second that the header states.
    """
    count = len(times_s)
    rates = [average]
    if count > 1:
        measured = Fraction(count - 1) / Fraction(float(times_s[-1])).limit_denominator(1_000_000)
        rates.append(measured.limit_denominator(1_000_000))
    for rate in rates:
        misplaced_s = np.abs(times_s - np.arange(count) / float(rate))
        if not count or misplaced_s.max() <= _ROUNDED_S:
            return FrameTimes(count, rate)
    return FrameTimes(count, rates[-1], times_s)


class FrameTimesReader:
    """Reads the times of frames, one file at a time, and keeps those of the latest files."""

    def __init__(self) -> None:
        """Start with none."""
        self._kept: OrderedDict[tuple[Path, int, int], FrameTimes] = OrderedDict()
        self._lock = threading.Lock()

    def read(self, path: Path) -> FrameTimes:
        """Times of the frames of a file; its packets are read once, without decoding.

        Raises:
            InputError: if the file cannot be opened.
        """
        status = path.stat()
        key = (path, status.st_size, status.st_mtime_ns)
        with self._lock:
            if key not in self._kept:
                self._kept[key] = _read_frame_times(path)
                while len(self._kept) > _MOST_KEPT:
                    self._kept.popitem(last=False)
            return self._kept[key]


def _read_frame_times(path: Path) -> FrameTimes:
    clock = read_clock(path)
    with open_container(path) as container:
        packets = read_packet_times(container, choose_video_stream(container, path))
    ticks = np.unique(fill_times(packets.pts, packets.dts))
    ticks = ticks[ticks >= clock.start_ticks] - clock.start_ticks
    times_s = ticks.astype(np.float64) * float(clock.time_base)
    return measure_frames(times_s, clock.average_rate)
