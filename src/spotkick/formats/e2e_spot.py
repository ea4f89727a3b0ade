"""E2E-Spot JSON: frame-based labels (``train.json``) and predictions (``pred-test.30.json``), plain or compressed with gzip.

Labels are a list of ``{video, num_frames, num_events, events[{frame, label, comment}], fps, width,
height}``, predictions of ``{video, events[{frame, label, score}], fps}``. For SoccerNet its tools
write team and visibility into the comment, as ``home; visible``, and so does this module.
"""

import zlib
from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

from spotkick.actions import Action, MatchActions, Visibility
from spotkick.errors import InputError
from spotkick.files import MAX_JSON_BYTES, parse_json, read_bytes, write_text
from spotkick.formats.capabilities import Capabilities
from spotkick.formats.fields import (
    items,
    number_of_rate,
    optional_confidence,
    require_frame_rate,
    require_integer,
    require_list,
    require_object,
    require_text,
    required,
)
from spotkick.formats.json_output import write_document
from spotkick.formats.recordings import RecordedActions, group_recordings, split_periods
from spotkick.timeline import frame_of_position, position_of_frame

LABEL_CAPACITY: Final = Capabilities(confidence=False, frames=True)
RESULT_CAPACITY: Final = Capabilities(
    needs_confidence=True, team=False, visibility=False, frames=True
)

FIELDS: Final = frozenset(
    {
        *(
            "[].video",
            "[].fps",
            "[].num_events",
            "[].events[].frame",
            "[].events[].label",
            "[].events[].score",
        ),
        "[].events[].comment",
    }
)
"""Fields that are read or can be derived."""

CLASS_FILE: Final = "class.txt"
"""One class a line, beside the labels."""

_GZIP_MAGIC: Final = b"\x1f\x8b"
_NO_TEAM: Final = "not applicable"


def read_e2e_spot(path: Path) -> tuple[MatchActions, ...]:
    """Read labels or predictions.

    Args:
        path: JSON, or JSON compressed with gzip (``pred-test.30.recall.json.gz``).

    Raises:
        InputError: if the file is not such a file, or a value is malformed.
    """
    videos = require_list(load_json(path), str(path))
    return group_recordings(
        _video(require_object(video, f"{path}[{n}]"), f"{path}[{n}]")
        for n, video in enumerate(videos)
    )


def load_json(path: Path) -> Any:
    """Parse a JSON file that may be compressed with gzip.

    Raises:
        InputError: if it is missing, damaged, or too large once unpacked.
    """
    data = read_bytes(path)
    if data.startswith(_GZIP_MAGIC):
        data = _unpack(data, path)
    return parse_json(data, str(path))


def _unpack(data: bytes, path: Path) -> bytes:
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        unpacked = unpacker.decompress(data, MAX_JSON_BYTES + 1)
    except zlib.error as error:
        raise InputError(f"{path}: damaged gzip data ({error}); get the file again") from error
    if len(unpacked) > MAX_JSON_BYTES:
        raise InputError(f"{path}: unpacks to more than the limit of {MAX_JSON_BYTES:,} bytes")
    if not unpacker.eof:
        raise InputError(f"{path}: gzip data end too early; get the file again")
    return unpacked


def _video(video: dict[str, Any], where: str) -> RecordedActions:
    name = require_text(required(video, "video", where), f"{where}.video")
    rate = require_frame_rate(required(video, "fps", where), f"{where}.fps")
    return RecordedActions(
        name, tuple(_action(event, place, rate) for event, place in items(video, "events", where))
    )


def _action(event: dict[str, Any], where: str, rate: Fraction) -> Action:
    frame = require_integer(required(event, "frame", where), f"{where}.frame")
    team, visibility = _read_comment(event.get("comment"))
    return Action(
        label=require_text(required(event, "label", where), f"{where}.label"),
        period=1,
        position_ms=position_of_frame(frame, rate),
        confidence=optional_confidence(event, where, "score"),
        team=team,
        visibility=visibility,
    )


def _read_comment(comment: Any) -> tuple[str | None, Visibility | None]:
    """Team and visibility from ``home; visible``; a comment of another form is a remark and says nothing of the two."""
    team, _, shown = comment.rpartition("; ") if isinstance(comment, str) else ("", "", "")
    visibility = next((value for value in Visibility if value == shown), None)
    if not team or (visibility is None and shown):
        return None, None
    return (None if team == _NO_TEAM else team), visibility


def write_e2e_spot(path: Path, matches: Sequence[MatchActions], *, frame_rate: Fraction) -> None:
    """Write labels, with the class list beside them.

    The length of the videos is not known here: ``num_frames`` ends with the last action, and should
    be set to the true length.

    Args:
        path: the JSON file; its folder gets a ``class.txt``.
        matches: labels.
        frame_rate: frames per second of the extracted frames.

    Raises:
        StorageError: if a file cannot be written.
        InputError: if a period cannot be part of a video name.
    """
    videos = []
    for recording in split_periods(matches):
        events = [
            _event(action, frame_rate) | {"comment": _comment(action)}
            for action in recording.actions
        ]
        count = max((event["frame"] for event in events), default=-1) + 1
        video = {
            "video": recording.name,
            "num_frames": count,
            "num_events": len(events),
            "events": events,
        }
        videos.append(video | {"fps": number_of_rate(frame_rate)})
    write_document(path, videos, matches)
    write_text(path.parent / CLASS_FILE, "".join(f"{label}\n" for label in _labels(matches)))


def write_e2e_spot_results(
    path: Path, matches: Sequence[MatchActions], *, frame_rate: Fraction
) -> None:
    """Write predictions; an action without a confidence gets score 1.

    Args:
        path: the JSON file.
        matches: predictions.
        frame_rate: frames per second.

    Raises:
        StorageError: if the file cannot be written.
        InputError: if a period cannot be part of a video name.
    """
    videos = [
        {
            "video": recording.name,
            "events": [
                _event(action, frame_rate) | {"score": _score(action)}
                for action in recording.actions
            ],
            "fps": number_of_rate(frame_rate),
        }
        for recording in split_periods(matches)
    ]
    write_document(path, videos, matches)


def _event(action: Action, frame_rate: Fraction) -> dict[str, Any]:
    return {"frame": frame_of_position(action.position_ms, frame_rate), "label": action.label}


def _comment(action: Action) -> str:
    if action.team is None and action.visibility is None:
        return ""
    return f"{action.team or _NO_TEAM}; {action.visibility or ''}"


def _score(action: Action) -> float:
    return 1.0 if action.confidence is None else action.confidence


def _labels(matches: Iterable[MatchActions]) -> list[str]:
    return sorted({action.label for match in matches for action in match.actions})
