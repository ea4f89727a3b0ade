"""Figures 1 and 2 of the paper, drawn from the loss and the encoding themselves."""

from typing import Final

import numpy as np
import torch

from spotkick.encoding.slicing import Bounds
from spotkick.encoding.time_shift import time_shift_encoding
from spotkick.losses import Margins, context_aware_loss
from spotkick.report.charts import Axis, Series, line_chart
from spotkick.report.markup import Html, tag
from spotkick.report.page import figure, paragraph, table

_COLUMNS: Final = 96
_ROWS: Final = 24
_CELL: Final = (7, 9)
_LEFT: Final = 46
_DARKEST: Final = 3.0
"""Loss of the darkest cell; larger ones look the same."""

_SCORES: Final = (0.1, 0.5, 0.9)
_RATE: Final = 2.0


def loss_surface(bounds: Bounds, variant: str, margins: Margins) -> Html:
    """Figure 1: the loss of one class over time shift and score.

    Args:
        bounds: K1 to K4 of the class in seconds.
        variant: of the loss.
        margins: tau_min and tau_max.
    """
    # (scores, shifts) values; the best scores are at the top
    low, high = 1.4 * bounds[0], 1.4 * bounds[3]
    shifts = np.linspace(low, high, _COLUMNS)
    scores = np.linspace(0.98, 0.02, _ROWS)
    values = _compute_losses(shifts, scores, bounds, variant, margins)  # (scores, shifts)

    # One rectangle per cell; the table below has the same numbers at a few places.
    width, height = _CELL
    cells = [
        tag(
            "rect",
            x=_LEFT + width * column,
            y=4 + height * row,
            width=width,
            height=height,
            fill="currentColor",
            fill_opacity=round(min(float(values[row, column]) / _DARKEST, 1.0), 3),
            data_tip=(
                f"shift {_format_seconds(shifts[column])} s, score {scores[row]:.2f}: "
                f"loss {value:.2f}"
            ),
        )
        for row in range(_ROWS)
        for column, value in enumerate(values[row].tolist())
    ]
    bottom = 4 + height * _ROWS
    lines = []
    for number, bound in enumerate(bounds, start=1):
        x = _LEFT + width * _COLUMNS * (bound - low) / (high - low)
        lines.append(tag("path.diagonal", d=f"M{x:.1f} 4V{bottom}"))
        lines.append(tag("text.middle", f"K{number}", x=round(x, 1), y=bottom + 15))
    zero = _LEFT + width * _COLUMNS * -low / (high - low)
    lines.append(tag("path.axis", d=f"M{zero:.1f} 4V{bottom}"))
    labels = [
        tag("text.end", "1", x=_LEFT - 8, y=14),
        tag("text.end", "0", x=_LEFT - 8, y=bottom),
        tag("text.end", "score", x=_LEFT - 8, y=(4 + bottom) // 2),
        tag(
            "text.middle", "time shift: before the action, 0 at it, after it", x=380, y=bottom + 32
        ),
    ]
    box = f"0 0 {_LEFT + width * _COLUMNS + 12} {bottom + 40}"
    drawing = tag("svg.chart", *cells, *lines, *labels, viewBox=box, role="img")

    picked = np.linspace(0, _COLUMNS - 1, 9).astype(int)
    rows = [
        (
            _format_seconds(shifts[c]),
            *(
                f"{v:.2f}"
                for v in _compute_losses(shifts[[c]], np.array(_SCORES), bounds, variant, margins)[
                    :, 0
                ]
            ),
        )
        for c in picked
    ]
    data = table(("Shift (s)", *(f"score {score:g}" for score in _SCORES)), rows)
    caption = (
        "The loss by time shift and score, darker where it is larger (the paper's figure 1). "
        f"K1 to K4 are {', '.join(f'{bound:g}' for bound in bounds)} s."
    )
    return figure(drawing, caption, data)


def encoding_figure(bounds: Bounds, variant: str, margins: Margins) -> Html:
    """Figure 2: the encoding around two actions, and what each frame is penalised by.

    Args:
        bounds: K1 to K4 of the class in seconds.
        variant: of the loss.
        margins: tau_min and tau_max.
    """
    # Two actions, far enough apart that all six segments show.
    reach = bounds[3] - bounds[0]
    seconds = np.arange(0, 3 * reach, 1 / _RATE)
    mask = np.zeros((len(seconds), 1), dtype=np.bool_)
    mask[[int(_RATE * 0.8 * reach), int(_RATE * 2.0 * reach)]] = True
    frames = np.array([bounds]) * _RATE
    shifts_s = time_shift_encoding(mask, frames)[:, 0] / _RATE

    # One curve per score that a network might give everywhere.
    curves = [
        Series(
            f"score {score:g}",
            seconds.tolist(),
            _compute_losses(shifts_s, np.array([score]), bounds, variant, margins)[0].tolist(),
            marks=False,
        )
        for score in _SCORES
    ]
    step = max(1, len(seconds) // 8)
    ticks = tuple((float(value), f"{value:g}") for value in seconds[::step])
    x = Axis("Time (s)", 0, float(seconds[-1]), ticks)
    y = Axis("Loss", 0, 3, tuple((float(value), str(value)) for value in range(4)))
    rows = [
        (
            _format_seconds(seconds[n]),
            _format_seconds(shifts_s[n]),
            *(f"{curve.y[n]:.2f}" for curve in curves),
        )
        for n in range(0, len(seconds), max(1, len(seconds) // 24))
    ]
    data = table(("Time (s)", "Shift (s)", *(curve.name for curve in curves)), rows)
    places = ", ".join(f"{seconds[n]:g} s" for n in np.flatnonzero(mask))
    caption = (
        f"The loss of each frame around actions at {places}, for three scores (the segments of the "
        "paper's figure 2). The table has the time shifts of the encoding."
    )
    return figure(line_chart(curves, x, y), caption, data)


def describe_loss(variant: str, margins: Margins) -> Html:
    """Which loss is drawn."""
    return paragraph(
        f"Drawn from the loss '{variant}' with margins {margins.low:g} and {margins.high:g}, and "
        "from the encoding that training uses."
    )


def _format_seconds(value: float) -> str:
    """One decimal place; contexts may be a few seconds long. No negative zero."""
    return f"{round(float(value), 1) + 0.0:.1f}"


def _compute_losses(
    shifts_s: np.ndarray, scores: np.ndarray, bounds: Bounds, variant: str, margins: Margins
) -> np.ndarray:
    """(scores, shifts)."""
    shifts = torch.from_numpy(np.tile(shifts_s * _RATE, (len(scores), 1))).unsqueeze(-1)
    p = torch.from_numpy(np.tile(scores[:, None], (1, len(shifts_s)))).unsqueeze(-1)
    slicing = torch.tensor([bounds], dtype=torch.float64) * _RATE
    loss = context_aware_loss(
        p, shifts, slicing, variant=variant, margins=margins, reduction="none"
    )
    return np.asarray(loss.squeeze(-1).numpy())
