"""Context slicing from data: how far a context seems to reach before and after an action.

Two sources. *Gaps*: the time to the nearest other incident before and after each
action; a context is taken to last until something else happens. *Response*: the mean score of a
trained segmentation around the actions; a context lasts as long as the network sees it. Both only
propose a start for a search: the published 17-class values come from tuning, and neither source
reproduces them. A network's response also carries the slicing that the network was trained with.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from spotkick.actions import ActionClasses, MatchActions
from spotkick.encoding.slicing import DEFAULT_BOUNDS_S, Bounds
from spotkick.errors import InputError
from spotkick.formats.scores import MatchScores
from spotkick.tuning.class_gaps import SAME_INCIDENT_S, ClassGaps, measure_gaps
from spotkick.tuning.mean_response import LONGEST_S, MeanResponse, mean_responses

MIN_ACTIONS: Final = 20
"""With fewer actions of a class, quantiles say nothing and the default is proposed."""

SHORTEST_S: Final = 1.0
"""Least distance of a bound from the action; the greatest is `LONGEST_S`."""

INNER_QUANTILE: Final = 0.25
OUTER_QUANTILE: Final = 0.5
"""K2 and K3 lie where a quarter of the actions have met another incident, K1 and K4 where half of
them have."""

CROWDED_QUANTILE: Final = 0.1
"""K4 - K1 stays below this quantile of the distances between actions of the class: nine of ten
pairs keep their zones apart."""

INNER_RESPONSE: Final = 0.5
OUTER_RESPONSE: Final = 0.1
"""K2 and K3 lie where the response has fallen to half of its peak, K1 and K4 where it has fallen to
a tenth."""

MIN_CONTRAST: Final = 0.02
"""Least height of a response above its baseline; a flatter one says nothing."""

_PEAK_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class ClassEstimate:
    """Proposed slicing of one class.

    Attributes:
        label: class name.
        bounds_s: K1..K4 in seconds.
        gaps: what was measured.
        response: likewise, None without scores.
        method: ``gaps``, ``response`` or ``default``.
        note: what a user should know about this value; empty when there is nothing.
    """

    label: str
    bounds_s: Bounds
    gaps: ClassGaps
    response: MeanResponse | None
    method: str
    note: str = ""


def all_labels(matches: Iterable[MatchActions]) -> tuple[str, ...]:
    """Labels in order of first appearance."""
    return tuple(dict.fromkeys(action.label for match in matches for action in match.actions))


def estimate_slicing(
    matches: Sequence[MatchActions],
    classes: ActionClasses,
    scores: Iterable[MatchScores] | None = None,
) -> tuple[ClassEstimate, ...]:
    """Propose K1..K4 for each class.

    Args:
        matches: labels.
        classes: which classes, in order.
        scores: of a trained segmentation on these matches; without them the gaps decide.

    Raises:
        InputError: if the labels hold no action of the classes, or no scored match is labelled.
    """
    gaps = measure_gaps(matches, classes)
    if not any(gap.actions for gap in gaps.values()):
        raise InputError(
            f"the labels hold no action of the classes {', '.join(classes)}; "
            "name the right classes with --classes"
        )
    responses = {} if scores is None else mean_responses(matches, classes, scores)
    return tuple(_estimate_class(name, gaps[name], responses.get(name)) for name in classes)


def _estimate_class(label: str, gaps: ClassGaps, response: MeanResponse | None) -> ClassEstimate:
    start = ClassEstimate(label, DEFAULT_BOUNDS_S, gaps, response=response, method="default")
    seen = None if response is None or response.actions < MIN_ACTIONS else response_bounds(response)
    if seen is not None:
        proposed = replace(start, bounds_s=seen, method="response")
    elif min(gaps.actions, len(gaps.before), len(gaps.after)) < MIN_ACTIONS:
        return replace(start, note=f"{gaps.actions} actions are too few, this is the default")
    else:
        flat = "the response is flat, the gaps decide" if response is not None else ""
        proposed = replace(start, bounds_s=gap_bounds(gaps), method="gaps", note=flat)
    return _keep_apart(proposed)


def gap_bounds(gaps: ClassGaps) -> Bounds:
    """Bounds at quantiles of the distances to the nearest incidents before and after."""
    k2, k1 = (
        -float(np.quantile(gaps.before, quantile)) for quantile in (INNER_QUANTILE, OUTER_QUANTILE)
    )
    k3, k4 = (
        float(np.quantile(gaps.after, quantile)) for quantile in (INNER_QUANTILE, OUTER_QUANTILE)
    )
    return _limit_bounds((k1, k2, k3, k4))


def response_bounds(response: MeanResponse) -> Bounds | None:
    """Bounds where the mean response has fallen to a half and a tenth of its height.

    None when the response is flat.
    """
    near = np.abs(response.offsets_s) <= _PEAK_S
    height = float(response.scores[near].max()) - response.baseline
    if height < MIN_CONTRAST:
        return None

    # From the peak outwards, behind the action and before it.
    relative = (response.scores - response.baseline) / height
    peak = int(np.argmax(np.where(near, relative, -np.inf)))
    k3, k4 = (
        _find_fall(relative[peak:], response.offsets_s[peak:], level)
        for level in (INNER_RESPONSE, OUTER_RESPONSE)
    )
    k2, k1 = (
        _find_fall(relative[peak::-1], response.offsets_s[peak::-1], level)
        for level in (INNER_RESPONSE, OUTER_RESPONSE)
    )
    return _limit_bounds((k1, k2, k3, k4))


def _find_fall(
    relative: npt.NDArray[np.float64], offsets_s: npt.NDArray[np.float64], level: float
) -> float:
    """Offset at which a curve first lies below a level; the last one when it never does."""
    below = np.flatnonzero(relative < level)
    return float(offsets_s[below[0]] if below.size else offsets_s[-1])


def _limit_bounds(bounds: Bounds) -> Bounds:
    """Bounds in order, and within the shortest and the longest."""
    k1, k2, k3, k4 = bounds
    inner_before, inner_after = (
        float(np.clip(length, SHORTEST_S, LONGEST_S)) for length in (-k2, k3)
    )
    outer_before = float(np.clip(-k1, inner_before, LONGEST_S))
    outer_after = float(np.clip(k4, inner_after, LONGEST_S))
    return -outer_before, -inner_before, inner_after, outer_after


def _keep_apart(estimate: ClassEstimate) -> ClassEstimate:
    """Shrink the bounds where actions of the class follow each other closely."""
    same = estimate.gaps.same[estimate.gaps.same > SAME_INCIDENT_S]
    if len(same) < MIN_ACTIONS:
        return estimate
    room = float(np.quantile(same, CROWDED_QUANTILE))
    span = estimate.bounds_s[3] - estimate.bounds_s[0]
    if span <= room:
        return estimate
    k1, k2, k3, k4 = (value * room / span for value in estimate.bounds_s)
    note = "; ".join(
        part
        for part in (estimate.note, f"shrunk to the {room:.0f} s between actions of the class")
        if part
    )
    return replace(estimate, bounds_s=_limit_bounds((k1, k2, k3, k4)), note=note)
