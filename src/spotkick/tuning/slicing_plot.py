"""A drawing of estimated context slicing, one row a class: bars over their data; plain SVG."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Final

import numpy as np
import numpy.typing as npt

from spotkick.encoding.slicing import Bounds
from spotkick.tuning.class_gaps import ClassGaps
from spotkick.tuning.mean_response import LONGEST_S, MeanResponse
from spotkick.tuning.slicing_estimate import ClassEstimate

_WIDTH: Final = 980
_LEFT: Final = 190
_RIGHT: Final = 24
_ROW: Final = 54
_TOP: Final = 74
_BOTTOM: Final = 40
_BIN_S: Final = 2.5
_TICKS_S: Final = (-100, -75, -50, -25, 0, 25, 50, 75, 100)

_BAR: Final = "#8ecae6"
_CORE: Final = "#219ebc"
_GAPS: Final = "#d6d6cb"
_CURVE: Final = "#c1121f"
_MARKS: Final = "#212529"
_STYLE: Final = (
    "text{font:12px system-ui,-apple-system,'Segoe UI',sans-serif;fill:#212529}"
    ".small{font-size:11px;fill:#6c757d}.title{font-size:15px;font-weight:600}"
)


def slicing_svg(
    estimates: Sequence[ClassEstimate],
    other: Mapping[str, Bounds] | None = None,
    other_name: str = "",
) -> str:
    """Draw the bounds of each class over the gaps, and the mean response where there is one.

    Args:
        estimates: what to draw, from top to bottom.
        other: further bounds by class name, drawn as brackets for comparison.
        other_name: what to call them.
    """
    height = _TOP + _ROW * len(estimates) + _BOTTOM
    rows = "".join(
        _draw_row(estimate, _TOP + _ROW * number, other or {})
        for number, estimate in enumerate(estimates)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" '
        f'width="{_WIDTH}" height="{height}" role="img" '
        f'aria-label="Estimated context slicing of {len(estimates)} '
        f'classes"><style>{_STYLE}</style>'
        f'<rect width="{_WIDTH}" height="{height}" fill="#fff"/>'
        f"{_draw_legend(estimates, other, other_name)}"
        f"{_draw_axis(height)}{rows}</svg>\n"
    )


def slicing_page(
    estimates: Sequence[ClassEstimate],
    other: Mapping[str, Bounds] | None = None,
    other_name: str = "",
) -> str:
    """The drawing as an HTML page of its own."""
    drawing = slicing_svg(estimates, other, other_name).replace(
        "<svg ", '<svg style="max-width:100%;height:auto" ', 1
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Context slicing</title>'
        '<meta name="viewport" content="width=device-width,initial-scale=1"></head>'
        f'<body style="margin:1rem auto;max-width:{_WIDTH}px">{drawing}</body></html>\n'
    )


def _x_of(seconds: float) -> float:
    span = _WIDTH - _LEFT - _RIGHT
    return round(
        _LEFT
        + span * (float(np.clip(seconds, -LONGEST_S, LONGEST_S)) + LONGEST_S) / (2 * LONGEST_S),
        1,
    )


def _draw_legend(
    estimates: Sequence[ClassEstimate], other: Mapping[str, Bounds] | None, other_name: str
) -> str:
    entries = [(_CORE, "K2 to K3"), (_BAR, "K1 to K4"), (_GAPS, "previous and next incident")]
    if any(estimate.response is not None for estimate in estimates):
        entries.append((_CURVE, "mean response"))
    if other:
        entries.append((_MARKS, f"brackets: {other_name}"))

    # A square and a name for each, one after the other.
    parts = [
        (
            '<text class="title" x="16" y="26">Estimated context slicing, seconds from the '
            "action</text>"
        )
    ]
    x = 16
    for colour, name in entries:
        parts.append(f'<rect x="{x}" y="40" width="12" height="12" rx="2" fill="{colour}"/>')
        parts.append(f'<text x="{x + 18}" y="50">{escape(name)}</text>')
        x += 42 + 7 * len(name)
    return "".join(parts)


def _draw_axis(height: int) -> str:
    bottom = height - _BOTTOM
    lines = [
        f'<line x1="{_x_of(tick)}" x2="{_x_of(tick)}" y1="{_TOP - 6}" y2="{bottom}" '
        f'stroke="{"#6c757d" if tick == 0 else "#e9ecef"}"/>'
        f'<text class="small" x="{_x_of(tick)}" y="{bottom + 18}" '
        f'text-anchor="middle">{tick:+d}</text>'
        for tick in _TICKS_S
    ]
    return "".join(lines).replace("+0<", "0<")


def _draw_row(estimate: ClassEstimate, top: float, other: Mapping[str, Bounds]) -> str:
    k1, k2, k3, k4 = estimate.bounds_s
    base = top + _ROW - 18
    bounds = ", ".join(f"{value:.1f}" for value in estimate.bounds_s)
    remark = "; ".join(
        part for part in (f"{estimate.label}: {bounds} s", estimate.method, estimate.note) if part
    )
    count = f"{estimate.gaps.actions:,} actions, {estimate.method}"

    # The gaps lie at the back, the action itself in front.
    parts = [
        f"<g><title>{escape(remark)}</title>",
        f'<text x="{_LEFT - 10}" y="{top + 24}" text-anchor="end">{escape(estimate.label)}</text>',
        f'<text class="small" x="{_LEFT - 10}" y="{top + 40}" text-anchor="end">{count}</text>',
        _draw_histogram(estimate.gaps, top + 4, base),
        _draw_bar(k1, k4, base + 2, 10, _BAR),
        _draw_bar(k2, k3, base + 2, 10, _CORE),
        _draw_curve(estimate.response, top + 4, base),
        _draw_brackets(other.get(estimate.label), base),
        (
            f'<line x1="{_x_of(0)}" x2="{_x_of(0)}" y1="{top + 4}" y2="{base + 12}" '
            f'stroke="{_MARKS}" stroke-width="1.5"/></g>'
        ),
    ]
    return "".join(parts)


def _draw_bar(start_s: float, end_s: float, y: float, height: float, colour: str) -> str:
    width = _x_of(end_s) - _x_of(start_s)
    return (
        f'<rect x="{_x_of(start_s)}" y="{y}" width="{width:.1f}" height="{height}" rx="2" '
        f'fill="{colour}"/>'
    )


def _draw_histogram(gaps: ClassGaps, top: float, base: float) -> str:
    """Share of the actions whose nearest other incident lies in each bin, before and after."""
    edges = np.arange(-LONGEST_S, LONGEST_S + _BIN_S, _BIN_S)
    counts, _ = np.histogram(np.concatenate((-gaps.before, gaps.after)), edges)
    if not counts.any():
        return ""
    heights = (base - top) * counts / counts.max()
    points = " ".join(
        f"{_x_of(edge)},{base - tall:.1f}"
        for start, end, tall in zip(edges[:-1], edges[1:], heights, strict=True)
        for edge in (start, end)
    )
    outline = f"{_x_of(edges[0])},{base} {points} {_x_of(edges[-1])},{base}"
    return f'<polygon points="{outline}" fill="{_GAPS}"/>'


def _draw_curve(response: MeanResponse | None, top: float, base: float) -> str:
    if response is None:
        return ""
    chosen = np.abs(response.offsets_s) <= LONGEST_S
    heights: npt.NDArray[np.float64] = response.scores[chosen] / max(
        float(response.scores.max()), 1e-9
    )
    points = " ".join(
        f"{_x_of(offset)},{base - tall * (base - top):.1f}"
        for offset, tall in zip(response.offsets_s[chosen], heights, strict=True)
    )
    return f'<polyline points="{points}" fill="none" stroke="{_CURVE}" stroke-width="1.5"/>'


def _draw_brackets(bounds: Bounds | None, base: float) -> str:
    if bounds is None:
        return ""
    k1, k2, k3, k4 = (_x_of(value) for value in bounds)
    y, low = base + 7, base + 13
    outer = (
        f'<path d="M{k1} {y - 5}V{low}H{k4}V{y - 5}" fill="none" stroke="{_MARKS}" '
        'stroke-width="1"/>'
    )
    return outer + "".join(
        f'<line x1="{x}" x2="{x}" y1="{y}" y2="{low}" stroke="{_MARKS}" stroke-width="1"/>'
        for x in (k2, k3)
    )
