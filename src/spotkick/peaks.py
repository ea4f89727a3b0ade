"""Unspotted peaks: frames whose scores are high, far from every spot of the class.

The segmentation scores are high at some frames that are no action of the class but are like one:
chances that were missed, fouls that went unpunished. Source: CALF paper, figure 7 and automatic
highlights.
"""

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from spotkick.actions import Action

SPOT_THRESHOLD: Final = 0.34
"""Least confidence of a spot that is shown. Source: the display threshold of the authors' code."""

PEAK_THRESHOLD: Final = 0.5
"""Least segmentation score of an unspotted peak."""

APART_S: Final = 20.0
"""An unspotted peak lies further than this from every spot of its class and every higher peak."""


def is_likely(spot: Action, thresholds: Mapping[str, float]) -> bool:
    """Whether a spot reaches the threshold of its class, `SPOT_THRESHOLD` where it has none."""
    return (spot.confidence or 0.0) >= thresholds.get(spot.label, SPOT_THRESHOLD)


def unspotted_peaks(
    values: npt.NDArray[np.floating[Any]],
    frame_rate: Fraction,
    spots_s: Iterable[float],
    *,
    threshold: float = PEAK_THRESHOLD,
    apart_s: float = APART_S,
) -> list[tuple[int, float]]:
    """Peaks of the scores of one class in one period, the highest first.

    They lie far from the spots of the class and from each other.

    Args:
        values: (frames,) segmentation scores of the class.
        frame_rate: frames per second.
        spots_s: seconds of the spots of the class in the period.
        threshold: least score.
        apart_s: see `APART_S`.

    Returns:
        (frame, its second) of each.
    """
    near, found = list(spots_s), []
    for frame in local_peaks(values, threshold):
        position_s = float(Fraction(int(frame)) / frame_rate)
        if all(abs(position_s - other) > apart_s for other in near):
            near.append(position_s)
            found.append((int(frame), position_s))
    return found


def local_peaks(values: npt.NDArray[np.floating[Any]], threshold: float) -> npt.NDArray[np.intp]:
    """Frames of local maxima, the highest first; the middle frame of a level top."""
    if not len(values):
        return np.zeros(0, dtype=np.intp)

    # Stretches of equal values; a top is higher than both neighbours.
    starts = np.flatnonzero(np.append(True, np.diff(values) != 0))
    level = values[starts]
    rises = np.append(True, level[1:] > level[:-1])
    falls = np.append(level[:-1] > level[1:], True)
    tops = np.flatnonzero(rises & falls & (level >= threshold))

    # The middle frame of each top.
    ends = np.append(starts[1:], len(values))
    middle = (starts[tops] + ends[tops] - 1) // 2
    highest_first: npt.NDArray[np.intp] = middle[np.argsort(-values[middle], kind="stable")]
    return highest_first


def peak_title(label: str) -> str:
    """Title of an unspotted peak.

    Example:
        >>> peak_title("Goal")
        'Possible goal'
    """
    return f"Possible {label[:1].lower()}{label[1:]}"
