"""Segments: actions with a start and an end, and the videos that they lie in.

Temporal localization (ActivityNet, THUMOS) and annotation tools mark intervals where action
spotting marks single times. A spot is a segment of no length; the spot of a segment is its start.
"""

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

from spotkick.actions import Action, MatchActions, Visibility
from spotkick.errors import SpotkickWarning
from spotkick.formats.recordings import (
    RecordedActions,
    group_recordings,
    parse_recording,
    split_periods,
)
from spotkick.timeline import frame_of_position, position_of_frame

MILLISECONDS: Final = 1000
"""Per second."""


@dataclass(frozen=True, slots=True)
class Segment:
    """An interval of a video with a label.

    Attributes:
        start_s: seconds since the start of the video.
        end_s: seconds, not before ``start_s``; equal to it for a spot.
        label: class name; empty for a proposal.
        score: of a detection or proposal, None for a label.
        team: see `spotkick.actions.Action`; only some annotation tools hold it.
        visibility: likewise.
        details: likewise.
    """

    start_s: float
    end_s: float
    label: str
    score: float | None = None
    team: str | None = None
    visibility: Visibility | None = None
    details: tuple[tuple[str, str], ...] = ()

    @property
    def length_s(self) -> float:
        """Seconds from start to end."""
        return self.end_s - self.start_s


def frames_of_segment(segment: Segment, rate: Fraction) -> tuple[int, int]:
    """First and last frame of a segment, numbers from 0; a spot has one frame.

    Example:
        >>> frames_of_segment(Segment(1.0, 2.0, "Attack"), Fraction(25))
        (25, 49)
    """
    start_ms, end_ms = (
        round(seconds * MILLISECONDS) for seconds in (segment.start_s, segment.end_s)
    )
    first = max(0, frame_of_position(start_ms, rate))
    return first, max(first, frame_of_position(end_ms - 1, rate))


def end_of_frames(first: int, last: int, rate: Fraction) -> float:
    """Seconds at which frames that `frames_of_segment` gave end; one frame is a spot."""
    return position_of_frame(first if last == first else last + 1, rate) / MILLISECONDS


@dataclass(frozen=True, slots=True)
class VideoSegments:
    """The segments of one video, labels or detections.

    Attributes:
        video: name of the video, unique in its set.
        duration_s: length of the video, None when the file does not state it.
        segments: in file order.
        subset: such as ``training``, ``validation`` or ``testing``; None when not stated.
        start_in_match_s: where a period starts in a video of the whole match, None when not known.
    """

    video: str
    duration_s: float | None
    segments: tuple[Segment, ...]
    subset: str | None = None
    start_in_match_s: float | None = None


def segments_of_matches(matches: Iterable[MatchActions]) -> tuple[VideoSegments, ...]:
    """Write actions as segments of no length, one video for each recording of a match."""
    matches = tuple(matches)
    starts_ms = {
        (match.match, period): start_ms
        for match in matches
        for period, start_ms in match.period_starts_ms
    }

    videos = []
    for recording in split_periods(matches):
        name, period = parse_recording(recording.name)
        start_ms = starts_ms.get((name, period or 1))
        videos.append(
            VideoSegments(
                recording.name,
                None,
                tuple(_segment_of_action(action) for action in recording.actions),
                start_in_match_s=None if start_ms is None else start_ms / MILLISECONDS,
            )
        )
    return tuple(videos)


def _segment_of_action(action: Action) -> Segment:
    return Segment(
        action.position_s,
        action.position_s,
        action.label,
        action.confidence,
        action.team,
        action.visibility,
        action.details,
    )


def matches_of_segments(videos: Sequence[VideoSegments]) -> tuple[MatchActions, ...]:
    """Read segments as actions at their starts; the ends are lost."""
    grouped = group_recordings(
        RecordedActions(
            video.video, tuple(_action_of_segment(segment) for segment in video.segments)
        )
        for video in videos
    )

    # Where periods start in a video of the whole match.
    starts_ms: dict[str, dict[int, int]] = {}
    for video in videos:
        name, period = parse_recording(video.video)
        if video.start_in_match_s is not None:
            start_ms = round(video.start_in_match_s * MILLISECONDS)
            starts_ms.setdefault(name, {})[period or 1] = start_ms
    return tuple(
        replace(match, period_starts_ms=tuple(sorted(starts_ms[match.match].items())))
        if match.match in starts_ms
        else match
        for match in grouped
    )


def _action_of_segment(segment: Segment) -> Action:
    position_ms = round(segment.start_s * MILLISECONDS)
    return Action(
        label=segment.label,
        period=1,
        position_ms=position_ms,
        confidence=segment.score,
        team=segment.team,
        visibility=segment.visibility,
        details=segment.details,
    )


class ReversedSegments:
    """Segments of a file that end before they start: read as ones of no length, and counted."""

    def __init__(self, where: str) -> None:
        """Count the segments of the file that messages call ``where``."""
        self.where = where
        self.count = 0

    def end_of(self, start_s: float, end_s: float) -> float:
        """The end of a segment, not before its start."""
        self.count += end_s < start_s
        return max(start_s, end_s)

    def warn(self) -> None:
        """Warn once about all of them."""
        if self.count:
            warnings.warn(
                f"{self.where}: {self.count} segments end before they start; they are read as "
                "segments of no length, which overlap nothing",
                SpotkickWarning,
                stacklevel=3,
            )
