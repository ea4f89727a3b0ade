"""ActivityNet JSON: labelled segments (``database``), detections and proposals (``results``), and BMN's per-video annotations.

A moment, as action spotting has it, is a segment that starts and ends at the same second.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from spotkick.actions import MatchActions
from spotkick.errors import InputError
from spotkick.files import read_json
from spotkick.formats.capabilities import Capabilities
from spotkick.formats.fields import (
    items,
    optional_confidence,
    require_interval,
    require_object,
    require_seconds,
    require_text,
    required,
    shown,
)
from spotkick.formats.json_output import write_document
from spotkick.formats.segments import (
    Segment,
    VideoSegments,
    matches_of_segments,
    segments_of_matches,
)

LABEL_CAPACITY: Final = Capabilities(confidence=False, team=False, visibility=False, intervals=True)
RESULT_CAPACITY: Final = Capabilities(
    needs_confidence=True, team=False, visibility=False, intervals=True
)

FIELDS: Final = frozenset(
    {
        *("version", "database.*.subset", "database.*.duration"),
        *("database.*.annotations[].segment[]", "database.*.annotations[].label"),
        *("results.*[].segment[]", "results.*[].label", "results.*[].score"),
        *("*.duration_second", "*.annotations[].segment[]", "*.annotations[].label"),
    }
)
"""Fields that are read or can be derived."""

VERSION: Final = "VERSION 1.3"
"""What the official evaluation writes and expects."""

_DURATIONS: Final = ("duration", "duration_second")


def read_activitynet_segments(path: Path) -> tuple[VideoSegments, ...]:
    """Read labels, detections or proposals.

    Args:
        path: a file with ``database`` (labels), ``results`` (detections; proposals have no label),
            or videos directly at the top, each with ``annotations``, as BMN's
            ``anet_anno_action.json``.

    Raises:
        InputError: if the file is none of these, or a value is malformed.
    """
    document = require_object(read_json(path), str(path))
    if isinstance(document.get("database"), dict):
        return _videos(document["database"], f"{path}: database")
    if isinstance(document.get("results"), dict):
        return tuple(
            VideoSegments(
                _name(video, str(path)),
                None,
                _segments({"results": found}, "results", f"{path}: results.{shown(video)}"),
            )
            for video, found in document["results"].items()
        )
    if document and all(
        isinstance(video, dict) and "annotations" in video for video in document.values()
    ):
        return _videos(document, str(path))
    raise InputError(
        f"{path}: an ActivityNet file has 'database' or 'results', found {shown(document)}"
    )


def _videos(database: Mapping[str, Any], where: str) -> tuple[VideoSegments, ...]:
    return tuple(
        _video(name, require_object(video, f"{where}.{shown(name)}"), f"{where}.{shown(name)}")
        for name, video in database.items()
    )


def _video(name: str, video: dict[str, Any], where: str) -> VideoSegments:
    found = next((video[key] for key in _DURATIONS if video.get(key) is not None), None)
    duration_s = None if found is None else require_seconds(found, f"{where}.duration")
    subset = video.get("subset")
    return VideoSegments(
        video=_name(name, where),
        duration_s=duration_s,
        segments=_segments(video, "annotations", where),
        subset=None if subset is None else require_text(subset, f"{where}.subset"),
    )


def _name(name: str, where: str) -> str:
    return require_text(name, f"{where}: the name of a video")


def _segments(video: Mapping[str, Any], key: str, where: str) -> tuple[Segment, ...]:
    return tuple(_segment(value, place) for value, place in items(video, key, where))


def _segment(value: dict[str, Any], where: str) -> Segment:
    start_s, end_s = require_interval(required(value, "segment", where), f"{where}.segment")
    label = value.get("label")
    return Segment(
        start_s=start_s,
        end_s=end_s,
        label="" if label is None or label == "" else require_text(label, f"{where}.label"),
        score=optional_confidence(value, where, "score"),
    )


def read_activitynet(path: Path) -> tuple[MatchActions, ...]:
    """Read the starts of segments as actions; see `read_activitynet_segments`.

    Raises:
        InputError: if the file is not such a file, or a segment has no label.
    """
    videos = read_activitynet_segments(path)
    unnamed = sum(not segment.label for video in videos for segment in video.segments)
    if unnamed:
        raise InputError(
            f"{path}: {unnamed} segments have no label; proposals cannot be read as actions"
        )
    return matches_of_segments(videos)


def write_activitynet_segments(path: Path, videos: Sequence[VideoSegments]) -> None:
    """Write labels; a video of unknown length gets the end of its last segment as duration.

    Raises:
        StorageError: if the file cannot be written.
    """
    database = {
        video.video: {
            "subset": video.subset or "validation",
            "duration": _duration(video),
            "annotations": [
                {"segment": [s.start_s, s.end_s], "label": s.label} for s in video.segments
            ],
        }
        for video in videos
    }
    write_document(path, {"version": VERSION, "taxonomy": [], "database": database}, videos)


def _duration(video: VideoSegments) -> float:
    return (
        video.duration_s
        if video.duration_s is not None
        else max((s.end_s for s in video.segments), default=0.0)
    )


def write_activitynet_results(path: Path, videos: Sequence[VideoSegments]) -> None:
    """Write detections, or proposals where segments have no label; a missing score is written as 1.

    Raises:
        StorageError: if the file cannot be written.
    """
    results = {video.video: [_detection(segment) for segment in video.segments] for video in videos}
    write_document(path, {"version": VERSION, "results": results, "external_data": {}}, videos)


def _detection(segment: Segment) -> dict[str, Any]:
    score = 1.0 if segment.score is None else segment.score
    detection: dict[str, Any] = {"score": score, "segment": [segment.start_s, segment.end_s]}
    return detection | ({"label": segment.label} if segment.label else {})


def write_activitynet(path: Path, matches: Sequence[MatchActions]) -> None:
    """Write actions as labelled segments of no length.

    Raises:
        StorageError: if the file cannot be written.
        InputError: if a period cannot be part of a video name.
    """
    write_activitynet_segments(path, segments_of_matches(matches))
