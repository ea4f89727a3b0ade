"""Several systems on the same matches: who is ahead, by how much, and how sure that is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from spotkick.actions import SOCCERNET_V2, ActionClasses, MatchActions
from spotkick.evaluation.average_map import (
    AssignmentResult,
    SpottingScore,
    assign_predictions,
    score_assignment,
    tolerances_of,
)
from spotkick.evaluation.tables import TableStyle, make_table
from spotkick.evaluation.uncertainty import RESAMPLES, Comparison, compare_systems
from spotkick.report.charts import Axis, Series, line_chart, percent_axis
from spotkick.report.intervals import interval_chart
from spotkick.report.markup import join, tag
from spotkick.report.page import Section, figure, page, paragraph, table
from spotkick.report.scores import NONE, estimate, percent, span, warnings_box
from spotkick.timeline import FEATURE_RATE


@dataclass(frozen=True, slots=True)
class SystemComparison:
    """What `compare_results` finds.

    Attributes:
        metric: name of the metric.
        comparison: order, intervals and probabilities.
        scores: full score of each system.
        resamples: how often matches were drawn.
    """

    metric: str
    comparison: Comparison
    scores: Mapping[str, SpottingScore]
    resamples: int


def compare_results(
    systems: Mapping[str, Sequence[MatchActions]],
    labels: Sequence[MatchActions],
    classes: ActionClasses = SOCCERNET_V2,
    *,
    metric: str = "loose",
    frame_rate: Fraction = FEATURE_RATE,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> SystemComparison:
    """Score several systems and compare them on the same resamples of the matches.

    Args:
        systems: name -> predictions of every labelled match.
        labels: one entry per match.
        classes: classes that are scored.
        metric: as in `spotkick.evaluation.evaluate`.
        frame_rate: frames per second of the evaluator's grid.
        resamples: how often matches are drawn.
        seed: of the draws.

    Raises:
        InputError: if there are fewer than two systems, or one misses a match.
    """
    assignment: dict[str, AssignmentResult] = {
        name: assign_predictions(
            found, labels, classes, tolerances_s=tolerances_of(metric), frame_rate=frame_rate
        )
        for name, found in systems.items()
    }
    comparison = compare_systems(assignment, resamples=resamples, seed=seed)
    return SystemComparison(
        metric,
        comparison,
        {name: score_assignment(assignment[name]) for name in comparison.order},
        resamples,
    )


def comparison_table(result: SystemComparison, *, style: TableStyle = "text") -> str:
    """One row per system, best first.

    Args:
        result: of `compare_results`.
        style: ``text`` with aligned columns, ``markdown`` or ``latex`` (booktabs).
    """
    header = (
        "system",
        "Average-mAP",
        "95 % interval",
        "visible",
        "unshown",
        "lead over the next",
        "P(stays ahead)",
    )
    rows = _rows(result)
    return make_table(header, rows, style, comment=_verdict(result))


def comparison_page(
    result: SystemComparison, *, title: str = "Comparison of action spotting systems"
) -> str:
    """One HTML document that loads nothing: the table, every pair, classes and tolerances."""
    comparison = result.comparison
    order = comparison.order
    header = (
        "System",
        "Average-mAP",
        "95 % interval",
        "visible",
        "unshown",
        "lead over the next",
        "P(stays ahead)",
    )
    chart = interval_chart(
        [(name, (estimate(comparison.scores[name]),)) for name in order],
        (result.metric,),
        _axis(result),
    )
    overview = Section(
        "overview",
        "Overview",
        join(
            [
                paragraph(_verdict(result)),
                table(header, _rows(result)),
                figure(
                    chart,
                    f"Average-mAP ({result.metric}) of each system with 95 % bootstrap intervals over matches. Overlapping "
                    "intervals do not mean that systems are equal: the paired comparison below uses the same matches for both.",
                    table(
                        ("System", "Average-mAP", "95 % interval"),
                        [row[:3] for row in _rows(result)],
                    ),
                ),
            ]
        ),
    )
    pairs = [
        (
            f"{better} over {worse}",
            percent(lead.value),
            span(lead),
            f"{comparison.probability[better, worse]:.3f}",
        )
        for (better, worse), lead in comparison.differences.items()
    ]
    paired = Section(
        "pairs",
        "Pairs of systems",
        join(
            [
                paragraph(
                    f"Differences in Average-mAP on the same {result.resamples:,} resamples of the matches. P is the share of "
                    "the resamples in which the better system stays ahead."
                ),
                table(("Pair", "Difference", "95 % interval", "P"), pairs),
            ]
        ),
    )
    some = result.scores[order[0]]
    subtitle = f"{len(order)} systems on {some.num_matches:,} matches, metric {result.metric}"
    return page(
        title,
        subtitle,
        [overview, paired, _classes(result), _tolerances(result), _warnings(result)],
    )


def _rows(result: SystemComparison) -> list[list[str]]:
    comparison = result.comparison
    following = dict(pairwise(comparison.order))
    rows = []
    for name in comparison.order:
        score, after = result.scores[name], following.get(name)
        sight = [
            NONE if part is None else percent(part.average_map)
            for part in (score.visible, score.unshown)
        ]
        lead = [NONE, NONE]
        if after is not None:
            lead = [
                percent(comparison.differences[name, after].value),
                f"{comparison.probability[name, after]:.3f}",
            ]
        rows.append(
            [
                name,
                percent(score.average_map),
                span(comparison.scores[name]).replace("\N{NO-BREAK SPACE}", " "),
                *sight,
                *lead,
            ]
        )
    return rows


def _verdict(result: SystemComparison) -> str:
    order = " > ".join(result.comparison.order)
    share = result.comparison.order_probability
    return f"The order {order} holds in {100 * share:.1f} % of {result.resamples:,} resamples of the matches ({result.metric})."


def _axis(result: SystemComparison) -> Axis:
    return percent_axis(
        "Average-mAP (%)", [100 * item.high for item in result.comparison.scores.values()]
    )


def _classes(result: SystemComparison) -> Section:
    order = result.comparison.order
    counts = result.scores[order[0]].num_labels
    rows = []
    for label, count in counts.items():
        values = [result.scores[name].overall.per_class[label] for name in order]
        best = max(values)
        cells = [
            tag("span.best", percent(value), " ★") if value == best and count else percent(value)
            for value in values
        ]
        rows.append([label, f"{count:,}", *cells])
    note = paragraph(
        "Average precision in percent; a star and bold type mark the best of each class."
    )
    return Section("classes", "Classes", join([note, table(("Class", "Labels", *order), rows)]))


def _tolerances(result: SystemComparison) -> Section:
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
    x = Axis("Tolerance (s)", 0, max(curves[0]) * 1.02, ticks)
    drawing = line_chart(
        series[:6], x, percent_axis("mAP (%)", [value for item in series for value in item.y])
    )
    first = " of the six best systems" if len(order) > 6 else ""
    return Section(
        "tolerances",
        "Tolerances",
        figure(drawing, f"Mean average precision{first} against the tolerance.", data),
    )


def _warnings(result: SystemComparison) -> Section:
    parts = []
    for name in result.comparison.order:
        parts += [tag("h3", name), warnings_box(result.scores[name].warnings)]
    return Section("warnings", "What was dropped", join(parts))
