"""Training targets of temporal localization: boundaries, temporal IoU of candidates, time shifts.

Segments are given in normalised time, from 0 to 1; the time axis has T steps of equal length.
"""

import numpy as np
import numpy.typing as npt

from spotkick.encoding.time_shift import time_shift_encoding
from spotkick.errors import InputError
from spotkick.localization.segment_grid import SegmentGrid

BOUNDARY_WIDTH_STEPS = 3
"""Length of the region around a boundary that counts as the boundary. Source: PyTorch code of BMN;
the BMN paper uses a tenth of the instance's length instead (recollection)."""


def check_segments(
    segments: npt.NDArray[np.floating], where: str = "segments"
) -> npt.NDArray[np.float64]:
    """Segments cut to the video, as float64.

    Args:
        segments: (instances, 2) starts and ends in normalised time.
        where: names their origin in messages.

    Raises:
        InputError: if the shape differs, a value is not finite, or a segment ends before it starts.
    """
    if segments.ndim != 2 or segments.shape[1] != 2:
        raise InputError(
            f"{where}: segments must have the shape (instances, 2), got {segments.shape}"
        )
    if not np.isfinite(segments).all() or (segments[:, 0] > segments[:, 1]).any():
        raise InputError(
            f"{where}: a segment must have finite times and must not end before it starts"
        )
    return segments.astype(np.float64).clip(0, 1)


def boundary_overlap(segments: npt.NDArray[np.float64], num_steps: int) -> npt.NDArray[np.float32]:
    """How much of the step-long interval around each step lies in the region around a boundary.

    Args:
        segments: (instances, 2) in normalised time.
        num_steps: T.

    Returns:
        (num_steps, 2) in [0, 1], for starts and for ends.

    Source: BMN paper, section 3.3 (intersection over region), with the regions of the PyTorch code.
    """
    centre = segments.T[:, None, :] * num_steps
    step = np.arange(num_steps)[None, :, None]
    # Both intervals are symmetric: they overlap by half of both widths minus the distance, at most
    # by the shorter one.
    overlap = np.clip((1 + BOUNDARY_WIDTH_STEPS) / 2 - np.abs(centre - step), 0, 1)
    best: npt.NDArray[np.float64] = overlap.max(axis=2, initial=0).T
    return best.astype(np.float32)


def temporal_iou_map(
    segments: npt.NDArray[np.float64], num_steps: int, max_duration_steps: int
) -> npt.NDArray[np.float32]:
    """Best temporal IoU (intersection over union) of every candidate segment with an instance.

    Args:
        segments: (instances, 2) in normalised time.
        num_steps: T.
        max_duration_steps: D.

    Returns:
        (max_duration_steps, num_steps); row k, column i is the segment from step i to i + k + 1,
        and 0 where it leaves the video.

    Raises:
        ConfigError: unless 1 <= D <= T.

    Source: BMN paper, section 3.3.
    """
    duration = np.arange(1, max_duration_steps + 1)[:, None]
    start = np.arange(num_steps)[None, :]
    best = np.zeros((max_duration_steps, num_steps))

    # (durations, starts) IoU with each instance
    for first, last in segments * num_steps:
        inside = np.clip(np.minimum(start + duration, last) - np.maximum(start, first), 0, None)
        union = duration + (last - first) - inside
        best = np.maximum(best, inside / union)

    valid = SegmentGrid(num_steps, max_duration_steps).valid_mask()
    return np.where(valid, best, 0).astype(np.float32)


def boundary_shifts(
    segments: npt.NDArray[np.float64], num_steps: int, slicing_steps: npt.NDArray[np.float64]
) -> npt.NDArray[np.float32]:
    """Time shifts, in steps, of starts and of ends as two classes of actions.

    Args:
        segments: (instances, 2) in normalised time.
        num_steps: T.
        slicing_steps: (2, 4), K1..K4 of starts and of ends, in steps.

    Returns:
        (num_steps, 2).

    Source: CALF paper, sections 3.1 and 4.2.
    """
    is_boundary = np.zeros((num_steps, 2), dtype=np.bool_)
    steps = np.rint(segments * num_steps).astype(np.intp).clip(0, num_steps - 1)
    is_boundary[steps, np.arange(2)] = True
    return time_shift_encoding(is_boundary, slicing_steps)
