"""The section on operating points: hits and errors at thresholds.

Against the tolerance they are figure 6 of the paper; a table has them by class.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from spotkick.actions import MatchActions
from spotkick.evaluation.assignment import (
    LOOSE_TOLERANCES_S,
    AssignmentResult,
    assign_predictions,
)
from spotkick.evaluation.operating_points import (
    SpotCounts,
    count_curve,
    count_spots,
    legacy_tolerances_s,
    tune_class_thresholds,
)
from spotkick.evaluation.tables import TableStyle, make_table
from spotkick.report.charts import Axis, Series, line_chart, percent_axis
from spotkick.report.formatting import NONE, percent
from spotkick.report.markup import Html, join, tag
from spotkick.report.page import Section, figure, paragraph, table
from spotkick.report.system import CHOSEN_TOLERANCE_S, ScoredSystem, TuningSet
from spotkick.tasks import Task

_COUNT_HEADER = ("Threshold", "TP", "FP", "FN", "Precision", "Recall", "F1")


def assign_at_legacy_tolerances(
    system: ScoredSystem, predictions: Sequence[MatchActions], labels: Sequence[MatchActions]
) -> AssignmentResult:
    """The reported set at the tolerances that the paper's figure really has.

    Its axis says seconds, and counts frames.
    """
    grid = system.loose.labels.grid
    return assign_predictions(
        predictions,
        labels,
        system.classes,
        tolerances_s=legacy_tolerances_s(LOOSE_TOLERANCES_S, grid.rate),
        frame_rate=grid.frame_rate,
        periods=grid.periods,
    )


def operating_section(system: ScoredSystem, *, legacy: AssignmentResult | None = None) -> Section:
    """Precision, recall and F1 against tolerance, and the best threshold of each class.

    Args:
        system: thresholds are chosen on its ``tuned`` set, or on itself without.
        legacy: of `assign_at_legacy_tolerances`: the axis is in frames, as that of the paper's
            figure is, although it says seconds.
    """
    assignment = system.loose if legacy is None else legacy
    grid, tuned = assignment.labels.grid, system.tuned
    tuned_on = None if tuned is None else tuned.assign(grid, assignment.tolerances_s)
    curve = count_curve(assignment, tuned_on)
    means = {at: _mean_shares(counts) for at, counts in curve.items()}

    # Where the tolerances lie on the axis.
    unit = "s" if legacy is None else "frames"
    places = {at: at if legacy is None else at * grid.rate for at in curve}
    axis = f"Tolerance ({unit})"
    series = [
        Series(name, list(places.values()), [100 * means[at][row] for at in curve])
        for row, name in enumerate(("Precision", "Recall", "F1"))
    ]
    ticks = tuple((place, f"{place:g}") for place in places.values())
    x = Axis(axis, low=0, high=61, ticks=ticks)
    y = percent_axis("Percent", [value for item in series for value in item.y])

    # Say where the thresholds come from: on the set itself they are upper bounds.
    caption = (
        "Precision, recall and F1 against the tolerance: means over the classes that have labels, "
        "at the common threshold with the best mean F1 for each tolerance. "
        f"{_describe_tuning(system)}"
    )
    if legacy is not None:
        caption += (
            f" Tolerances are in frames ({grid.rate:g} per second), as in the figure of the paper, "
            "whose axis says seconds."
        )
    names = {at: f"{place:g}" for at, place in places.items()}
    data = table((axis, *_COUNT_HEADER), _summed_rows(curve, means, names), text_columns=0)
    by_class = tag(
        "details",
        tag("summary", "The same for each class"),
        table(("Class", axis, *_COUNT_HEADER), _class_rows(curve, names)),
    )
    parts = [figure(line_chart(series, x, y), caption, data), by_class, *_class_points(system)]
    return Section("operating", "Operating points", join(parts))


def _describe_tuning(system: ScoredSystem) -> str:
    if system.tuned is None:
        return (
            "The threshold is chosen on this very set, as the paper's authors did, so these are "
            "upper bounds."
        )
    labels = sum(len(match.actions) for match in system.tuned.labels)
    count = len(system.tuned.labels)
    return (
        f"The threshold is chosen on {system.tuned.name} ({count:,} matches, {labels:,} labels) "
        "and applied to this set."
    )


def _summed_rows(
    curve: Mapping[float, Mapping[str, SpotCounts]],
    means: Mapping[float, tuple[float, float, float]],
    names: Mapping[float, str],
) -> list[tuple[str, ...]]:
    """A row for each tolerance: counts of all classes together, means of their shares."""
    rows = []
    for at, counts in curve.items():
        values = list(counts.values())
        sums = (f"{sum(part):,}" for part in zip(*map(_three_counts, values), strict=True))
        shares = map(percent, means[at])
        rows.append((names[at], _threshold_text(values[0]), *sums, *shares))
    return rows


def _class_rows(
    curve: Mapping[float, Mapping[str, SpotCounts]], names: Mapping[float, str]
) -> list[tuple[str, ...]]:
    """A row for each class with labels and tolerance."""
    classes = next(iter(curve.values()))
    return [
        (label, names[at], *_count_cells(counts[label]))
        for label in classes
        for at, counts in curve.items()
        if counts[label].true_positives + counts[label].false_negatives
    ]


def _three_counts(one: SpotCounts) -> tuple[int, int, int]:
    return one.true_positives, one.false_positives, one.false_negatives


def _threshold_text(one: SpotCounts) -> str:
    return NONE if math.isinf(one.threshold) else f"{one.threshold:.3f}"


def _count_cells(one: SpotCounts) -> list[str]:
    shares = map(percent, (one.precision, one.recall, one.f1))
    return [_threshold_text(one), *(f"{value:,}" for value in _three_counts(one)), *shares]


def _mean_shares(counts: Mapping[str, SpotCounts]) -> tuple[float, float, float]:
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
    rows = [(name, *_count_cells(one)) for name, one in points.items()]
    where = "this set" if system.tuned is None else system.tuned.name
    text = (
        "The threshold of each class with the best F1 at a tolerance of "
        f"{CHOSEN_TOLERANCE_S:g} s, chosen on {where}."
    )
    return [paragraph(text), table(("Class", *_COUNT_HEADER), rows)]


def operating_points(
    predictions: Sequence[MatchActions],
    labels: Sequence[MatchActions],
    task: Task,
    tuned: TuningSet,
) -> dict[str, Any]:
    """Hits and errors of each class at thresholds chosen on another set, for a JSON file."""
    assignment = assign_predictions(predictions, labels, task, tolerances_s=(CHOSEN_TOLERANCE_S,))
    tuned_on = tuned.assign(assignment.labels.grid, (CHOSEN_TOLERANCE_S,))
    thresholds = tune_class_thresholds(tuned_on, CHOSEN_TOLERANCE_S)
    counts = count_spots(assignment, thresholds, CHOSEN_TOLERANCE_S)

    # JSON has no infinity, the threshold of a class without any hit.
    points = {name: one.to_json() for name, one in counts.items()}
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
