"""ActivityNet JSON: labels, detections, proposals, and BMN's annotations.

A spot is a segment that starts and ends at the same second. A segment that ends before it starts
overlaps nothing in the official evaluation; it is read as one of no length, which does not, either.
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
    require_bounds,
    require_object,
    require_seconds,
    require_text,
    required,
    shown,
)
from spotkick.formats.format import Family, Format
from spotkick.formats.json_files import write_document
from spotkick.formats.sample import Certainty, Sample
from spotkick.formats.segments import (
    ReversedSegments,
    Segment,
    VideoSegments,
    matches_of_segments,
    segments_of_matches,
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


def read_activitynet_segments(path: Path | str) -> tuple[VideoSegments, ...]:
    """Read labels, detections or proposals.

    Args:
        path: a file with ``database`` (labels), ``results`` (detections; proposals have no label),
            or videos directly at the top, each with ``annotations``, as BMN's
            ``anet_anno_action.json``.

    Raises:
        InputError: if the file is none of these, or a value is malformed.
    """
    document = require_object(read_json(Path(path)), str(path))
    reversed_segments = ReversedSegments(str(path))
    if isinstance(document.get("database"), dict):
        videos = _read_videos(document["database"], f"{path}: database", reversed_segments)
    elif isinstance(document.get("results"), dict):
        videos = tuple(
            VideoSegments(
                _require_name(video, str(path)),
                None,
                _read_segments(
                    {"results": found},
                    "results",
                    f"{path}: results.{shown(video)}",
                    reversed_segments=reversed_segments,
                ),
            )
            for video, found in document["results"].items()
        )
    elif _is_bmn(document):
        videos = _read_videos(document, str(path), reversed_segments)
    else:
        raise InputError(
            f"{path}: an ActivityNet file has 'database' or 'results', found {shown(document)}"
        )

    reversed_segments.warn()
    return videos


def _is_bmn(document: Mapping[str, Any]) -> bool:
    return bool(document) and all(
        isinstance(video, dict) and "annotations" in video for video in document.values()
    )


def _read_videos(
    database: Mapping[str, Any], where: str, reversed_segments: ReversedSegments
) -> tuple[VideoSegments, ...]:
    return tuple(
        _read_video(
            name,
            require_object(video, f"{where}.{shown(name)}"),
            f"{where}.{shown(name)}",
            reversed_segments=reversed_segments,
        )
        for name, video in database.items()
    )


def _read_video(
    name: str, video: dict[str, Any], where: str, *, reversed_segments: ReversedSegments
) -> VideoSegments:
    found = next((video[key] for key in _DURATIONS if video.get(key) is not None), None)
    duration_s = None if found is None else require_seconds(found, f"{where}.duration")
    subset = video.get("subset")
    return VideoSegments(
        video=_require_name(name, where),
        duration_s=duration_s,
        segments=_read_segments(video, "annotations", where, reversed_segments=reversed_segments),
        subset=None if subset is None else require_text(subset, f"{where}.subset"),
    )


def _require_name(name: str, where: str) -> str:
    return require_text(name, f"{where}: the name of a video")


def _read_segments(
    video: Mapping[str, Any], key: str, where: str, *, reversed_segments: ReversedSegments
) -> tuple[Segment, ...]:
    return tuple(
        _read_segment(value, place, reversed_segments) for value, place in items(video, key, where)
    )


def _read_segment(
    value: dict[str, Any], where: str, reversed_segments: ReversedSegments
) -> Segment:
    start_s, end_s = require_bounds(required(value, "segment", where), f"{where}.segment")
    label = value.get("label")
    return Segment(
        start_s=start_s,
        end_s=reversed_segments.end_of(start_s, end_s),
        label="" if label is None or label == "" else require_text(label, f"{where}.label"),
        score=optional_confidence(value, where, "score"),
    )


def read_activitynet(path: Path | str) -> tuple[MatchActions, ...]:
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


def write_activitynet_segments(path: Path | str, videos: Sequence[VideoSegments]) -> None:
    """Write labels; a video of unknown length gets the end of its last segment as duration.

    Raises:
        StorageError: if the file cannot be written.
    """
    database = {
        video.video: {
            "subset": video.subset or "validation",
            "duration": _duration_s(video),
            "annotations": [
                {"segment": [s.start_s, s.end_s], "label": s.label} for s in video.segments
            ],
        }
        for video in videos
    }
    write_document(path, {"version": VERSION, "taxonomy": [], "database": database}, videos)


def _duration_s(video: VideoSegments) -> float:
    return (
        video.duration_s
        if video.duration_s is not None
        else max((s.end_s for s in video.segments), default=0.0)
    )


def write_activitynet_results(path: Path | str, videos: Sequence[VideoSegments]) -> None:
    """Write detections, or proposals where segments have no label; a missing score is written as 1.

    Raises:
        StorageError: if the file cannot be written.
    """
    results = {
        video.video: [_detection_of(segment) for segment in video.segments] for video in videos
    }
    write_document(path, {"version": VERSION, "results": results, "external_data": {}}, videos)


def _detection_of(segment: Segment) -> dict[str, Any]:
    score = 1.0 if segment.score is None else segment.score
    detection: dict[str, Any] = {"score": score, "segment": [segment.start_s, segment.end_s]}
    return detection | ({"label": segment.label} if segment.label else {})


def write_activitynet(path: Path | str, matches: Sequence[MatchActions]) -> None:
    """Write actions as labelled segments of no length.

    Raises:
        StorageError: if the file cannot be written.
        InputError: if a period cannot be part of a video name.
    """
    write_activitynet_segments(path, segments_of_matches(matches))


def _detect_labels(sample: Sample) -> Certainty:
    if isinstance(sample.json_object.get("database"), dict):
        return Certainty.MARK
    return Certainty.SHAPE if _is_bmn(sample.json_object) else Certainty.NO


def _detect_results(sample: Sample) -> Certainty:
    held = isinstance(sample.json_object.get("results"), dict)
    return Certainty.NAME if held else Certainty.NO


LABEL_FORMAT: Final = Format(
    name="activitynet",
    title="ActivityNet labels",
    description="ground truth; BMN's annotations when read",
    family=Family.BENCHMARK,
    capabilities=Capabilities(
        confidence=False,
        team=False,
        visibility=False,
        intervals=True,
        durations=True,
        subsets=True,
    ),
    detect=_detect_labels,
    reader=lambda path, _: read_activitynet(path),
    writer=lambda path, matches, _: write_activitynet(path, matches),
    segment_reader=lambda path, _: read_activitynet_segments(path),
    segment_writer=lambda path, videos, _: write_activitynet_segments(path, videos),
    fields=FIELDS,
    note="duration ends with the last segment where the source does not state it",
)

RESULT_FORMAT: Final = Format(
    name="activitynet-results",
    title="ActivityNet detections",
    description="detections and proposals",
    family=Family.BENCHMARK,
    capabilities=Capabilities(
        needs_confidence=True, team=False, visibility=False, intervals=True, unlabelled=True
    ),
    detect=_detect_results,
    reader=lambda path, _: read_activitynet(path),
    writer=lambda path, matches, _: write_activitynet_results(path, segments_of_matches(matches)),
    segment_reader=lambda path, _: read_activitynet_segments(path),
    segment_writer=lambda path, videos, _: write_activitynet_results(path, videos),
    fields=FIELDS,
)
