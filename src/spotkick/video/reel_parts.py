"""What a reel is made of: parts of videos with titles, and the containers that it can have."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from av.audio.stream import AudioStream

from spotkick.errors import InputError, SpotkickWarning
from spotkick.video.cut_points import PlannedCut
from spotkick.video.overlay import Overlay
from spotkick.video.reader import MediaReader

if TYPE_CHECKING:
    from av.container.core import Chapter

FORMATS: Final = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska"}
"""Suffixes of reels that can be written."""

SoundChoice = int | Literal["auto", "all"]
"""Number of the sound track, counted from 1; ``auto`` for the one that players choose; or all."""


@dataclass(frozen=True)
class ReelPart:
    """A stretch of one video in a reel.

    Attributes:
        cut: where it comes from.
        title: name of its chapter.
        overlay: caption; None for none.
        continues: whether it continues the clip of the part before, from another file.
    """

    cut: PlannedCut
    title: str = ""
    overlay: Overlay | None = None
    continues: bool = False


def reel_starts(parts: Sequence[ReelPart]) -> list[Fraction]:
    """Where each part starts in the reel, and at last where the reel ends, in seconds."""
    starts = [Fraction(0)]
    for part in parts:
        starts.append(starts[-1] + part.cut.duration_s)
    return starts


def reel_format(path: Path) -> str:
    """Container format of a reel by its suffix.

    Raises:
        InputError: if the suffix is another one.
    """
    if path.suffix.lower() not in FORMATS:
        raise InputError(f"{path}: a reel is written as {', '.join(FORMATS)}, not '{path.suffix}'")
    return FORMATS[path.suffix.lower()]


def make_chapters(parts: Sequence[ReelPart]) -> "list[Chapter]":
    """One chapter per clip, as PyAV takes them."""
    starts = reel_starts(parts)
    firsts = [number for number, part in enumerate(parts) if not part.continues or not number]
    return [
        {
            "id": index,
            "start": round(starts[first] * 1000),
            "end": round(starts[end] * 1000),
            "time_base": Fraction(1, 1000),
            "metadata": {"title": parts[first].title or f"Clip {index + 1}"},
        }
        for index, (first, end) in enumerate(zip(firsts, [*firsts[1:], len(parts)], strict=True))
    ]


def track_number(choice: SoundChoice) -> int | None:
    """The number that a choice names, None where it names none."""
    return choice if isinstance(choice, int) else None


def choose_sound(media: MediaReader, choice: SoundChoice) -> list[AudioStream]:
    """The sound streams of a video that become tracks of the reel."""
    if choice != "all":
        return [] if media.audio is None else [media.audio]
    decodable = []
    for stream in media.container.streams.audio:
        context: Any = stream.codec_context  # None for a codec that is not known
        if context is not None:
            decodable.append(stream)
    return decodable


def warn_about_no_decoder(path: Path) -> None:
    """Warn that a reel has no sound, though its first video has some."""
    warnings.warn(
        f"the reel has no sound: there is no decoder for the sound of {path}",
        SpotkickWarning,
        stacklevel=3,
    )
