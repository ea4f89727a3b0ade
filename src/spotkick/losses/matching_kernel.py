"""Matching of spots as one CUDA kernel, where Triton is at hand; see `spotkick.losses.matching`.

The rounds of a batch are a few hundred launches of tiny kernels otherwise, more than the rest of a
training step. A chunk is one program here, whose distances stay in registers.
"""

from typing import Any

import torch
from torch import Tensor

_kernel: Any = None
"""The compiled kernel, after `prepare_kernel` has succeeded."""


def is_prepared() -> bool:
    """Whether `match_by_kernel` may be called."""
    return _kernel is not None


def prepare_kernel(device: torch.device) -> str:
    """Compile the kernel for a CUDA device and try it.

    Returns:
        Why it cannot be used; empty when it can.
    """
    global _kernel  # compiled once per process
    if _kernel is not None:
        return ""
    try:
        from spotkick.losses.matching_triton import match_chunk

        _kernel = match_chunk
        predicted, actual = torch.tensor([[[0.9, 0.2, 0.4]], [[0.3, 0.8, 0.0]]], device=device)
        is_action = torch.tensor([[True, True, False]], device=device)
        found = match_by_kernel(predicted, actual, is_action, only_proposers=False, rounds=3)
        if found.tolist() != [[1, 0, -1]] and found.tolist() != [[2, 0, -1]]:
            raise RuntimeError(f"the kernel matches {found.tolist()}")
    except Exception as error:
        # Triton needs a C compiler at run time, and raises errors of many kinds without one.
        _kernel = None
        return f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"
    return ""


def match_by_kernel(
    predicted: Tensor, actual: Tensor, is_action: Tensor, *, only_proposers: bool, rounds: int
) -> Tensor:
    """(batch, rows) chosen prediction, -1 where a row is free, as by rounds over all chunks.

    Args:
        predicted: (batch, spots) locations.
        actual: (batch, spots) locations of the target rows.
        is_action: (batch, spots).
        only_proposers: see ``propose`` of `spotkick.losses.matching.MatchingMethod`.
        rounds: at least the number of actions of any chunk.
    """
    batch, spots = is_action.shape
    chosen = torch.empty((batch, spots), dtype=torch.long, device=predicted.device)
    _kernel[(batch,)](
        predicted.float().contiguous(),
        actual.float().contiguous(),
        is_action.to(torch.uint8).contiguous(),
        chosen,
        spots,
        rounds,
        ONLY_PROPOSERS=only_proposers,
        SIZE=max(1 << (spots - 1).bit_length(), 2),
    )
    return chosen
