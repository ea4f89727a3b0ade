"""Which spots are decided while a period goes on.

Suppression has chains: a spot that comes suppresses one that has suppressed another, which then
stands again. How far back a chain reaches is found by running suppression once with bounds in the
place of confidences, for all that may come.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from spotkick.suppression import SuppressionMethod, kept_shares

Values = npt.NDArray[np.integer] | npt.NDArray[np.floating]

_REACHES: Final = {"fixed": 0.5, "soft-linear": 0.5, "soft-gauss": 2.2, "none": 0.0}
"""Window widths that a spot reaches; beyond them a Gaussian takes less than a float holds."""


def find_undecided(
    frames: Values,
    confidences: npt.NDArray[np.floating],
    window_frames: float,
    method: SuppressionMethod,
    end: float,
) -> float:
    """The first spot of a class that spots to come may still suppress or bring back.

    Args:
        frames: (spots,) positions of those known.
        confidences: (spots,).
        window_frames: width of the window of suppression.
        method: of suppression.
        end: any number of spots may come from this frame on, with any confidence.

    Returns:
        its frame; ``end`` if all spots before that are decided.
    """
    reach = _REACHES[method] * window_frames
    linked = _select_linked(frames, reach, end)
    if not linked.size:
        return end
    frames, high = frames[linked], confidences[linked].astype(np.float64)

    # Anything may be left of a spot near the end; the others do not know of it yet.
    low = np.where(frames + reach >= end, 0.0, high)
    is_open = np.zeros(len(high), dtype=np.bool_)
    waiting = high > 0
    while waiting.any():
        # No other spot comes before the one that may be the most confident, if it is certain.
        best = int(np.argmax(np.where(waiting, high, -1.0)))
        waiting[best] = False
        shares = kept_shares(frames - frames[best], window_frames, method)
        low = np.where(waiting, low * shares, low)
        if low[best] == high[best]:
            high = np.where(waiting, high * shares, high)
            waiting &= high > 0
        else:
            is_open[best] = True
    return float(frames[is_open].min(initial=end))


def _select_linked(frames: Values, reach: float, end: float) -> npt.NDArray[np.intp]:
    """Spots before the end that a chain of neighbours links to it, in order of time."""
    order = np.argsort(frames, kind="stable")
    order = order[frames[order] < end]
    if not reach or not order.size:
        return order[:0]

    # (spots,): frames to the next one, and from the last one to the end
    gaps = np.diff(np.append(frames[order].astype(np.float64), end))
    apart = np.flatnonzero(gaps > reach)
    return order[apart[-1] + 1 :] if apart.size else order
