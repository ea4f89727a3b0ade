"""What is wrong with a video that is usable all the same, told once when it has been read."""

import warnings
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Final

from spotkick.errors import SpotkickWarning
from spotkick.timeline import format_clock
from spotkick.video.media_clock import MediaClock
from spotkick.video.playlists import has_open_end

_TRUNCATED_S: Final = 1
"""A stated length may exceed what is readable by this much."""

_TRUNCATED_WHOLE_FILE_S: Final = 5
"""The same where only the length of the whole file, sound included, is stated."""


@dataclass(slots=True)
class Damage:
    """What was met while a video was read.

    Attributes:
        bad_packets: packets that the decoder refused.
        bad_frames: frames that the decoder marked as damaged.
        lost_frames: frames that were wanted and did not come out of the decoder.
        missing_frames: frames that are missing from a steady sequence of packets.
        stopped_by: why reading ended before the end of the file, empty if it did not.
        seen_s: time of the last frame, in seconds from the first.
    """

    bad_packets: int = 0
    bad_frames: int = 0
    lost_frames: int = 0
    missing_frames: int = 0
    stopped_by: str = ""
    seen_s: Fraction = field(default_factory=Fraction)

    @property
    def damaged_frames(self) -> int:
        """Frames that are shown by the ones before them."""
        return max(self.bad_packets + self.bad_frames, self.lost_frames)


def describe_damage(
    damage: Damage, clock: MediaClock, expected_s: Fraction, *, exact: bool
) -> tuple[str, ...]:
    """What a user should know, a phrase each.

    Args:
        damage: what was met.
        clock: of the file.
        expected_s: stated length of what was to be read, 0 when it is not stated.
        exact: whether that is the length of the video alone.
    """
    found = []
    seen = f"{float(damage.seen_s):.1f}"
    if expected_s - damage.seen_s > (_TRUNCATED_S if exact else _TRUNCATED_WHOLE_FILE_S):
        found.append(f"it is truncated: {seen} of {float(expected_s):.1f} seconds are readable")
    if damage.stopped_by:
        found.append(f"reading stopped after {seen} seconds ({damage.stopped_by})")
    if damage.damaged_frames:
        found.append(f"{damage.damaged_frames} damaged frames were replaced by the ones before")
    if damage.missing_frames:
        found.append(f"{damage.missing_frames} frames are missing, by damage or while recording")
    return (*found, *describe_clock(clock))


def describe_clock(clock: MediaClock) -> tuple[str, ...]:
    """What is unusual about the time of a file, a phrase each."""
    report = clock.describe()
    found = []
    if report.joints:
        at = ", ".join(format_clock(float(joint.at_s)) for joint in report.joints[:5])
        found.append(
            f"its timestamps jump {len(report.joints)} times (at {at}), as if recordings were "
            "joined; they are counted one after the other"
        )
    if report.gaps:
        at = ", ".join(format_clock(float(gap.start_s)) for gap in report.gaps[:5])
        lost_s = float(sum(gap.duration_s for gap in report.gaps))
        found.append(
            f"the signal was lost {len(report.gaps)} times, for {lost_s:.1f} s in all (at {at}); "
            "time goes on there"
        )
    return tuple(found)


def warn_about_damage(path: Path, phrases: tuple[str, ...]) -> None:
    """Give one `SpotkickWarning` for a file, if there is anything to say."""
    if path.is_file() and has_open_end(path):
        phrases = (*phrases, "the playlist has no end mark; it was read to its last segment")
    if phrases:
        warnings.warn(f"{path}: {'; '.join(phrases)}", SpotkickWarning, stacklevel=3)
