"""The sections that look behind the score: parts of the match, operating points, calibration."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from spotkick.evaluation.breakdowns import Part, by_distance, by_game_time
from spotkick.evaluation.calibration import calibrate
from spotkick.evaluation.operating_points import SpotCounts, count_curve, count_spots, tune_class_thresholds
from spotkick.report.charts import Axis, Bars, Series, line_chart, percent_axis
from spotkick.report.markup import Html, join
from spotkick.report.page import Section, figure, paragraph, table
from spotkick.report.scores import NONE, ScoredSystem, percent
from spotkick.timeline import PERIOD_NAMES

CHOSEN_TOLERANCE_S = 10.0
"""Tolerance of the sections that look at single errors: 5 s to either side."""


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
            _parts(pair, f"Game time, {name} (min)", f"Average-mAP in bins of five minutes, {name}, and labels in each bin.")
        )
    note = paragraph("Classes without a label in a bin are left out of its mean, so that bins compare with each other.")
    return Section("time", "Game time", join([*figures, note]))


def distance_section(system: ScoredSystem) -> Section:
    """Average-mAP by distance to the nearest other action, with counts (figure 5 of the paper)."""
    pair = [by_distance(system.loose), by_distance(system.tight)]
    caption = (
        "Average-mAP of actions by the distance to the nearest other action of any class in the same half, and labels in each "
        "bin. A bin with few labels says little."
    )
    return Section(
        "distance", "Distance to the nearest other action", _parts(pair, "Distance to the nearest other action (s)", caption)
    )


def _parts(pair: Sequence[Sequence[Part]], label: str, caption: str) -> Html:
    """A chart over bins: loose and tight scores above, counts of labels below."""
    first = pair[0]
    places = [float(number) for number in range(len(first))]
    names = [f"{part.low:g}\N{EN DASH}{part.high:g}" if math.isfinite(part.high) else f"{part.low:g}+" for part in first]
    series = [
        Series(name, places, [100 * part.average_map for part in parts])
        for name, parts in zip(("Loose", "Tight"), pair, strict=True)
    ]
    x = Axis(label, -0.6, len(first) - 0.4, tuple(zip(places, names, strict=True)))
    bars = Bars("Labels", places, [part.num_labels for part in first], 0.9)
    drawing = line_chart(series, x, percent_axis("Average-mAP (%)", [v for item in series for v in item.y]), bars=bars)
    rows = [
        (name, f"{one.num_labels:,}", f"{one.num_predictions:,}", percent(one.average_map), percent(other.average_map))
        for name, one, other in zip(names, *pair, strict=True)
    ]
    return figure(drawing, caption, table((label, "Labels", "Predictions", "Loose", "Tight"), rows))


def operating_section(system: ScoredSystem) -> Section:
    """Precision, recall and F1 against tolerance (figure 6 of the paper), and the best threshold of each class."""
    curve = count_curve(system.loose)
    tolerances = list(curve)
    means = {at: _means(counts) for at, counts in curve.items()}
    series = [
        Series(name, tolerances, [100 * means[at][row] for at in tolerances])
        for row, name in enumerate(("Precision", "Recall", "F1"))
    ]
    x = Axis("Tolerance (s)", 0, 61, tuple((at, f"{at:g}") for at in tolerances))
    rows = []
    for at, counts in curve.items():
        values = list(counts.values())
        sums = [
            sum(part) for part in zip(*((c.true_positives, c.false_positives, c.false_negatives) for c in values), strict=True)
        ]
        rows.append((f"{at:g}", f"{values[0].threshold:.3f}", *(f"{value:,}" for value in sums), *map(percent, means[at])))
    header = ("Tolerance (s)", "Threshold", "TP", "FP", "FN", "Precision", "Recall", "F1")
    caption = (
        "Precision, recall and F1 against the tolerance: means over the classes that have labels, at the common threshold with "
        "the best mean F1 for each tolerance. The threshold is chosen on this very set, as the paper's authors did, so these are "
        "upper bounds."
    )
    drawing = line_chart(series, x, percent_axis("Percent", [value for item in series for value in item.y]))
    return Section(
        "operating",
        "Operating points",
        join([figure(drawing, caption, table(header, rows, text_columns=0)), *_class_points(system)]),
    )


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
    points = count_spots(system.loose, tune_class_thresholds(system.loose, CHOSEN_TOLERANCE_S), CHOSEN_TOLERANCE_S)
    rows = []
    for name, one in points.items():
        threshold = NONE if math.isinf(one.threshold) else f"{one.threshold:.2f}"
        counts = (f"{value:,}" for value in (one.true_positives, one.false_positives, one.false_negatives))
        rows.append((name, threshold, *counts, percent(one.precision), percent(one.recall), percent(one.f1)))
    header = ("Class", "Threshold", "TP", "FP", "FN", "Precision", "Recall", "F1")
    text = f"The threshold of each class with the best F1 at a tolerance of {CHOSEN_TOLERANCE_S:g} s, chosen on this set."
    return [paragraph(text), table(header, rows)]


def calibration_section(system: ScoredSystem) -> Section:
    """How often predictions of a confidence are right."""
    found = calibrate(system.loose, CHOSEN_TOLERANCE_S)
    middles = [50 * (low + high) for low, high in zip(found.edges[:-1], found.edges[1:], strict=True)]
    series = [Series("Right", [100 * value for value in found.confidence], [100 * value for value in found.accuracy])]
    used = [number for number, count in enumerate(found.count) if count]
    series = [Series("Right", [series[0].x[number] for number in used], [series[0].y[number] for number in used])]
    x = Axis("Confidence (%)", 0, 100, tuple((float(at), str(at)) for at in range(0, 101, 10)))
    bars = Bars("Predictions", middles, [int(count) for count in found.count], 10)
    drawing = line_chart(series, x, percent_axis("Right (%)"), bars=bars, diagonal=True)
    rows = [
        (f"{100 * low:.0f} to {100 * high:.0f}", f"{count:,}", percent(float(confidence)), percent(float(accuracy)))
        for low, high, count, confidence, accuracy in zip(
            found.edges[:-1], found.edges[1:], found.count, found.confidence, found.accuracy, strict=True
        )
    ]
    caption = (
        f"Share of the predictions that find a label within a tolerance of {CHOSEN_TOLERANCE_S:g} s, against their confidence. "
        f"On the dotted line confidences are right as they stand. Expected calibration error: {100 * found.expected_error:.1f} "
        "points."
    )
    data = table(("Confidence (%)", "Predictions", "Mean confidence", "Right"), rows)
    return Section("calibration", "Calibration", figure(drawing, caption, data))
