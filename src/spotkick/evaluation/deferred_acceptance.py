"""Which prediction finds which label, by the official rule, on arrays.

The official rule scans the labels of a series in time order; each takes the unused prediction with
the highest confidence inside its window (the earlier one of equals). That is serial dictatorship
under a common preference, and its outcome is the only stable matching. `assign_to_labels` reaches
the same result by deferred acceptance, for all matches, classes and tolerances at once: every label
proposes to its best remaining prediction, a prediction keeps the earliest label, and the others
move on.
"""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from spotkick.evaluation.frames import FramedActions

UNASSIGNED: Final = -1

_PAIRS_AT_ONCE: Final = 4_000_000


def closest_labels(labels: FramedActions, predictions: FramedActions) -> npt.NDArray[np.int64]:
    """The label of its own series that each prediction is nearest to.

    Half way between two labels, rounded down, belongs to the later one.

    Returns:
        (predictions,) index of a label, or -1 where the series has none. Source: the official
        evaluator's ``closests``.
    """
    if not len(labels):
        return np.full(len(predictions), UNASSIGNED)

    # The region of a label begins half way to the one before it, that of the first one at 0.
    region_start = np.zeros_like(labels.frame)
    same_series = labels.group[1:] == labels.group[:-1]
    middle = (labels.frame[1:] + labels.frame[:-1]) // 2
    region_start[1:] = np.where(same_series, middle, 0)

    # The last region that begins at or before a prediction, if it is one of the same series.
    axis = labels.group * labels.grid.num_frames + region_start
    found = np.searchsorted(axis, predictions.key, side="right").astype(np.int64) - 1
    return np.where(labels.group[found.clip(0)] == predictions.group, found, UNASSIGNED)


def assign_to_labels(
    labels: FramedActions, predictions: FramedActions, tolerances_frames: Sequence[float]
) -> npt.NDArray[np.int64]:
    """Assign predictions to labels at several tolerances.

    Args:
        labels: on the same grid as the predictions.
        predictions: with confidences of at least 0.
        tolerances_frames: total widths of the window; a prediction fits when it is at most half of
            it away.

    Returns:
        (tolerances, predictions) index of the label found, -1 for a false positive.

    Source: ``compute_class_scores`` of the official evaluator.
    """
    reach = np.floor(np.asarray(tolerances_frames, dtype=np.float64) / 2).astype(np.int64)
    assigned = np.full((len(reach), len(predictions)), UNASSIGNED)
    if not len(labels) or not len(predictions) or not len(reach):
        return assigned

    # Rank 0 is the most confident prediction; a stable order puts the earlier one of equals first.
    rank = np.empty(len(predictions), dtype=np.int64)
    rank[np.argsort(-predictions.value, kind="stable")] = np.arange(len(predictions))

    # The predictions inside the widest window of each label are neighbours on the common axis.
    last_frame, start = labels.grid.num_frames - 1, labels.group * labels.grid.num_frames
    earliest = (labels.frame - reach.max()).clip(0)
    latest = (labels.frame + reach.max()).clip(max=last_frame)
    low = np.searchsorted(predictions.key, start + earliest)
    high = np.searchsorted(predictions.key, start + latest, side="right")

    # Parts bound the memory that the pairs take.
    for part in _bounded_parts(labels.group, high - low):
        label, prediction = _candidate_pairs(low[part], high[part], rank)
        distance = np.abs(labels.frame[part][label] - predictions.frame[prediction])
        base, top = low[part].min(), high[part].max()
        for row, most in zip(assigned, reach, strict=True):
            near = distance <= most
            holder = deferred_acceptance(
                label[near],
                prediction[near] - base,
                num_proposers=part.stop - part.start,
                num_receivers=top - base,
            )
            row[base:top] = np.where(holder >= 0, holder + part.start, row[base:top])
    return assigned


def _bounded_parts(group: npt.NDArray[np.int64], pairs: npt.NDArray[np.int64]) -> Iterator[slice]:
    """Cut labels between series so that each part has a bounded number of pairs, where it can."""
    total = np.cumsum(pairs)
    begin = 0
    while begin < len(group):
        limit = (total[begin - 1] if begin else 0) + _PAIRS_AT_ONCE
        end = max(int(np.searchsorted(total, limit, side="right")), begin + 1)
        if end < len(group):
            # Back to the start of the series that is cut, or to its end when it began the part.
            series_start = int(np.searchsorted(group, group[end]))
            series_end = int(np.searchsorted(group, group[end], side="right"))
            end = series_start if series_start > begin else series_end
        yield slice(begin, end)
        begin = end


def _candidate_pairs(
    low: npt.NDArray[np.int64], high: npt.NDArray[np.int64], rank: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """All (label, prediction) pairs in the widest window; by label, best prediction first."""
    count = high - low
    label = np.repeat(np.arange(len(low)), count)
    prediction = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count - low, count)
    order = np.argsort(label * (len(rank) + 1) + rank[prediction])
    return label, prediction[order]


def deferred_acceptance(
    proposer: npt.NDArray[np.int64],
    receiver: npt.NDArray[np.int64],
    *,
    num_proposers: int,
    num_receivers: int,
) -> npt.NDArray[np.int64]:
    """Stable matching: receivers keep the proposer of the lowest number.

    It equals letting the proposers choose one after the other, by number, among what is left.

    Args:
        proposer: (pairs,) ascending numbers.
        receiver: (pairs,) the candidates of each proposer, the most wanted first.
        num_proposers: how many there are.
        num_receivers: how many there are.

    Returns:
        (num_receivers,) proposer that each receiver keeps, or -1.

    Source: Gale and Shapley, "College admissions and the stability of marriage", 1962.
    """
    free = num_proposers  # stands for a receiver without a proposer
    cursor = np.searchsorted(proposer, np.arange(num_proposers + 1))
    end, cursor = cursor[1:], cursor[:-1].copy()
    holder = np.full(num_receivers, free)
    active = np.flatnonzero(cursor < end)

    while len(active):
        # Each active proposer asks its next candidate; the lowest number stays.
        wish = receiver[cursor[active]]
        before = holder[wish]
        np.minimum.at(holder, wish, active)
        after = holder[wish]

        # Those refused now, and those displaced by a lower number, ask again.
        refused = active[after != active]
        displaced = np.unique(before[(after < before) & (before < free)])
        active = np.concatenate([refused, displaced])
        cursor[active] += 1
        active = active[cursor[active] < end[active]]
    return np.where(holder < free, holder, UNASSIGNED)


def assigned_proposers(
    proposer: npt.NDArray[np.int64],
    receiver: npt.NDArray[np.int64],
    *,
    num_proposers: int,
    num_receivers: int,
) -> npt.NDArray[np.bool_]:
    """(num_proposers,): which proposers `deferred_acceptance` gives a receiver; same arguments."""
    holder = deferred_acceptance(
        proposer, receiver, num_proposers=num_proposers, num_receivers=num_receivers
    )
    is_assigned = np.zeros(num_proposers, dtype=np.bool_)
    is_assigned[holder[holder >= 0]] = True
    return is_assigned
