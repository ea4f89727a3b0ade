"""FiftyOne datasets: ``samples.json`` of an export with temporal detections. Only read.

Every field of a sample that holds temporal detections is read. Their support counts frames from 1,
at the rate of the sample's metadata. Other fields of a sample or of a detection are counted.
"""

from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

from spotkick.errors import InputError
from spotkick.files import read_json
from spotkick.formats.capabilities import Capabilities
from spotkick.formats.fields import (
    RATE_FIX,
    items,
    optional_confidence,
    optional_team,
    require_frame_rate,
    require_integer,
    require_interval,
    require_label,
    require_number,
    require_object,
    require_text,
    required,
)
from spotkick.formats.format import Family, Format, ReadOptions
from spotkick.formats.recordings import MediaReference, name_recordings
from spotkick.formats.sample import Certainty, Sample
from spotkick.formats.segments import MILLISECONDS, Segment, VideoSegments
from spotkick.timeline import position_of_frame

SAMPLES_FILE: Final = "samples.json"
"""Name of the file in the folder of an export."""

_ONE: Final = "TemporalDetection"
_SEVERAL: Final = "TemporalDetections"
_OF_SAMPLE: Final = frozenset(
    {
        *("_id", "filepath", "metadata", "_media_type", "_rand", "_dataset_id"),
        *("created_at", "last_modified_at"),
    }
)
_OF_DETECTION: Final = frozenset({"_id", "_cls", "label", "support", "confidence", "team", "index"})
"""Fields that are read, or that belong to the database."""


def read_fiftyone_samples(path: Path, options: ReadOptions) -> tuple[VideoSegments, ...]:
    """Read the temporal detections of an export.

    Args:
        path: ``samples.json``, or the folder that holds it.
        options: frame rate of samples without metadata.

    Raises:
        InputError: if the file is no such export, or a value is malformed.
    """
    path = path / SAMPLES_FILE if path.is_dir() else path
    document = require_object(read_json(path), str(path))
    references, durations, contents = [], [], []
    for sample, where in items(document, "samples", str(path)):
        metadata = require_object(sample.get("metadata") or {}, f"{where}.metadata")
        stated = metadata.get("frame_rate")
        rate = options.frame_rate
        if stated is not None:
            rate = require_frame_rate(stated, f"{where}.metadata.frame_rate")
        file = require_text(required(sample, "filepath", where), f"{where}.filepath")
        references.append(MediaReference(file))
        duration = metadata.get("duration")
        durations.append(None if duration is None else require_number(duration, where))
        contents.append(tuple(_read_sample(sample, where, rate)))
        options.unread.update(_unread_fields(sample))
    names = name_recordings(references, path.stem)
    return tuple(
        VideoSegments(name, duration_s, segments)
        for name, duration_s, segments in zip(names, durations, contents, strict=True)
    )


def _read_sample(sample: Mapping[str, Any], where: str, rate: Fraction | None) -> Iterator[Segment]:
    for field, value in sample.items():
        if not isinstance(value, dict):
            continue
        place = f"{where}.{field}"
        if value.get("_cls") == _ONE:
            yield _read_detection(value, place, rate)
        elif value.get("_cls") == _SEVERAL:
            for item, item_place in items(value, "detections", place):
                yield _read_detection(item, item_place, rate)


def _unread_fields(sample: Mapping[str, Any]) -> Iterator[str]:
    """One name for each field with a value that is not read."""
    for field, value in sample.items():
        kind = value.get("_cls") if isinstance(value, dict) else None
        listed = value.get("detections") if kind == _SEVERAL else [value]
        if kind in (_ONE, _SEVERAL):
            rows = [row for row in listed or () if isinstance(row, dict)]
            unread = [key for row in rows for key in _filled(row) if key not in _OF_DETECTION]
            yield from (f"field '{field}.{key}' of the source" for key in unread)
        elif field not in _OF_SAMPLE and field in _filled(sample):
            yield f"field '{field}' of the source"


def _filled(values: Mapping[str, Any]) -> list[str]:
    return [key for key, value in values.items() if value not in (None, "", [], {})]


def _read_detection(value: Mapping[str, Any], where: str, rate: Fraction | None) -> Segment:
    support = require_interval(required(value, "support", where), f"{where}.support")
    if rate is None:
        raise InputError(f"{where} counts frames, and their rate is not known: {RATE_FIX}")
    first, last = (require_integer(frame, f"{where}.support") for frame in support)
    start_s = position_of_frame(first - 1, rate) / MILLISECONDS
    return Segment(
        start_s=start_s,
        end_s=start_s if last == first else position_of_frame(last, rate) / MILLISECONDS,
        label=require_label(required(value, "label", where), f"{where}.label"),
        score=optional_confidence(value, where, "confidence"),
        team=optional_team(value.get("team"), f"{where}.team"),
    )


def _detect_samples(sample: Sample) -> Certainty:
    if sample.is_folder:
        file = sample.path / SAMPLES_FILE
        return Certainty.NAME if file.is_file() else Certainty.NO
    return Certainty.NAME if sample.has_keys("samples") else Certainty.NO


FORMAT: Final = Format(
    name="fiftyone-samples",
    title="FiftyOne dataset",
    description="`samples.json` of a FiftyOne dataset with temporal detections",
    family=Family.TOOL,
    capabilities=Capabilities(visibility=False, intervals=True, durations=True),
    detect=_detect_samples,
    segment_reader=read_fiftyone_samples,
)
