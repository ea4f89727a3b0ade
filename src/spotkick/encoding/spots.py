"""Spot encoding: the actions of a chunk as rows (is there one, when, which class), and back.

Source: CALF paper, section 3.2 (a YOLO-like encoding).
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt


def border_mask(num_frames: int, border_frames: int) -> npt.NDArray[np.bool_]:
    """True for the frames of a chunk that carry loss: all but ``border_frames`` on each side.

    The network sees less context there than it was built for. The mask is an array of its own:
    labels are never overwritten.
    """
    mask = np.zeros(num_frames, dtype=np.bool_)
    mask[border_frames : num_frames - border_frames] = True
    return mask


def encode_spots(
    action_mask: npt.NDArray[np.bool_], num_spots: int, mask: npt.NDArray[np.bool_] | None = None
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.intp]]:
    """Encode the actions of a batch of chunks as rows ordered by time, then class.

    Args:
        action_mask: (batch, frames, classes), True where an action lies.
        num_spots: rows per chunk; later actions are left out, and counted.
        mask: (frames,), frames whose actions are encoded; all when None.

    Returns:
        rows (batch, num_spots, 2 + classes): 1, frame / frames, one-hot class; zeros after the last
            action.
        dropped (batch,): actions that did not fit.
    """
    batch, num_frames, num_classes = action_mask.shape
    if mask is not None:
        action_mask = action_mask & mask[None, :, None]

    # Row of each action in its chunk; np.nonzero is ordered by chunk, time, class.
    chunk, frame, label = np.nonzero(action_mask)
    counts = np.bincount(chunk, minlength=batch)
    row = np.arange(len(chunk)) - np.repeat(np.cumsum(counts) - counts, counts)
    fits = row < num_spots
    chunk, frame, label, row = chunk[fits], frame[fits], label[fits], row[fits]

    rows = np.zeros((batch, num_spots, 2 + num_classes), dtype=np.float32)
    rows[chunk, row, 0] = 1
    rows[chunk, row, 1] = frame / num_frames
    rows[chunk, row, 2 + label] = 1
    return rows, np.maximum(counts - num_spots, 0)


class DecodedSpots(NamedTuple):
    """Spots of a batch of chunks: arrays of shape (batch, num_spots)."""

    frames: npt.NDArray[np.intp]
    classes: npt.NDArray[np.intp]
    confidences: npt.NDArray[np.float32]


def decode_spots(rows: npt.NDArray[np.floating], num_frames: int) -> DecodedSpots:
    """Read rows of `encode_spots` or of a network back as frames, classes and confidences.

    The frame is round(location x frames), clipped to the chunk: the exact inverse of the encoding,
    where the released code decodes with another factor and is off by up to one frame.

    Args:
        rows: (batch, num_spots, 2 + classes).
        num_frames: frames per chunk.
    """
    frames = np.clip(np.rint(rows[..., 1] * num_frames).astype(np.intp), 0, num_frames - 1)
    return DecodedSpots(frames, rows[..., 2:].argmax(axis=-1), rows[..., 0].astype(np.float32))
