"""FiftyOne: ``labels.json`` of a FiftyOneTemporalDetectionDataset.

A detection has either a ``support`` (first and last frame, numbers from 1) or ``timestamps``
(seconds). Timestamps need no frame rate and are what is written here; FiftyOne turns them into
frames when it reads the videos.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

from spotkick.actions import MatchActions
from spotkick.errors import InputError
from spotkick.files import read_json
from spotkick.formats.capabilities import Capabilities
from spotkick.formats.fields import (
    RATE_FIX,
    items,
    optional_confidence,
    optional_team,
    optional_visibility,
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
from spotkick.formats.sample import Certainty, Sample
from spotkick.formats.segments import (
    MILLISECONDS,
    Segment,
    VideoSegments,
    matches_of_segments,
    segments_of_matches,
)
from spotkick.timeline import position_of_frame

LABEL_FILE: Final = "labels.json"
"""Name of the file in a folder of videos."""

FIELDS: Final = frozenset(
    {
        "classes[]",
        *(f"labels.*[].{field}" for field in ("label", "support[]", "timestamps[]", "confidence")),
        *("labels.*[].attributes.team", "labels.*[].attributes.visibility"),
    }
)
"""Fields that are read or can be derived."""


def read_fiftyone_segments(
    path: Path | str, *, frame_rate: Fraction | None = None
) -> tuple[VideoSegments, ...]:
    """Read temporal detections.

    Args:
        path: ``labels.json``, or the folder that holds it.
        frame_rate: needed for detections that have ``support`` instead of ``timestamps``.

    Raises:
        InputError: if the file is not such a file, a value is malformed, or a frame rate is needed
            and not given.
    """
    path = Path(path)
    path = path / LABEL_FILE if path.is_dir() else path
    document = require_object(read_json(path), str(path))
    classes = require_list(document.get("classes") or [], f"{path}: classes")
    labels = require_object(required(document, "labels", str(path)), f"{path}: labels")

    # One list of detections for each video.
    videos = []
    for name, found in labels.items():
        where = f"{path}: labels.{shown(name)}"
        detections = items({"detections": found}, "detections", where)
        segments = tuple(
            _read_segment(value, place, classes, frame_rate) for value, place in detections
        )
        videos.append(VideoSegments(require_text(name, f"{where}: the name"), None, segments))
    return tuple(videos)


def _read_segment(
    value: dict[str, Any], where: str, classes: list[Any], rate: Fraction | None
) -> Segment:
    start_s, end_s = _read_bounds(value, where, rate)
    attributes = require_object(value.get("attributes") or {}, f"{where}.attributes")
    return Segment(
        start_s=start_s,
        end_s=end_s,
        label=_read_label(required(value, "label", where), f"{where}.label", classes),
        score=optional_confidence(value, where, "confidence"),
        team=optional_team(attributes.get("team"), f"{where}.attributes.team"),
        visibility=optional_visibility(
            attributes.get("visibility"), f"{where}.attributes.visibility"
        ),
    )


def _read_label(value: Any, where: str, classes: list[Any]) -> str:
    """A class name, or a number that points into the list of classes."""
    if isinstance(value, int) and not isinstance(value, bool):
        if not 0 <= value < len(classes):
            raise InputError(
                f"{where} is class {shown(value)}, but the file lists {len(classes)} classes"
            )
        value = classes[value]
    return require_text(value, where)


def _read_bounds(
    value: Mapping[str, Any], where: str, rate: Fraction | None
) -> tuple[float, float]:
    if value.get("timestamps") is not None:
        return require_interval(value["timestamps"], f"{where}.timestamps")
    support = require_interval(required(value, "support", where), f"{where}.support")
    if rate is None:
        raise InputError(
            f"{where} counts frames, and the file does not state the frame rate: {RATE_FIX}"
        )
    first, last = (require_integer(frame, f"{where}.support") for frame in support)
    start_s = position_of_frame(first - 1, rate) / MILLISECONDS
    return start_s, start_s if last == first else position_of_frame(last, rate) / MILLISECONDS


def read_fiftyone(
    path: Path | str, *, frame_rate: Fraction | None = None
) -> tuple[MatchActions, ...]:
    """Read the starts of temporal detections as actions; see `read_fiftyone_segments`.

    Raises:
        InputError: see `read_fiftyone_segments`.
    """
    return matches_of_segments(read_fiftyone_segments(path, frame_rate=frame_rate))


def write_fiftyone_segments(path: Path | str, videos: Sequence[VideoSegments]) -> None:
    """Write ``labels.json``; the videos lie in ``data/`` beside it, or at the ``data_path``.

    Raises:
        StorageError: if the file cannot be written.
    """
    classes = list(dict.fromkeys(segment.label for video in videos for segment in video.segments))
    labels = {
        video.video: [_detection_of(segment) for segment in video.segments] for video in videos
    }
    write_document(path, {"classes": classes, "labels": labels}, videos)


def _detection_of(segment: Segment) -> dict[str, Any]:
    detection: dict[str, Any] = {
        "label": segment.label,
        "timestamps": [segment.start_s, segment.end_s],
    }
    stated = {"team": segment.team, "visibility": segment.visibility}
    attributes = {key: value for key, value in stated.items() if value is not None}
    confidence = {} if segment.score is None else {"confidence": segment.score}
    return detection | confidence | ({"attributes": attributes} if attributes else {})


def write_fiftyone(path: Path | str, matches: Sequence[MatchActions]) -> None:
    """Write actions as temporal detections of no length.

    Raises:
        StorageError: if the file cannot be written.
        InputError: if a period cannot be part of a video name.
    """
    write_fiftyone_segments(path, segments_of_matches(matches))


def _detect_labels(sample: Sample) -> Certainty:
    """A folder with ``labels.json``, or such a file."""
    if sample.is_folder:
        inside = sample.path / LABEL_FILE
        held = inside.is_file() and _detect_labels(Sample(inside)) is not Certainty.NO
        return Certainty.MARK if held else Certainty.NO
    if not isinstance(sample.json_object.get("labels"), dict):
        return Certainty.NO
    return Certainty.NAME if sample.has_keys("classes") else Certainty.SHAPE


FORMAT: Final = Format(
    name="fiftyone",
    title="FiftyOne temporal detections (labels.json)",
    description="`labels.json` of temporal detections; team and visibility as attributes",
    family=Family.TOOL,
    capabilities=Capabilities(intervals=True),
    detect=_detect_labels,
    writer=lambda path, matches, _: write_fiftyone(path, matches),
    segment_reader=lambda path, options: read_fiftyone_segments(
        path, frame_rate=options.frame_rate
    ),
    segment_writer=lambda path, videos, _: write_fiftyone_segments(path, videos),
    inside=LABEL_FILE,
    fields=FIELDS,
)
