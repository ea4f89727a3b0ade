"""Several systems on the same matches: who is ahead, by how much, and how sure that is."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise

from spotkick.actions import SOCCERNET_V2, MatchActions
from spotkick.evaluation.assignment import assign_predictions
from spotkick.evaluation.average_map import score_assignment, tolerances_of
from spotkick.evaluation.comparison import Comparison, compare_systems
from spotkick.evaluation.resampling import RESAMPLES, Interval
from spotkick.evaluation.scores import SpottingScore
from spotkick.evaluation.sources import ClassesLike, resolve_task
from spotkick.evaluation.tables import TableStyle, make_table
from spotkick.report.charts import Axis, Series, line_chart, percent_axis
from spotkick.report.formatting import NONE, count_matches, estimate, no_interval, percent, span
from spotkick.report.intervals import interval_chart
from spotkick.report.markup import Html, join, tag
from spotkick.report.names import ReportNames
from spotkick.report.page import Section, figure, page, paragraph, table
from spotkick.report.scores import warnings_box

_MOST_CURVES = 6
"""Systems that a chart of curves can tell apart."""


@dataclass(frozen=True, slots=True)
class SystemComparison:
    """What `compare_results` finds.

    Attributes:
        metric: name of the metric.
        comparison: order, intervals and probabilities.
        scores: full score of each system.
        resamples: how often matches were drawn; 0 where there are too few.
    """

    metric: str
    comparison: Comparison
    scores: Mapping[str, SpottingScore]
    resamples: int


def compare_results(
    systems: Mapping[str, Sequence[MatchActions]],
    labels: Sequence[MatchActions],
    classes: ClassesLike = SOCCERNET_V2,
    *,
    metric: str | None = None,
    frame_rate: Fraction | None = None,
    periods: Sequence[int] = (),
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> SystemComparison:
    """Score several systems and compare them on the same resamples of the matches.

    Args:
        systems: name -> predictions of every labelled match.
        labels: one entry per match.
        classes: as in `spotkick.evaluation.evaluate`.
        metric: likewise.
        frame_rate: likewise.
        periods: that count; where neither they nor the task name any, all with labels.
        resamples: how often matches are drawn.
        seed: of the draws.

    Raises:
        InputError: if there are fewer than two systems, or one misses a match.
    """
    task = resolve_task(classes)
    metric = metric or task.metric

    # The same periods for all systems: those that a single one adds would change its grid.
    counted = tuple(periods) or task.periods
    if not counted:
        sets = [labels, *systems.values()]
        counted = tuple(sorted({a.period for one in sets for match in one for a in match.actions}))
    task = replace(task, periods=counted)

    assigned = {
        name: assign_predictions(
            found, labels, task, tolerances_s=tolerances_of(metric), frame_rate=frame_rate
        )
        for name, found in systems.items()
    }
    comparison = compare_systems(assigned, resamples=resamples, seed=seed)
    scores = {name: score_assignment(assigned[name]) for name in comparison.order}
    drawn = 0 if math.isnan(comparison.order_probability) else resamples
    return SystemComparison(metric, comparison=comparison, scores=scores, resamples=drawn)


def comparison_table(result: SystemComparison, *, style: TableStyle = "text") -> str:
    """One row per system, best first.

    Args:
        result: of `compare_results`.
        style: ``text`` with aligned columns, ``markdown`` or ``latex`` (booktabs).
    """
    first, *others = _overview_header(result)
    return make_table(
        (first.lower(), *others), _overview_rows(result), style, comment=_describe_order(result)
    )


def comparison_page(
    result: SystemComparison,
    *,
    title: str = "Comparison of action spotting systems",
    names: ReportNames | None = None,
) -> str:
    """One HTML document that loads nothing: the table, every pair, classes and tolerances.

    Args:
        result: of `compare_results`.
        title: heading.
        names: of labels and split, and a date, for the line below it.
    """
    order = result.comparison.order
    subtitle = (names or ReportNames()).subtitle(
        f"{len(order)} systems on {count_matches(result.comparison.num_matches)}",
        f"metric {result.metric}",
    )
    sections = [
        _overview_section(result),
        _pair_section(result),
        _class_section(result),
        _tolerance_section(result),
        _warning_section(result),
    ]
    return page(title, subtitle, sections)


def _overview_header(result: SystemComparison) -> tuple[str, ...]:
    visible = any(score.visible is not None for score in result.scores.values())
    return (
        "System",
        "Average-mAP",
        *(("95 % interval",) if result.resamples else ()),
        *(("visible", "unshown") if visible else ()),
        "lead over the next",
        *(("P(stays ahead)",) if result.resamples else ()),
    )


def _overview_rows(result: SystemComparison) -> list[list[str]]:
    comparison = result.comparison
    following = dict(pairwise(comparison.order))
    visible = any(score.visible is not None for score in result.scores.values())
    rows = []
    for name in comparison.order:
        score, after = result.scores[name], following.get(name)
        row = [name, percent(score.average_map)]
        if result.resamples:
            row.append(span(comparison.scores[name]).replace("\N{NO-BREAK SPACE}", " "))
        if visible:
            parts = (score.by_visibility.get(part) for part in ("visible", "unshown"))
            row += [NONE if part is None else percent(part[0].average_map) for part in parts]

        # The last system has none behind it.
        lead = chance = NONE
        if after is not None:
            lead = percent(comparison.differences[name, after].value)
            chance = f"{comparison.probability[name, after]:.3f}"
        rows.append([*row, lead, *([chance] if result.resamples else [])])
    return rows


def _describe_order(result: SystemComparison) -> str:
    """Whether the order holds, and which systems are no better than each other."""
    comparison = result.comparison
    text, ties, run = comparison.order[0], 1, 1
    for better, worse in pairwise(comparison.order):
        equal = _are_equal(comparison.differences[better, worse])
        text += f" = {worse}" if equal else f" > {worse}"
        run = run + 1 if equal else 1
        ties *= run
    text += f" ({result.metric})"
    if not result.resamples:
        return f"{text}; {no_interval(comparison.num_matches)}"
    if run == len(comparison.order):
        return f"{text}: the same score in all {result.resamples:,} resamples of matches"

    # The probability counts all orders of equal systems as different ones.
    share = 100 * comparison.order_probability * ties
    return f"{text}: the order holds in {share:.1f} % of {result.resamples:,} resamples of matches"


def _are_equal(lead: Interval) -> bool:
    """Whether two systems have the same score, in the resamples too where there are some."""
    return lead.value == 0 and (not lead.known or lead.low == lead.high == 0)


def _overview_section(result: SystemComparison) -> Section:
    comparison = result.comparison
    highest = [
        100 * (item.high if item.known else item.value) for item in comparison.scores.values()
    ]
    chart = interval_chart(
        [(name, (estimate(comparison.scores[name]),)) for name in comparison.order],
        (result.metric,),
        percent_axis("Average-mAP (%)", highest),
    )
    header, rows = _overview_header(result), _overview_rows(result)
    caption = (
        f"Average-mAP ({result.metric}) of each system. {no_interval(comparison.num_matches)}."
    )
    if result.resamples:
        caption = (
            f"Average-mAP ({result.metric}) of each system with 95 % bootstrap intervals over "
            "matches. Overlapping intervals do not mean that systems are equal: the paired "
            "comparison below uses the same matches for both."
        )

    # The table of the figure has the values that are drawn.
    columns = 3 if result.resamples else 2
    data = table(header[:columns], [row[:columns] for row in rows])
    parts = [
        paragraph(_describe_order(result) + "."),
        table(header, rows),
        figure(chart, caption, data),
    ]
    return Section("overview", "Overview", join(parts))


def _pair_section(result: SystemComparison) -> Section:
    comparison = result.comparison
    if not result.resamples:
        rows = [
            (f"{better} over {worse}", percent(lead.value))
            for (better, worse), lead in comparison.differences.items()
        ]
        text = (
            "Differences in Average-mAP on the same matches. "
            f"{no_interval(comparison.num_matches)}: nothing can be said about other matches."
        )
        content = join([paragraph(text), table(("Pair", "Difference"), rows)])
        return Section("pairs", "Pairs of systems", content)

    # Every pair, in the order of the systems.
    pairs = [
        (
            f"{better} over {worse}",
            percent(lead.value),
            span(lead),
            f"{comparison.probability[better, worse]:.3f}",
        )
        for (better, worse), lead in comparison.differences.items()
    ]
    text = (
        f"Differences in Average-mAP on the same {result.resamples:,} resamples of the matches. P "
        "is the share of the resamples in which the better system stays ahead; equal scores count "
        "half."
    )
    data = table(("Pair", "Difference", "95 % interval", "P"), pairs)
    return Section("pairs", "Pairs of systems", join([paragraph(text), data]))


def _class_section(result: SystemComparison) -> Section:
    order = result.comparison.order
    rows = []
    for label, count in result.scores[order[0]].num_labels.items():
        values = [result.scores[name].overall.per_class[label] for name in order]
        cells = _mark_best(values) if count else [NONE] * len(values)
        rows.append([label, f"{count:,}", *cells])
    note = paragraph(
        "Average precision in percent; a star and bold type mark the best of each class, where one "
        "system is ahead of another."
    )
    return Section("classes", "Classes", join([note, table(("Class", "Labels", *order), rows)]))


def _mark_best(values: Sequence[float]) -> list[Html | str]:
    """Cells of a class; nothing is marked where all systems are equal."""
    best = max(values)
    if best == min(values):
        return [percent(value) for value in values]
    return [
        tag("span.best", percent(value), " \N{BLACK STAR}") if value == best else percent(value)
        for value in values
    ]


def _tolerance_section(result: SystemComparison) -> Section:
    order = result.comparison.order
    curves = [result.scores[name].overall.map_at for name in order]
    rows = [(f"{at:g}", *(percent(curve[at]) for curve in curves)) for at in curves[0]]
    data = table(("Tolerance (s)", *order), rows, text_columns=0)
    if len(rows) < 2:
        return Section("tolerances", "Tolerances", data)

    series = [
        Series(name, list(curve), [100 * value for value in curve.values()])
        for name, curve in zip(order, curves, strict=True)
    ]
    ticks = tuple((at, f"{at:g}") for at in curves[0])
    x = Axis("Tolerance (s)", low=0, high=max(curves[0]) * 1.02, ticks=ticks)
    y = percent_axis("mAP (%)", [value for item in series for value in item.y])
    drawing = line_chart(series[:_MOST_CURVES], x, y)
    first = f" of the {_MOST_CURVES} best systems" if len(order) > _MOST_CURVES else ""
    caption = f"Mean average precision{first} against the tolerance."
    return Section("tolerances", "Tolerances", figure(drawing, caption, data))


def _warning_section(result: SystemComparison) -> Section:
    """What was dropped, once for all systems where it is the same."""
    by_messages: dict[tuple[str, ...], list[str]] = {}
    for name in result.comparison.order:
        by_messages.setdefault(result.scores[name].warnings, []).append(name)
    parts = []
    for messages, names in by_messages.items():
        parts += [tag("h3", ", ".join(names)), warnings_box(messages)]
    return Section("warnings", "What was dropped", join(parts))
