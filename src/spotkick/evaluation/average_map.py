"""Average-mAP of action spotting, equal to the official SoccerNet evaluator to the last digit.

Three steps: put labels and predictions on the evaluator's frames (`frames`), match them at every
tolerance (`matching`), turn the matches into average precision (`average_precision`).
`assign_predictions` does the first two and is the base of every further analysis.
"""

import itertools
import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from spotkick.actions import SOCCERNET_V2, ActionClasses, MatchActions
from spotkick.errors import ConfigError, InputError, SpotkickWarning
from spotkick.evaluation.assignment import UNASSIGNED, assign_to_labels, closest_labels
from spotkick.evaluation.average_precision import (
    NUM_BINS,
    bin_histogram,
    eleven_point_average_precision,
    precision_recall,
    reaching,
    threshold_bins,
)
from spotkick.evaluation.frames import (
    OFFICIAL_PERIODS,
    FramedActions,
    FrameGrid,
    frame_labels,
    frame_predictions,
)
from spotkick.timeline import FEATURE_RATE

LOOSE_TOLERANCES_S: Final = tuple(float(5 * step) for step in range(1, 13))
"""Tolerances of the ``loose`` metric: 5 to 60 s. A tolerance is the full width of the window."""

TIGHT_TOLERANCES_S: Final = (1.0, 2.0, 3.0, 4.0, 5.0)
"""Tolerances of the ``tight`` metric."""

UNSHOWN_FACTOR: Final = Fraction(17, 13)
"""The official evaluator multiplies the unshown Average-mAP by this, because 4 of the 17 classes
are always shown."""


@dataclass(frozen=True, slots=True)
class AssignmentResult:
    """Labels and predictions on the frame grid, and which found which. P predictions, T tolerances.

    Attributes:
        labels: framed labels.
        predictions: framed predictions.
        tolerances_s: (T,) total window widths in seconds.
        assigned: (T, P) index of the label that a prediction found, -1 for a false positive.
        closest: (P,) index of the nearest label of the prediction's series, -1 where there is none.
        has_visibility: whether any label states its visibility.
        messages: everything that was dropped, moved or overwritten on the way.
    """

    labels: FramedActions
    predictions: FramedActions
    tolerances_s: tuple[float, ...]
    assigned: npt.NDArray[np.int64]
    closest: npt.NDArray[np.int64]
    has_visibility: bool
    messages: tuple[str, ...]

    @property
    def classes(self) -> ActionClasses:
        """The class list."""
        return self.labels.grid.classes

    def closest_is_visible(self) -> npt.NDArray[np.bool_]:
        """(P,) whether the nearest label of the class is visible; without one the prediction counts as unshown."""
        sign = np.append(self.labels.value, -1.0)  # the last entry answers for UNASSIGNED
        return np.asarray(sign[self.closest] > 0)


@dataclass(frozen=True, slots=True)
class Score:
    """Average-mAP over one selection of the labels; all values lie between 0 and 1.

    Attributes:
        average_map: the headline number.
        per_class: the same for each class.
        map_at: mean average precision at each tolerance in seconds.
    """

    average_map: float
    per_class: Mapping[str, float]
    map_at: Mapping[float, float]

    def to_json(self) -> dict[str, Any]:
        """Plain values for a JSON file."""
        return {
            "average_map": self.average_map,
            "per_class": dict(self.per_class),
            "map_at": {f"{tolerance:g}": value for tolerance, value in self.map_at.items()},
        }


@dataclass(frozen=True, slots=True)
class SpottingScore:
    """What `evaluate` finds.

    Attributes:
        metric: name of the metric, or the tolerances it was computed at.
        overall: over all labels.
        visible: over labels that the broadcast shows, None when no label says so.
        unshown: over labels that it does not show (see `UNSHOWN_FACTOR`), None when no label says
            so.
        num_matches: matches scored.
        num_labels: labels counted, by class.
        num_predictions: predictions counted, by class.
        warnings: what was dropped, moved or overwritten, one line each.
    """

    metric: str
    overall: Score
    visible: Score | None
    unshown: Score | None
    num_matches: int
    num_labels: Mapping[str, int]
    num_predictions: Mapping[str, int]
    warnings: tuple[str, ...]

    @property
    def average_map(self) -> float:
        """The headline number."""
        return self.overall.average_map

    def to_json(self) -> dict[str, Any]:
        """The document that ``spotkick evaluate --json`` writes."""
        return {
            **self.overall.to_json(),
            "metric": self.metric,
            "visible": None if self.visible is None else self.visible.to_json(),
            "unshown": None if self.unshown is None else self.unshown.to_json(),
            "n_videos": self.num_matches,
            "n_labels": dict(self.num_labels),
            "n_predictions": dict(self.num_predictions),
            "warnings": list(self.warnings),
        }


def evaluate(
    predictions: Iterable[MatchActions],
    labels: Iterable[MatchActions],
    classes: ActionClasses = SOCCERNET_V2,
    *,
    metric: str | Sequence[float] = "loose",
    frame_rate: Fraction = FEATURE_RATE,
    periods: Sequence[int] = OFFICIAL_PERIODS,
) -> SpottingScore:
    """Score predictions with the official Average-mAP.

    Args:
        predictions: one entry per match, at least for every match of the labels, in any order.
        labels: one entry per match.
        classes: classes that are scored; the mean is over all of them, also over those that have no
            label.
        metric: ``loose``, ``tight``, ``at1`` ... ``at5``, or tolerances in seconds (full window
            widths).
        frame_rate: frames per second of the evaluator's grid: 2 for SoccerNet, 25 for SoccerNet
            ball.
        periods: periods that count.

    Raises:
        InputError: if a match has labels but no predictions, comes twice, or a prediction has no
            confidence.
        ConfigError: if the metric is not known.

    Warns:
        SpotkickWarning: once for each kind of entry that the official evaluator drops, moves or
            overwrites in silence.

    Source: ``SoccerNet.Evaluation.ActionSpotting`` 0.2.0.
    """
    assignment = assign_predictions(
        predictions,
        labels,
        classes,
        tolerances_s=tolerances_of(metric),
        frame_rate=frame_rate,
        periods=periods,
    )
    score = score_assignment(
        assignment, metric=metric if isinstance(metric, str) else _name(metric)
    )
    for message in score.warnings:
        warnings.warn(message, SpotkickWarning, stacklevel=2)
    return score


def tolerances_of(metric: str | Sequence[float]) -> tuple[float, ...]:
    """Tolerances in seconds of a metric's name; tolerances are given back.

    Raises:
        ConfigError: if the name is not known or a tolerance is not positive.
    """
    if isinstance(metric, str):
        named = {"loose": LOOSE_TOLERANCES_S, "tight": TIGHT_TOLERANCES_S}.get(metric)
        if named is None and re.fullmatch(r"at[1-5]", metric) is None:
            raise ConfigError(f"metric must be loose, tight, or at1 to at5, got {metric!r}")
        return named or (float(metric[2:]),)
    tolerances = tuple(float(value) for value in metric)
    if not tolerances or not all(0 < value < float("inf") for value in tolerances):
        raise ConfigError(f"tolerances must be positive numbers of seconds, got {tolerances}")
    return tolerances


def assign_predictions(
    predictions: Iterable[MatchActions],
    labels: Iterable[MatchActions],
    classes: ActionClasses,
    *,
    tolerances_s: Sequence[float] = LOOSE_TOLERANCES_S,
    frame_rate: Fraction = FEATURE_RATE,
    periods: Sequence[int] = OFFICIAL_PERIODS,
) -> AssignmentResult:
    """Put labels and predictions on the official frame grid and match them; arguments as in `evaluate`.

    Raises:
        InputError: if a match has labels but no predictions, comes twice, or a prediction has no
            confidence.
    """
    truth: dict[str, MatchActions] = {}
    for match in labels:
        if match.match in truth:
            raise InputError(f"labels for match {match.match!r} come twice")
        truth[match.match] = match
    if not truth:
        raise InputError("there are no labels to score against")
    grid = FrameGrid(tuple(truth), classes, frame_rate, tuple(periods))
    framed_labels, messages = frame_labels(truth.values(), grid)
    framed_predictions, further = frame_predictions(predictions, grid)
    return AssignmentResult(
        labels=framed_labels,
        predictions=framed_predictions,
        tolerances_s=tuple(tolerances_s),
        assigned=assign_to_labels(
            framed_labels, framed_predictions, [tolerance * grid.rate for tolerance in tolerances_s]
        ),
        closest=closest_labels(framed_labels, framed_predictions),
        has_visibility=any(
            action.visibility is not None for match in truth.values() for action in match.actions
        ),
        messages=(*messages, *further),
    )


@dataclass(frozen=True, slots=True)
class GroupCounts:
    """What average precision is computed from, for G groups of labels and predictions (visibility, matches, time bins).

    Attributes:
        labels: (G, C) number of labels.
        predictions: (G, C, 201) histogram of predictions over confidence bins.
        hits: (T, G, C, 201) histogram of true positives at each tolerance.
    """

    labels: npt.NDArray[np.int64]
    predictions: npt.NDArray[np.int64]
    hits: npt.NDArray[np.int64]

    def total(self) -> "GroupCounts":
        """All groups as one."""
        return GroupCounts(
            self.labels.sum(axis=0, keepdims=True),
            self.predictions.sum(axis=0, keepdims=True),
            self.hits.sum(axis=1, keepdims=True),
        )

    def average_precision(self) -> npt.NDArray[np.float64]:
        """(T, G, C) 11-point average precision at the official thresholds."""
        precision, recall = precision_recall(
            reaching(self.hits), reaching(self.predictions), self.labels
        )
        return eleven_point_average_precision(precision, recall)


def count_groups(
    assignment: AssignmentResult,
    label_group: npt.NDArray[np.int64],
    prediction_group: npt.NDArray[np.int64],
    num_groups: int,
) -> GroupCounts:
    """Count labels, predictions and hits by group and class.

    Args:
        assignment: of `assign_predictions`.
        label_group: (labels,) group of each label; negative ones are left out.
        prediction_group: (predictions,) group of each prediction; negative ones are left out.
        num_groups: number of groups G.
    """
    num_classes = len(assignment.classes)
    num_series = num_groups * num_classes
    label_series = label_group * num_classes + assignment.labels.class_index
    series = prediction_group * num_classes + assignment.predictions.class_index
    bins = threshold_bins(assignment.predictions.value)
    counted = prediction_group >= 0
    hits = np.empty((len(assignment.tolerances_s), num_series, NUM_BINS), dtype=np.int64)
    for row, found in zip(hits, assignment.assigned, strict=True):
        hit = np.flatnonzero((found != UNASSIGNED) & counted)
        row[:] = bin_histogram(series[hit], bins[hit], num_series)
    return GroupCounts(
        np.bincount(label_series[label_group >= 0], minlength=num_series).reshape(
            num_groups, num_classes
        ),
        bin_histogram(series[counted], bins[counted], num_series).reshape(
            num_groups, num_classes, NUM_BINS
        ),
        hits.reshape(len(hits), num_groups, num_classes, NUM_BINS),
    )


def score_assignment(assignment: AssignmentResult, *, metric: str = "") -> SpottingScore:
    """Average-mAP of an assignment, overall and by visibility."""
    names = assignment.classes.names
    counts = count_groups(
        assignment,
        (assignment.labels.value < 0).astype(np.int64),
        (~assignment.closest_is_visible()).astype(np.int64),
        num_groups=2,
    )
    num_labels = counts.labels.sum(axis=0)
    num_predictions = counts.predictions.sum(axis=(0, 2))
    empty = [name for name, number in zip(names, num_labels, strict=True) if number == 0]
    messages = list(assignment.messages)
    if empty:
        messages.append(
            f"{len(empty)} of {len(names)} classes have no label here and count as 0 in every mean: {', '.join(empty)}"
        )
    visible = unshown = None
    if assignment.has_visibility:
        by_visibility = counts.average_precision()
        visible = _score(by_visibility[:, 0], assignment)
        unshown = _score(by_visibility[:, 1], assignment, factor=UNSHOWN_FACTOR)
        if len(names) != len(SOCCERNET_V2) and len(assignment.tolerances_s) > 1:
            messages.append(
                "the unshown Average-mAP is multiplied by 17/13 as the official code does, which is meant for 17 classes only"
            )
    return SpottingScore(
        metric=metric or _name(assignment.tolerances_s),
        overall=_score(counts.total().average_precision()[:, 0], assignment),
        visible=visible,
        unshown=unshown,
        num_matches=len(assignment.labels.grid.matches),
        num_labels=MappingProxyType(dict(zip(names, num_labels.tolist(), strict=True))),
        num_predictions=MappingProxyType(dict(zip(names, num_predictions.tolist(), strict=True))),
        warnings=tuple(messages),
    )


def average_over_tolerances(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Area under the curve of values at equally spaced tolerances, divided by its width; a single tolerance stands for itself.

    Args:
        values: (tolerances, ...).

    Returns:
        (...) averages.
    """
    if len(values) == 1:
        return np.array(values[0])
    total = np.zeros(values.shape[1:])
    for lower, upper in itertools.pairwise(values):
        total += (lower + upper) / 2
    return total / (len(values) - 1)


def _score(
    table: npt.NDArray[np.float64], assignment: AssignmentResult, *, factor: Fraction = Fraction(1)
) -> Score:
    """A (tolerances, classes) table of average precision, averaged."""
    means = np.array([np.mean(row) for row in table])
    average = float(average_over_tolerances(means))
    if len(table) > 1:
        average = average * factor.numerator / factor.denominator
    return Score(
        average_map=average,
        per_class=MappingProxyType(
            dict(
                zip(assignment.classes.names, average_over_tolerances(table).tolist(), strict=True)
            )
        ),
        map_at=MappingProxyType(dict(zip(assignment.tolerances_s, means.tolist(), strict=True))),
    )


def _name(tolerances_s: Sequence[float]) -> str:
    return "tolerances " + ", ".join(f"{value:g}" for value in tolerances_s) + " s"
