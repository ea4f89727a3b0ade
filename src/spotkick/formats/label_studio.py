"""Label Studio JSON: ``timelinelabels`` regions of video tasks, annotations and predictions.

The export does not state the frame rate: it is the ``frameRate`` of the ``<Video>`` tag in the
labeling setup, 24 unless set. Files written here carry it in the task's data; a setup with
``<Video name="video" value="$video" frameRate="$fps"/>`` takes it from there.
"""

import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

from spotkick.actions import MatchActions
from spotkick.errors import SpotkickWarning
from spotkick.files import read_json
from spotkick.formats.capabilities import Capabilities
from spotkick.formats.fields import (
    items,
    number_of_rate,
    require_list,
    require_object,
    required,
    shown,
)
from spotkick.formats.format import Family, Format
from spotkick.formats.json_files import write_document
from spotkick.formats.label_studio_regions import (
    TYPE,
    is_sound_region,
    read_region,
    read_sound_region,
    write_region,
)
from spotkick.formats.label_studio_task import (
    SKIPPED,
    choose_annotation,
    media_reference,
    stated_rate,
)
from spotkick.formats.recordings import name_recordings
from spotkick.formats.sample import Certainty, Sample
from spotkick.formats.segments import (
    Segment,
    VideoSegments,
    matches_of_segments,
    segments_of_matches,
)

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

_NOT_IN_TIME: Final = ("choices", "textarea", "rating", "number", "taxonomy", "pairwise", None)


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
        rate = stated_rate(data, where) or frame_rate
        regions = list(_regions_of_task(task, where, left_out))
        segments = tuple(_read_segments(regions, rate or DEFAULT_FRAME_RATE, left_out))
        assumed += rate is None and any(region.get("type") == TYPE for region, _ in regions)
        references.append(media_reference(data, where))
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
        if kind != SKIPPED:
            warnings.warn(f"{path}: {count} x {kind}", SpotkickWarning, stacklevel=3)


def _regions_of_task(
    task: dict[str, Any], where: str, left_out: Counter[str]
) -> Iterator[tuple[dict[str, Any], str]]:
    annotation, place = choose_annotation(task, where, left_out)
    yield from items(annotation, "result", place)


def _read_segments(
    regions: Sequence[tuple[dict[str, Any], str]], rate: Fraction, left_out: Counter[str]
) -> Iterator[Segment]:
    for region, at in regions:
        if region.get("type") == TYPE:
            yield from read_region(region, at, rate, left_out)
        elif is_sound_region(region):
            yield from read_sound_region(region, at, left_out)
        elif region.get("type") not in _NOT_IN_TIME:
            left_out[f"region of type {shown(region.get('type'))}, not read"] += 1


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
            write_region(segment, f"{number}-{index}", frame_rate)
            for index, segment in enumerate(video.segments)
        ]
        group = "predictions" if predicted and all(predicted) else "annotations"
        data = {"video": f"{video.video}{video_suffix}", "fps": number_of_rate(frame_rate)}
        tasks.append({"id": number, "data": data, group: [{"result": regions}]})
    write_document(path, tasks, videos)


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
