"""Regions of Label Studio: timeline labels and stretches of an audio track as segments, and back.

Ranges of a timeline are frame numbers that start at 1, with both ends inside; one frame is a spot.
Regions of an audio track (type ``labels``) have seconds. Team and visibility are in the notes.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from typing import Any, Final

from spotkick.actions import Visibility
from spotkick.errors import InputError
from spotkick.formats.fields import (
    items,
    optional_confidence,
    require_integer,
    require_interval,
    require_list,
    require_object,
    require_text,
    required,
)
from spotkick.formats.segments import MILLISECONDS, Segment, end_of_frames, frames_of_segment
from spotkick.timeline import position_of_frame

TYPE: Final = "timelinelabels"
"""Type of a region of a timeline, and the field of its labels."""

_SOUND_TYPE: Final = "labels"
_TEAM_NOTE: Final = "team: "


def read_region(
    region: dict[str, Any], where: str, rate: Fraction, left_out: Counter[str]
) -> Iterator[Segment]:
    """The ranges of a region of a timeline.

    Args:
        region: as the file has it.
        where: names it in messages.
        rate: of its frames.
        left_out: gets a region without a label.

    Raises:
        InputError: if a value is malformed.
    """
    value = require_object(required(region, "value", where), f"{where}.value")
    labels = require_list(value.get(TYPE) or [], f"{where}.value.{TYPE}")
    if not labels:
        left_out["region without a label, left out"] += 1
    score = optional_confidence(region, where, "score")
    team, visibility = _read_notes(region.get("meta"))

    # Frame numbers start at 1, and the last one is inside.
    for bounds, place in items(value, "ranges", f"{where}.value"):
        first, last = (
            require_integer(required(bounds, end, place), f"{place}.{end}")
            for end in ("start", "end")
        )
        if first > last:
            raise InputError(f"{place} must not end before it starts, found {first} to {last}")
        start_s = position_of_frame(first - 1, rate) / MILLISECONDS
        end_s = end_of_frames(first - 1, last - 1, rate)
        for label in labels:
            name = require_text(label, f"{where}.value.{TYPE}")
            yield Segment(start_s, end_s, name, score=score, team=team, visibility=visibility)


def is_sound_region(region: Mapping[str, Any]) -> bool:
    """Whether a region of type ``labels`` is one of an audio track, and not of a text."""
    value = region.get("value")
    return (
        region.get("type") == _SOUND_TYPE
        and isinstance(value, dict)
        and ("channel" in value or "original_length" in region)
    )


def read_sound_region(
    region: dict[str, Any], where: str, left_out: Counter[str]
) -> Iterator[Segment]:
    """A stretch of an audio track beside the video; its times are seconds.

    Raises:
        InputError: if a value is malformed.
    """
    value = require_object(region["value"], f"{where}.value")
    labels = require_list(value.get(_SOUND_TYPE) or [], f"{where}.value.{_SOUND_TYPE}")
    if not labels:
        left_out["region without a label, left out"] += 1
    bounds = [required(value, end, f"{where}.value") for end in ("start", "end")]
    start_s, end_s = require_interval(bounds, f"{where}.value")
    score = optional_confidence(region, where, "score")
    team, visibility = _read_notes(region.get("meta"))
    for label in labels:
        name = require_text(label, f"{where}.value.{_SOUND_TYPE}")
        yield Segment(start_s, end_s, name, score=score, team=team, visibility=visibility)


def _read_notes(meta: Any) -> tuple[str | None, Visibility | None]:
    """Team and visibility from the notes of a region, where `write_region` keeps them."""
    notes = meta.get("text") if isinstance(meta, dict) else None
    texts = [note for note in notes if isinstance(note, str)] if isinstance(notes, list) else []
    team = next(
        (text.removeprefix(_TEAM_NOTE) for text in texts if text.startswith(_TEAM_NOTE)), None
    )
    return team or None, next((value for value in Visibility if value in texts), None)


def write_region(segment: Segment, identifier: str, rate: Fraction) -> dict[str, Any]:
    """A region of a timeline that holds a segment, on the grid of the frames."""
    first, last = frames_of_segment(segment, rate)

    # Frames count from 1; notes and score only where they state something.
    region: dict[str, Any] = {
        "id": identifier,
        "type": TYPE,
        "from_name": TYPE,
        "to_name": "video",
        "value": {"ranges": [{"start": first + 1, "end": last + 1}], TYPE: [segment.label]},
    }
    notes = list(_notes_of(segment))
    return (
        region
        | ({"score": segment.score} if segment.score is not None else {})
        | ({"meta": {"text": notes}} if notes else {})
    )


def _notes_of(segment: Segment) -> Iterable[str]:
    if segment.team is not None:
        yield f"{_TEAM_NOTE}{segment.team}"
    if segment.visibility is not None:
        yield str(segment.visibility)
