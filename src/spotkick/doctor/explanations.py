"""The explanation that fits the times of predictions to those of labels best."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from spotkick.doctor.hypotheses import Hypothesis, explain_times, shift
from spotkick.doctor.times import Times, find_offset, measure_agreement

LEAST_GAIN: Final = 0.05
"""An explanation must bring this share of the labels to a prediction, beyond what it costs ..."""

LEAST_RATIO: Final = 1.25
"""... and so many times as many as are there without it."""

LEAST_LABELS: Final = 5
"""A match with fewer labels explains nothing by itself."""

_LEAST_HITS: Final = 5
_LENGTHS: Final = (0.4, 2.6)
"""How long predictions may last as a share of the labels, to be tried with a shift."""

_OWN_COST: Final = 0.12
_OWN_RATIO: Final = 1.5


@dataclass(frozen=True, slots=True)
class Tolerances:
    """How near a prediction must come to a label.

    Attributes:
        coarse_s: to tell explanations apart.
        fine_s: to see small shifts.
    """

    coarse_s: float = 5.0
    fine_s: float = 1.0


FINE_GRID: Final = Tolerances(1.0, 0.2)
"""Of tasks that are scored within a second or so."""


def find_explanation(
    predicted: Times, labelled: Times, tolerances: Tolerances | None = None
) -> Hypothesis:
    """The explanation that fits the labels best; that nothing is wrong when none fits better.

    Args:
        predicted: as many of each match and class as there are labels.
        labelled: labels.
        tolerances: how near a prediction must come; those of the loose metric when None.
    """
    tolerances = tolerances or Tolerances()
    best, best_worth, plain = None, -1.0, 0.0
    for base in explain_times():
        moved = base.apply(predicted)
        if base.title and not _is_plausible(moved, labelled):
            continue
        for candidate in _with_shifts(base, moved, labelled, tolerances.coarse_s):
            share = measure_agreement(candidate.apply(predicted), labelled, tolerances.coarse_s)
            if best is None:
                plain, best, best_worth = share, candidate, share
                nothing = candidate
            elif share - candidate.cost > best_worth:
                best, best_worth = candidate, share - candidate.cost
    assert best is not None  # noqa: S101 - there is always the first explanation

    # Small shifts are seen at a finer tolerance, where nothing larger is wrong.
    if best is nothing:
        return _find_small_shift(nothing, predicted, labelled, tolerances)
    gained = best_worth - plain >= LEAST_GAIN and best_worth >= LEAST_RATIO * plain
    gained = gained and (best_worth - plain) * len(labelled.match) >= _LEAST_HITS
    return best if gained else _find_small_shift(nothing, predicted, labelled, tolerances)


def _is_plausible(predicted: Times, labelled: Times) -> bool:
    """Whether predictions last about as long as the labels do, perhaps counted from kick-off."""
    lasts_s = float(np.quantile(predicted.position_s, 0.9))
    expected_s = float(np.quantile(labelled.position_s, 0.9))
    return _LENGTHS[0] * expected_s <= lasts_s <= _LENGTHS[1] * expected_s


def _with_shifts(
    base: Hypothesis, moved: Times, labelled: Times, coarse_s: float
) -> Iterator[Hypothesis]:
    """An explanation alone, with one shift of everything, and with one of each period."""
    yield base
    common_s = find_offset(moved, labelled, coarse_s)
    if abs(common_s) > coarse_s / 10:
        yield shift(base, {0: common_s})
    periods = sorted(set(moved.period.tolist()) & set(labelled.period.tolist()))
    if len(periods) < 2:
        return
    own = {
        period: find_offset(moved.select(moved.period == period), labelled, coarse_s)
        for period in periods
    }
    own = {period: offset_s for period, offset_s in own.items() if abs(offset_s) > coarse_s / 2}
    if own:
        yield shift(base, own)


def _find_small_shift(
    nothing: Hypothesis, predicted: Times, labelled: Times, tolerances: Tolerances
) -> Hypothesis:
    offset_s = find_offset(predicted, labelled, tolerances.fine_s)
    if not 0.8 * tolerances.fine_s < abs(offset_s) <= 2 * tolerances.coarse_s:
        return nothing
    moved = shift(nothing, {0: offset_s})
    before = measure_agreement(predicted, labelled, tolerances.fine_s)
    after = measure_agreement(moved.apply(predicted), labelled, tolerances.fine_s)
    return moved if after - before >= 2 * LEAST_GAIN and after >= LEAST_RATIO * before else nothing


def find_own_shifts(
    predicted: Times, labelled: Times, coarse_s: float
) -> dict[tuple[int, int], float]:
    """Seconds to add by (match, period), where every match has a shift of its own; else none."""
    own: dict[tuple[int, int], float] = {}
    moved = predicted.position_s.copy()
    for match in sorted(set(labelled.match.tolist())):
        for period in sorted(set(labelled.period.tolist())):
            chosen = (predicted.match == match) & (predicted.period == period)
            offset_s = find_offset(predicted.select(chosen), labelled, coarse_s)
            own[match, period] = offset_s if abs(offset_s) > coarse_s / 2 else 0.0
            moved[chosen] += own[match, period]

    # With so many free numbers, some agreement comes by chance.
    before = measure_agreement(predicted, labelled, coarse_s)
    after = measure_agreement(replace(predicted, position_s=moved), labelled, coarse_s)
    useful = after - before >= _OWN_COST and after >= _OWN_RATIO * before
    enough = len(labelled.match) >= LEAST_LABELS * len(own)
    return own if useful and enough else {}


def is_all_in_one_period(predicted: Times, labelled: Times, coarse_s: float) -> bool:
    """Whether predictions of one period fit the labels of two better than those of their own."""
    if len(set(predicted.period.tolist())) > 1 or len(set(labelled.period.tolist())) < 2:
        return False
    flat = [
        Times(times.match, times.label, np.ones_like(times.period), times.position_s)
        for times in (predicted, labelled)
    ]
    other = labelled.select(labelled.period != predicted.period[0])
    missed = Times(other.match, other.label, np.ones_like(other.period), other.position_s)
    found = measure_agreement(flat[0], missed, coarse_s)
    shuffled = Times(missed.match, missed.label, missed.period, missed.position_s + 97.0)
    chance = measure_agreement(flat[0], shuffled, coarse_s)
    enough = (found - chance) * len(missed.match) >= _LEAST_HITS
    return enough and found >= chance + LEAST_GAIN and found >= LEAST_RATIO * chance
