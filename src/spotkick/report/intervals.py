"""Values with their confidence intervals side by side, one row each, as inline SVG."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from spotkick.report.charts import Axis, legend, mark
from spotkick.report.markup import Html, join, tag

_WIDE: Final = (760, 150)
_NARROW: Final = (350, 122)
_RIGHT: Final = 14
_TOP: Final = 8
_BOTTOM: Final = 40
_LABEL_PX: Final = 7.4
_STEP: Final = 13
"""Between the series of one row."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value and the ends of its interval; what is not a number is not drawn."""

    value: float
    low: float = math.nan
    high: float = math.nan

    def __str__(self) -> str:
        """As tooltips have it."""
        return f"{self.value:.1f}" + (
            "" if math.isnan(self.low) else f" ({self.low:.1f} to {self.high:.1f})"
        )


def interval_chart(
    rows: Sequence[tuple[str, Sequence[Estimate]]], names: Sequence[str], axis: Axis
) -> Html:
    """One row for each label, one mark with a whisker for each series.

    Args:
        rows: label, and one estimate for each of the names.
        names: of the series.
        axis: horizontal.
    """
    drawings = (_draw_rows(rows, names, axis, size=size) for size in (_WIDE, _NARROW))
    return join([legend(names), *drawings])


def _draw_rows(
    rows: Sequence[tuple[str, Sequence[Estimate]]],
    names: Sequence[str],
    axis: Axis,
    *,
    size: tuple[int, int],
) -> Html:
    width, left = size
    tall = max(24, 12 + _STEP * len(names))
    height = _TOP + tall * len(rows) + _BOTTOM

    def px(value: float) -> float:
        share = (value - axis.low) / (axis.high - axis.low)
        return round(left + share * (width - left - _RIGHT), 1)

    # The grid and the title of the axis.
    parts = []
    for value, text in axis.ticks:
        parts.append(tag("path.grid", d=f"M{px(value)} {_TOP}V{height - _BOTTOM}"))
        parts.append(tag("text.middle", text, x=px(value), y=height - _BOTTOM + 17))
    parts.append(tag("text.middle title", axis.label, x=(left + width - _RIGHT) / 2, y=height - 4))

    # A row for each label, its series one below the other.
    for number, (label, estimates) in enumerate(rows):
        top = _TOP + tall * number
        if number:
            parts.append(tag("path.row", d=f"M4 {top}H{width - _RIGHT}"))
        parts.append(tag("text.end", _shorten_label(label, left), x=left - 8, y=top + tall / 2 + 4))
        for k, (name, estimate) in enumerate(zip(names, estimates, strict=True)):
            y = top + tall / 2 + _STEP * (k - (len(names) - 1) / 2)
            tip = f"{label}, {name}: {estimate}"
            parts.append(tag("g", *_draw_whisker(k, estimate, px, y=y, tip=tip), data_group=k))

    # The style sheet shows the drawing that fits the screen.
    side = "wide" if size == _WIDE else "narrow"
    return tag(f"svg.chart {side}", *parts, viewBox=f"0 0 {width} {height}", aria_hidden="true")


def _draw_whisker(
    k: int, estimate: Estimate, px: Callable[[float], float], *, y: float, tip: str
) -> list[Html]:
    if math.isnan(estimate.value):
        return []
    parts = []
    if not math.isnan(estimate.low):
        parts.append(tag(f"path.whisker s{k}", d=f"M{px(estimate.low)} {y}H{px(estimate.high)}"))
    return [*parts, mark(k, px(estimate.value), y, tip=tip)]


def _shorten_label(label: str, room_px: float) -> str:
    most = int(room_px / _LABEL_PX)
    return label if len(label) <= most else label[: most - 1] + "\N{HORIZONTAL ELLIPSIS}"
