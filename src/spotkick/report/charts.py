"""Charts as inline SVG: curves with intervals, and bars of counts below them on the same axis.

Each chart is drawn twice, for wide and for narrow screens, so that text has the same size on both;
the style sheet shows one. Colours come from the style sheet (light, dark, print); series also
differ in dash and in the shape of their marks.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from spotkick.report.markup import Html, join, tag

_WIDE: Final = (760, 330)
_NARROW: Final = (350, 290)
_LEFT: Final = 58
_RIGHT: Final = 12
_TOP: Final = 12
_BOTTOM: Final = 42
_COUNTS: Final = 62
_GAP: Final = 14
_TALLEST: Final = 48
"""Of the bars; the rest of their panel is for the numbers above them."""
_LABEL_PX: Final = 6.4


@dataclass(frozen=True, slots=True)
class Axis:
    """An axis: its label with unit, its range, and where ticks stand."""

    label: str
    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]


@dataclass(frozen=True, slots=True)
class Series:
    """A curve; x and y have equal lengths, points whose y is not a number are left out.

    Attributes:
        name: for the legend and the tooltips.
        x: positions.
        y: values.
        low: lower ends of the confidence intervals, empty without.
        high: upper ends.
        marks: whether points get marks (dense curves need none).
    """

    name: str
    x: Sequence[float]
    y: Sequence[float]
    low: Sequence[float] = ()
    high: Sequence[float] = ()
    marks: bool = True


@dataclass(frozen=True, slots=True)
class Bars:
    """Counts for the panel below the curves."""

    name: str
    x: Sequence[float]
    heights: Sequence[float]
    width: float


def percent_axis(label: str, values: Sequence[float] = (0, 100)) -> Axis:
    """An axis from 0 to a round number above the largest value."""
    most = max((value for value in values if not math.isnan(value)), default=100)
    # Above 100 lie unshown values, which the official code multiplies by 17/13.
    high = next((top for top in (5, 10, 20, 30, 40, 60, 80, 100, 120) if most <= top), 150)
    step = next(width for width in (1, 2, 5, 10, 20, 50) if high / width <= 6)
    ticks = tuple((value, str(value)) for value in range(0, high + 1, step))
    return Axis(label, low=0, high=high, ticks=ticks)


def line_chart(
    series: Sequence[Series], x: Axis, y: Axis, *, bars: Bars | None = None, diagonal: bool = False
) -> Html:
    """Curves over a common axis.

    Args:
        series: at most six.
        x: horizontal axis.
        y: vertical axis.
        bars: counts, drawn in a panel of their own below.
        diagonal: draw the line on which both axes are equal.
    """
    drawings = (
        _draw_chart(
            _Frame.of(x, y, size, with_bars=bars is not None), series, bars, diagonal=diagonal
        )
        for size in (_WIDE, _NARROW)
    )
    return join([legend([item.name for item in series]), *drawings])


def legend(names: Sequence[str]) -> Html:
    """Buttons that show and hide series; none for a single one."""
    if len(names) < 2:
        return Html("")
    buttons = []
    for number, name in enumerate(names):
        # A short line with the dash and the mark of the series.
        line = tag(f"path.line s{number}", d="M1 7H27")
        sample = tag("svg", line, mark(number, 14, 7), viewBox="0 0 28 14", aria_hidden="true")
        buttons.append(
            tag("button", sample, name, type="button", aria_pressed="true", data_series=number)
        )
    return tag("div.legend", *buttons)


def mark(series: int, x: float, y: float, *, tip: str | None = None) -> Html:
    """The mark of a series: circle, square, triangle, diamond, cross, ring."""
    paths = (
        "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0z",
        "M-3.5-3.5h7v7h-7z",
        "M0-4.5L4.5 3.5h-9z",
        "M0-5L5 0L0 5L-5 0z",
        "M-4-4L4 4M4-4L-4 4",
        "M-4 0h8M0-4v8",
    )
    return tag(
        f"path.mark s{series}",
        d=paths[series % len(paths)],
        transform=f"translate({x:.1f} {y:.1f})",
        data_tip=tip,
        data_series=series,
    )


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where values lie on the drawing."""

    x: Axis
    y: Axis
    size: tuple[int, int]
    bottom: float

    @classmethod
    def of(cls, x: Axis, y: Axis, size: tuple[int, int], *, with_bars: bool) -> "_Frame":
        """A frame of a size, above the panel of counts when there is one."""
        bottom = size[1] - _BOTTOM - (_COUNTS + _GAP if with_bars else 0)
        return cls(x, y, size=size, bottom=bottom)

    def px(self, value: float) -> float:
        """Pixels from the left edge."""
        share = (value - self.x.low) / (self.x.high - self.x.low)
        return round(_LEFT + share * (self.size[0] - _LEFT - _RIGHT), 1)

    def py(self, value: float) -> float:
        """Pixels from the top edge; values outside the axis lie on its end."""
        inside = min(max(value, self.y.low), self.y.high)
        share = (inside - self.y.low) / (self.y.high - self.y.low)
        return round(self.bottom - share * (self.bottom - _TOP), 1)


def _draw_chart(
    frame: _Frame, series: Sequence[Series], bars: Bars | None, *, diagonal: bool
) -> Html:
    parts = _draw_grid(frame)
    if diagonal:
        first = f"{frame.px(frame.x.low)} {frame.py(frame.y.low)}"
        last = f"{frame.px(frame.x.high)} {frame.py(frame.y.high)}"
        parts.append(tag("path.diagonal", d=f"M{first}L{last}"))
    parts += [_draw_curve(number, item, frame) for number, item in enumerate(series)]
    if bars:
        parts.append(_draw_bars(bars, frame))

    # The table below the chart is what a screen reader gets; the drawing itself is hidden from it.
    side = "wide" if frame.size == _WIDE else "narrow"
    view = f"0 0 {frame.size[0]} {frame.size[1]}"
    return tag(f"svg.chart {side}", *parts, viewBox=view, aria_hidden="true")


def _draw_grid(frame: _Frame) -> list[Html]:
    width, height = frame.size
    parts = []

    # Lines and numbers of the vertical axis, ticks and numbers of the horizontal one.
    for value, text in frame.y.ticks:
        y = frame.py(value)
        parts.append(tag("path.grid", d=f"M{_LEFT} {y}H{width - _RIGHT}"))
        parts.append(tag("text.end", text, x=_LEFT - 7, y=y + 4))
    for value, text in _fitting_ticks(frame.x.ticks, (width - _LEFT - _RIGHT)):
        x = frame.px(value)
        parts.append(tag("path.tick", d=f"M{x} {height - _BOTTOM}v5"))
        parts.append(tag("text.middle", text, x=x, y=height - _BOTTOM + 18))

    # Titles of both axes.
    middle = (_LEFT + width - _RIGHT) / 2
    parts.append(tag("path.axis", d=f"M{_LEFT} {frame.bottom}H{width - _RIGHT}"))
    parts.append(tag("text.middle title", frame.x.label, x=middle, y=height - 5))
    turned = f"translate(12 {(frame.bottom + _TOP) / 2:.0f}) rotate(-90)"
    parts.append(tag("text.middle title", frame.y.label, transform=turned))
    return parts


def _fitting_ticks(ticks: Sequence[tuple[float, str]], width: float) -> list[tuple[float, str]]:
    """Every tick, or every second, third, ... so that their texts do not touch."""
    room = sum(_LABEL_PX * len(text) + 10 for _, text in ticks)
    return list(ticks[:: max(1, math.ceil(room / width))])


def _draw_curve(number: int, series: Series, frame: _Frame) -> Html:
    points = [
        (frame.px(x), frame.py(y))
        for x, y in zip(series.x, series.y, strict=True)
        if not math.isnan(y)
    ]
    parts = [_draw_band(number, series, frame)] if series.low else []
    line = "M" + "L".join(f"{x} {y}" for x, y in points) if points else "M0 0"
    parts.append(tag(f"path.line s{number}", d=line))

    if series.marks:
        tips = _list_tooltips(series, frame)
        parts += [mark(number, x, y, tip=tip) for (x, y), tip in zip(points, tips, strict=True)]
    return tag("g", *parts, data_group=number)


def _draw_band(number: int, series: Series, frame: _Frame) -> Html:
    rows = [
        row for row in zip(series.x, series.low, series.high, strict=True) if not math.isnan(row[1])
    ]
    upper = [f"{frame.px(x)} {frame.py(high)}" for x, _, high in rows]
    lower = [f"{frame.px(x)} {frame.py(low)}" for x, low, _ in reversed(rows)]
    return tag(f"path.band s{number}", d="M" + "L".join([*upper, *lower]) + "Z" if rows else "M0 0")


def _list_tooltips(series: Series, frame: _Frame) -> list[str]:
    names = dict(frame.x.ticks)
    low, high = series.low or [math.nan] * len(series.x), series.high or [math.nan] * len(series.x)
    texts, where = [], frame.x.label.split(" (")[0].lower()
    for x, y, least, most in zip(series.x, series.y, low, high, strict=True):
        if not math.isnan(y):
            interval = "" if math.isnan(least) else f" ({least:.1f} to {most:.1f})"
            texts.append(f"{series.name}, {where} {names.get(x, f'{x:g}')}: {y:.1f}{interval}")
    return texts


def _short_count(count: float) -> str:
    """A count in at most four characters, so that it stays clear of the title of its axis."""
    if count < 1000:
        return f"{count:.0f}"
    return f"{count / 1000:.1f}k" if count < 9950 else f"{count / 1000:.0f}k"


def _draw_bars(bars: Bars, frame: _Frame) -> Html:
    top, bottom = frame.bottom + _GAP, frame.size[1] - _BOTTOM
    most = max(bars.heights, default=0) or 1
    with_numbers = frame.size == _WIDE  # there is room for a number above each bar

    turned = f"translate(12 {(top + bottom) / 2:.0f}) rotate(-90)"
    parts = [
        tag("path.axis", d=f"M{_LEFT} {bottom}H{frame.size[0] - _RIGHT}"),
        tag("text.end", "0", x=_LEFT - 7, y=bottom + 2),
        tag("text.middle title", bars.name, transform=turned),
    ]
    if not with_numbers:
        parts.append(tag("text.end", _short_count(most), x=_LEFT - 7, y=bottom - _TALLEST + 5))

    # The bars; the tooltip has the exact number, also where there is no room for it.
    names = dict(frame.x.ticks)
    for x, height in zip(bars.x, bars.heights, strict=True):
        left, right = frame.px(x - bars.width / 2) + 1, frame.px(x + bars.width / 2) - 1
        tall = round(height / most * _TALLEST, 1)
        tip = f"{names.get(x, f'{x:g}')}: {height:,.0f} {bars.name.lower()}"
        width = max(right - left, 1.0)
        parts.append(
            tag("rect.bar", x=left, y=bottom - tall, width=width, height=tall, data_tip=tip)
        )
        if with_numbers:
            middle = (left + right) / 2
            parts.append(tag("text.middle small", f"{height:,.0f}", x=middle, y=bottom - tall - 4))
    return tag("g", *parts)
