"""The first sections of a report: headline numbers, classes, tolerances, and what was dropped on the way."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from spotkick.actions import ActionClasses, MatchActions
from spotkick.evaluation.average_map import (
    LOOSE_TOLERANCES_S,
    TIGHT_TOLERANCES_S,
    AssignmentResult,
    Score,
    SpottingScore,
    assign_predictions,
    score_assignment,
)
from spotkick.evaluation.breakdowns import without_first_frame
from spotkick.evaluation.operating_points import tune_class_thresholds
from spotkick.evaluation.rank_uniform import rank_uniform
from spotkick.evaluation.uncertainty import Interval, Uncertainty, bootstrap
from spotkick.report.charts import Axis, Series, line_chart, percent_axis
from spotkick.report.intervals import Estimate, interval_chart
from spotkick.report.markup import Html, join, tag
from spotkick.report.page import Section, bullets, figure, paragraph, table, tiles

NONE: Final = "\N{EN DASH}"
"""What a table shows where there is no value."""


CHOSEN_TOLERANCE_S: Final = 10.0
"""Tolerance of the sections that look at single errors: 5 s to either side."""


@dataclass(frozen=True, slots=True)
class TuningSet:
    """The set that thresholds are chosen on, where it is not the reported one.

    Attributes:
        name: what the page calls it.
        predictions: one entry per match, of the same system.
        labels: one entry per match.
    """

    name: str
    predictions: Sequence[MatchActions]
    labels: Sequence[MatchActions]

    def assign(
        self, classes: ActionClasses, tolerances_s: Sequence[float], frame_rate: Fraction
    ) -> AssignmentResult:
        """The set assigned at some tolerances."""
        return assign_predictions(
            self.predictions, self.labels, classes, tolerances_s=tolerances_s, frame_rate=frame_rate
        )


@dataclass(frozen=True, slots=True)
class FirstFrame:
    """Scores without the labels of a class on the first frame of a later period; see `without_first_frame`."""

    name: str
    left_out: int
    loose: float
    tight: float


@dataclass(frozen=True, slots=True)
class ScoredSystem:
    """One system, assigned and scored at the loose and the tight tolerances, with confidence intervals.

    ``thresholds`` are those of the classes with the best F1 at `CHOSEN_TOLERANCE_S` on ``tuned``,
    or on the reported set without.
    """

    loose: AssignmentResult
    tight: AssignmentResult
    loose_score: SpottingScore
    tight_score: SpottingScore
    loose_range: Uncertainty
    tight_range: Uncertainty
    rank_loose: float
    rank_tight: float
    thresholds: Mapping[str, float]
    tuned: TuningSet | None = None
    first_frame: FirstFrame | None = None


def score_system(
    predictions: Sequence[MatchActions],
    labels: Sequence[MatchActions],
    classes: ActionClasses,
    *,
    frame_rate: Fraction,
    resamples: int,
    seed: int,
    tuned: TuningSet | None = None,
) -> ScoredSystem:
    """Match and score once for all sections."""

    def assign(found: Sequence[MatchActions], tolerances_s: Sequence[float]) -> AssignmentResult:
        return assign_predictions(
            found, labels, classes, tolerances_s=tolerances_s, frame_rate=frame_rate
        )

    loose, tight = (
        assign(predictions, LOOSE_TOLERANCES_S),
        assign(predictions, TIGHT_TOLERANCES_S),
    )
    wanted = {match.match for match in labels}
    chosen_on = loose if tuned is None else tuned.assign(classes, (CHOSEN_TOLERANCE_S,), frame_rate)
    even = rank_uniform([match for match in predictions if match.match in wanted], classes)
    return ScoredSystem(
        loose=loose,
        tight=tight,
        loose_score=score_assignment(loose, metric="loose"),
        tight_score=score_assignment(tight, metric="tight"),
        loose_range=bootstrap(loose, resamples=resamples, seed=seed),
        tight_range=bootstrap(tight, resamples=resamples, seed=seed),
        rank_loose=score_assignment(assign(even, LOOSE_TOLERANCES_S)).average_map,
        rank_tight=score_assignment(assign(even, TIGHT_TOLERANCES_S)).average_map,
        thresholds=tune_class_thresholds(chosen_on, CHOSEN_TOLERANCE_S),
        tuned=tuned,
        first_frame=_without_first_frame(predictions, labels, classes, frame_rate),
    )


def _without_first_frame(
    predictions: Sequence[MatchActions],
    labels: Sequence[MatchActions],
    classes: ActionClasses,
    frame_rate: Fraction,
) -> FirstFrame | None:
    """Scores without the substitutions at the break; None when there are none."""
    name = next((name for name in classes.names if name.lower() == "substitution"), None)
    if name is None:
        return None
    rest = without_first_frame(labels, classes, name)
    left_out = sum(len(match.actions) for match in labels) - sum(
        len(match.actions) for match in rest
    )
    if not left_out:
        return None

    def average_map(tolerances_s: Sequence[float]) -> float:
        return score_assignment(
            assign_predictions(
                predictions, rest, classes, tolerances_s=tolerances_s, frame_rate=frame_rate
            )
        ).average_map

    return FirstFrame(
        name, left_out, average_map(LOOSE_TOLERANCES_S), average_map(TIGHT_TOLERANCES_S)
    )


def percent(value: float) -> str:
    """A share as people read it; a dash where there is none."""
    return NONE if math.isnan(value) else f"{100 * value:.1f}"


def span(interval: Interval) -> str:
    """The ends of an interval."""
    return f"{percent(interval.low)}\N{NO-BREAK SPACE}to\N{NO-BREAK SPACE}{percent(interval.high)}"


def estimate(interval: Interval) -> Estimate:
    """An interval in percent, for charts."""
    return Estimate(100 * interval.value, 100 * interval.low, 100 * interval.high)


def overview(system: ScoredSystem, messages: Sequence[str] = ()) -> Section:
    """Headline numbers with their intervals, and the warnings."""
    loose, tight = system.loose_range, system.tight_range
    score = system.loose_score
    level = f"{100 * loose.average_map.level:g} %"
    items = [
        (
            "Average-mAP, loose",
            percent(loose.average_map.value),
            f"{level} interval {span(loose.average_map)}",
        ),
        (
            "Average-mAP, tight",
            percent(tight.average_map.value),
            f"{level} interval {span(tight.average_map)}",
        ),
        ("Labels", f"{sum(score.num_labels.values()):,}", f"in {score.num_matches:,} matches"),
        (
            "Predictions",
            f"{sum(score.num_predictions.values()):,}",
            f"of {len(score.num_labels)} classes",
        ),
    ]
    rows = [
        ("Average-mAP", percent(score.average_map), percent(system.tight_score.average_map)),
        ("of visible labels", _of(score.visible), _of(system.tight_score.visible)),
        ("of unshown labels", _of(score.unshown), _of(system.tight_score.unshown)),
        *_first_frame_row(system.first_frame),
        ("Rank-uniform Average-mAP", percent(system.rank_loose), percent(system.rank_tight)),
    ]
    shown = [row for row in rows if row[1] != NONE]
    texts = [
        paragraph(
            "Scores are in percent and equal those of the official SoccerNet evaluator. Loose averages mAP over tolerances of 5 "
            "to "
            "60 s, tight over 1 to 5 s; a tolerance is the full width of the window around a label. Intervals are "
            f"{level} percentiles of {loose.resamples:,} bootstrap resamples over the {loose.num_matches:,} matches."
        ),
        table(("Metric", "Loose", "Tight"), shown),
        paragraph(
            "The rank-uniform score replaces confidences by their ranks in each class before scoring. The official score "
            "depends on the scale of confidences; where the two differ much, the confidences are badly placed rather than the "
            "ranking."
        ),
    ]
    return Section(
        "overview",
        "Overview",
        join(
            [tiles(items), *texts, warnings_box(list(dict.fromkeys((*messages, *score.warnings))))]
        ),
    )


def _first_frame_row(first_frame: FirstFrame | None) -> list[tuple[str, str, str]]:
    if first_frame is None:
        return []
    what = f"without {first_frame.left_out:,} labels of {first_frame.name} at the break"
    return [(what, percent(first_frame.loose), percent(first_frame.tight))]


def warnings_box(messages: Sequence[str]) -> Html:
    """What was dropped, moved or overwritten."""
    if not messages:
        return paragraph(
            "No label or prediction was dropped, moved or overwritten on the way to the score."
        )
    return tag("div.warnings", tag("strong", "What the score does not say"), bullets(messages))


def class_section(system: ScoredSystem) -> Section:
    """A table and a chart of the classes."""
    loose, tight = system.loose_score, system.tight_score
    split = loose.visible is not None and loose.unshown is not None
    header = [
        "Class",
        "Labels",
        "Predictions",
        "AP loose",
        "95 % interval",
        *(["visible", "unshown"] if split else []),
        "AP tight",
    ]
    rows = []
    for name, count in loose.num_labels.items():
        by_sight = [
            percent(part.per_class[name])
            for part in (loose.visible, loose.unshown)
            if part is not None
        ]
        within = span(system.loose_range.per_class[name]) if count else NONE
        cells = [
            percent(loose.overall.per_class[name]),
            within,
            *by_sight,
            percent(tight.overall.per_class[name]),
        ]
        rows.append([name, f"{count:,}", f"{loose.num_predictions[name]:,}", *cells])
    by_sight = [
        percent(part.average_map) for part in (loose.visible, loose.unshown) if part is not None
    ]
    totals = [f"{sum(counts.values()):,}" for counts in (loose.num_labels, loose.num_predictions)]
    rows.append(
        [
            "All",
            *totals,
            percent(loose.average_map),
            span(system.loose_range.average_map),
            *by_sight,
            percent(tight.average_map),
        ]
    )
    estimates = [
        (
            name,
            (
                estimate(system.loose_range.per_class[name]),
                estimate(system.tight_range.per_class[name]),
            ),
        )
        for name, count in loose.num_labels.items()
        if count
    ]
    drawing = interval_chart(estimates, ("Loose", "Tight"), percent_axis("Average precision (%)"))
    data = table(
        ("Class", "Loose", "Loose, interval", "Tight", "Tight, interval"),
        [
            (
                name,
                *(
                    cell
                    for item in pair
                    for cell in (f"{item.value:.1f}", f"{item.low:.1f} to {item.high:.1f}")
                ),
            )
            for name, pair in estimates
        ],
    )
    caption = "Average precision per class with 95 % bootstrap intervals. Wide intervals mean that few labels, in few matches, decide."
    note = (
        "The unshown Average-mAP follows the official code, which multiplies it by 17/13."
        if split
        else ""
    )
    return Section(
        "classes",
        "Classes",
        join([table(header, rows, foot=1), paragraph(note), figure(drawing, caption, data)]),
    )


def tolerance_section(system: ScoredSystem) -> Section:
    """MAP against tolerance."""
    parts = [("All labels", system.tight_score.overall, system.loose_score.overall)]
    for name, tight, loose in (
        ("Visible", system.tight_score.visible, system.loose_score.visible),
        ("Unshown", system.tight_score.unshown, system.loose_score.unshown),
    ):
        if tight is not None and loose is not None:
            parts.append((name, tight, loose))
    curves: list[Mapping[float, float]] = [
        {**tight.map_at, **loose.map_at} for _, tight, loose in parts
    ]
    series = [
        Series(name, sorted(curve), [100 * curve[at] for at in sorted(curve)])
        for (name, _, _), curve in zip(parts, curves, strict=True)
    ]
    x = Axis(
        "Tolerance (s)", 0, 61, tuple((float(at), str(at)) for at in (1, 5, *range(10, 61, 5)))
    )
    drawing = line_chart(
        series, x, percent_axis("mAP (%)", [value for item in series for value in item.y])
    )
    rows = [(f"{at:g}", *(percent(curve[at]) for curve in curves)) for at in sorted(curves[0])]
    data = table(("Tolerance (s)", *(name for name, _, _ in parts)), rows, text_columns=0)
    caption = "Mean average precision against the tolerance. The steep part tells how far from the action the spots lie."
    return Section("tolerances", "Tolerances", figure(drawing, caption, data))


def _of(score: Score | None) -> str:
    return NONE if score is None else percent(score.average_map)
