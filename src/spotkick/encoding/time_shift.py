"""Time-shift encoding: per frame and class, the signed distance to the action that dominates it.

Computed once on the whole period, before chunks are cut. Source: CALF paper, section 3.1.
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import Final

import numpy as np
import numpy.typing as npt

from spotkick.actions import Action, ActionClasses
from spotkick.encoding.slicing import ContextSlicing, slicing_for
from spotkick.errors import ConfigError, InputError
from spotkick.tasks import Task, task_of
from spotkick.timeline import frame_of_position, parse_frame_rate

NO_ACTION_FRAMES: Final = -1e6
"""Shift of `nearest_shifts` where a class has no action: further than any period is long."""


def encode_shifts(
    actions: Sequence[Action],
    task: Task | ActionClasses,
    num_frames: int,
    frame_rate: Fraction | float | str,
    *,
    slicing: ContextSlicing | None = None,
) -> npt.NDArray[np.float32]:
    """Time shifts of one period, from its labels.

    Args:
        actions: of one period; labels outside the classes are ignored, those past either end are
            moved to the first or last frame.
        task: classes in column order, and the preset of the slicing.
        num_frames: length of the period in feature frames.
        frame_rate: feature frames per second.
        slicing: replaces the task's own.

    Returns:
        (num_frames, classes) shifts in frames.

    Raises:
        InputError: if the actions lie in several periods, or there are no frames.

    Example:
        >>> goal = Action("goal", period=1, position_ms=1000)
        >>> encode_shifts([goal], ActionClasses(("goal",)), 5, 2).ravel().tolist()
        [-2.0, -1.0, 0.0, 1.0, 2.0]
    """
    periods = sorted({action.period for action in actions})
    if len(periods) > 1:
        raise InputError(
            f"shifts are encoded period by period, and these actions lie in periods {periods}; "
            "select those of one"
        )

    # Frame and column of each action.
    chosen = task if isinstance(task, Task) else task_of(task)
    classes, rate = chosen.classes, parse_frame_rate(frame_rate)
    selected = classes.select(actions)
    action_mask = action_frames(
        [frame_of_position(action.position_ms, rate) for action in selected],
        [classes.names.index(action.label) for action in selected],
        num_frames=num_frames,
        num_classes=len(classes),
    )

    bounds = slicing or slicing_for(classes, preset=chosen.slicing, frame_rate=rate)
    return time_shift_encoding(action_mask, bounds.frames(rate))


def action_frames(
    frames: Sequence[int], classes: Sequence[int], num_frames: int, num_classes: int
) -> npt.NDArray[np.bool_]:
    """Mark the frames of actions.

    Args:
        frames: frame of each action; those past either end are moved to the first or last frame.
        classes: class index of each action, same length.
        num_frames: length of the period.
        num_classes: number of classes.

    Returns:
        (num_frames, num_classes), True where an action of the class lies.

    Raises:
        InputError: if the period has no frames.
    """
    if num_frames < 1:
        raise InputError("a period without frames cannot be encoded")
    rows = np.clip(np.asarray(frames, dtype=np.intp), 0, num_frames - 1)
    action_mask = np.zeros((num_frames, num_classes), dtype=np.bool_)
    action_mask[rows, np.asarray(classes, dtype=np.intp)] = True
    return action_mask


def time_shift_encoding(
    action_mask: npt.NDArray[np.bool_], slicing_frames: npt.NDArray[np.float64]
) -> npt.NDArray[np.float32]:
    """Encode the actions of a period as time shifts s, in frames.

    s >= 0 counts from a past action, s < 0 towards a future one. The frame belongs to the one of
    the two whose context it lies in more deeply; a tie goes to the future. Without any action of a
    class, s = K1 (far before) in all frames.

    Args:
        action_mask: (frames, classes), see `action_frames`.
        slicing_frames: (classes, 4), K1..K4 in frames.

    Returns:
        (frames, classes) shifts.

    Raises:
        ConfigError: if the slicing is for another number of classes.

    Source: CALF paper, section 3.1; O(frames x classes).
    """
    if slicing_frames.shape != (action_mask.shape[1], 4):
        raise ConfigError(
            f"context slicing must have shape ({action_mask.shape[1]}, 4) for "
            f"{action_mask.shape[1]} classes, got {slicing_frames.shape}"
        )
    shifts = np.empty(action_mask.shape, dtype=np.float32)
    for index, bounds in enumerate(slicing_frames):
        shifts[:, index] = _encode_class(
            np.flatnonzero(action_mask[:, index]), len(action_mask), bounds
        )
    return shifts


def nearest_shifts(
    positions: Sequence[float], classes: Sequence[int], num_frames: int, num_classes: int
) -> npt.NDArray[np.float32]:
    """Signed distance of each frame to the nearest action of each class, whatever its context.

    Args:
        positions: exact position of each action in frames, such as 2.5.
        classes: class index of each action, same length.
        num_frames: length of the period.
        num_classes: number of classes.

    Returns:
        (num_frames, num_classes) frames from the nearest action, negative before it; a tie goes to
        the later one. `NO_ACTION_FRAMES` where the class has none.

    Example:
        >>> nearest_shifts([1.25], [0], 3, 1).ravel().tolist()
        [-1.25, -0.25, 0.75]
    """
    shifts = np.full((num_frames, num_classes), NO_ACTION_FRAMES, dtype=np.float32)
    exact, columns = np.asarray(positions, dtype=np.float64), np.asarray(classes, dtype=np.intp)
    frames = np.arange(num_frames)
    for column in np.unique(columns):
        own = np.sort(exact[columns == column])

        # Between two actions the nearer one counts.
        middles = (own[1:] + own[:-1]) / 2
        shifts[:, column] = frames - own[np.searchsorted(middles, frames, side="right")]
    return shifts


def _encode_class(
    actions: npt.NDArray[np.intp], num_frames: int, bounds: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """(frames,) shifts of one class."""
    k1, k2, k3, k4 = bounds
    if actions.size == 0:
        return np.full(num_frames, k1)

    # Distance of each frame to the action before it and to the one behind it.
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
