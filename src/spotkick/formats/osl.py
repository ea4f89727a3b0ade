"""OpenSportsLab JSON, versions 1 and 2.0: one file for a whole set of videos.

Version 1 comes as a set of labelled videos (``videos``) or as the predictions for one video
(``Url``, ``predictions``). Version 2.0 is one structure for labels and predictions. A video is a
recording: the halves of a match are two entries.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

from spotkick.actions import MatchActions
from spotkick.errors import InputError
from spotkick.files import read_json
from spotkick.formats.capabilities import Capabilities
from spotkick.formats.fields import (
    items,
    require_frame_rate,
    require_object,
    require_text,
    required,
    shown,
)
from spotkick.formats.format import Family, Format
from spotkick.formats.json_files import write_document
from spotkick.formats.osl_events import (
    EVENT_FIELDS,
    HEAD,
    read_event,
    write_event_v1,
    write_event_v2,
)
from spotkick.formats.recordings import (
    MediaReference,
    RecordedActions,
    group_recordings,
    name_recordings,
    split_periods,
)
from spotkick.formats.sample import Certainty, Sample, objects_in

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
        *(f"videos[].annotations[].{field}" for field in EVENT_FIELDS),
        *(f"predictions[].{field}" for field in EVENT_FIELDS),
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
        *(f"data[].events[].{field}" for field in EVENT_FIELDS),
    }
)
"""Fields of a version 2.0 file that are read or can be derived."""


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
    return RecordedActions(name, tuple(read_event(event, place, rate) for event, place in events))


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
            "annotations": [write_event_v1(action) for action in recording.actions],
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
            "events": [write_event_v2(action) for action in recording.actions],
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
        "labels": {HEAD: {"type": "single_label", "labels": _distinct_labels(matches)}},
        "data": entries,
    }
    write_document(path, document, matches)


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
