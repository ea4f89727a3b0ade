"""The sections that look behind the score: parts of the match, calibration."""

import math
from collections.abc import Sequence

from spotkick.evaluation.breakdowns import Part, by_distance, by_game_time
from spotkick.evaluation.calibration import calibrate
from spotkick.report.charts import Axis, Bars, Series, line_chart, percent_axis
from spotkick.report.markup import Html, join
from spotkick.report.page import Section, figure, paragraph, table
from spotkick.report.scores import CHOSEN_TOLERANCE_S, ScoredSystem, percent
from spotkick.timeline import PERIOD_NAMES


def time_section(system: ScoredSystem) -> Section:
    """Average-mAP per five minutes of game time, with counts (figure 4 of the paper)."""
    loose, tight = by_game_time(system.loose), by_game_time(system.tight)
    figures = []
    for period in sorted({part.period for part in loose if part.period is not None}):
        pair = [[part for part in parts if part.period == period] for parts in (loose, tight)]
        if not any(part.num_labels for part in pair[0]):
            continue
        name = PERIOD_NAMES.get(period, f"period {period}")
        figures.append(
            _parts(
                pair,
                f"Game time, {name} (min)",
                f"Average-mAP in bins of five minutes, {name}, and labels in each bin.",
            )
        )
    note = paragraph(
        "Classes without a label in a bin are left out of its mean, so that bins compare with each other."
    )
    return Section("time", "Game time", join([*figures, note]))


def distance_section(system: ScoredSystem) -> Section:
    """Average-mAP by distance to the nearest other action, with counts (figure 5 of the paper)."""
    pair = [by_distance(system.loose), by_distance(system.tight)]
    caption = (
        "Average-mAP of actions by the distance to the nearest other action of any class in the same half, and labels in each "
        "bin. A bin with few labels says little."
    )
    return Section(
        "distance",
        "Distance to the nearest other action",
        _parts(pair, "Distance to the nearest other action (s)", caption),
    )


def _parts(pair: Sequence[Sequence[Part]], label: str, caption: str) -> Html:
    """A chart over bins: loose and tight scores above, counts of labels below."""
    first = pair[0]
    places = [float(number) for number in range(len(first))]
    names = [
        f"{part.low:g}\N{EN DASH}{part.high:g}" if math.isfinite(part.high) else f"{part.low:g}+"
        for part in first
    ]
    series = [
        Series(name, places, [100 * part.average_map for part in parts])
        for name, parts in zip(("Loose", "Tight"), pair, strict=True)
    ]
    x = Axis(label, -0.6, len(first) - 0.4, tuple(zip(places, names, strict=True)))
    bars = Bars("Labels", places, [part.num_labels for part in first], 0.9)
    drawing = line_chart(
        series,
        x,
        percent_axis("Average-mAP (%)", [v for item in series for v in item.y]),
        bars=bars,
    )
    rows = [
        (
            name,
            f"{one.num_labels:,}",
            f"{one.num_predictions:,}",
            percent(one.average_map),
            percent(other.average_map),
        )
        for name, one, other in zip(names, *pair, strict=True)
    ]
    return figure(drawing, caption, table((label, "Labels", "Predictions", "Loose", "Tight"), rows))


def calibration_section(system: ScoredSystem) -> Section:
    """How often predictions of a confidence are right."""
    found = calibrate(system.loose, CHOSEN_TOLERANCE_S)
    middles = [
        50 * (low + high) for low, high in zip(found.edges[:-1], found.edges[1:], strict=True)
    ]
    series = [
        Series(
            "Right",
            [100 * value for value in found.confidence],
            [100 * value for value in found.accuracy],
        )
    ]
    used = [number for number, count in enumerate(found.count) if count]
    series = [
        Series(
            "Right",
            [series[0].x[number] for number in used],
            [series[0].y[number] for number in used],
        )
    ]
    x = Axis("Confidence (%)", 0, 100, tuple((float(at), str(at)) for at in range(0, 101, 10)))
    bars = Bars("Predictions", middles, [int(count) for count in found.count], 10)
    drawing = line_chart(series, x, percent_axis("Right (%)"), bars=bars, diagonal=True)
    rows = [
        (
            f"{100 * low:.0f} to {100 * high:.0f}",
            f"{count:,}",
            percent(float(confidence)),
            percent(float(accuracy)),
        )
        for low, high, count, confidence, accuracy in zip(
            found.edges[:-1],
            found.edges[1:],
            found.count,
            found.confidence,
            found.accuracy,
            strict=True,
        )
    ]
    caption = (
        f"Share of the predictions that find a label within a tolerance of {CHOSEN_TOLERANCE_S:g} s, against their confidence. "
        f"On the dotted line confidences are right as they stand. Expected calibration error: {100 * found.expected_error:.1f} "
        "points."
    )
    data = table(("Confidence (%)", "Predictions", "Mean confidence", "Right"), rows)
    return Section("calibration", "Calibration", figure(drawing, caption, data))
