"""The sections that look behind the score: parts of the match, calibration."""

import math
from collections.abc import Sequence

from spotkick.evaluation.breakdowns import Part, by_distance, by_game_time
from spotkick.evaluation.calibration import Calibration, calibrate
from spotkick.report.charts import Axis, Bars, Series, line_chart, percent_axis
from spotkick.report.formatting import percent
from spotkick.report.markup import Html, join
from spotkick.report.page import Section, figure, paragraph, table
from spotkick.report.system import CHOSEN_TOLERANCE_S, ScoredSystem
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
        caption = f"Average-mAP in bins of five minutes, {name}, and labels in each bin."
        figures.append(_part_figure(pair, f"Game time, {name} (min)", caption))
    note = paragraph(
        "A spot that hits a label counts in the bin of the label. Classes without a label in a bin "
        "are left out of its mean, so that bins compare with each other."
    )
    return Section("time", "Game time", join([*figures, note]))


def distance_section(system: ScoredSystem) -> Section:
    """Average-mAP by distance to the nearest other action, with counts (figure 5 of the paper)."""
    pair = [by_distance(system.loose), by_distance(system.tight)]
    caption = (
        "Average-mAP of actions by the distance to the nearest other action of any class in the "
        "same period, and labels in each bin. A bin with few labels says little."
    )
    return Section(
        "distance",
        "Distance to the nearest other action",
        _part_figure(pair, "Distance to the nearest other action (s)", caption),
    )


def _part_figure(pair: Sequence[Sequence[Part]], label: str, caption: str) -> Html:
    """A chart over bins: loose and tight scores above, counts of labels below."""
    first = pair[0]
    places = [float(number) for number in range(len(first))]
    names = [
        f"{part.low:g}\N{EN DASH}{part.high:g}" if math.isfinite(part.high) else f"{part.low:g}+"
        for part in first
    ]

    # Curves on places 0, 1, 2, ...; the ticks have the names of the bins.
    series = [
        Series(name, places, [100 * part.average_map for part in parts])
        for name, parts in zip(("Loose", "Tight"), pair, strict=True)
    ]
    ticks = tuple(zip(places, names, strict=True))
    x = Axis(label, low=-0.6, high=len(first) - 0.4, ticks=ticks)
    y = percent_axis("Average-mAP (%)", [value for item in series for value in item.y])
    bars = Bars("Labels", x=places, heights=[part.num_labels for part in first], width=0.9)

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
    data = table((label, "Labels", "Predictions", "Loose", "Tight"), rows)
    return figure(line_chart(series, x, y, bars=bars), caption, data)


def calibration_section(system: ScoredSystem) -> Section:
    """How often predictions of a confidence are right."""
    found = calibrate(system.loose, CHOSEN_TOLERANCE_S)
    if found.above_one:
        return Section("calibration", "Calibration", _explain_no_calibration(found))

    # Bins without predictions have no point.
    used = [number for number, count in enumerate(found.count) if count]
    series = Series(
        "Right",
        [100 * float(found.confidence[number]) for number in used],
        [100 * float(found.accuracy[number]) for number in used],
    )
    ticks = tuple((float(at), str(at)) for at in range(0, 101, 10))
    x = Axis("Confidence (%)", low=0, high=100, ticks=ticks)
    middles = (50 * (found.edges[:-1] + found.edges[1:])).tolist()
    bars = Bars("Predictions", x=middles, heights=found.count.tolist(), width=10)
    drawing = line_chart([series], x, percent_axis("Right (%)"), bars=bars, diagonal=True)

    caption = (
        f"Share of the predictions that find a label within a tolerance of {CHOSEN_TOLERANCE_S:g} "
        "s, against their confidence. On the dotted line confidences are right as they stand. "
        f"Expected calibration error: {100 * found.expected_error:.1f} points."
    )
    rows = [
        (
            f"{100 * found.edges[number]:.0f} to {100 * found.edges[number + 1]:.0f}",
            f"{count:,}",
            percent(float(found.confidence[number])),
            percent(float(found.accuracy[number])),
        )
        for number, count in enumerate(found.count)
    ]
    data = table(("Confidence (%)", "Predictions", "Mean confidence", "Right"), rows)
    return Section("calibration", "Calibration", figure(drawing, caption, data))


def _explain_no_calibration(found: Calibration) -> Html:
    """Why there is no curve: confidences above 1 are no probabilities."""
    highest = f"{found.highest:.4g}" if math.isfinite(found.highest) else "infinite"
    every = found.above_one + int(found.count.sum())
    return paragraph(
        f"{found.above_one:,} of {every:,} confidences are above 1 (the highest is {highest}), so "
        "they are no probabilities, and how well they are calibrated cannot be said. Divide "
        "percentages by 100, or send logits through the logistic function, before scoring; the "
        "official score sees all confidences above 1 as equal."
    )
