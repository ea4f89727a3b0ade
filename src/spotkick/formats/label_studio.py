"""Label Studio JSON: ``timelinelabels`` regions of video tasks, annotations and predictions.

Ranges are frame numbers that start at 1, with both ends inside; one frame is a moment. The export
does not state the frame rate: it is the ``frameRate`` of the ``<Video>`` tag in the labeling setup,
24 unless set. Files written here carry it in the task's data; a setup with ``<Video name="video"
value="$video" frameRate="$fps"/>`` takes it from there.
"""

import warnings
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

from spotkick.actions import MatchActions, Visibility
from spotkick.errors import InputError, SpotkickWarning
from spotkick.files import read_json
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
    shown,
)
from spotkick.formats.json_output import write_document
from spotkick.formats.recordings import recording_of_path
from spotkick.formats.segments import (
    MILLISECONDS,
    Segment,
    VideoSegments,
    matches_of_segments,
    segments_of_matches,
)
from spotkick.timeline import frame_of_position, position_of_frame

CAPACITY: Final = Capabilities(frames=True, negative=False, intervals=True)

_RESULT: Final = (
    "id",
    "type",
    "from_name",
    "to_name",
    "score",
    "meta.text[]",
    "value.timelinelabels[]",
    "origin",
)
FIELDS: Final = frozenset(
    {
        *("[].id", "[].data.video", "[].data.fps"),
        *(
            f"[].{group}[].result[].{field}"
            for group in ("annotations", "predictions")
            for field in _RESULT
        ),
        *(
            f"[].{group}[].result[].value.ranges[].{end}"
            for group in ("annotations", "predictions")
            for end in ("start", "end")
        ),
    }
)
"""Fields that are read or can be derived."""

DEFAULT_FRAME_RATE: Final = Fraction(24)
"""Label Studio's own default of the ``<Video>`` tag."""

_TYPE: Final = "timelinelabels"
_RATE_KEYS: Final = ("frame_rate", "frameRate", "fps")
_VIDEO_KEYS: Final = ("video", "video_url", "url")
_FILE_QUERY: Final = "?d="
_TEAM_NOTE: Final = "team: "


def read_label_studio_segments(
    path: Path, *, frame_rate: Fraction | None = None
) -> tuple[VideoSegments, ...]:
    """Read the timeline labels of an export.

    A task's annotations are read; its predictions only where it has no annotation.

    Args:
        path: the JSON export, a list of tasks.
        frame_rate: of the labeling setup; what the tasks state comes first, 24 is assumed with a
            warning when nothing is known.

    Raises:
        InputError: if the file is not such an export, or a value is malformed.
    """
    document = read_json(path)
    tasks = require_list([document] if isinstance(document, dict) else document, str(path))
    videos = []
    assumed = 0
    for number, value in enumerate(tasks):
        where = f"{path}[{number}]"
        task = require_object(value, where)
        data = require_object(required(task, "data", where), f"{where}.data")
        stated = next(
            (
                require_frame_rate(data[key], f"{where}.data.{key}")
                for key in _RATE_KEYS
                if data.get(key)
            ),
            frame_rate,
        )
        assumed += stated is None
        segments = tuple(_segments(task, where, stated or DEFAULT_FRAME_RATE))
        videos.append(VideoSegments(_video_name(data, where), None, segments))
    if assumed:
        warnings.warn(
            f"{path}: {assumed} tasks do not state the frame rate of their labeling setup; Label Studio's default of "
            f"{DEFAULT_FRAME_RATE} is assumed, give the true rate with --rate",
            SpotkickWarning,
            stacklevel=2,
        )
    return tuple(videos)


def _video_name(data: dict[str, Any], where: str) -> str:
    keys = [*_VIDEO_KEYS, *sorted(data)]
    found = next(
        (data[key] for key in keys if isinstance(data.get(key), str) and key not in _RATE_KEYS),
        None,
    )
    if found is None:
        raise InputError(f"{where}.data must name a video, found {shown(data)}")
    return recording_of_path(require_text(found.rpartition(_FILE_QUERY)[2], f"{where}.data"))


def _segments(task: dict[str, Any], where: str, rate: Fraction) -> Iterator[Segment]:
    group = "annotations" if task.get("annotations") else "predictions"
    for annotation, place in items(task, group, where):
        for region, at in items(annotation, "result", place):
            if region.get("type") == _TYPE:
                yield from _region(region, at, rate)


def _region(region: dict[str, Any], where: str, rate: Fraction) -> Iterator[Segment]:
    value = require_object(required(region, "value", where), f"{where}.value")
    labels = require_list(required(value, _TYPE, where), f"{where}.value.{_TYPE}")
    score = optional_confidence(region, where, "score")
    team, visibility = _read_notes(region.get("meta"))
    for bounds, place in items(value, "ranges", f"{where}.value"):
        first, last = (
            require_integer(required(bounds, end, place), f"{place}.{end}")
            for end in ("start", "end")
        )
        if first > last:
            raise InputError(f"{place} must not end before it starts, found {first} to {last}")
        start_s = position_of_frame(first - 1, rate) / MILLISECONDS
        end_s = start_s if last == first else position_of_frame(last, rate) / MILLISECONDS
        for label in labels:
            yield Segment(
                start_s,
                end_s,
                require_text(label, f"{where}.value.{_TYPE}"),
                score,
                team,
                visibility,
            )


def _read_notes(meta: Any) -> tuple[str | None, Visibility | None]:
    """Team and visibility from the notes of a region, where `write_label_studio` keeps them; other notes are left alone."""
    notes = meta.get("text") if isinstance(meta, dict) else None
    texts = [note for note in notes if isinstance(note, str)] if isinstance(notes, list) else []
    team = next(
        (text.removeprefix(_TEAM_NOTE) for text in texts if text.startswith(_TEAM_NOTE)), None
    )
    return team or None, next((value for value in Visibility if value in texts), None)


def read_label_studio(
    path: Path, *, frame_rate: Fraction | None = None
) -> tuple[MatchActions, ...]:
    """Read the first frames of timeline labels as actions; see `read_label_studio_segments`.

    Raises:
        InputError: if the file is not such an export, or a value is malformed.
    """
    return matches_of_segments(read_label_studio_segments(path, frame_rate=frame_rate))


def write_label_studio_segments(
    path: Path,
    videos: Sequence[VideoSegments],
    *,
    frame_rate: Fraction = DEFAULT_FRAME_RATE,
    video_suffix: str = ".mp4",
) -> None:
    """Write tasks for import; segments with a score become predictions, the others annotations.

    Args:
        path: the JSON file.
        videos: what to write.
        frame_rate: the ``frameRate`` of the labeling setup.
        video_suffix: of the video files that the tasks name.

    Raises:
        StorageError: if the file cannot be written.
    """
    tasks = []
    for number, video in enumerate(videos, start=1):
        predicted = [segment.score is not None for segment in video.segments]
        regions = [
            _region_of(segment, f"{number}-{index}", frame_rate)
            for index, segment in enumerate(video.segments)
        ]
        group = "predictions" if predicted and all(predicted) else "annotations"
        data = {"video": f"{video.video}{video_suffix}", "fps": number_of_rate(frame_rate)}
        tasks.append({"id": number, "data": data, group: [{"result": regions}]})
    write_document(path, tasks, videos)


def _region_of(segment: Segment, identifier: str, rate: Fraction) -> dict[str, Any]:
    start_ms, end_ms = (
        round(seconds * MILLISECONDS) for seconds in (segment.start_s, segment.end_s)
    )
    first = max(0, frame_of_position(start_ms, rate)) + 1
    last = max(first, frame_of_position(end_ms - 1, rate) + 1)
    region: dict[str, Any] = {
        "id": identifier,
        "type": _TYPE,
        "from_name": _TYPE,
        "to_name": "video",
        "value": {"ranges": [{"start": first, "end": last}], _TYPE: [segment.label]},
    }
    notes = list(_notes(segment))
    return (
        region
        | ({"score": segment.score} if segment.score is not None else {})
        | ({"meta": {"text": notes}} if notes else {})
    )


def _notes(segment: Segment) -> Iterable[str]:
    if segment.team is not None:
        yield f"{_TEAM_NOTE}{segment.team}"
    if segment.visibility is not None:
        yield str(segment.visibility)


def write_label_studio(
    path: Path, matches: Sequence[MatchActions], *, frame_rate: Fraction = DEFAULT_FRAME_RATE
) -> None:
    """Write actions as labels one frame long; see `write_label_studio_segments`.

    Raises:
        StorageError: if the file cannot be written.
        InputError: if a period cannot be part of a video name.
    """
    write_label_studio_segments(path, segments_of_matches(matches), frame_rate=frame_rate)
