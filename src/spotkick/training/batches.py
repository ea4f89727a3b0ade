"""Batches of tensors, gathered by a thread while the network computes."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, TypeVar

import torch
from torch import Tensor

from spotkick.encoding.spots import border_mask, encode_spots
from spotkick.training.labelled_periods import LabelledPeriod, chunk_arrays
from spotkick.training.sampling import ChunkIndex

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


class Batch(NamedTuple):
    """Chunks with their targets.

    Attributes:
        features: (chunks, frames, dim) float32.
        shifts: (chunks, frames, classes) time shifts in frames.
        spots: (chunks, spots, 2 + classes) rows of `spotkick.encoding.spots.encode_spots`.
        dropped: actions that did not fit into the rows.
        most_dropped: the most of them in one chunk.
    """

    features: Tensor
    shifts: Tensor
    spots: Tensor
    dropped: int
    most_dropped: int


def gather(
    periods: Sequence[LabelledPeriod],
    chosen: ChunkIndex,
    *,
    chunk_frames: int,
    border_frames: int,
    num_spots: int,
    hidden_frames: int = 0,
) -> Batch:
    """Gather the chosen chunks, encode the spots of their centres, release the features' pages.

    Args:
        periods: of the data set.
        chosen: (chunks, 2) period index and first frame.
        chunk_frames: length of a chunk.
        border_frames: frames at each end whose spots do not count.
        num_spots: rows of spots per chunk.
        hidden_frames: last frames of each chunk that are copies of the frame before them.
    """
    arrays = chunk_arrays(periods, chosen, chunk_frames)
    if hidden_frames:
        arrays.features[:, -hidden_frames:] = arrays.features[:, [-hidden_frames - 1]]
    mask = border_mask(chunk_frames, border_frames)
    rows, dropped = encode_spots(arrays.action_mask, num_spots, mask)
    for index in set(chosen[:, 0].tolist()):
        periods[index].track.release()

    return Batch(
        torch.from_numpy(arrays.features),
        torch.from_numpy(arrays.shifts),
        torch.from_numpy(rows),
        dropped=int(dropped.sum()),
        most_dropped=int(dropped.max(initial=0)),
    )


def prepare_ahead(items: Iterable[_Item], work: Callable[[_Item], _Result]) -> Iterator[_Result]:
    """Map in order, with one item prepared ahead by a thread."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        pending = None
        for item in items:
            upcoming = pool.submit(work, item)
            if pending is not None:
                yield pending.result()
            pending = upcoming
        if pending is not None:
            yield pending.result()
