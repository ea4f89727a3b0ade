"""OpenSportsLab JSON, versions 1 and 2.0: one file for a whole set of videos.

Version 1 comes as a set of labelled videos (``videos``) or as the predictions for one video
(``Url``, ``predictions``). Version 2.0 is one structure for labels and predictions. A video is a
recording: the halves of a match are two entries.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

from spotkick.actions import Action, MatchActions
from spotkick.errors import InputError
from spotkick.files import read_json
from spotkick.formats.capabilities import Capabilities
from spotkick.formats.fields import (
    items,
    optional_confidence,
    optional_team,
    optional_visibility,
    read_clock,
    require_frame_rate,
    require_integer,
    require_object,
    require_text,
    required,
    shown,
)
from spotkick.formats.json_output import write_document
from spotkick.formats.recordings import (
    RecordedActions,
    group_recordings,
    recording_of_path,
    split_periods,
)
from spotkick.timeline import format_game_time, position_of_frame

CAPACITY: Final = Capabilities()
"""Both versions hold everything: what their tools do not know, they carry along."""

_EVENT: Final = (
    "label",
    "gameTime",
    "position",
    "position_ms",
    "frame",
    "team",
    "visibility",
    "confidence",
    "confidence_score",
)

V1_FIELDS: Final = frozenset(
    {
        *(
            "version",
            "date",
            "labels",
            "fps",
            "Url",
            "UrlLocal",
            "videos[].path",
            "videos[].path_video",
            "videos[].path_features",
        ),
        *("videos[].fps", "predictions[].half"),
        *(f"videos[].annotations[].{field}" for field in _EVENT),
        *(f"predictions[].{field}" for field in _EVENT),
    }
)
"""Fields of a version 1 file that are read or can be derived."""

V2_FIELDS: Final = frozenset(
    {
        *(
            "version",
            "date",
            "task",
            "modalities",
            "labels",
            "metadata.type",
            "data[].id",
            "data[].events[].head",
        ),
        *("data[].inputs[].type", "data[].inputs[].path", "data[].inputs[].fps"),
        *(f"data[].events[].{field}" for field in _EVENT),
    }
)
"""Fields of a version 2.0 file that are read or can be derived."""

_HEAD: Final = "action"


def read_osl_v1(path: Path) -> tuple[MatchActions, ...]:
    """Read a version 1 file: a labelled set, or the predictions for one video.

    Raises:
        InputError: if the file is not such a file, or a value is malformed.
    """
    document = require_object(read_json(path), str(path))
    if "predictions" in document:
        name = require_text(
            document.get("Url") or required(document, "UrlLocal", str(path)), f"{path}: Url"
        ).rstrip("/")
        events = items(document, "predictions", str(path))
        return group_recordings(
            [_recording(recording_of_path(name), events, document.get("fps"), str(path))]
        )
    if "videos" not in document:
        raise InputError(
            f"{path}: an OSL version 1 file has 'videos' or 'predictions', found {shown(document)}"
        )
    return group_recordings(
        _recording(
            _video_name(video, place), items(video, "annotations", place), video.get("fps"), place
        )
        for video, place in items(document, "videos", str(path))
    )


def _video_name(video: dict[str, Any], where: str) -> str:
    name = video.get("path") or video.get("path_video") or video.get("path_features")
    return recording_of_path(require_text(name, f"{where}.path"))


def read_osl_v2(path: Path) -> tuple[MatchActions, ...]:
    """Read a version 2.0 file, labels or predictions.

    Raises:
        InputError: if the file is not such a file, or a value is malformed.
    """
    document = require_object(read_json(path), str(path))
    required(document, "data", str(path))
    return group_recordings(
        _entry(entry, place) for entry, place in items(document, "data", str(path))
    )


def _entry(entry: dict[str, Any], where: str) -> RecordedActions:
    inputs = [(value, place) for value, place in items(entry, "inputs", where) if value.get("path")]
    rates = [value["fps"] for value, _ in inputs if value.get("fps") is not None]
    if entry.get("id") is not None:
        name = require_text(str(entry["id"]), f"{where}.id")
    elif inputs:
        name = recording_of_path(require_text(inputs[0][0]["path"], f"{inputs[0][1]}.path"))
    else:
        raise InputError(f"{where} must have an 'id' or an input with a path")
    return _recording(name, items(entry, "events", where), rates[0] if rates else None, where)


def _recording(name: str, events: Any, frame_rate: Any, where: str) -> RecordedActions:
    rate = None if frame_rate is None else require_frame_rate(frame_rate, f"{where}.fps")
    return RecordedActions(name, tuple(_action(event, place, rate) for event, place in events))


def _action(event: dict[str, Any], where: str, rate: Fraction | None) -> Action:
    label = require_text(required(event, "label", where), f"{where}.label")
    period, position_ms = read_clock(event, _position(event, where, rate), where)
    return Action(
        label=label,
        period=period,
        position_ms=position_ms,
        confidence=optional_confidence(event, where, "confidence", "confidence_score"),
        team=optional_team(event.get("team"), f"{where}.team"),
        visibility=optional_visibility(event.get("visibility"), f"{where}.visibility"),
    )


def _position(event: dict[str, Any], where: str, rate: Fraction | None) -> int | None:
    for key in ("position_ms", "position"):
        if event.get(key) is not None:
            return require_integer(event[key], f"{where}.{key}")
    if event.get("frame") is not None and rate is not None:
        return position_of_frame(require_integer(event["frame"], f"{where}.frame"), rate)
    return None


def write_osl_v1(
    path: Path, matches: Sequence[MatchActions], *, video_suffix: str = ".mp4"
) -> None:
    """Write a labelled set of version 1; scores of predictions go to ``confidence``.

    Args:
        path: the JSON file.
        matches: labels or predictions.
        video_suffix: of the video files that the entries name.

    Raises:
        StorageError: if the file cannot be written.
        InputError: if a period cannot be part of a video name.
    """
    videos = [
        {
            "path": f"{recording.name}{video_suffix}",
            "annotations": [_event_v1(action) for action in recording.actions],
        }
        for recording in split_periods(matches)
    ]
    write_document(
        path,
        {"version": 1, "date": _today(), "labels": _labels(matches), "videos": videos},
        matches,
    )


def write_osl_v2(
    path: Path, matches: Sequence[MatchActions], *, video_suffix: str = ".mp4"
) -> None:
    """Write labels or predictions as version 2.0.

    Args:
        path: the JSON file.
        matches: labels or predictions; the file is marked as predictions when an action has a
            confidence.
        video_suffix: of the video files that the entries name.

    Raises:
        StorageError: if the file cannot be written.
        InputError: if a period cannot be part of a video name.
    """
    entries = [
        {
            "id": recording.name,
            "inputs": [{"type": "video", "path": f"{recording.name}{video_suffix}"}],
            "events": [_event_v2(action) for action in recording.actions],
        }
        for recording in split_periods(matches)
    ]
    predicted = any(action.confidence is not None for match in matches for action in match.actions)
    document = {
        "version": "2.0",
        "date": _today(),
        "task": "action_spotting",
        "modalities": ["video"],
        "metadata": {"type": "predictions"} if predicted else {},
        "labels": {_HEAD: {"type": "single_label", "labels": _labels(matches)}},
        "data": entries,
    }
    write_document(path, document, matches)


def _event_v1(action: Action) -> dict[str, Any]:
    event: dict[str, Any] = {
        "gameTime": action.game_time,
        "label": action.label,
        "position": str(action.position_ms),
    }
    return event | _extras(action)


def _event_v2(action: Action) -> dict[str, Any]:
    event: dict[str, Any] = {
        "head": _HEAD,
        "label": action.label,
        "position_ms": action.position_ms,
    }
    return (
        event | {"gameTime": format_game_time(action.period, action.position_ms)} | _extras(action)
    )


def _extras(action: Action) -> dict[str, Any]:
    values = {"team": action.team, "visibility": action.visibility, "confidence": action.confidence}
    return {key: value for key, value in values.items() if value is not None}


def _labels(matches: Sequence[MatchActions]) -> list[str]:
    return list(dict.fromkeys(action.label for match in matches for action in match.actions))


def _today() -> str:
    return datetime.now(UTC).date().isoformat()
