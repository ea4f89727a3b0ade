"""What every edit list holds: which frames of which video come where in the reel."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from spotkick.highlights.timecode import can_drop, parse_timecode
from spotkick.video.probe import VideoInfo


@dataclass(frozen=True, slots=True)
class Source:
    """A video that clips are taken from.

    Attributes:
        info: what the file holds.
        start_frame: number of its first frame, as its timecode counts.
    """

    info: VideoInfo
    start_frame: int = 0

    @property
    def path(self) -> Path:
        """The file."""
        return self.info.path

    @property
    def num_frames(self) -> int:
        """Length in frames."""
        return round(Fraction(self.info.duration_s) * self.info.frame_rate)


@dataclass(frozen=True, slots=True)
class EditEvent:
    """One clip of a reel, in frames.

    Attributes:
        source: where it comes from.
        source_in: first frame, counted from 0 at the start of the video.
        num_frames: length.
        record_in: first frame in the reel, counted from 0.
        title: what it shows.
        reason: why it was chosen.
        value: how much it is worth.
    """

    source: Source
    source_in: int
    num_frames: int
    record_in: int
    title: str
    reason: str = ""
    value: float = 0.0

    @property
    def source_out(self) -> int:
        """First frame after the clip, in the source."""
        return self.source_in + self.num_frames

    @property
    def record_out(self) -> int:
        """First frame after the clip, in the reel."""
        return self.record_in + self.num_frames


@dataclass(frozen=True, slots=True)
class EditList:
    """A reel as a list of events.

    Attributes:
        title: of the reel.
        rate: frames per second of the reel.
        events: in order, without gaps.
        drop: whether timecodes are drop-frame.
    """

    title: str
    rate: Fraction
    events: tuple[EditEvent, ...]
    drop: bool = False

    @property
    def num_frames(self) -> int:
        """Length of the reel."""
        return self.events[-1].record_out if self.events else 0

    @property
    def sources(self) -> tuple[Source, ...]:
        """The videos, each once."""
        return tuple({event.source.path: event.source for event in self.events}.values())


def make_source(info: VideoInfo, timecode: str = "") -> Source:
    """Describe a video; ``timecode`` is that of its first frame, which counts from 0 when empty.

    Raises:
        InputError: if the timecode does not exist at the video's rate.
    """
    return Source(info, parse_timecode(timecode, info.frame_rate)[0] if timecode else 0)


def default_drop(rate: Fraction, timecode: str = "") -> bool:
    """Drop-frame where it is the custom (29.97 and 59.94), or as a given timecode has it."""
    return ";" in timecode if timecode else can_drop(rate)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A clip in seconds of its video, before it is counted in frames."""

    source: Source
    start_s: Fraction
    duration_s: Fraction
    title: str
    reason: str = ""
    value: float = 0.0


def make_edit_list(
    title: str, stretches: Sequence[Stretch], *, drop: bool | None = None
) -> EditList:
    """Count clips in frames at the rate of the first video.

    Args:
        title: of the reel.
        stretches: in order.
        drop: drop-frame timecode; None for the custom of the rate.
    """
    rate = stretches[0].source.info.frame_rate
    events: list[EditEvent] = []

    for item in stretches:
        events.append(
            EditEvent(
                source=item.source,
                source_in=round(item.start_s * item.source.info.frame_rate),
                num_frames=max(1, round(item.duration_s * rate)),
                record_in=events[-1].record_out if events else 0,
                title=item.title,
                reason=item.reason,
                value=item.value,
            )
        )
    is_drop = default_drop(rate) if drop is None else drop and can_drop(rate)
    return EditList(title, rate, tuple(events), is_drop)
