"""The clock of a match against the time of a file, as an SVG: what was found, for people."""

from collections.abc import Sequence
from html import escape
from typing import Final

from spotkick.scoreboard.periods import FoundPeriod
from spotkick.scoreboard.readings import Reading
from spotkick.scoreboard.score_changes import ScoreChange
from spotkick.timeline import format_clock

_WIDTH: Final = 960
_HEIGHT: Final = 420
_LEFT: Final = 60
_RIGHT: Final = 20
_TOP: Final = 34
_BOTTOM: Final = 46

_SHADES: Final = ("#dbe9ff", "#ffe9cf", "#dff3df", "#f3dff0", "#eeeeee")
_MINUTES: Final = 15
"""Grid lines of the clock stand this many minutes apart."""

_TICKS: Final = (60, 120, 300, 600, 900, 1800, 3600)
"""Distances of the marks on the axis of the file; the first that gives at most 12 is taken."""


def clock_chart_svg(
    title: str,
    duration_s: float,
    readings: Sequence[Reading],
    periods: Sequence[FoundPeriod],
    changes: Sequence[ScoreChange],
) -> str:
    """Draw readings as dots, periods as shaded stretches with their clock, goals as marks.

    Args:
        title: usually the name of the file.
        duration_s: length of the file.
        readings: all of them, also those that no period took.
        periods: found.
        changes: of the score.
    """
    top_s = max([r.clock_s for r in readings if r.clock_s is not None] or [2700], default=2700)
    axes = _Axes(max(duration_s, 1.0), max(float(top_s), 60.0))
    parts = [
        _open_svg(escape(title)),
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>',
        f'<text x="{_LEFT}" y="20" font-size="14" font-weight="bold">{escape(title)}</text>',
        *_draw_periods(axes, periods),
        *_draw_grid(axes),
        *_draw_readings(axes, readings),
        *_draw_goals(axes, changes),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _open_svg(title: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        f'font-family="sans-serif" font-size="12" role="img" '
        f'aria-label="{title}: match clock against file time">'
    )


class _Axes:
    """Seconds of file and clock to pixels."""

    def __init__(self, duration_s: float, top_s: float) -> None:
        self.duration_s, self.top_s = duration_s, top_s

    def x(self, seconds: float) -> float:
        share = min(max(seconds / self.duration_s, 0.0), 1.0)
        return round(_LEFT + share * (_WIDTH - _LEFT - _RIGHT), 1)

    def y(self, clock_s: float) -> float:
        share = min(max(clock_s / self.top_s, 0.0), 1.0)
        return round(_HEIGHT - _BOTTOM - share * (_HEIGHT - _TOP - _BOTTOM), 1)


def _draw_periods(axes: _Axes, periods: Sequence[FoundPeriod]) -> list[str]:
    parts = []
    for period in periods:
        left, right = axes.x(period.start_s), axes.x(period.end_s)
        label = f"period {period.period}, {format_clock(max(period.start_s, 0.0))}"
        first = axes.y(period.clock_base_s)
        last = axes.y(period.clock_base_s + period.end_s - period.start_s)
        shade = _SHADES[(period.period - 1) % len(_SHADES)]
        size = f'width="{max(right - left, 1.0):.1f}" height="{_HEIGHT - _TOP - _BOTTOM}"'
        parts += [
            f'<rect x="{left}" y="{_TOP}" {size} fill="{shade}"/>',
            f'<line x1="{left}" y1="{first}" x2="{right}" y2="{last}" stroke="#3465a4"/>',
            f'<text x="{left + 4}" y="{_TOP + 16}" fill="#333333">{label}</text>',
        ]
    return parts


def _draw_grid(axes: _Axes) -> list[str]:
    parts = []
    bottom = _HEIGHT - _BOTTOM
    for minute in range(0, int(axes.top_s // 60) + 1, _MINUTES):
        y = axes.y(60 * minute)
        parts += [
            f'<line x1="{_LEFT}" y1="{y}" x2="{_WIDTH - _RIGHT}" y2="{y}" stroke="#dddddd"/>',
            f'<text x="{_LEFT - 6}" y="{y + 4}" text-anchor="end">{minute}:00</text>',
        ]

    # marks of the file's time, at most a dozen
    step = next((t for t in _TICKS if axes.duration_s / t <= 12), _TICKS[-1])
    for tick in range(0, int(axes.duration_s) + 1, step):
        x = axes.x(tick)
        parts += [
            f'<line x1="{x}" y1="{bottom}" x2="{x}" y2="{bottom + 5}" stroke="#888888"/>',
            f'<text x="{x}" y="{bottom + 18}" text-anchor="middle">{format_clock(tick)}</text>',
        ]

    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    parts.append(
        f'<text x="{middle}" y="{_HEIGHT - 8}" text-anchor="middle">time of the file</text>'
    )
    return parts


def _draw_readings(axes: _Axes, readings: Sequence[Reading]) -> list[str]:
    return [
        f'<circle cx="{axes.x(reading.file_s)}" cy="{axes.y(reading.clock_s)}" r="1.8" '
        f'fill="#204a87" fill-opacity="0.6"/>'
        for reading in readings
        if reading.clock_s is not None
    ]


def _draw_goals(axes: _Axes, changes: Sequence[ScoreChange]) -> list[str]:
    parts = []
    for change in changes:
        x, colour = axes.x(change.after_s), "#999999" if change.taken_back else "#a40000"
        text = "{}-{}".format(*change.new) + (" taken back" if change.taken_back else "")
        ends = f'x1="{x}" y1="{_TOP}" x2="{x}" y2="{_HEIGHT - _BOTTOM}"'
        parts += [
            f'<line {ends} stroke="{colour}" stroke-dasharray="4 3"/>',
            f'<text x="{x + 3}" y="{_HEIGHT - _BOTTOM - 6}" fill="{colour}">{text}</text>',
        ]
    return parts
