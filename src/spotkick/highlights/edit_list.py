"""What every edit list holds: which frames of which video come where in the reel.

Frames are counted at rates that editing programs know (see `VideoInfo.nominal_rate`), and mean
time: frame n starts n / rate seconds after the first one, whether the file holds a frame there
or not. Source and record side have a rate and a way of counting each.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from spotkick.highlights.reel_names import SINGLE_REEL, name_reels
from spotkick.highlights.timecode import can_drop, parse_timecode
from spotkick.video.probe import VideoInfo


@dataclass(frozen=True, slots=True)
class Source:
    """A video that clips are taken from.

    Attributes:
        info: what the file holds.
        start_frame: number of its first frame, as its timecode counts.
        drop: whether its timecode is drop-frame.
    """

    info: VideoInfo
    start_frame: int = 0
    drop: bool = False

    @property
    def path(self) -> Path:
        """The file."""
        return self.info.path

    @property
    def rate(self) -> Fraction:
        """Frames per second, as an editing program counts them."""
        return self.info.nominal_rate

    @property
    def num_frames(self) -> int:
        """Length in frames."""
        return round(Fraction(self.info.duration_s) * self.rate)

    @property
    def properties(self) -> str:
        """What an editor must know about its images; empty for progressive ones of usual range."""
        fields = (
            f"interlaced, {self.info.field_order} field first" if self.info.is_interlaced else ""
        )
        hdr = f"HDR ({self.info.hdr})" if self.info.hdr else ""
        return "; ".join(text for text in (hdr, fields) if text)


@dataclass(frozen=True, slots=True)
class EditEvent:
    """A stretch of one video in a reel, in frames.

    Attributes:
        source: where it comes from.
        source_in: first frame, counted from 0 at the start of the video.
        source_frames: length at the rate of the source.
        record_in: first frame in the reel, counted from 0.
        record_frames: length at the rate of the reel.
        title: what it shows.
        reason: why it was chosen.
        value: how much it is worth.
        clip_number: of the clip that it is a part of, counted from 1.
        clock: what the clock of the match shows.
    """

    source: Source
    source_in: int
    source_frames: int
    record_in: int
    record_frames: int
    title: str
    reason: str = ""
    value: float = 0.0
    clip_number: int = 1
    clock: str = ""

    @property
    def note(self) -> str:
        """The reason, and what an editor must know about the images of the source."""
        return "; ".join(text for text in (self.reason, self.source.properties) if text)

    @property
    def source_out(self) -> int:
        """First frame after the event, in the source."""
        return self.source_in + self.source_frames

    @property
    def record_out(self) -> int:
        """First frame after the event, in the reel."""
        return self.record_in + self.record_frames


@dataclass(frozen=True, slots=True)
class EditList:
    """A reel as a list of events.

    Attributes:
        title: of the reel.
        rate: frames per second of the reel.
        events: in order, without gaps.
        drop: whether its timecode is drop-frame.
        start_timecode: of its first frame; empty for the custom of each format.
    """

    title: str
    rate: Fraction
    events: tuple[EditEvent, ...]
    drop: bool = False
    start_timecode: str = ""

    @property
    def num_frames(self) -> int:
        """Length of the reel."""
        return self.events[-1].record_out if self.events else 0

    @property
    def sources(self) -> tuple[Source, ...]:
        """The videos, each once."""
        return tuple({event.source.path: event.source for event in self.events}.values())

    def start_frame(self, custom: str = "00:00:00:00") -> int:
        """Number of the first frame of the reel, as its timecode counts.

        Args:
            custom: timecode where none is chosen.

        Raises:
            InputError: if the timecode does not exist at the rate of the reel.
        """
        text = self.start_timecode or custom
        if self.drop:
            text = f"{text[:-3]};{text[-2:]}"
        return parse_timecode(text, self.rate)[0]

    def reel_names(self) -> dict[Path, str]:
        """A name of at most eight letters and digits for each video, all different."""
        paths = [source.path for source in self.sources]
        return {paths[0]: SINGLE_REEL} if len(paths) == 1 else name_reels(paths)


def make_source(info: VideoInfo, *, drop: bool | None = None) -> Source:
    """Describe a video, whose first frame has the timecode that the recorder wrote.

    A timecode that counts fewer numbers than the video has frames (25 for 50) is converted.

    Args:
        info: what the file holds; it counts from 0 without a timecode.
        drop: for a video without a timecode; None for the custom of its rate.

    Raises:
        InputError: if the timecode does not exist at its rate.
    """
    rate = info.nominal_rate
    if not info.timecode:
        return Source(info, drop=default_drop(rate) if drop is None else drop and can_drop(rate))

    counted_rate = info.timecode_rate or rate
    number, marked = parse_timecode(info.timecode, counted_rate)
    if info.timecode_drop and not marked and can_drop(counted_rate):
        number, _ = parse_timecode(info.timecode[:8] + ";" + info.timecode[9:], counted_rate)
    is_drop = (marked or bool(info.timecode_drop)) and can_drop(rate)
    return Source(info, start_frame=round(number * rate / counted_rate), drop=is_drop)


def default_drop(rate: Fraction) -> bool:
    """Drop-frame where it is the custom: 29.97 and 59.94."""
    return can_drop(rate)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of one video in seconds, before it is counted in frames.

    Attributes:
        source: where it comes from.
        start_s: seconds after the first frame of the video.
        duration_s: exact length.
        title: what it shows.
        reason: why it was chosen.
        value: how much it is worth.
        clip_number: of the clip that it is a part of, counted from 1; 0 for one of its own.
        clock: what the clock of the match shows.
    """

    source: Source
    start_s: Fraction
    duration_s: Fraction
    title: str
    reason: str = ""
    value: float = 0.0
    clip_number: int = 0
    clock: str = ""


def make_edit_list(
    title: str,
    stretches: Sequence[Stretch],
    *,
    drop: bool | None = None,
    start_timecode: str = "",
) -> EditList:
    """Count stretches in frames: at the rate of their video, and at that of the first in the reel.

    Args:
        title: of the reel.
        stretches: in order.
        drop: drop-frame timecode of the reel; None as the first video has it.
        start_timecode: of the first frame of the reel; empty for the custom of each format.

    Raises:
        InputError: if that timecode does not exist at the rate of the reel.
    """
    first = stretches[0].source
    rate = first.rate
    events: list[EditEvent] = []

    end_s = Fraction(0)
    for number, item in enumerate(stretches, start=1):
        # Ends are rounded, not lengths, so that errors of rounding do not add up.
        end_s += item.duration_s
        record_in = events[-1].record_out if events else 0
        record_frames = max(1, round(end_s * rate) - record_in)
        same_rate = item.source.rate == rate
        events.append(
            EditEvent(
                source=item.source,
                source_in=round(item.start_s * item.source.rate),
                source_frames=record_frames
                if same_rate
                else max(1, round(record_frames / rate * item.source.rate)),
                record_in=record_in,
                record_frames=record_frames,
                title=item.title,
                reason=item.reason,
                value=item.value,
                clip_number=item.clip_number or number,
                clock=item.clock,
            )
        )
    is_drop = first.drop if drop is None else drop and can_drop(rate)
    edits = EditList(title, rate, tuple(events), is_drop, start_timecode)
    edits.start_frame()  # a timecode that does not exist is refused before anything is written
    return edits
