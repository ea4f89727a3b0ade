"""Mean average precision of detected segments at temporal overlaps: ActivityNet and THUMOS14.

THUMOS14 is scored as papers do it, with the same interpolation as ActivityNet. The official
ActivityNet script is written for Python 2 and no longer runs; this is its definition.
Three of its habits are not followed, because they depend on the machine or on a page that is gone:
equal scores are ordered later-first (there: unstable), a segment of no length overlaps nothing
(there: 0/0 counts as a hit), and blocked videos are an argument (there: downloaded from a dead
address).
"""

import warnings
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Final, Literal

import numpy as np

from spotkick.configuration import nearest
from spotkick.errors import InputError, SpotkickWarning
from spotkick.evaluation.labelled_videos import (
    AMBIGUOUS,
    choose_labelled,
    warn_about_names,
    without_ambiguous,
)
from spotkick.evaluation.scores import Score
from spotkick.evaluation.segment_table import (
    detection_average_precision,
    tabulate_segments,
)
from spotkick.formats.segments import Segment, VideoSegments

ACTIVITYNET_OVERLAPS: Final = tuple(np.linspace(0.5, 0.95, 10).tolist())
"""Temporal overlaps (tIoU) of ActivityNet: 0.5, 0.55, ..., 0.95."""

THUMOS14_OVERLAPS: Final = (0.3, 0.4, 0.5, 0.6, 0.7)
"""Temporal overlaps that papers report on THUMOS14."""

DUPLICATE_TOLERANCE_S: Final = 1e-3
"""Labels of a class whose starts and ends are this close are one label to OpenTAD and
ActionFormer, and shorter labels are none."""

AmbiguousRule = Literal["drop", "ignore"]
"""What becomes of false detections on ambiguous segments: they count, or they do not."""


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
    truth = tabulate_segments(truth_videos, names, videos)
    found = tabulate_segments(counted, names, videos)
    unclear = tabulate_segments(chosen, (AMBIGUOUS,), videos)
    if np.isnan(found.score).any():
        raise InputError(
            "a detection has no score, or one that is not a number; detections need one"
        )
    _warn_about_unknown_classes(counted, names)

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


def _warn_about_unknown_classes(videos: Iterable[VideoSegments], names: Sequence[str]) -> None:
    unknown = Counter(
        part.label for video in videos for part in video.segments if part.label not in names
    )
    if unknown:
        first = next(iter(unknown))
        near = nearest(first, names)
        hint = "" if near is None else f", the nearest labelled class is {near!r}"
        warnings.warn(
            f"{unknown.total():,} detections of classes without any label were left out, the first "
            f"is {first!r}{hint}; the official script stops there",
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
