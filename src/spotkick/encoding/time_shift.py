"""Time-shift encoding: for each frame and class, the signed distance to the action that dominates it.

Computed once on the whole half, before chunks are cut. Source: CALF paper, section 3.1.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from spotkick.errors import ConfigError, InputError


def action_frames(
    frames: Sequence[int], classes: Sequence[int], num_frames: int, num_classes: int
) -> npt.NDArray[np.bool_]:
    """Mark the frames of actions.

    Args:
        frames: frame of each action; those past either end are moved to the first or last frame.
        classes: class index of each action, same length.
        num_frames: length of the half.
        num_classes: number of classes.

    Returns:
        (num_frames, num_classes), True where an action of the class lies.

    Raises:
        InputError: if the half has no frames.
    """
    if num_frames < 1:
        raise InputError("a half without frames cannot be encoded")
    marked = np.zeros((num_frames, num_classes), dtype=np.bool_)
    marked[
        np.clip(np.asarray(frames, dtype=np.intp), 0, num_frames - 1),
        np.asarray(classes, dtype=np.intp),
    ] = True
    return marked


def time_shift_encoding(
    marked: npt.NDArray[np.bool_], slicing_frames: npt.NDArray[np.float64]
) -> npt.NDArray[np.float32]:
    """Encode the actions of a half as time shifts s, in frames.

    s >= 0 counts from a past action, s < 0 towards a future one. The frame belongs to the one of
    the two whose context it lies in more deeply; a tie goes to the future. Without any action of a
    class, s = K1 (far before) in all frames.

    Args:
        marked: (frames, classes), see `action_frames`.
        slicing_frames: (classes, 4), K1..K4 in frames.

    Returns:
        (frames, classes) shifts.

    Raises:
        ConfigError: if the slicing is for another number of classes.

    Source: CALF paper, section 3.1; O(frames x classes).
    """
    if slicing_frames.shape != (marked.shape[1], 4):
        raise ConfigError(
            f"context slicing must have shape ({marked.shape[1]}, 4) for {marked.shape[1]} classes, got {slicing_frames.shape}"
        )
    shifts = np.empty(marked.shape, dtype=np.float32)
    for index, bounds in enumerate(slicing_frames):
        shifts[:, index] = _encode_class(np.flatnonzero(marked[:, index]), len(marked), bounds)
    return shifts


def _encode_class(
    actions: npt.NDArray[np.intp], num_frames: int, bounds: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    k1, k2, k3, k4 = bounds
    if actions.size == 0:
        return np.full(num_frames, k1)
    frames = np.arange(num_frames)
    gaps = np.diff(actions, prepend=0, append=num_frames)
    # Before the first action "past" is set infinitely far away, after the last one "future" is.
    past = frames - np.repeat(np.concatenate(([-np.inf], actions)), gaps)
    future = frames - np.repeat(np.concatenate((actions, [np.inf])), gaps)
    shifts: npt.NDArray[np.float64] = np.where((past < k3) | np.isneginf(future), past, future)
    # Only here do two contexts meet: the one that the frame lies in more deeply keeps it.
    meeting = np.flatnonzero((past >= k3) & (past < k4))
    after, before = past[meeting], future[meeting]
    with np.errstate(invalid="ignore", divide="ignore"):
        stays = (before <= k1) | (
            (before <= k2) & ((after - k3) / (k4 - k3) < (k2 - before) / (k2 - k1))
        )
    shifts[meeting[stays]] = after[stays]
    return shifts
