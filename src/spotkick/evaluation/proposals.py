"""Average recall of temporal proposals over their number (AR@AN) and the area under it: the ActivityNet proposal metric.

The official script does not run on a current numpy; this is its definition, with its truncations to
whole proposals, which decide
digits: 29 % of 100 proposals are 28, because 0.29 * 100 is a little less than 29.
"""

import warnings
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from spotkick.errors import InputError, SpotkickWarning
from spotkick.evaluation.detection import ACTIVITYNET_OVERLAPS, temporal_overlap
from spotkick.formats.segments import Segment, VideoSegments

STEPS: Final = 100
"""Points of the curve; each adds one percent of the proposals."""

REPORTED: Final = (1, 5, 10, 100)
"""Average numbers of proposals that papers report (columns of the curve, when 100 a video are
kept)."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class ProposalScore:
    """What `evaluate_proposals` finds.

    Attributes:
        overlaps: (T,) temporal overlaps.
        recall: (T, 100) recall at each overlap and number of proposals.
        proposals_per_video: (100,) average number of proposals, from about 1, not from 0.
        auc: area under the average recall, 0 to about 0.99 (the official script prints it times
            100).
        num_videos: videos with labels.
    """

    overlaps: tuple[float, ...]
    recall: Floats
    proposals_per_video: Floats
    auc: float
    num_videos: int

    @property
    def average_recall(self) -> Floats:
        """(100,) recall averaged over overlaps."""
        return np.asarray(self.recall.mean(axis=0))

    def to_json(self) -> dict[str, Any]:
        """Plain values for a JSON file."""
        average = self.average_recall
        return {
            "auc": self.auc,
            "ar_at": {str(number): float(average[min(number, STEPS) - 1]) for number in REPORTED},
            "average_recall": average.tolist(),
            "proposals_per_video": self.proposals_per_video.tolist(),
            "n_videos": self.num_videos,
        }


def evaluate_proposals(
    proposals: Iterable[VideoSegments],
    labels: Iterable[VideoSegments],
    *,
    max_average: float | None = 100,
    overlaps: Sequence[float] = ACTIVITYNET_OVERLAPS,
    subset: str | None = None,
    blocked: Collection[str] = (),
) -> ProposalScore:
    """Average recall against the average number of proposals per video.

    Args:
        proposals: segments with scores; a video without any counts its labels as missed.
        labels: segments that are there; videos without labels do not count. It matters which of the
            label files of ActivityNet is used: they differ in the number of videos.
        max_average: proposals kept per video on average, shared among videos in proportion to what
            they have; None keeps all.
        overlaps: temporal intersection over union that a proposal needs, each.
        subset: label videos of this subset only, such as ``validation``.
        blocked: names of videos that do not count.

    Raises:
        InputError: if there are no labels or no proposals, or a proposal has no score.

    Source: ActivityNet ``Evaluation/eval_proposal.py``.
    """
    truth = {
        video.video: _bounds(video.segments)
        for video in labels
        if _counts(video, subset, blocked) and video.segments
    }
    found: dict[str, list[Segment]] = defaultdict(list)
    for video in proposals:
        if video.video not in blocked:
            found[video.video] += video.segments
    total = sum(len(segments) for segments in found.values())
    if not truth or not total:
        raise InputError(
            "there are no labels to score against"
            if not truth
            else "there are no proposals to score"
        )
    unused = sum(len(segments) for video, segments in found.items() if video not in truth)
    if unused:
        message = f"{unused} proposals lie in videos without labels; they only lower the share that is kept of the others"
        warnings.warn(message, SpotkickWarning, stacklevel=2)
    average = float(max_average) if max_average else total / len(truth)
    ratio = average * float(len(truth)) / total
    ranked = {video: _ranked(found.get(video, []), video) for video in truth}
    kept = {name: min(int(len(bounds) * ratio), len(bounds)) for name, bounds in ranked.items()}
    total_kept = sum(kept.values())
    if not total_kept:
        raise InputError(
            "no proposal is left in the videos with labels; look at the names of the videos"
        )

    share = np.arange(1, STEPS + 1) / float(STEPS) * (average * float(len(truth)) / total_kept)
    thresholds = np.asarray(overlaps)
    hits = np.zeros((len(thresholds), STEPS))
    for name, bounds in truth.items():
        if kept[name]:
            hits += _hits(ranked[name][: kept[name]], bounds, thresholds, share)
    recall = hits / sum(len(bounds) for bounds in truth.values())
    per_video = share * (float(total_kept) / len(truth))
    curve = recall.mean(axis=0)
    area = float((np.diff(per_video) * (curve[1:] + curve[:-1]) / 2.0).sum())
    return ProposalScore(
        tuple(overlaps), recall, per_video, area / float(per_video[-1]), len(truth)
    )


def _counts(video: VideoSegments, subset: str | None, blocked: Collection[str]) -> bool:
    return (subset is None or video.subset == subset) and video.video not in blocked


def _bounds(segments: Sequence[Segment]) -> Floats:
    return np.array(
        [(segment.start_s, segment.end_s) for segment in segments], dtype=np.float64
    ).reshape(-1, 2)


def _ranked(segments: Sequence[Segment], video: str) -> Floats:
    """(n, 2) bounds, best score first; of equal scores the later one first."""
    scores = np.array([np.nan if segment.score is None else segment.score for segment in segments])
    if np.isnan(scores).any():
        raise InputError(
            f"{video}: a proposal has no score, or one that is not a number; proposals need one"
        )
    return _bounds(segments)[np.argsort(scores, kind="stable")[::-1]]


def _hits(proposals: Floats, labels: Floats, overlaps: Floats, share: Floats) -> Floats:
    """(overlaps, steps) number of labels that any of the first proposals covers."""
    covered = (
        temporal_overlap(proposals[:, 0], proposals[:, 1], labels[:, :1], labels[:, 1:])
        >= overlaps[:, None, None]
    )
    first = np.where(
        covered.any(axis=-1), covered.argmax(axis=-1), len(proposals)
    )  # (overlaps, labels)
    used = np.minimum((len(proposals) * share).astype(np.int64), len(proposals))
    reached: Floats = (first[..., None] < used).sum(axis=1).astype(np.float64)
    return reached
