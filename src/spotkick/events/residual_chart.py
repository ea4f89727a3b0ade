"""Residuals of an alignment as an SVG: how far each event lies from its spot, over the period."""

from collections.abc import Sequence
from html import escape
from typing import Final

from spotkick.events.alignment import PeriodFit
from spotkick.timeline import format_clock

_WIDTH: Final = 960
_PANEL: Final = 220
_LEFT: Final = 60
_RIGHT: Final = 20
_TOP: Final = 40
_BOTTOM: Final = 40
_LARGEST_S: Final = 3.0
_COLOURS: Final = ("#204a87", "#a40000", "#4e9a06", "#ce5c00", "#5c3566", "#8f5902", "#2e3436")


def residual_chart_svg(title: str, fits: Sequence[PeriodFit]) -> str:
    """Draw one panel for each period: seconds of the feed against the residual.

    Args:
        title: usually the name of the match.
        fits: of the periods.
    """
    height = 30 + _PANEL * max(1, len(fits))
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" '
        f'font-family="sans-serif" font-size="12" role="img" '
        f'aria-label="{escape(title)}: residuals of the alignment">'
    )
    parts = [
        head,
        f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<text x="{_LEFT}" y="20" font-size="14" font-weight="bold">{escape(title)}</text>',
    ]

    # One colour a label, in all panels
    labels = sorted({pair.label for fit in fits for pair in fit.pairs})
    colours = {label: _COLOURS[n % len(_COLOURS)] for n, label in enumerate(labels)}
    for number, fit in enumerate(fits):
        parts += _draw_panel(fit, 30 + _PANEL * number, colours)
    return "\n".join([*parts, "</svg>"]) + "\n"


def describe_fit(fit: PeriodFit) -> str:
    """One line about a period: kick-off, drift, residual, or why there is no fit.

    Example:
        >>> describe_fit(PeriodFit(2, 3725.0, num_events=3, found_by="clock"))
        'period 2: 0:00 of the feed at 1:02:05.00 of the video, by the clock, not checked by spots'
    """
    if fit.problem:
        return f"period {fit.period}: not aligned, {fit.problem}"
    sign = "-" if fit.offset_s < 0 else ""
    whole, hundredths = divmod(round(100 * abs(fit.offset_s)), 100)
    at = f"{sign}{format_clock(whole)}.{hundredths:02d}"
    head = f"period {fit.period}: 0:00 of the feed at {at} of the video, by the {fit.found_by}"
    if fit.residual_s is None:
        return f"{head}, not checked by spots"
    # A median residual alone does not tell how well the offset is known.
    coarse = "" if fit.is_precise else "; spots this few or uncertain do not settle half a second"
    return (
        f"{head} (± {fit.uncertainty_s or 0:.2f} s), drift {1e6 * fit.drift:+.0f} ppm; "
        f"{fit.num_used} of {fit.num_events} events meet a spot, median residual "
        f"{fit.residual_s:.2f} s{coarse}"
    )


def _draw_panel(fit: PeriodFit, top: int, colours: dict[str, str]) -> list[str]:
    last_s = max([60.0, *(pair.event_s for pair in fit.pairs)])
    upper, lower = top + _TOP, top + _PANEL - _BOTTOM
    middle = (upper + lower) / 2

    def x(seconds: float) -> float:
        share = min(max(seconds / last_s, 0.0), 1.0)
        return round(_LEFT + share * (_WIDTH - _LEFT - _RIGHT), 1)

    def y(residual_s: float) -> float:
        share = min(max(residual_s / _LARGEST_S, -1.0), 1.0)
        return round(middle - share * (lower - upper) / 2, 1)

    # frame, zero line and scales
    parts = [f'<text x="{_LEFT}" y="{top + 22}">{escape(describe_fit(fit))}</text>']
    for level in (-_LARGEST_S, -1.0, 0.0, 1.0, _LARGEST_S):
        stroke = "#888888" if level == 0 else "#dddddd"
        ends = f'x1="{_LEFT}" y1="{y(level)}" x2="{_WIDTH - _RIGHT}" y2="{y(level)}"'
        parts += [
            f'<line {ends} stroke="{stroke}"/>',
            f'<text x="{_LEFT - 6}" y="{y(level) + 4}" text-anchor="end">{level:+.0f} s</text>',
        ]
    for minute in range(0, int(last_s // 60) + 1, 5 if last_s > 1200 else 1):
        parts.append(
            f'<text x="{x(60 * minute)}" y="{lower + 16}" text-anchor="middle">{minute}:00</text>'
        )

    # pairs that the line uses are filled
    for pair in fit.pairs:
        colour = colours[pair.label]
        fill = colour if pair.used else "none"
        text = escape(f"{pair.label} at {format_clock(pair.event_s)}: {pair.residual_s:+.2f} s")
        parts.append(
            f'<circle cx="{x(pair.event_s)}" cy="{y(pair.residual_s)}" r="3.2" fill="{fill}" '
            f'stroke="{colour}"><title>{text}</title></circle>'
        )
    return parts
