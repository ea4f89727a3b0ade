"""Frame rates that features may have, by their number of frames and what they should cover."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Final

import numpy as np

KNOWN_RATES: Final = tuple(
    Fraction(rate)
    for rate in ("1", "2", "4", "5", "25/4", "8", "10", "25/2", "15", "24", "25", "30000/1001",
                 "30", "50", "60000/1001", "60")
)  # fmt: skip
"""Frames per second that features and videos of this field come in."""

TOLERANCE_S: Final = 2.0
"""Lengths of one period may differ by this much between files: extractors drop a last incomplete
stretch."""

LEAST_LABELS: Final = 5
"""Fewer labels do not say how long a period lasts."""

_SLACK: Final = 0.02
_MOST_GAPS: Final = 12.0
"""Labels that come every g seconds do not stop so many g before the end of what they label."""


def find_rate(frames: int, duration_s: float, stated: Fraction) -> Fraction | None:
    """A known rate, other than the stated one, at which frames last as long as they should.

    Example:
        >>> find_rate(13_500, 45 * 60, Fraction(2))
        Fraction(5, 1)
    """
    slack_s = max(TOLERANCE_S, _SLACK * duration_s)
    fitting = [
        rate
        for rate in KNOWN_RATES
        if frames and rate != stated and abs(frames / rate - duration_s) <= slack_s
    ]
    return min(fitting, key=lambda rate: abs(frames / rate - duration_s), default=None)


def find_rate_of_labels(
    positions_s: Sequence[float], frames: int, stated: Fraction
) -> Fraction | None:
    """A known rate at which features end soon after the last label, where they do not as stated.

    Args:
        positions_s: of the labels of a period.
        frames: number of feature frames.
        stated: rate that the features are read at.
    """
    if len(positions_s) < LEAST_LABELS or frames == 0:
        return None
    times = np.sort(np.asarray(positions_s, dtype=np.float64))
    last_s = float(times[-1])
    gap_s = max(float(np.mean(np.diff(times))), 1.0)
    rest_s = frames / float(stated) - last_s
    if rest_s <= _MOST_GAPS * gap_s or frames / float(stated) < 1.5 * last_s:
        return None

    # The lowest rate that leaves no more than a usual pause after the last label.
    fitting = [rate for rate in KNOWN_RATES if frames / rate >= last_s - TOLERANCE_S]
    close = [rate for rate in fitting if frames / rate - last_s <= _MOST_GAPS * gap_s / 2]
    return max(close, default=None)
