"""The section on errors: how many of each kind, what they cost, and the worst ones."""

from collections.abc import Mapping

from spotkick.evaluation.error_analysis import (
    KINDS,
    NEAR_S,
    ErrorCase,
    ErrorKind,
    SpotErrors,
    find_errors,
)
from spotkick.evaluation.error_costs import error_costs
from spotkick.report.charts import percent_axis
from spotkick.report.formatting import NONE
from spotkick.report.intervals import Estimate, interval_chart
from spotkick.report.markup import Html, join, tag
from spotkick.report.page import Section, figure, paragraph, table
from spotkick.report.system import CHOSEN_TOLERANCE_S, ScoredSystem
from spotkick.report.viewer_links import viewer_link
from spotkick.timeline import format_clock

WORST = 15
"""Errors that are listed of each kind."""

_MOST_DIGITS = 15

_MEANINGS = {
    ErrorKind.EARLY: "of the right class, before a label that was not found",
    ErrorKind.LATE: "of the right class, after a label that was not found",
    ErrorKind.WRONG_CLASS: "a label of another class is in the window",
    ErrorKind.DUPLICATE: "the label is taken by a more confident prediction",
    ErrorKind.BACKGROUND: "nothing is near",
    ErrorKind.MISSED: "labels that no prediction points to",
}


def error_section(system: ScoredSystem, viewer: str = "") -> Section:
    """Kinds, costs, classes and the worst cases, with links where a viewer is given."""
    at = CHOSEN_TOLERANCE_S
    costs = error_costs(system.loose, at)
    every = find_errors(system.loose, at)
    used = find_errors(system.loose, at, thresholds=system.thresholds)

    # Thresholds decide which predictions count as errors in the second column.
    where = "this set" if system.tuned is None else system.tuned.name
    text = (
        f"Errors at a tolerance of {at:g} s; early and late spots lie within {NEAR_S / 2:g} s of "
        "their label. The cost of a kind is what the loose Average-mAP would gain if only errors "
        "of that kind were fixed; gains do not add up. The threshold of each class is the one with "
        f"the best F1 on {where}."
    )
    rows = [(name, *(f"{row[kind]:,}" for kind in KINDS)) for name, row in used.counts().items()]
    by_class = table(("Class", *(str(kind).capitalize() for kind in KINDS)), rows)
    parts = [
        paragraph(text),
        _kind_table(every, used, costs),
        _cost_figure(costs),
        tag("h3", "By class, above threshold"),
        by_class,
        tag("h3", "The worst errors"),
        paragraph("The most confident errors of each kind, and the first missed labels."),
    ]

    totals = _total_by_kind(used)
    parts += [
        _case_list(str(kind), used.cases(kind, WORST), totals[kind], viewer)
        for kind in KINDS
        if totals[kind]
    ]
    return Section("errors", "Errors", join(parts))


def _total_by_kind(errors: SpotErrors) -> dict[ErrorKind, int]:
    counts = errors.counts().values()
    return {kind: sum(row[kind] for row in counts) for kind in KINDS}


def _kind_table(every: SpotErrors, used: SpotErrors, costs: Mapping[ErrorKind, float]) -> Html:
    """Each kind with its meaning, its numbers with and without thresholds, and its cost."""
    all_of, used_of = _total_by_kind(every), _total_by_kind(used)
    rows = [
        (
            str(kind).capitalize(),
            _MEANINGS[kind],
            f"{all_of[kind]:,}",
            f"{used_of[kind]:,}",
            _signed_points(costs[kind]),
        )
        for kind in KINDS
    ]
    header = ("Error", "Meaning", "All predictions", "Above threshold", "Cost (points)")
    return table(header, rows, text_columns=2)


def _cost_figure(costs: Mapping[ErrorKind, float]) -> Html:
    chart = interval_chart(
        [(str(kind).capitalize(), (Estimate(100 * costs[kind]),)) for kind in KINDS],
        ("Cost",),
        percent_axis("Gain if fixed (points)", [100 * cost for cost in costs.values()]),
    )
    caption = (
        "What each kind of error costs: the gain in loose Average-mAP if all errors of the kind "
        "were fixed."
    )
    rows = [(str(kind).capitalize(), _signed_points(costs[kind])) for kind in KINDS]
    return figure(chart, caption, table(("Error", "Cost (points)"), rows))


def _case_list(kind: str, cases: tuple[ErrorCase, ...], total: int, viewer: str) -> Html:
    """The cases of a kind as a table that opens on demand."""
    rows = []
    for case in cases:
        other = NONE
        if case.other_label is not None and case.other_position_s is not None:
            other = f"{case.other_label} at {format_clock(case.other_position_s)}"
        clock = _clock_cell(case, viewer)
        rows.append((case.match, clock, case.label, other, _confidence_text(case.confidence)))

    data = table(("Match", "Clock", "Class", "Label meant", "Confidence"), rows, text_columns=4)
    shown = "" if total <= len(cases) else f", {len(cases)} of {total:,}"
    opened = "open" if kind == ErrorKind.BACKGROUND else None
    return tag("details", tag("summary", f"{kind.capitalize()}{shown}"), data, open_=opened)


def _clock_cell(case: ErrorCase, viewer: str) -> Html:
    """Period and clock of a case, as a link to it where there is a viewer."""
    clock = tag("span.time", f"{case.period} - {format_clock(case.position_s)}")
    if not viewer:
        return clock
    address = viewer_link(viewer, case.match, case.period, case.position_s)
    return tag("a", clock, href=address, target="_blank", rel="noopener")


def _confidence_text(confidence: float | None) -> str:
    """A confidence with as many digits as it takes not to read 1 unless it is.

    Example:
        >>> [_confidence_text(value) for value in (0.5, 0.99981, 0.9999996, 1.0)]
        ['0.500', '0.9998', '0.9999996', '1.000']
    """
    if confidence is None:
        return NONE
    digits = 3
    while confidence < 1 and digits < _MOST_DIGITS and float(f"{confidence:.{digits}f}") == 1:
        digits += 1
    return f"{confidence:.{digits}f}"


def _signed_points(share: float) -> str:
    return f"{100 * share:+.1f}"
