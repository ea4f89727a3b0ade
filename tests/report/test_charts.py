import math
import re

import pytest

from spotkick.report.charts import Axis, Bars, Series, line_chart, percent_axis
from spotkick.report.intervals import Estimate, interval_chart

X = Axis("Tolerance (s)", 0, 10, ((0, "0"), (5, "5"), (10, "10")))


def points(chart: str, drawing: int = 0) -> list[list[float]]:
    lines = re.findall(r'class="line s\d" d="M([^"]+)"', chart.split("<svg class=")[1 + drawing])
    return [[float(number) for number in re.split("[L ]", line)] for line in lines]


def test_line_chart_values_lie_where_axes_say() -> None:
    chart = line_chart([Series("a", [0, 5, 10], [0, 50, 100])], X, percent_axis("mAP (%)"))
    left, bottom, middle, half, right, top = points(chart)[0]
    assert middle == pytest.approx((left + right) / 2, abs=0.1)
    assert half == pytest.approx((top + bottom) / 2, abs=0.1)
    assert left < right
    assert top < bottom
    ticks = dict(
        re.findall(
            r'x="([\d.]+)" y="[\d.]+">(\d+)<', chart.split("<svg class=")[1].split("middle")[1]
        )
    )
    assert ticks == {str(left).removesuffix(".0"): "0"}


def test_line_chart_missing_values_are_left_out_and_outliers_clipped() -> None:
    chart = line_chart([Series("a", [0, 5, 10], [20, math.nan, 400])], X, percent_axis("mAP (%)"))
    assert len(points(chart)[0]) == 4
    assert "nan" not in chart
    assert (
        points(chart)[0][3]
        == points(line_chart([Series("a", [0, 5, 10], [0, 0, 100])], X, percent_axis("")))[0][5]
    )


def test_line_chart_bars_are_in_proportion() -> None:
    chart = line_chart(
        [Series("a", [0], [1])], X, percent_axis(""), bars=Bars("Labels", [0, 5, 10], [0, 5, 10], 2)
    )
    heights = [float(height) for height in re.findall(r'class="bar"[^>]* height="([\d.]+)"', chart)]
    assert heights[:3] == [0, heights[2] / 2, heights[2]]
    assert heights[2] > 20
    assert "10: 10 labels" in chart


def test_line_chart_series_differ_in_more_than_colour() -> None:
    chart = line_chart([Series(name, [0, 10], [1, 2]) for name in "abcdef"], X, percent_axis(""))
    shapes = re.findall(r'class="mark s(\d)" d="([^"]+)"', chart)
    assert len({shape for _, shape in shapes}) == len({number for number, _ in shapes}) == 6


def test_line_chart_tooltips_state_value_and_interval() -> None:
    chart = line_chart([Series("a", [5], [42.04], [40], [44])], X, percent_axis(""))
    assert "a, tolerance 5: 42.0 (40.0 to 44.0)" in chart
    assert "B, a: 7.0 (6.0 to 8.5)" in interval_chart(
        [("B", (Estimate(7, 6, 8.5),))], ("a",), percent_axis("")
    )
    assert 'data-tip="B' not in interval_chart(
        [("B", (Estimate(math.nan),))], ("a",), percent_axis("")
    )


@pytest.mark.parametrize(
    ("most", "high"),
    [(3, 5), (10, 10), (41, 60), (99, 100), (110, 120), (131, 150), (math.nan, 100)],
)
def test_percent_axis_values_lie_below_its_end(most: float, high: float) -> None:
    axis = percent_axis("", [most])
    assert axis.high == high
    assert [axis.ticks[0][0], axis.ticks[-1][0]] == [0, high]
    assert len(axis.ticks) <= 7
