"""Values with their confidence intervals side by side, one row each, as inline SVG: for classes and for systems."""

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
_STEP: Final = 13
"""Between the series of one row."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value and the ends of its interval; ends that are not a number are not drawn, nor is such a value."""

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
    return join([legend(names), *(_draw(rows, names, axis, size) for size in (_WIDE, _NARROW))])


def _draw(
    rows: Sequence[tuple[str, Sequence[Estimate]]],
    names: Sequence[str],
    axis: Axis,
    size: tuple[int, int],
) -> Html:
    width, left = size
    tall = max(24, 12 + _STEP * len(names))
    height = _TOP + tall * len(rows) + _BOTTOM

    def px(value: float) -> float:
        return round(
            left + (value - axis.low) / (axis.high - axis.low) * (width - left - _RIGHT), 1
        )

    parts = []
    for value, text in axis.ticks:
        parts.append(tag("path.grid", d=f"M{px(value)} {_TOP}V{height - _BOTTOM}"))
        parts.append(tag("text.middle", text, x=px(value), y=height - _BOTTOM + 17))
    parts.append(tag("text.middle title", axis.label, x=(left + width - _RIGHT) / 2, y=height - 4))
    for number, (label, estimates) in enumerate(rows):
        top = _TOP + tall * number
        if number:
            parts.append(tag("path.row", d=f"M4 {top}H{width - _RIGHT}"))
        parts.append(tag("text.end", _shortened(label, left), x=left - 8, y=top + tall / 2 + 4))
        for k, (name, estimate) in enumerate(zip(names, estimates, strict=True)):
            y = top + tall / 2 + _STEP * (k - (len(names) - 1) / 2)
            parts.append(
                tag(
                    "g", *_whisker(k, estimate, px, y, f"{label}, {name}: {estimate}"), data_group=k
                )
            )
    return tag(
        f"svg.chart {'wide' if size == _WIDE else 'narrow'}",
        *parts,
        viewBox=f"0 0 {width} {height}",
        aria_hidden="true",
    )


def _whisker(
    k: int, estimate: Estimate, px: Callable[[float], float], y: float, tip: str
) -> list[Html]:
    if math.isnan(estimate.value):
        return []
    parts = []
    if not math.isnan(estimate.low):
        parts.append(tag(f"path.whisker s{k}", d=f"M{px(estimate.low)} {y}H{px(estimate.high)}"))
    return [*parts, mark(k, px(estimate.value), y, tip)]


def _shortened(label: str, room_px: float) -> str:
    most = int(room_px / 6.4)
    return label if len(label) <= most else label[: most - 1] + "…"
