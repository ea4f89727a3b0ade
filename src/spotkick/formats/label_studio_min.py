"""Label Studio JSON-MIN: one flat object a task, regions under the names of the labelling setup.

Timeline regions have ranges of frames that start at 1; regions of sound have seconds. A rate in the
data of a task counts, as in the JSON export. Only read.
"""

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

from spotkick.errors import InputError
from spotkick.files import read_json
from spotkick.formats.capabilities import Capabilities
from spotkick.formats.fields import (
    RATE_FIX,
    require_integer,
    require_label,
    require_list,
    require_object,
    require_seconds,
)
from spotkick.formats.format import Family, Format, ReadOptions
from spotkick.formats.label_studio_task import RATE_KEYS, stated_rate
from spotkick.formats.recordings import MediaReference, name_recordings
from spotkick.formats.sample import Certainty, Sample
from spotkick.formats.segments import MILLISECONDS, Segment, VideoSegments
from spotkick.timeline import position_of_frame

_MEDIA_KEYS: Final = ("video", "audio", "video_url", "url")
_KNOWN: Final = frozenset(
    {
        *(*_MEDIA_KEYS, *RATE_KEYS),
        *("id", "annotator", "annotation_id", "created_at", "updated_at", "lead_time"),
    }
)


def read_label_studio_min(path: Path, options: ReadOptions) -> tuple[VideoSegments, ...]:
    """Read the regions of an export.

    Raises:
        InputError: if the file is no such export, or frames need a rate that is not given.
    """
    references, contents = [], []
    for number, value in enumerate(require_list(read_json(path), str(path))):
        where = f"{path}[{number}]"
        task = require_object(value, where)
        media = next((task[key] for key in _MEDIA_KEYS if isinstance(task.get(key), str)), None)
        if not media:
            raise InputError(f"{where}: a task needs a field '{_MEDIA_KEYS[0]}' with its file")
        references.append(MediaReference(media, escaped=True))
        contents.append(tuple(_read_task(task, where, options)))
    names = name_recordings(references, path.stem)
    return tuple(
        VideoSegments(name, None, segments) for name, segments in zip(names, contents, strict=True)
    )


def _read_task(task: Mapping[str, Any], where: str, options: ReadOptions) -> Iterator[Segment]:
    data = {key: value for key, value in task.items() if not isinstance(value, list)}
    rate = stated_rate(data, where) or options.frame_rate
    for field, value in task.items():
        regions = [item for item in _as_list(value) if isinstance(item, dict)]

        # A control tag may be called like a field of the task, such as "video".
        is_task_field = field in _KNOWN and not any(map(_has_labels, regions))
        if is_task_field or value in (None, "", [], {}):
            continue
        for region in regions:
            found = list(_read_region(region, f"{where}.{field}", rate))
            if not found:
                options.unread[f"region of '{field}' without a time"] += 1
            yield from found
        if not regions:
            options.unread[f"field '{field}' of the source"] += 1


def _as_list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else [value]


def _has_labels(region: Mapping[str, Any]) -> bool:
    return bool(region.get("timelinelabels") or region.get("labels"))


def _read_region(region: Mapping[str, Any], where: str, rate: Fraction | None) -> Iterator[Segment]:
    labels = region.get("timelinelabels") or region.get("labels") or ()
    for label in _as_list(labels):
        name = require_label(label, f"{where}: label")
        for item in _as_list(region.get("ranges") or []):
            bounds = require_object(item, f"{where}: ranges")
            first, last = (
                require_integer(bounds.get(end), f"{where}: {end}") for end in ("start", "end")
            )
            if rate is None:
                raise InputError(f"{where} counts frames, and their rate is not known: {RATE_FIX}")
            start_s = position_of_frame(first - 1, rate) / MILLISECONDS
            end_s = position_of_frame(last, rate) / MILLISECONDS
            yield Segment(start_s, start_s if last == first else max(start_s, end_s), name)
        if region.get("start") is not None and not region.get("ranges"):
            start_s = require_seconds(region["start"], f"{where}: start")
            end_s = require_seconds(region.get("end", start_s), f"{where}: end")
            yield Segment(start_s, max(start_s, end_s), name)


def _detect_minimal(sample: Sample) -> Certainty:
    """Each task says who annotated it, and in which annotation; its other keys are chosen by users.

    A control tag may be called like the keys of other formats, so that only these two count.
    """
    items = sample.json_items
    held = bool(items) and all(item.keys() >= {"annotator", "annotation_id"} for item in items)
    return Certainty.MARK if held else Certainty.NO


FORMAT: Final = Format(
    name="label-studio-min",
    title="Label Studio JSON-MIN",
    description="JSON-MIN of Label Studio: timeline labels, regions of sound",
    family=Family.TOOL,
    capabilities=Capabilities(confidence=False, team=False, visibility=False, intervals=True),
    detect=_detect_minimal,
    segment_reader=read_label_studio_min,
)
