"""Mean average precision of detected segments at temporal overlaps: ActivityNet and THUMOS14.

THUMOS14 is scored as papers do it, with the same interpolation as ActivityNet. The official
ActivityNet script is written for Python 2 and no longer runs; this is its definition.
Three of its habits are not followed, because they depend on the machine or on a page that is gone:
equal scores are ordered later-first (there: unstable), a segment of no length overlaps nothing
(there: 0/0 counts as a hit), and blocked videos are an argument (there: downloaded from a dead
address).
"""

import warnings
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from spotkick.errors import InputError, SpotkickWarning
from spotkick.evaluation.deferred_acceptance import deferred_acceptance
from spotkick.evaluation.labelled_videos import (
    AMBIGUOUS,
    choose_labelled,
    warn_about_names,
    without_ambiguous,
)
from spotkick.evaluation.scores import Score
from spotkick.formats.segments import Segment, VideoSegments

ACTIVITYNET_OVERLAPS: Final = tuple(np.linspace(0.5, 0.95, 10).tolist())
"""Temporal overlaps (tIoU) of ActivityNet: 0.5, 0.55, ..., 0.95."""

THUMOS14_OVERLAPS: Final = (0.3, 0.4, 0.5, 0.6, 0.7)
"""Temporal overlaps that papers report on THUMOS14."""

DUPLICATE_TOLERANCE_S: Final = 1e-3
"""Labels of a class whose starts and ends are this close are one label to OpenTAD and
ActionFormer, and shorter labels are none."""

_PAIRS_AT_ONCE: Final = 2_000_000

AmbiguousRule = Literal["drop", "ignore"]
"""What becomes of false detections on ambiguous segments: they count, or they do not."""

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class SegmentTable:
    """Segments as arrays (n,).

    Attributes:
        series: number of the video and class.
        class_index: number of the class, -1 for none.
        start: seconds.
        end: seconds.
        score: of a detection, NaN for a label.
        video: number of the video.
    """

    series: Ints
    class_index: Ints
    start: Floats
    end: Floats
    score: Floats
    video: Ints

    def take(self, order: npt.NDArray[np.generic]) -> "SegmentTable":
        """Some of the rows."""
        columns = (
            self.series,
            self.class_index,
            self.start,
            self.end,
            self.score,
            self.video,
        )
        return SegmentTable(*(column[order] for column in columns))

    def __len__(self) -> int:
        """Number of segments."""
        return len(self.start)


def evaluate_detection(
    predictions: Iterable[VideoSegments],
    labels: Iterable[VideoSegments],
    *,
    overlaps: Sequence[float] = ACTIVITYNET_OVERLAPS,
    subset: str | None = None,
    blocked: Collection[str] = (),
    merge_duplicates: bool = False,
    ambiguous: AmbiguousRule = "drop",
) -> Score:
    """Score detections with the mean over classes of interpolated average precision.

    Args:
        predictions: detections with scores. Those in videos without a label of their class are
            false positives.
        labels: segments that are there; their classes, but for ``Ambiguous``, are the classes of
            the mean.
        overlaps: temporal intersection over union that a hit needs, each.
        subset: label videos of this subset only, such as ``validation``.
        blocked: names of videos that do not count.
        merge_duplicates: drop labels that repeat others or are shorter than a millisecond, as
            OpenTAD and ActionFormer do (see `DUPLICATE_TOLERANCE_S`).
        ambiguous: ``drop`` leaves segments labelled ``Ambiguous`` out, as papers do; ``ignore``
            also leaves out false detections that overlap one, as the organisers' kit does.

    Returns:
        Score with ``map_at`` by overlap; ``average_map`` is the mean over overlaps.

    Raises:
        InputError: if there are no labels, or a detection has no score.

    Warns:
        SpotkickWarning: for detections of classes without labels, which do not count (the official
            script stops there), and for detections in videos that are not among the labelled ones.

    Source: ActivityNet ``Evaluation/eval_detection.py``; the interpolation is that of VOC 2011.
    """
    every_label, detections = tuple(labels), tuple(predictions)
    chosen = choose_labelled(every_label, subset=subset, blocked=blocked)
    counted = [video for video in detections if video.video not in blocked]
    warn_about_names(
        counted, chosen, every_label, kind="detections", effect="and count as false positives"
    )

    # Classes are those that have a label.
    truth_videos = without_ambiguous(chosen)
    if merge_duplicates:
        truth_videos = tuple(drop_duplicates(video) for video in truth_videos)
    names = tuple(sorted({part.label for video in truth_videos for part in video.segments}))
    videos: dict[str, int] = {}
    truth = _tabulate_segments(truth_videos, names, videos)
    found = _tabulate_segments(counted, names, videos)
    unclear = _tabulate_segments(chosen, (AMBIGUOUS,), videos)
    if np.isnan(found.score).any():
        raise InputError(
            "a detection has no score, or one that is not a number; detections need one"
        )
    _warn_about_unknown_classes(found)

    table = detection_average_precision(
        found.take(found.class_index >= 0),
        truth,
        num_classes=len(names),
        overlaps=overlaps,
        ignored=unclear.take(unclear.class_index == 0) if ambiguous == "ignore" else None,
    )
    means = table.mean(axis=1)
    return Score(
        average_map=float(means.mean()),
        per_class=MappingProxyType(dict(zip(names, table.mean(axis=0).tolist(), strict=True))),
        map_at=MappingProxyType(dict(zip(overlaps, means.tolist(), strict=True))),
    )


def _warn_about_unknown_classes(found: SegmentTable) -> None:
    unknown = int(np.sum(found.class_index < 0))
    if unknown:
        warnings.warn(
            f"{unknown} detections of classes without any label were left out; "
            "the official script stops there",
            SpotkickWarning,
            stacklevel=3,
        )


def drop_duplicates(video: VideoSegments) -> VideoSegments:
    """Leave out labels that repeat an earlier one of the same class, and those without length.

    Source: ``remove_duplicate_annotations`` of OpenTAD and ActionFormer.
    """
    kept: list[Segment] = []
    for segment in video.segments:
        same = (
            other.label == segment.label
            and abs(other.start_s - segment.start_s) <= DUPLICATE_TOLERANCE_S
            and abs(other.end_s - segment.end_s) <= DUPLICATE_TOLERANCE_S
            for other in kept
        )
        if segment.length_s >= DUPLICATE_TOLERANCE_S and not any(same):
            kept.append(segment)
    return replace(video, segments=tuple(kept))


def _tabulate_segments(
    videos: Iterable[VideoSegments], names: Sequence[str], numbers: dict[str, int]
) -> SegmentTable:
    """Rows of all segments; ``numbers`` is filled with a number for each video."""
    column = {name: index for index, name in enumerate(names)}
    rows = [
        (
            numbers.setdefault(video.video, len(numbers)),
            column.get(segment.label, -1),
            segment.start_s,
            segment.end_s,
            np.nan if segment.score is None else segment.score,
        )
        for video in videos
        for segment in video.segments
    ]

    values = np.array(rows, dtype=np.float64).reshape(-1, 5)
    video_index, class_index = values[:, :2].astype(np.int64).T
    return SegmentTable(
        video_index * len(names) + class_index,
        class_index=class_index,
        start=values[:, 2],
        end=values[:, 3],
        score=values[:, 4],
        video=video_index,
    )


def detection_average_precision(
    predictions: SegmentTable,
    labels: SegmentTable,
    *,
    num_classes: int,
    overlaps: Sequence[float],
    strict: bool = False,
    ignored: SegmentTable | None = None,
) -> Floats:
    """Interpolated average precision.

    Each prediction, best score first, takes the free label that it overlaps most, if the overlap
    suffices.

    Args:
        predictions: rows in any order; equal scores count later-first.
        labels: rows in any order; of equal overlaps the later label is taken.
        num_classes: number of classes; all need a label.
        overlaps: least temporal intersection over union of a hit.
        strict: the overlap must be larger than that, not equal.
        ignored: segments of any class; a prediction that overlaps one and is no hit does not count.

    Returns:
        (overlaps, classes), 0 for classes without predictions.
    """
    ranked = predictions.take(np.argsort(predictions.score, kind="stable")[::-1])
    truth = labels.take(np.argsort(labels.series, kind="stable"))
    prediction, label, overlap = _overlapping_pairs(ranked, truth, min(overlaps))
    num_labels = np.bincount(truth.class_index, minlength=num_classes)
    excused = (
        np.zeros(len(ranked), dtype=bool) if ignored is None else _touches_any(ranked, ignored)
    )

    table = np.zeros((len(overlaps), num_classes))
    for row, needed in zip(table, overlaps, strict=True):
        enough = overlap > needed if strict else overlap >= needed
        holder = deferred_acceptance(
            prediction[enough],
            label[enough],
            num_proposers=len(ranked),
            num_receivers=len(truth),
        )
        hit = np.zeros(len(ranked), dtype=bool)
        hit[holder[holder >= 0]] = True

        # False detections on ignored segments do not count.
        counted = hit | ~excused
        for index in range(num_classes):
            own = counted & (ranked.class_index == index)
            row[index] = interpolated_average_precision(hit[own], int(num_labels[index]))
    return table


def _overlapping_pairs(
    ranked: SegmentTable, truth: SegmentTable, least: float
) -> tuple[Ints, Ints, Floats]:
    """(prediction, label, overlap) of all pairs of a series that overlap enough.

    By prediction, largest overlap first.
    """
    low = np.searchsorted(truth.series, ranked.series)
    count = np.searchsorted(truth.series, ranked.series, side="right") - low

    # In parts of bounded memory.
    step = max(1, _PAIRS_AT_ONCE // max(1, int(count.max(initial=0))))
    parts = []
    for begin in range(0, len(ranked), step):
        here = slice(begin, begin + step)
        prediction = np.repeat(np.arange(len(ranked))[here], count[here])
        first = np.repeat(np.cumsum(count[here]) - count[here] - low[here], count[here])
        label = np.arange(len(prediction)) - first
        overlap = temporal_overlap(
            start=ranked.start[prediction],
            end=ranked.end[prediction],
            other_start=truth.start[label],
            other_end=truth.end[label],
        )
        order = np.lexsort((-label, -overlap, prediction))
        order = order[overlap[order] >= least]
        parts.append((prediction[order], label[order], overlap[order]))
    if not parts:
        return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0)
    predictions, labels, overlaps = (np.concatenate(column) for column in zip(*parts, strict=True))
    return predictions, labels, overlaps


def _touches_any(segments: SegmentTable, others: SegmentTable) -> npt.NDArray[np.bool_]:
    """(segments,) whether each overlaps one of the others in its video."""
    touched = np.zeros(len(segments), dtype=bool)
    for row in range(len(others)):
        shared = np.minimum(segments.end, others.end[row]) - np.maximum(
            segments.start, others.start[row]
        )
        touched |= (segments.video == others.video[row]) & (shared > 0)
    return touched


def temporal_overlap(start: Floats, end: Floats, other_start: Floats, other_end: Floats) -> Floats:
    """Temporal intersection over union, 0 where both have no length; the arrays are broadcast."""
    shared = (np.minimum(end, other_end) - np.maximum(start, other_start)).clip(0)
    union = (other_end - other_start) + (end - start) - shared
    overlap: Floats = np.divide(shared, union, out=np.zeros_like(union), where=union > 0)
    return overlap


def interpolated_average_precision(hit: npt.NDArray[np.bool_], num_labels: int) -> float:
    """Area under the precision envelope over recall, at every point where recall changes.

    Args:
        hit: (predictions,) best first.
        num_labels: labels of the class.
    """
    if not len(hit) or not num_labels:
        return 0.0
    found = np.cumsum(hit).astype(np.float64)
    precision = np.concatenate([[0.0], found / np.arange(1, len(hit) + 1), [0.0]])
    recall = np.concatenate([[0.0], found / num_labels, [1.0]])
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    step = np.flatnonzero(recall[1:] != recall[:-1]) + 1
    return float(np.sum((recall[step] - recall[step - 1]) * envelope[step]))
