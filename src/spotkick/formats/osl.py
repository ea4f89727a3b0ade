"""OpenSportsLab JSON, versions 1 and 2.0: one file for a whole set of videos.

Version 1 comes as a set of labelled videos (``videos``) or as the predictions for one video
(``Url``, ``predictions``). Version 2.0 is one structure for labels and predictions. A video is a
recording: the halves of a match are two entries.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

from spotkick.actions import Action, MatchActions
from spotkick.errors import InputError
from spotkick.files import read_json
from spotkick.formats.capabilities import Capabilities
from spotkick.formats.fields import (
    RATE_FIX,
    items,
    optional_confidence,
    optional_team,
    optional_visibility,
    require_frame_rate,
    require_integer,
    require_object,
    require_position,
    require_text,
    required,
    shown,
)
from spotkick.formats.format import Family, Format
from spotkick.formats.json_files import write_document
from spotkick.formats.recordings import (
    MAX_PERIOD,
    MediaReference,
    RecordedActions,
    group_recordings,
    name_recordings,
    split_periods,
)
from spotkick.formats.sample import Certainty, Sample, objects_in
from spotkick.timeline import format_game_time, parse_game_time, position_of_frame

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
_CLOCK_TOLERANCE_MS: Final = 1500


def read_osl_v1(
    path: Path | str, *, frame_rate: Fraction | None = None
) -> tuple[MatchActions, ...]:
    """Read a version 1 file: a labelled set, or the predictions for one video.

    Args:
        path: the JSON file.
        frame_rate: of events that have only a ``frame``, where the file does not state ``fps``.

    Raises:
        InputError: if the file is not such a file, a value is malformed, or a frame rate is needed
            and not given.
    """
    path = Path(path)
    document = require_object(read_json(path), str(path))
    if "predictions" in document:
        name = require_text(
            document.get("Url") or required(document, "UrlLocal", str(path)), f"{path}: Url"
        ).rstrip("/")
        videos = [(name, document, "predictions", str(path))]
    elif "videos" in document:
        videos = [
            (_video_path(video, place), video, "annotations", place)
            for video, place in items(document, "videos", str(path))
        ]
    else:
        raise InputError(
            f"{path}: an OSL version 1 file has 'videos' or 'predictions', found {shown(document)}"
        )

    names = name_recordings([MediaReference(name) for name, _, _, _ in videos], path.stem)
    return group_recordings(
        _read_recording(
            name,
            items(video, key, place),
            rate=video.get("fps", frame_rate),
            where=place,
        )
        for name, (_, video, key, place) in zip(names, videos, strict=True)
    )


def _video_path(video: dict[str, Any], where: str) -> str:
    name = video.get("path") or video.get("path_video") or video.get("path_features")
    return require_text(name, f"{where}.path")


def read_osl_v2(
    path: Path | str, *, frame_rate: Fraction | None = None
) -> tuple[MatchActions, ...]:
    """Read a version 2.0 file, labels or predictions; see `read_osl_v1`.

    Raises:
        InputError: if the file is not such a file, or a value is malformed.
    """
    path = Path(path)
    document = require_object(read_json(path), str(path))
    required(document, "data", str(path))
    entries = list(items(document, "data", str(path)))
    inputs = [_inputs_with_path(entry, place) for entry, place in entries]

    # An entry is called by its id, which is kept as it is, or by the path of its first input.
    paths = [
        require_text(found[0]["path"], f"{place}.inputs[0].path") if found else ""
        for found, (_, place) in zip(inputs, entries, strict=True)
    ]
    names = name_recordings([MediaReference(text) for text in paths], path.stem)
    recordings = []
    for (entry, place), found, name in zip(entries, inputs, names, strict=True):
        if entry.get("id") is not None:
            name = require_text(str(entry["id"]), f"{place}.id")
        elif not found:
            raise InputError(f"{place} must have an 'id' or an input with a path")
        rates = [value["fps"] for value in found if value.get("fps") is not None]
        events = items(entry, "events", place)
        rate = rates[0] if rates else frame_rate
        recordings.append(_read_recording(name, events, rate=rate, where=place))
    return group_recordings(recordings)


def _inputs_with_path(entry: dict[str, Any], where: str) -> list[dict[str, Any]]:
    return [value for value, _ in items(entry, "inputs", where) if value.get("path")]


def _read_recording(
    name: str, events: Iterator[tuple[dict[str, Any], str]], *, rate: Any, where: str
) -> RecordedActions:
    if rate is not None and not isinstance(rate, Fraction):
        rate = require_frame_rate(rate, f"{where}.fps")
    return RecordedActions(name, tuple(_read_event(event, place, rate) for event, place in events))


def _read_event(event: dict[str, Any], where: str, rate: Fraction | None) -> Action:
    label = require_text(required(event, "label", where), f"{where}.label")
    period, position_ms = _read_clock(event, _read_position(event, where, rate), where)
    return Action(
        label=label,
        period=period,
        position_ms=position_ms,
        confidence=optional_confidence(event, where, "confidence", "confidence_score"),
        team=optional_team(event.get("team"), f"{where}.team"),
        visibility=optional_visibility(event.get("visibility"), f"{where}.visibility"),
    )


def _read_position(event: dict[str, Any], where: str, rate: Fraction | None) -> int | None:
    for key in ("position_ms", "position"):
        if event.get(key) is not None:
            return require_position(event[key], f"{where}.{key}")
    if event.get("frame") is None:
        return None
    if rate is not None:
        return position_of_frame(require_integer(event["frame"], f"{where}.frame"), rate)
    if event.get("gameTime") is None:
        raise InputError(
            f"{where} counts frames, and the file does not state their rate in 'fps': {RATE_FIX}"
        )
    return None


def _read_clock(values: Mapping[str, Any], position_ms: int | None, where: str) -> tuple[int, int]:
    """Period and position of an event that has a position, a ``gameTime`` "H - MM:SS", or both.

    The period is taken from ``gameTime`` only when its clock agrees with the position: where one
    video holds the whole match, tools write the half's clock beside the video's position, and the
    two must not be mixed.

    Args:
        values: the event.
        position_ms: milliseconds, None when the event has none.
        where: names the event in messages.

    Raises:
        InputError: if there is neither, or ``gameTime`` is malformed and needed.
    """
    text = values.get("gameTime")

    # Without a position the clock decides; with one, only where the two agree.
    if position_ms is None:
        period, seconds = parse_game_time(
            require_text(required(values, "gameTime", where), f"{where}.gameTime")
        )
        position_ms = require_integer(seconds * 1000, f"{where}.gameTime")
    elif not isinstance(text, str) or not text.strip():
        period = 1
    else:
        try:
            period, seconds = parse_game_time(text)
        except InputError:
            period, seconds = 1, 0
        if abs(seconds * 1000 - position_ms) > _CLOCK_TOLERANCE_MS:
            period = 1

    if not 1 <= period <= MAX_PERIOD:
        raise InputError(
            f"{where}.gameTime must have a period within 1 and {MAX_PERIOD}, found {shown(text)}"
        )
    return period, position_ms


def write_osl_v1(
    path: Path | str, matches: Sequence[MatchActions], *, video_suffix: str = ".mp4"
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
        {"version": 1, "date": _today_iso(), "labels": _distinct_labels(matches), "videos": videos},
        matches,
    )


def write_osl_v2(
    path: Path | str, matches: Sequence[MatchActions], *, video_suffix: str = ".mp4"
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
        "date": _today_iso(),
        "task": "action_spotting",
        "modalities": ["video"],
        "metadata": {"type": "predictions"} if predicted else {},
        "labels": {_HEAD: {"type": "single_label", "labels": _distinct_labels(matches)}},
        "data": entries,
    }
    write_document(path, document, matches)


def _event_v1(action: Action) -> dict[str, Any]:
    event: dict[str, Any] = {
        "gameTime": action.game_time,
        "label": action.label,
        "position": str(action.position_ms),
    }
    return event | _extra_fields(action)


def _event_v2(action: Action) -> dict[str, Any]:
    event: dict[str, Any] = {
        "head": _HEAD,
        "label": action.label,
        "position_ms": action.position_ms,
    }
    return (
        event
        | {"gameTime": format_game_time(action.period, action.position_ms)}
        | _extra_fields(action)
    )


def _extra_fields(action: Action) -> dict[str, Any]:
    values = {"team": action.team, "visibility": action.visibility, "confidence": action.confidence}
    return {key: value for key, value in values.items() if value is not None}


def _distinct_labels(matches: Sequence[MatchActions]) -> list[str]:
    return list(dict.fromkeys(action.label for match in matches for action in match.actions))


def _today_iso() -> str:
    return datetime.now(UTC).date().isoformat()


def _detect_v1(sample: Sample) -> Certainty:
    """A set has videos with paths, as no other format calls them; predictions name one video."""
    if isinstance(sample.json_object.get("videos"), list):
        videos = objects_in(sample.json_object["videos"])
        known = all(
            any(key in video for key in ("path", "path_video", "path_features")) for video in videos
        )
        return Certainty.MARK if known and not sample.has_keys("categories") else Certainty.NO
    if not isinstance(sample.json_object.get("predictions"), list):
        return Certainty.NO
    rows = objects_in(sample.json_object["predictions"])
    own = sample.has_keys("fps") or sample.has_keys("Url") or any("frame" in row for row in rows)
    return Certainty.NAME if own else Certainty.NO


def _detect_v2(sample: Sample) -> Certainty:
    stated = sample.has_keys("version", "data") or sample.has_keys("task", "data")
    held = stated and isinstance(sample.json_object["data"], list)
    return Certainty.NAME if held else Certainty.NO


V1_FORMAT: Final = Format(
    name="osl-v1",
    title="OpenSportsLab JSON version 1",
    description="OpenSportsLab JSON 1",
    family=Family.BENCHMARK,
    capabilities=Capabilities(),
    detect=_detect_v1,
    reader=lambda path, options: read_osl_v1(path, frame_rate=options.frame_rate),
    writer=lambda path, matches, _: write_osl_v1(path, matches),
    fields=V1_FIELDS,
)

V2_FORMAT: Final = Format(
    name="osl-v2",
    title="OpenSportsLab JSON version 2.0",
    description="OpenSportsLab JSON 2.0",
    family=Family.BENCHMARK,
    capabilities=Capabilities(),
    detect=_detect_v2,
    reader=lambda path, options: read_osl_v2(path, frame_rate=options.frame_rate),
    writer=lambda path, matches, _: write_osl_v2(path, matches),
    fields=V2_FIELDS,
)
