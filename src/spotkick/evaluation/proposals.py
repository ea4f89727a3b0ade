"""Average recall of temporal proposals over their number (AR@AN), and the area under it.

This is the ActivityNet proposal metric. The official script does not run on a current numpy; this
is its definition, with its truncations to whole proposals, which decide digits: 29 % of 100
proposals are 28, because 0.29 * 100 is a little less than 29.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from spotkick.errors import InputError
from spotkick.evaluation.detection import ACTIVITYNET_OVERLAPS
from spotkick.evaluation.labelled_videos import (
    choose_labelled,
    warn_about_names,
    without_ambiguous,
)
from spotkick.evaluation.segment_table import temporal_overlap
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

    Warns:
        SpotkickWarning: for proposals in videos that are not among the labelled ones.

    Source: ActivityNet ``Evaluation/eval_proposal.py``.
    """
    every_label, given = tuple(labels), tuple(proposals)
    chosen = choose_labelled(every_label, subset=subset, blocked=blocked)
    truth = {
        video.video: _segment_bounds(video.segments)
        for video in without_ambiguous(chosen)
        if video.segments
    }
    found: dict[str, list[Segment]] = defaultdict(list)
    for video in given:
        if video.video not in blocked:
            found[video.video] += video.segments
    total = sum(len(segments) for segments in found.values())
    if not total:
        raise InputError("there are no proposals to score")
    warn_about_names(
        [video for video in given if video.video not in blocked],
        chosen,
        every_label,
        kind="proposals",
        effect="and only lower the share that is kept of the others",
    )

    # Each video keeps its best proposals, in proportion to how many it has.
    average = float(max_average) if max_average else total / len(truth)
    ratio = average * float(len(truth)) / total
    ranked = {video: _rank_proposals(found.get(video, []), video) for video in truth}
    kept = {name: min(int(len(bounds) * ratio), len(bounds)) for name, bounds in ranked.items()}
    total_kept = sum(kept.values())
    if not total_kept:
        raise InputError(
            "no proposal is left in the videos with labels; look at the names of the videos"
        )

    share = np.arange(1, STEPS + 1) / float(STEPS) * (average * float(len(truth)) / total_kept)

    # Recall at every step, over the labels of all videos.
    hits = np.zeros((len(overlaps), STEPS))
    for name, bounds in truth.items():
        if kept[name]:
            best = ranked[name][: kept[name]]
            hits += _count_covered(best, bounds, overlaps=np.asarray(overlaps), share=share)
    recall = hits / sum(len(bounds) for bounds in truth.values())

    per_video = share * (float(total_kept) / len(truth))
    curve = recall.mean(axis=0)
    area = float((np.diff(per_video) * (curve[1:] + curve[:-1]) / 2.0).sum())
    return ProposalScore(
        tuple(overlaps),
        recall=recall,
        proposals_per_video=per_video,
        auc=area / float(per_video[-1]),
        num_videos=len(truth),
    )


def _segment_bounds(segments: Sequence[Segment]) -> Floats:
    """(n, 2) starts and ends in seconds."""
    bounds = [(segment.start_s, segment.end_s) for segment in segments]
    return np.array(bounds, dtype=np.float64).reshape(-1, 2)


def _rank_proposals(segments: Sequence[Segment], video: str) -> Floats:
    """(n, 2) bounds, best score first; of equal scores the later one first."""
    scores = np.array([np.nan if segment.score is None else segment.score for segment in segments])
    if np.isnan(scores).any():
        raise InputError(
            f"{video}: a proposal has no score, or one that is not a number; proposals need one"
        )
    return _segment_bounds(segments)[np.argsort(scores, kind="stable")[::-1]]


def _count_covered(proposals: Floats, labels: Floats, *, overlaps: Floats, share: Floats) -> Floats:
    """(overlaps, steps) number of labels that any of the first proposals covers."""
    overlap = temporal_overlap(
        start=proposals[:, 0],
        end=proposals[:, 1],
        other_start=labels[:, :1],
        other_end=labels[:, 1:],
    )
    covered = overlap >= overlaps[:, None, None]  # (overlaps, labels, proposals)
    first = np.where(covered.any(axis=-1), covered.argmax(axis=-1), len(proposals))
    used = np.minimum((len(proposals) * share).astype(np.int64), len(proposals))
    reached: Floats = (first[..., None] < used).sum(axis=1).astype(np.float64)
    return reached
