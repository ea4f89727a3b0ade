"""The first sections of a report: headline numbers, classes, tolerances, and what was dropped."""

from collections.abc import Mapping, Sequence
from fractions import Fraction

from spotkick.evaluation.resampling import Interval
from spotkick.evaluation.scores import SpottingScore
from spotkick.report.charts import Axis, Series, line_chart, percent_axis
from spotkick.report.formatting import NONE, count_matches, estimate, no_interval, percent, span
from spotkick.report.intervals import Estimate, interval_chart
from spotkick.report.markup import Html, join, tag
from spotkick.report.page import Section, bullets, figure, paragraph, table, tiles
from spotkick.report.system import FirstFrame, ScoredSystem


def overview(system: ScoredSystem, messages: Sequence[str] = ()) -> Section:
    """Headline numbers with their intervals, and the warnings."""
    loose, tight = system.loose_score, system.tight_score
    num_predictions = sum(loose.num_predictions.values())
    items = [
        (
            "Average-mAP, loose",
            percent(loose.average_map),
            _describe_interval(system.loose_range.average_map, loose.num_matches),
        ),
        (
            "Average-mAP, tight",
            percent(tight.average_map),
            _describe_interval(system.tight_range.average_map, loose.num_matches),
        ),
        (
            "Labels",
            f"{sum(loose.num_labels.values()):,}",
            f"in {count_matches(loose.num_matches)}",
        ),
        ("Predictions", f"{num_predictions:,}", f"of {len(loose.num_labels)} classes"),
    ]

    # Rows whose first value is missing are left out below.
    rows = [
        ("Average-mAP", percent(loose.average_map), percent(tight.average_map)),
        *(
            (f"of {name} labels", percent(part.average_map), _percent_of(tight, name))
            for name, (part, _) in loose.by_visibility.items()
        ),
        *_first_frame_row(system.first_frame),
        (
            "Average-mAP at all thresholds",
            percent(system.all_thresholds_loose),
            percent(system.all_thresholds_tight),
        ),
    ]
    warned = list(dict.fromkeys((*messages, *loose.warnings)))
    parts = [
        tiles(items),
        paragraph(_explain_scores(system)),
        table(("Metric", "Loose", "Tight"), [row for row in rows if row[1] != NONE]),
        paragraph(
            "The official score looks at 200 thresholds between 0 and 1, so that it depends on the "
            "scale of confidences. The score at all thresholds takes every confidence that occurs "
            "as a threshold and depends on their order alone; where the two differ much, the "
            "confidences are badly placed rather than the ranking."
        ),
        warnings_box(warned),
    ]
    return Section("overview", "Overview", join(parts))


def _describe_interval(interval: Interval, num_matches: int) -> str:
    if not interval.known:
        return no_interval(num_matches)
    return f"{100 * interval.level:g} % interval {span(interval)}"


def _explain_scores(system: ScoredSystem) -> str:
    score, within = system.loose_score, system.loose_range
    text = (
        "Scores are in percent and equal those of the official SoccerNet evaluator, at "
        f"{float(score.frame_rate):g} frames per second. Loose averages mAP over tolerances of 5 "
        "to 60 s, tight over 1 to 5 s; a tolerance is the full width of the window around a label."
    )
    if within.resamples:
        text += (
            f" Intervals are of {100 * within.average_map.level:g} %, from {within.resamples:,} "
            f"bootstrap resamples over the {within.num_matches:,} matches, corrected for bias."
        )
    return text


def _first_frame_row(first_frame: FirstFrame | None) -> list[tuple[str, str, str]]:
    if first_frame is None:
        return []
    name = f"without {first_frame.left_out:,} labels of {first_frame.name} at the break"
    return [(name, percent(first_frame.loose), percent(first_frame.tight))]


def warnings_box(messages: Sequence[str]) -> Html:
    """What was dropped, moved or overwritten."""
    if not messages:
        return paragraph(
            "No label or prediction was dropped, moved or overwritten on the way to the score."
        )
    return tag("div.warnings", tag("strong", "What the score does not say"), bullets(messages))


def class_section(system: ScoredSystem) -> Section:
    """A table and a chart of the classes."""
    loose = system.loose_score
    has_split = loose.visible is not None and loose.unshown is not None
    header = ["Class", "Labels", "Predictions", "AP loose"]
    if system.loose_range.resamples:
        header.append("95 % interval")
    if has_split:
        header += ["visible", "unshown"]
    header.append("AP tight")

    rows = [_class_row(system, name) for name in loose.num_labels]
    rows.append(_total_row(system))

    # Explanations of what only some reports have.
    notes = []
    if has_split:
        notes.append(
            "In parentheses: labels that the broadcast shows, and labels that it does not show; "
            "a class without any has no value."
        )
    if loose.unshown_factor != 1:
        notes.append(
            "The unshown Average-mAP follows the official code, which multiplies it by "
            f"{loose.unshown_factor}."
        )

    parts = [table(header, rows, foot=1), paragraph(" ".join(notes)), _class_figure(system)]
    return Section("classes", "Classes", join(parts))


def _class_row(system: ScoredSystem, name: str) -> list[str]:
    loose, count = system.loose_score, system.loose_score.num_labels[name]
    row = [name, f"{count:,}", f"{loose.num_predictions[name]:,}"]
    row.append(percent(loose.overall.per_class[name]))
    if system.loose_range.resamples:
        row.append(span(system.loose_range.per_class[name]) if count else NONE)
    for part, counts in (
        (loose.visible, loose.num_visible),
        (loose.unshown, loose.num_unshown),
    ):
        if loose.visible is not None and part is not None:
            value = f"{percent(part.per_class[name])} ({counts[name]:,})"
            row.append(value if counts[name] else NONE)
    return [*row, percent(system.tight_score.overall.per_class[name])]


def _total_row(system: ScoredSystem) -> list[str]:
    loose = system.loose_score
    totals = [f"{sum(counts.values()):,}" for counts in (loose.num_labels, loose.num_predictions)]
    row = ["All", *totals, percent(loose.average_map)]
    if system.loose_range.resamples:
        row.append(span(system.loose_range.average_map))
    for part, counts in (
        (loose.visible, loose.num_visible),
        (loose.unshown, loose.num_unshown),
    ):
        if loose.visible is not None and part is not None:
            total = sum(counts.values())
            row.append(f"{percent(part.average_map)} ({total:,})" if total else NONE)
    return [*row, percent(system.tight_score.average_map)]


def _class_figure(system: ScoredSystem) -> Html:
    """Average precision of the classes that have labels, loose and tight, with intervals."""
    estimates = [
        (
            name,
            (
                estimate(system.loose_range.per_class[name]),
                estimate(system.tight_range.per_class[name]),
            ),
        )
        for name, count in system.loose_score.num_labels.items()
        if count
    ]
    drawing = interval_chart(estimates, ("Loose", "Tight"), percent_axis("Average precision (%)"))

    # Without intervals the chart has marks alone.
    if not system.loose_range.resamples:
        caption = f"Average precision per class. {no_interval(system.loose_range.num_matches)}."
        rows = [(name, *(f"{one.value:.1f}" for one in pair)) for name, pair in estimates]
        return figure(drawing, caption, table(("Class", "Loose", "Tight"), rows))
    caption = (
        "Average precision per class with 95 % bootstrap intervals. Wide intervals mean that few "
        "labels, in few matches, decide."
    )
    header = ("Class", "Loose", "Loose, interval", "Tight", "Tight, interval")
    cells = [
        (name, *(cell for one in pair for cell in (f"{one.value:.1f}", _ends_of(one))))
        for name, pair in estimates
    ]
    return figure(drawing, caption, table(header, cells))


def _ends_of(one: Estimate) -> str:
    return f"{one.low:.1f} to {one.high:.1f}" if one.low == one.low else NONE


def tolerance_section(system: ScoredSystem) -> Section:
    """MAP against tolerance."""
    tight, loose = system.tight_score, system.loose_score
    factor = loose.unshown_factor
    curves = {"All labels": _curve_of(tight, loose, "overall")}
    for name in loose.by_visibility:
        own_factor = factor if name == "unshown" else Fraction(1)
        curves[name.capitalize()] = _curve_of(tight, loose, name, factor=own_factor)

    # All curves on one axis, which may end above 100 for unshown labels.
    series = [
        Series(name, list(curve), [100 * value for value in curve.values()])
        for name, curve in curves.items()
    ]
    ticks = tuple((float(at), str(at)) for at in (1, 5, *range(10, 61, 5)))
    x = Axis("Tolerance (s)", low=0, high=61, ticks=ticks)
    y = percent_axis("mAP (%)", [value for item in series for value in item.y])

    first = next(iter(curves.values()))
    rows = [(f"{at:g}", *(percent(curve[at]) for curve in curves.values())) for at in first]
    data = table(("Tolerance (s)", *curves), rows, text_columns=0)
    caption = (
        "Mean average precision against the tolerance. The steep part tells how far from the "
        "action the spots lie."
    )
    if factor != 1 and "Unshown" in curves:
        caption += f" Unshown values are multiplied by {factor}, as in the table of classes."
    drawing = line_chart(series, x, y)
    return Section("tolerances", "Tolerances", figure(drawing, caption, data))


def _curve_of(
    tight: SpottingScore, loose: SpottingScore, part: str, *, factor: Fraction = Fraction(1)
) -> Mapping[float, float]:
    """MAP by tolerance, ascending, of a part of both scores."""
    joined = {**getattr(tight, part).map_at, **getattr(loose, part).map_at}
    return {at: joined[at] * float(factor) for at in sorted(joined)}


def _percent_of(score: SpottingScore, part: str) -> str:
    found = score.by_visibility.get(part)
    return NONE if found is None else percent(found[0].average_map)
