"""The section on operating points: hits and errors at thresholds, against the tolerance (figure 6 of the paper) and by class."""

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from spotkick.actions import ActionClasses, MatchActions
from spotkick.evaluation.average_map import LOOSE_TOLERANCES_S, AssignmentResult, assign_predictions
from spotkick.evaluation.operating_points import (
    SpotCounts,
    count_curve,
    count_spots,
    legacy_tolerances_s,
    tune_class_thresholds,
)
from spotkick.evaluation.tables import TableStyle, make_table
from spotkick.report.charts import Axis, Series, line_chart, percent_axis
from spotkick.report.markup import Html, join, tag
from spotkick.report.page import Section, figure, paragraph, table
from spotkick.report.scores import CHOSEN_TOLERANCE_S, NONE, ScoredSystem, TuningSet, percent

_COUNT_HEADER = ("Threshold", "TP", "FP", "FN", "Precision", "Recall", "F1")


def legacy_system(
    system: ScoredSystem, predictions: Sequence[MatchActions], labels: Sequence[MatchActions]
) -> AssignmentResult:
    """The reported set assigned at the tolerances that the paper's figure really has: its seconds are frames."""
    grid = system.loose.labels.grid
    tolerances = legacy_tolerances_s(LOOSE_TOLERANCES_S, grid.rate)
    return assign_predictions(
        predictions,
        labels,
        system.loose.classes,
        tolerances_s=tolerances,
        frame_rate=grid.frame_rate,
    )


def operating_section(system: ScoredSystem, *, legacy: AssignmentResult | None = None) -> Section:
    """Precision, recall and F1 against tolerance (figure 6 of the paper), and the best threshold of each class.

    Args:
        system: thresholds are chosen on its ``tuned`` set, or on itself without.
        legacy: of `legacy_system`: the axis is in frames, as that of the paper's figure is,
            although it says seconds.
    """
    assignment = system.loose if legacy is None else legacy
    rate = assignment.labels.grid.rate
    tuned = system.tuned
    curve = count_curve(
        assignment,
        None
        if tuned is None
        else tuned.assign(
            assignment.classes, assignment.tolerances_s, assignment.labels.grid.frame_rate
        ),
    )
    unit = "s" if legacy is None else "frames"
    places = {at: at if legacy is None else at * rate for at in curve}
    means = {at: _means(counts) for at, counts in curve.items()}
    series = [
        Series(name, list(places.values()), [100 * means[at][row] for at in curve])
        for row, name in enumerate(("Precision", "Recall", "F1"))
    ]
    axis = f"Tolerance ({unit})"
    x = Axis(axis, 0, 61, tuple((place, f"{place:g}") for place in places.values()))
    rows = []
    for at, counts in curve.items():
        values = list(counts.values())
        sums = (sum(part) for part in zip(*map(_counts, values), strict=True))
        rows.append(
            (
                f"{places[at]:g}",
                _threshold(values[0]),
                *(f"{value:,}" for value in sums),
                *map(percent, means[at]),
            )
        )
    drawing = line_chart(
        series, x, percent_axis("Percent", [value for item in series for value in item.y])
    )
    caption = (
        "Precision, recall and F1 against the tolerance: means over the classes that have labels, at the common threshold with "
        f"the best mean F1 for each tolerance. {_chosen_on(system)}"
    )
    if legacy is not None:
        caption += f" Tolerances are in frames ({rate:g} per second), as in the figure of the paper, whose axis says seconds."
    data = table((axis, *_COUNT_HEADER), rows, text_columns=0)
    each = [
        (name, f"{places[at]:g}", *_cells(counts[name]))
        for name in assignment.classes.names
        for at, counts in curve.items()
        if counts[name].true_positives + counts[name].false_negatives
    ]
    by_class = tag(
        "details",
        tag("summary", "The same for each class"),
        table(("Class", axis, *_COUNT_HEADER), each),
    )
    return Section(
        "operating",
        "Operating points",
        join([figure(drawing, caption, data), by_class, *_class_points(system)]),
    )


def _chosen_on(system: ScoredSystem) -> str:
    if system.tuned is None:
        return "The threshold is chosen on this very set, as the paper's authors did, so these are upper bounds."
    labels = sum(len(match.actions) for match in system.tuned.labels)
    count = len(system.tuned.labels)
    return f"The threshold is chosen on {system.tuned.name} ({count:,} matches, {labels:,} labels) and applied to this set."


def _counts(one: SpotCounts) -> tuple[int, int, int]:
    return one.true_positives, one.false_positives, one.false_negatives


def _threshold(one: SpotCounts) -> str:
    return NONE if math.isinf(one.threshold) else f"{one.threshold:.3f}"


def _cells(one: SpotCounts) -> list[str]:
    shares = map(percent, (one.precision, one.recall, one.f1))
    return [_threshold(one), *(f"{value:,}" for value in _counts(one)), *shares]


def _means(counts: Mapping[str, SpotCounts]) -> tuple[float, float, float]:
    known = [one for one in counts.values() if one.true_positives + one.false_negatives]
    if not known:
        return (math.nan,) * 3
    return (
        float(np.mean([one.precision for one in known])),
        float(np.mean([one.recall for one in known])),
        float(np.mean([one.f1 for one in known])),
    )


def _class_points(system: ScoredSystem) -> list[Html]:
    points = count_spots(system.loose, system.thresholds, CHOSEN_TOLERANCE_S)
    rows = [(name, *_cells(one)) for name, one in points.items()]
    where = "this set" if system.tuned is None else system.tuned.name
    text = f"The threshold of each class with the best F1 at a tolerance of {CHOSEN_TOLERANCE_S:g} s, chosen on {where}."
    return [paragraph(text), table(("Class", *_COUNT_HEADER), rows)]


def operating_points(
    predictions: Sequence[MatchActions],
    labels: Sequence[MatchActions],
    classes: ActionClasses,
    tuned: TuningSet,
    *,
    frame_rate: Fraction,
) -> dict[str, Any]:
    """Hits and errors of each class at thresholds that were chosen on another set, as plain values for a JSON file."""
    thresholds = tune_class_thresholds(
        tuned.assign(classes, (CHOSEN_TOLERANCE_S,), frame_rate), CHOSEN_TOLERANCE_S
    )
    assignment = assign_predictions(
        predictions, labels, classes, tolerances_s=(CHOSEN_TOLERANCE_S,), frame_rate=frame_rate
    )
    points = {
        name: one.to_json()
        for name, one in count_spots(assignment, thresholds, CHOSEN_TOLERANCE_S).items()
    }
    for one in points.values():
        if math.isinf(one["threshold"]):
            one["threshold"] = None
    return {
        "operating_points": {
            "tuned_on": tuned.name,
            "tolerance_s": CHOSEN_TOLERANCE_S,
            "per_class": points,
        }
    }


def points_table(points: Mapping[str, Any], *, style: TableStyle = "text") -> str:
    """What `operating_points` returns as a table."""
    found = points["operating_points"]
    rows = []
    for name, one in found["per_class"].items():
        threshold = NONE if one["threshold"] is None else f"{one['threshold']:.3f}"
        counts = (f"{one[key]}" for key in ("tp", "fp", "fn"))
        rows.append(
            (
                name,
                threshold,
                *counts,
                *(f"{100 * one[key]:.2f}" for key in ("precision", "recall", "f1")),
            )
        )
    header = ("class", *(name if len(name) == 2 else name.lower() for name in _COUNT_HEADER))
    comment = (
        f"thresholds: best F1 at a tolerance of {found['tolerance_s']:g} s on {found['tuned_on']}"
    )
    return "\n" + make_table(header, rows, style, comment=comment)
