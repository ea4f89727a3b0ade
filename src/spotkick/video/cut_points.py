"""Where exactly a cut begins and ends: at frames, found by reading timestamps without decoding."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

from spotkick.errors import InputError
from spotkick.video.clock_report import Gap
from spotkick.video.packet_times import find_holes
from spotkick.video.reader import MediaReader, open_media

_ROUNDED_S: Final = Fraction(11, 10_000)
"""How far rounding to milliseconds moves two timestamps apart, and a little more."""

_ROUNDED_TICKS: Final = Fraction(11, 10)
"""The same where ticks are coarser than milliseconds, such as 600 a second in phones' files."""

_HALF_MILLISECOND: Final = Fraction(1, 2000)
"""Times given in milliseconds, and files that round to them, still meet the frame that is
meant."""


@dataclass(frozen=True, slots=True)
class PlannedCut:
    """A stretch of a video that begins and ends at frames.

    Ticks are those of the file's `spotkick.video.media_clock.MediaClock`.

    Attributes:
        path: video file.
        start_ticks: time of the first frame, in units of ``time_base``.
        end_ticks: time of the first frame that is left out, or the end of the last one.
        time_base: in seconds.
        origin_ticks: time of the first frame of the file, which is time zero.
        num_frames: frames between.
        rate: frames per second when they are evenly spaced, but for rounded timestamps; None when
            they are not.
        missing_frames: frames that are missing between, by damage or while recording.
    """

    path: Path
    start_ticks: int
    end_ticks: int
    time_base: Fraction
    origin_ticks: int
    num_frames: int
    rate: Fraction | None = None
    missing_frames: int = 0

    @property
    def start_s(self) -> Fraction:
        """Start in seconds after the first frame of the file."""
        return (self.start_ticks - self.origin_ticks) * self.time_base

    @property
    def duration_s(self) -> Fraction:
        """Exact length."""
        if self.rate is not None:
            return self.num_frames / self.rate
        return (self.end_ticks - self.start_ticks) * self.time_base


def plan_cut(path: Path, start_s: float, end_s: float) -> PlannedCut:
    """Find the frames of a stretch of a video.

    The cut starts with the first frame at or after ``start_s`` and ends where the last frame at
    or before ``end_s`` starts, or with the video: it is never longer than asked for.

    Args:
        path: video file.
        start_s: in seconds after the first frame.
        end_s: same.

    Raises:
        InputError: if the file cannot be read, or no frame starts in the stretch.
    """
    with open_media(path) as media:
        clock = media.clock
        base, origin = clock.time_base, clock.start_ticks
        slack = min(_HALF_MILLISECOND, 1 / clock.average_rate / 4)
        first = origin + -int((slack - Fraction(start_s)) // base)  # rounded up
        last = origin + int((Fraction(end_s) + slack) // base)

        # the end of the last frame counts where the video ends within the stretch
        times, end_of_video = _read_frame_times(media, first, last)
        inside = times[bisect_left(times, first) : bisect_right(times, last)]
        if end_of_video is not None and end_of_video <= last:
            end = end_of_video
        else:
            end = inside[-1] if inside else first
        frames = [time for time in inside if time < end]
        if not frames:
            raise InputError(
                f"{path}: no frame between {start_s:.2f} and {end_s:.2f} s to cut out"
                f"{_explain_gap(clock.report.gaps, start_s, end_s)}"
            )
        rates = (clock.nominal_rate, clock.average_rate)
        steady = [rate for rate in rates if _is_steady([*frames, end], rate, base)]
        holes = () if steady else find_holes(frames, float(1 / (clock.nominal_rate * base)))
        missing = sum(count for _, _, count in holes)
        return PlannedCut(
            path=path,
            start_ticks=frames[0],
            end_ticks=end,
            time_base=base,
            origin_ticks=origin,
            num_frames=len(frames),
            rate=steady[0] if steady else None,
            missing_frames=missing,
        )


def _is_steady(times: Sequence[int], rate: Fraction, base: Fraction) -> bool:
    """Whether frames lie on the grid of a rate, but for the rounding of their timestamps."""
    rounding = max(_ROUNDED_S, min(_ROUNDED_TICKS * base, 1 / rate / 4))
    return all(
        abs((time - times[0]) * base - number / rate) <= rounding
        for number, time in enumerate(times)
    )


def _explain_gap(gaps: tuple[Gap, ...], start_s: float, end_s: float) -> str:
    for gap in gaps:
        if gap.start_s <= end_s and start_s <= gap.start_s + gap.duration_s:
            return (
                f"; the signal was lost for {float(gap.duration_s):.1f} s at "
                f"{float(gap.start_s):.1f} s"
            )
    return ""


def _read_frame_times(media: MediaReader, first: int, last: int) -> tuple[list[int], int | None]:
    """Times of frames around a stretch, rising, and the end of the video if it was reached."""
    clock = media.clock
    media.seek(clock.seconds_at(first))
    times: set[int] = set()
    end = 0
    for packet in media.packets(media.video):
        if packet.dts is not None and packet.dts > last:
            return sorted(times), None
        if packet.pts is not None and not packet.is_discard:
            times.add(packet.pts)
            end = max(end, packet.pts + (packet.duration or clock.step_ticks))
    return sorted(times), end if times else None
