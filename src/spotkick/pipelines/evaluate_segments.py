"""Scoring of segments: proposals and detections of ActivityNet and THUMOS14."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from spotkick.errors import ConfigError, InputError
from spotkick.evaluation.detection import (
    ACTIVITYNET_OVERLAPS,
    THUMOS14_OVERLAPS,
    AmbiguousRule,
    evaluate_detection,
)
from spotkick.evaluation.proposals import evaluate_proposals
from spotkick.files import parse_json, read_bytes, write_json
from spotkick.formats.detect import detect_format
from spotkick.formats.format import ReadOptions
from spotkick.formats.registry import FORMATS
from spotkick.formats.segments import VideoSegments, segments_of_matches
from spotkick.pipelines.scoring_inputs import collected_warnings

_NAMED_OVERLAPS: Final = {"activitynet": ACTIVITYNET_OVERLAPS, "thumos14": THUMOS14_OVERLAPS}


@dataclass(frozen=True, slots=True)
class SegmentRequest:
    """What ``spotkick evaluate --task activitynet`` is asked for.

    Attributes:
        predictions: of any format that holds segments; without labels they are proposals.
        labels: likewise.
        subset: label videos of this subset count; all when empty.
        overlaps: ``activitynet``, ``thumos14`` or numbers with commas; those of the labels' data
            set when None.
        blocked: file of names of videos that do not count, one a line or as JSON.
        ambiguous: see `spotkick.evaluation.detection.evaluate_detection`.
        merge_duplicates: likewise.
        json_file: where the document goes.
    """

    predictions: Path
    labels: Path
    subset: str = "validation"
    overlaps: str | None = None
    blocked: Path | None = None
    ambiguous: AmbiguousRule = "drop"
    merge_duplicates: bool = False
    json_file: Path | None = None


@dataclass(frozen=True, slots=True)
class SegmentResult:
    """The document, and what was dropped on the way, one line each."""

    document: dict[str, Any]
    warnings: tuple[str, ...]

    def table(self) -> str:
        """The lines that people read, in percent."""
        score = self.document
        if score["task"] == "detection":
            rows = [(f"mAP@{overlap}", value) for overlap, value in score["map_at"].items()]
            rows.append(("mean mAP", score["average_map"]))
        else:
            rows = [(f"AR@{number}", value) for number, value in score["ar_at"].items()]
            rows.append(("AUC", score["auc"]))
        return "\n".join(f"{name:<10}{100 * value:6.2f}" for name, value in rows)


def run_segment_evaluation(request: SegmentRequest) -> SegmentResult:
    """Score proposals or detections, and write the document that was asked for.

    Raises:
        InputError: if a file is malformed, or there is nothing to score.
        ConfigError: if an option is not valid.
        StorageError: if the document cannot be written.
    """
    blocked = frozenset() if request.blocked is None else read_video_names(request.blocked)
    subset = request.subset or None
    with collected_warnings() as messages:
        found, truth = read_segments(request.predictions), read_segments(request.labels)
        overlaps = find_overlaps(request.overlaps, request.labels)

        # Labels tell detections from proposals.
        if any(segment.label for video in found for segment in video.segments):
            score = evaluate_detection(
                found,
                truth,
                overlaps=overlaps,
                subset=subset,
                blocked=blocked,
                merge_duplicates=request.merge_duplicates,
                ambiguous=request.ambiguous,
            )
            document = {"task": "detection", **score.to_json()}
        else:
            proposals = evaluate_proposals(
                found, truth, overlaps=overlaps, subset=subset, blocked=blocked
            )
            document = {"task": "proposals", **proposals.to_json()}

    document["overlaps"] = list(overlaps)
    document["warnings"] = messages
    if request.json_file is not None:
        write_json(request.json_file, document)
    return SegmentResult(document, tuple(messages))


def read_segments(path: Path) -> tuple[VideoSegments, ...]:
    """Read segments of any format; positions without an end are segments without length.

    Raises:
        InputError: if the path is damaged or of no known format.
    """
    form = FORMATS[detect_format(path)]
    if form.segment_reader is not None:
        return tuple(form.read_segments(path, ReadOptions()))
    return tuple(segments_of_matches(form.read(path, ReadOptions())))


def find_overlaps(text: str | None, labels: Path) -> tuple[float, ...]:
    """Temporal overlaps by name or as numbers; those of the labels' data set when None.

    Raises:
        ConfigError: if they are neither a name nor numbers above 0 and up to 1.

    Example:
        >>> find_overlaps("0.5,0.75", Path("labels.json"))
        (0.5, 0.75)
    """
    if text is None:
        is_thumos = labels.is_dir() or labels.suffix == ".txt"
        return THUMOS14_OVERLAPS if is_thumos else ACTIVITYNET_OVERLAPS
    if text in _NAMED_OVERLAPS:
        return _NAMED_OVERLAPS[text]
    try:
        overlaps = tuple(float(part) for part in text.split(","))
    except ValueError:
        overlaps = ()
    if not overlaps or not all(0 < value <= 1 for value in overlaps):
        raise ConfigError(
            "--overlaps must be activitynet, thumos14 or numbers between 0 and 1 such as "
            f"0.3,0.5,0.7, got '{text}'"
        )
    return overlaps


def read_video_names(path: Path) -> frozenset[str]:
    """Names of videos: one a line, a JSON list, or the keys of a JSON object.

    Raises:
        InputError: if the file is missing or holds no names.
    """
    data = read_bytes(path)
    if path.suffix.lower() == ".json":
        document = parse_json(data, str(path))
        names = list(document) if isinstance(document, list | dict) else []
    else:
        names = [line.strip() for line in data.decode("utf-8-sig", "replace").splitlines()]
    found = frozenset(name for name in names if isinstance(name, str) and name)
    if not found:
        raise InputError(f"{path}: no names of videos; one a line, or a JSON list, are needed")
    return found
