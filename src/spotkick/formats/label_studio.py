"""Label Studio JSON: ``timelinelabels`` regions of video tasks, annotations and predictions.

Ranges are frame numbers that start at 1, with both ends inside; one frame is a spot. Regions of an
audio track beside the video (type ``labels``) have seconds. The export
does not state the frame rate: it is the ``frameRate`` of the ``<Video>`` tag in the labeling setup,
24 unless set. Files written here carry it in the task's data; a setup with ``<Video name="video"
value="$video" frameRate="$fps"/>`` takes it from there.
"""

import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
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
    require_interval,
    require_list,
    require_object,
    require_text,
    required,
    shown,
)
from spotkick.formats.format import Family, Format
from spotkick.formats.json_files import write_document
from spotkick.formats.recordings import MediaReference, name_recordings
from spotkick.formats.sample import Certainty, Sample
from spotkick.formats.segments import (
    MILLISECONDS,
    Segment,
    VideoSegments,
    matches_of_segments,
    segments_of_matches,
)
from spotkick.timeline import frame_of_position, position_of_frame

_RESULT: Final = (
    "id",
    "type",
    "from_name",
    "to_name",
    "score",
    "meta.text[]",
    "value.timelinelabels[]",
    *("value.labels[]", "value.start", "value.end", "value.channel", "original_length"),
    "origin",
)
_CHOICE: Final = ("was_cancelled", "skipped", "ground_truth", "updated_at", "created_at", "id")
_TASK_FIELDS: Final = frozenset(
    {
        *("[].id", "[].data.video", "[].data.fps"),
        *(f"[].annotations[].{field}" for field in _CHOICE),
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
FIELDS: Final = _TASK_FIELDS | {field.removeprefix("[].") for field in _TASK_FIELDS}
"""Fields that are read or can be derived, of a list of tasks or of a single one."""

DEFAULT_FRAME_RATE: Final = Fraction(24)
"""Label Studio's own default of the ``<Video>`` tag."""

_TYPE: Final = "timelinelabels"
_SOUND_TYPE: Final = "labels"
_RATE_KEYS: Final = ("frame_rate", "frameRate", "fps")
_VIDEO_KEYS: Final = ("video", "video_url", "url")
_SKIPPED: Final = "skipped annotation"
_NOT_IN_TIME: Final = ("choices", "textarea", "rating", "number", "taxonomy", "pairwise", None)
_TEAM_NOTE: Final = "team: "


def read_label_studio_segments(
    path: Path | str, *, frame_rate: Fraction | None = None, unread: Counter[str] | None = None
) -> tuple[VideoSegments, ...]:
    """Read the timeline labels of an export.

    Of each task one annotation is read: the one that is marked as ground truth, else the latest. A
    skipped annotation is none. The latest prediction is read where a task has no annotation.

    Args:
        path: the JSON export, a list of tasks.
        frame_rate: of the labeling setup; what the tasks state comes first, 24 is assumed with a
            warning when nothing is known.
        unread: gets the annotations and regions that are left out, by kind.

    Raises:
        InputError: if the file is not such an export, or a value is malformed.
    """
    path = Path(path)
    document = read_json(path)
    tasks = require_list([document] if isinstance(document, dict) else document, str(path))
    references = []
    contents = []
    assumed = 0
    left_out: Counter[str] = Counter()

    for number, value in enumerate(tasks):
        where = f"{path}[{number}]"
        task = require_object(value, where)
        data = require_object(required(task, "data", where), f"{where}.data")
        rate = _stated_rate(data, where) or frame_rate
        regions = list(_regions_of_task(task, where, left_out))
        segments = tuple(_read_segments(regions, rate or DEFAULT_FRAME_RATE, left_out))
        assumed += rate is None and any(region.get("type") == _TYPE for region, _ in regions)
        references.append(_media_reference(data, where))
        contents.append(segments)

    _warn_about(path, assumed, left_out)
    if unread is not None:
        unread.update(left_out)
    names = name_recordings(references, path.stem)
    return tuple(
        VideoSegments(name, None, segments) for name, segments in zip(names, contents, strict=True)
    )


def _warn_about(path: Path, assumed: int, left_out: Counter[str]) -> None:
    if assumed:
        warnings.warn(
            f"{path}: {assumed} tasks do not state the frame rate of their labeling setup; "
            f"Label Studio's default of {DEFAULT_FRAME_RATE} is assumed, "
            "give the true rate with --rate, here or to 'spotkick convert'",
            SpotkickWarning,
            stacklevel=3,
        )
    for kind, count in (+left_out).items():
        if kind != _SKIPPED:
            warnings.warn(f"{path}: {count} x {kind}", SpotkickWarning, stacklevel=3)


def _stated_rate(data: Mapping[str, Any], where: str) -> Fraction | None:
    return next(
        (
            require_frame_rate(data[key], f"{where}.data.{key}")
            for key in _RATE_KEYS
            if data.get(key)
        ),
        None,
    )


def _media_reference(data: dict[str, Any], where: str) -> MediaReference:
    keys = [*_VIDEO_KEYS, *sorted(data)]
    found = next(
        (data[key] for key in keys if isinstance(data.get(key), str) and key not in _RATE_KEYS),
        None,
    )
    if found is None:
        raise InputError(f"{where}.data must name a video, found {shown(data)}")
    return MediaReference(require_text(found, f"{where}.data"))


def _regions_of_task(
    task: dict[str, Any], where: str, left_out: Counter[str]
) -> Iterator[tuple[dict[str, Any], str]]:
    annotation, place = _choose_annotation(task, where, left_out)
    yield from items(annotation, "result", place)


def _read_segments(
    regions: Sequence[tuple[dict[str, Any], str]], rate: Fraction, left_out: Counter[str]
) -> Iterator[Segment]:
    for region, at in regions:
        if region.get("type") == _TYPE:
            yield from _read_region(region, at, rate, left_out)
        elif _is_sound_region(region):
            yield from _read_sound_region(region, at, left_out)
        elif region.get("type") not in _NOT_IN_TIME:
            left_out[f"region of type {shown(region.get('type'))}, not read"] += 1


def _choose_annotation(
    task: dict[str, Any], where: str, left_out: Counter[str]
) -> tuple[dict[str, Any], str]:
    """The one annotation or prediction of a task that counts, and its place."""
    annotations = list(items(task, "annotations", where))
    kept = [found for found in annotations if not _is_skipped(found[0])]
    left_out[_SKIPPED] += len(annotations) - len(kept)
    found = kept or list(items(task, "predictions", where))
    if not found:
        return {}, where

    # Annotations of several people, or of several models, are about the same actions.
    chosen = max(
        enumerate(found),
        key=lambda item: (item[1][0].get("ground_truth") is True, *_age(item[1][0]), item[0]),
    )[1]
    others = sum(bool(item.get("result")) for item, _ in found if item is not chosen[0])
    if others:
        left_out["annotation beside the ground truth or the latest one, left out"] += others
    return chosen


def _is_skipped(annotation: Mapping[str, Any]) -> bool:
    return any(annotation.get(key) is True for key in ("was_cancelled", "skipped"))


def _age(annotation: Mapping[str, Any]) -> tuple[str, float]:
    """Later annotations are greater: by time of the last change, then by number."""
    changed = annotation.get("updated_at") or annotation.get("created_at")
    number = annotation.get("id")
    if not isinstance(number, int | float) or isinstance(number, bool):
        number = -1
    return str(changed or ""), float(min(number, 2**53))


def _read_region(
    region: dict[str, Any], where: str, rate: Fraction, left_out: Counter[str]
) -> Iterator[Segment]:
    value = require_object(required(region, "value", where), f"{where}.value")
    labels = require_list(value.get(_TYPE) or [], f"{where}.value.{_TYPE}")
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
        end_s = start_s if last == first else position_of_frame(last, rate) / MILLISECONDS
        for label in labels:
            name = require_text(label, f"{where}.value.{_TYPE}")
            yield Segment(start_s, end_s, name, score=score, team=team, visibility=visibility)


def _is_sound_region(region: Mapping[str, Any]) -> bool:
    """Whether a region of type ``labels`` is one of an audio track, and not of a text."""
    value = region.get("value")
    return (
        region.get("type") == _SOUND_TYPE
        and isinstance(value, dict)
        and ("channel" in value or "original_length" in region)
    )


def _read_sound_region(
    region: dict[str, Any], where: str, left_out: Counter[str]
) -> Iterator[Segment]:
    """A stretch of an audio track beside the video; its times are seconds."""
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
    """Team and visibility from the notes of a region, where `write_label_studio` keeps them."""
    notes = meta.get("text") if isinstance(meta, dict) else None
    texts = [note for note in notes if isinstance(note, str)] if isinstance(notes, list) else []
    team = next(
        (text.removeprefix(_TEAM_NOTE) for text in texts if text.startswith(_TEAM_NOTE)), None
    )
    return team or None, next((value for value in Visibility if value in texts), None)


def read_label_studio(
    path: Path | str, *, frame_rate: Fraction | None = None
) -> tuple[MatchActions, ...]:
    """Read the first frames of timeline labels as actions; see `read_label_studio_segments`.

    Raises:
        InputError: if the file is not such an export, or a value is malformed.
    """
    return matches_of_segments(read_label_studio_segments(path, frame_rate=frame_rate))


def write_label_studio_segments(
    path: Path | str,
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

    # One task for each video, with one annotation or one prediction.
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

    # Notes and score only where they state something.
    region: dict[str, Any] = {
        "id": identifier,
        "type": _TYPE,
        "from_name": _TYPE,
        "to_name": "video",
        "value": {"ranges": [{"start": first, "end": last}], _TYPE: [segment.label]},
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


def write_label_studio(
    path: Path | str, matches: Sequence[MatchActions], *, frame_rate: Fraction = DEFAULT_FRAME_RATE
) -> None:
    """Write actions as labels one frame long; see `write_label_studio_segments`.

    Raises:
        StorageError: if the file cannot be written.
        InputError: if a period cannot be part of a video name.
    """
    write_label_studio_segments(path, segments_of_matches(matches), frame_rate=frame_rate)


def _detect_tasks(sample: Sample) -> Certainty:
    tasks = [sample.json_object] if sample.json_object else sample.json_items
    held = any(
        isinstance(task.get("data"), dict) and ("annotations" in task or "predictions" in task)
        for task in tasks
    )
    return Certainty.MARK if held else Certainty.NO


FORMAT: Final = Format(
    name="label-studio",
    title="Label Studio timeline labels",
    description="timeline labels; team and visibility in the notes of a region",
    family=Family.TOOL,
    capabilities=Capabilities(frames=True, negative=False, intervals=True),
    detect=_detect_tasks,
    writer=lambda path, matches, rate: write_label_studio(path, matches, frame_rate=rate),
    segment_reader=lambda path, options: read_label_studio_segments(
        path, frame_rate=options.frame_rate, unread=options.unread
    ),
    segment_writer=lambda path, videos, rate: write_label_studio_segments(
        path, videos, frame_rate=rate
    ),
    fields=FIELDS,
)
