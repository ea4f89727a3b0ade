"""Non-maximum suppression of spots: of neighbours of one class, the most confident one stays.

Source: the authors' released code; soft variants: Bodla et al., "Soft-NMS", ICCV 2017, with time in
the place of overlap.
"""

from typing import Literal

import numpy as np
import numpy.typing as npt

SuppressionMethod = Literal["fixed", "soft-linear", "soft-gauss", "none"]

_SOFT_FLOOR = 1e-3
"""Confidence below which a softly suppressed spot is dropped."""


def suppress(
    frames: npt.NDArray[np.integer] | npt.NDArray[np.floating],
    confidences: npt.NDArray[np.floating],
    window_frames: float,
    method: SuppressionMethod = "fixed",
) -> npt.NDArray[np.float64]:
    """Suppress spots of one class in one period.

    Greedy by confidence; of equals the earlier one stays. A spot at t suppresses those in
    [t - w/2, t + floor(w/2)), the interval of the released code, whose right end is open.

    Args:
        frames: (spots,) position of each spot, also between frames.
        confidences: (spots,).
        window_frames: whole width w of the window.
        method: ``fixed`` sets to 0; ``soft-linear`` multiplies confidences by 2|dt|/w inside the
            window; ``soft-gauss`` by 1 - exp(-dt^2 / (2 (w/4)^2)) everywhere; ``none`` leaves all
            as they are.

    Returns:
        (spots,) new confidences, 0 where a spot was suppressed.
    """
    result = confidences.astype(np.float64)
    if method == "none" or len(result) == 0:
        return result
    order = np.lexsort((frames, -result))
    if method == "fixed":
        return _suppress_fixed(frames, result, order, window_frames)
    return _suppress_softly(frames.astype(np.float64), result, window_frames, method)


def kept_shares(
    shift_frames: npt.NDArray[np.integer] | npt.NDArray[np.floating],
    window_frames: float,
    method: SuppressionMethod,
) -> npt.NDArray[np.float64]:
    """What a spot leaves of the confidence of others; see `suppress`.

    Args:
        shift_frames: (spots,) frames from the spot to each of the others.
        window_frames: whole width of the window.
        method: of suppression.
    """
    if method == "none":
        return np.ones(len(shift_frames))
    if method == "fixed":
        return _lies_outside(shift_frames, window_frames).astype(np.float64)
    distance = np.abs(shift_frames)
    shares: npt.NDArray[np.float64] = np.minimum(2 * distance / window_frames, 1)
    if method == "soft-gauss":
        shares = -np.expm1(-0.5 * (4 * distance / window_frames) ** 2)
    return shares


def _lies_outside(
    shift_frames: npt.NDArray[np.integer] | npt.NDArray[np.floating], window_frames: float
) -> npt.NDArray[np.bool_]:
    """(spots,): whether the fixed window around a spot leaves out others, by their distances."""
    return (shift_frames < -window_frames / 2) | (shift_frames >= int(window_frames / 2))


def _suppress_fixed(
    frames: npt.NDArray[np.integer] | npt.NDArray[np.floating],
    confidences: npt.NDArray[np.float64],
    order: npt.NDArray[np.intp],
    window_frames: float,
) -> npt.NDArray[np.float64]:
    remaining = np.ones(len(frames), dtype=np.bool_)
    kept = np.zeros(len(frames), dtype=np.bool_)

    # The most confident of the remaining candidates stays, and suppresses its neighbours.
    for index in order:
        if remaining[index]:
            kept[index] = True
            remaining &= _lies_outside(frames - frames[index], window_frames)
            remaining[index] = False
    return np.where(kept, confidences, 0.0)


def _suppress_softly(
    frames: npt.NDArray[np.float64],
    confidences: npt.NDArray[np.float64],
    window_frames: float,
    method: SuppressionMethod,
) -> npt.NDArray[np.float64]:
    remaining = confidences > 0
    while remaining.any():
        # The most confident of the remaining candidates lowers the others.
        best = int(np.argmax(np.where(remaining, confidences, -1.0)))
        remaining[best] = False
        factor = kept_shares(frames - frames[best], window_frames, method)

        # What falls below the floor is out.
        confidences = np.where(remaining, confidences * factor, confidences)
        remaining &= confidences >= _SOFT_FLOOR
        confidences = np.where(remaining | (confidences >= _SOFT_FLOOR), confidences, 0.0)
    return confidences
