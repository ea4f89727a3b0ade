"""The section on errors: how many of each kind, what they cost, and the worst ones with the times to look at."""

from spotkick.evaluation.error_analysis import (
    KINDS,
    NEAR_S,
    ErrorCase,
    ErrorKind,
    error_costs,
    find_errors,
)
from spotkick.report.charts import percent_axis
from spotkick.report.intervals import Estimate, interval_chart
from spotkick.report.markup import Html, join, tag
from spotkick.report.page import Section, figure, paragraph, table
from spotkick.report.scores import CHOSEN_TOLERANCE_S, NONE, ScoredSystem
from spotkick.timeline import format_clock

WORST = 15
"""Errors that are listed of each kind."""

_MEANINGS = {
    ErrorKind.EARLY: "of the right class, before a label that nobody found",
    ErrorKind.LATE: "of the right class, after a label that nobody found",
    ErrorKind.WRONG_CLASS: "a label of another class is in the window",
    ErrorKind.DUPLICATE: "the label is taken by a more confident prediction",
    ErrorKind.BACKGROUND: "nothing is near",
    ErrorKind.MISSED: "labels that no prediction points to",
}


def error_section(system: ScoredSystem) -> Section:
    """Kinds, costs, classes and the worst cases."""
    assignment, at = system.loose, CHOSEN_TOLERANCE_S
    costs = error_costs(assignment, at)
    every = find_errors(assignment, at)
    used = find_errors(assignment, at, thresholds=system.thresholds)
    totals = [
        {kind: sum(row[kind] for row in table_.values()) for kind in KINDS}
        for table_ in (every.counts(), used.counts())
    ]
    rows = [
        (
            str(kind).capitalize(),
            _MEANINGS[kind],
            f"{totals[0][kind]:,}",
            f"{totals[1][kind]:,}",
            _points(costs[kind]),
        )
        for kind in KINDS
    ]
    kinds = table(
        ("Error", "Meaning", "All predictions", "Above threshold", "Cost (points)"),
        rows,
        text_columns=2,
    )
    chart = interval_chart(
        [(str(kind).capitalize(), (Estimate(100 * costs[kind]),)) for kind in KINDS],
        ("Cost",),
        percent_axis("Gain if mended (points)", [100 * cost for cost in costs.values()]),
    )
    where = "this set" if system.tuned is None else system.tuned.name
    text = paragraph(
        f"Errors at a tolerance of {at:g} s; early and late spots lie within {NEAR_S / 2:g} s of their label. The cost of a kind "
        "is what the loose Average-mAP would gain if only errors of that kind were mended; gains do not add up. The threshold of "
        f"each class is the one with the best F1 on {where}."
    )
    caption = "What each kind of error costs: the gain in loose Average-mAP if all errors of the kind were mended."
    cost_data = table(("Error", "Cost (points)"), [(row[0], row[4]) for row in rows])
    classes = [(name, *(f"{row[kind]:,}" for kind in KINDS)) for name, row in used.counts().items()]
    by_class = table(("Class", *(str(kind).capitalize() for kind in KINDS)), classes)
    parts = [
        text,
        kinds,
        figure(chart, caption, cost_data),
        tag("h3", "By class, above threshold"),
        by_class,
    ]
    parts += [
        tag("h3", "The worst errors"),
        paragraph("The most confident errors of each kind, and the first missed labels."),
    ]
    parts += [
        _cases(str(kind), used.cases(kind, WORST), totals[1][kind])
        for kind in KINDS
        if totals[1][kind]
    ]
    return Section("errors", "Errors", join(parts))


def _cases(kind: str, cases: tuple[ErrorCase, ...], total: int) -> Html:
    rows = []
    for case in cases:
        other = NONE
        if case.other_label is not None and case.other_position_s is not None:
            other = f"{case.other_label} at {format_clock(case.other_position_s)}"
        confidence = NONE if case.confidence is None else f"{case.confidence:.2f}"
        rows.append(
            (
                case.match,
                tag("span.time", f"{case.period} - {format_clock(case.position_s)}"),
                case.label,
                other,
                confidence,
            )
        )
    data = table(("Match", "Clock", "Class", "Label meant", "Confidence"), rows, text_columns=4)
    shown = "" if total <= len(cases) else f", {len(cases)} of {total:,}"
    opened = "open" if kind == ErrorKind.BACKGROUND else None
    return tag("details", tag("summary", f"{kind.capitalize()}{shown}"), data, open_=opened)


def _points(share: float) -> str:
    return f"{100 * share:+.1f}"
