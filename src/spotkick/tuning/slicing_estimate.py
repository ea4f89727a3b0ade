"""Context slicing from data: how far a context seems to reach before and after an action.

Two sources. *Gaps*: the time to the nearest other incident before and after each
action; a context is taken to last until something else happens. *Response*: the mean score of a
trained segmentation around the actions; a context lasts as long as the network sees it. Both only
propose a start for a search: the published 17-class values come from tuning, and neither source
reproduces them. A network's response also carries the slicing that the network was trained with.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from spotkick.actions import ActionClasses, MatchActions
from spotkick.encoding.slicing import DEFAULT_BOUNDS_S, Bounds
from spotkick.errors import InputError
from spotkick.formats.scores import SCORES_FILE, MatchScores, read_scores

SAME_INCIDENT_S: Final = 2.0
"""Actions this close mark one incident (a shot and the goal): they do not end each other's
context."""

MIN_ACTIONS: Final = 20
"""With fewer actions of a class, quantiles say nothing and the default is proposed."""

SHORTEST_S: Final = 1.0
LONGEST_S: Final = 100.0
"""Limits of each bound, in seconds from the action; the longest is that of the published values."""

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
class ClassGaps:
    """Distances around the actions of one class, in seconds.

    Attributes:
        actions: number of actions.
        before: to the nearest earlier incident of any class, where there is one in the period.
        after: to the nearest later incident.
        same: between neighbouring actions of the class.
    """

    actions: int
    before: npt.NDArray[np.float64]
    after: npt.NDArray[np.float64]
    same: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class MeanResponse:
    """Mean segmentation score around the actions of one class.

    Attributes:
        offsets_s: seconds relative to the action.
        scores: mean score at each offset, over frames that are nearer to this action than to
            another of the class.
        baseline: mean score far from all actions of the class.
        actions: number of actions averaged.
    """

    offsets_s: npt.NDArray[np.float64]
    scores: npt.NDArray[np.float64]
    baseline: float
    actions: int


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


def measure_gaps(matches: Iterable[MatchActions], classes: ActionClasses) -> dict[str, ClassGaps]:
    """Measure distances between actions.

    Args:
        matches: labels; actions of other classes count as incidents too.
        classes: decides which classes are measured.
    """
    before: dict[str, list[float]] = {name: [] for name in classes}
    after: dict[str, list[float]] = {name: [] for name in classes}
    same: dict[str, list[float]] = {name: [] for name in classes}
    counts = dict.fromkeys(classes, 0)

    for times, labels in _iterate_periods(matches, classes):
        # Place of the nearest other incident on each side; actions that mark one incident are none.
        earlier = np.searchsorted(times, times - SAME_INCIDENT_S, side="left") - 1
        later = np.searchsorted(times, times + SAME_INCIDENT_S, side="right")
        for name in classes:
            chosen = np.flatnonzero(labels == name)
            counts[name] += len(chosen)
            same[name].extend(np.diff(times[chosen]))
            found = chosen[earlier[chosen] >= 0]
            before[name].extend(times[found] - times[earlier[found]])
            found = chosen[later[chosen] < len(times)]
            after[name].extend(times[later[found]] - times[found])

    return {
        name: ClassGaps(
            counts[name],
            before=np.array(before[name]),
            after=np.array(after[name]),
            same=np.array(same[name]),
        )
        for name in classes
    }


def _iterate_periods(
    matches: Iterable[MatchActions], classes: ActionClasses
) -> Iterable[tuple[npt.NDArray[np.float64], npt.NDArray[np.str_]]]:
    """Times in seconds and class names of each period, in order of time."""
    for match in matches:
        for period in sorted({action.period for action in match.actions}):
            actions = sorted(
                (action for action in match.actions if action.period == period),
                key=lambda action: action.position_ms,
            )
            names = [classes.resolve(action.label) or "" for action in actions]
            yield (
                np.array([action.position_s for action in actions]),
                np.array(names, dtype=np.str_),
            )


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


def mean_responses(
    matches: Sequence[MatchActions],
    classes: ActionClasses,
    scores: Iterable[MatchScores],
    *,
    window_s: float = LONGEST_S,
) -> dict[str, MeanResponse]:
    """Average the scores of a segmentation around the actions of each class.

    Args:
        matches: labels.
        classes: which classes.
        scores: of matches of the same names; classes that they lack are left out.
        window_s: how far to look on each side.

    Raises:
        InputError: if no scored match is labelled, or frame rates differ between matches.
    """
    labelled = {match.match: match for match in matches}
    sums: dict[str, _Sums] = {}
    rate = None

    for scored in scores:
        if scored.match not in labelled:
            continue
        if rate is not None and scored.frame_rate != rate:
            raise InputError(
                f"{scored.match}: scores have {scored.frame_rate} frames per second, "
                f"the matches before {rate}"
            )
        rate = scored.frame_rate

        # Period by period, class by class.
        reach = int(window_s * rate)
        for period, values in scored.periods.items():
            for column, name in enumerate(scored.classes):
                if name in classes.names:
                    frames = _frames_of_class(
                        labelled[scored.match],
                        classes,
                        name,
                        period=period,
                        rate=float(rate),
                        length=len(values),
                    )
                    sums.setdefault(name, _Sums(reach)).add(values[:, column], frames)

    if rate is None:
        raise InputError(
            "no match of the scores is among the labels; both need the same match names "
            "(league/season/match)"
        )
    return {name: found.mean(float(rate)) for name, found in sums.items() if found.actions}


def read_score_set(root: Path, matches: Iterable[MatchActions]) -> Iterator[MatchScores]:
    """Read ``<root>/<match>/scores.npz`` of the matches that have one, one at a time.

    Raises:
        InputError: if a file is damaged.
    """
    for match in matches:
        path = root / match.match / SCORES_FILE
        if path.is_file():
            yield read_scores(path, match.match)


def _frames_of_class(
    match: MatchActions,
    classes: ActionClasses,
    name: str,
    *,
    period: int,
    rate: float,
    length: int,
) -> npt.NDArray[np.intp]:
    positions = [
        a.position_s
        for a in match.actions
        if a.period == period and classes.resolve(a.label) == name
    ]
    frames = np.unique(np.floor(np.array(positions, dtype=np.float64) * rate).astype(np.intp))
    return frames[(frames >= 0) & (frames < length)]


class _Sums:
    """Running sums of scores around actions, and far from them."""

    def __init__(self, reach: int) -> None:
        self.reach = reach
        self.total = np.zeros(2 * reach + 1)
        self.count = np.zeros(2 * reach + 1, dtype=np.int64)
        self.far_total = 0.0
        self.far_count = 0
        self.actions = 0

    def add(self, values: npt.NDArray[np.float32], frames: npt.NDArray[np.intp]) -> None:
        """Add the scores of one period; each frame counts for the nearest action only."""
        # Each action owns the frames up to the middle between it and its neighbours.
        length = len(values)
        far = np.ones(length, dtype=np.bool_)
        middles = (frames[:-1] + frames[1:]) // 2
        starts = np.concatenate(([0], middles + 1)) if frames.size else frames
        ends = np.concatenate((middles + 1, [length])) if frames.size else frames

        for frame, low, high in zip(frames, starts, ends, strict=True):
            first, last = max(int(low), frame - self.reach), min(int(high), frame + self.reach + 1)
            window = slice(first - frame + self.reach, last - frame + self.reach)
            self.total[window] += values[first:last]
            self.count[window] += 1
            far[max(0, frame - self.reach) : frame + self.reach + 1] = False

        self.actions += len(frames)
        self.far_total += float(values[far].sum())
        self.far_count += int(far.sum())

    def mean(self, rate: float) -> MeanResponse:
        """The averages so far.

        Without frames far from all actions, the lowest mean is the baseline.
        """
        scores = self.total / np.maximum(self.count, 1)
        scores[self.count == 0] = np.nan
        baseline = self.far_total / self.far_count if self.far_count else float(np.nanmin(scores))
        offsets = np.arange(-self.reach, self.reach + 1) / rate
        return MeanResponse(
            offsets, np.where(np.isnan(scores), baseline, scores), baseline, self.actions
        )


def to_toml(estimates: Sequence[ClassEstimate]) -> str:
    """The block of a training configuration with the estimates, and their data as comments."""
    width = max(len(estimate.label) for estimate in estimates) + 2
    lines = ["[slicing.bounds_s]"]
    for estimate in estimates:
        bounds = ", ".join(f"{value:.1f}" for value in estimate.bounds_s)
        comment = f"{estimate.gaps.actions} actions, {estimate.method}" + (
            f": {estimate.note}" if estimate.note else ""
        )
        name = '"' + estimate.label.replace("\\", "\\\\").replace('"', '\\"') + '"'
        lines.append(f"{name:<{width}} = [{bounds}]  # {comment}")
    return "\n".join(lines) + "\n"


def estimate_table(estimates: Sequence[ClassEstimate], published: Mapping[str, Bounds]) -> str:
    """Estimates beside other values, as fixed-width text."""
    lines = [f"{'class':<20} {'actions':>7}  {'estimated K1..K4 (s)':<28} {'other K1..K4 (s)':<28}"]
    for estimate in estimates:
        other = published.get(estimate.label)
        shown = "-" if other is None else " ".join(f"{value:6.1f}" for value in other)
        own = " ".join(f"{value:6.1f}" for value in estimate.bounds_s)
        lines.append(f"{estimate.label:<20} {estimate.gaps.actions:>7}  {own:<28} {shown:<28}")
    return "\n".join(lines)
