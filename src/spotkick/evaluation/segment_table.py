"""Segments as arrays, and interpolated average precision of ranked ones at temporal overlaps."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from spotkick.evaluation.deferred_acceptance import assigned_proposers
from spotkick.formats.segments import VideoSegments

_PAIRS_AT_ONCE: Final = 2_000_000

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


def tabulate_segments(
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
        hit = assigned_proposers(
            prediction[enough],
            label[enough],
            num_proposers=len(ranked),
            num_receivers=len(truth),
        )

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
