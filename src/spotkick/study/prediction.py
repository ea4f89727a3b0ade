"""Scores of all held frames of a stack."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from spotkick.chunks import plan_chunks
from spotkick.study.data import StudyData
from spotkick.study.network import NetworkStack

_PREDICTED_AT_ONCE: Final = 64
"""Chunks."""


@dataclass(frozen=True, slots=True, eq=False)
class StackScores:
    """Scores of all held frames: (networks, frames, classes), and displacements where there are.

    Attributes:
        scores: in [0, 1].
        offsets: in frames, of networks with displacement alone.
        first_displaced: place of the first of them among all networks.
        starts: (periods + 1,) first frame of each held period, and the end.
    """

    scores: Tensor
    offsets: Tensor
    starts: npt.NDArray[np.int64]
    first_displaced: int = 0

    def is_displaced(self, network: int) -> bool:
        """Whether a network has displacements."""
        return 0 <= network - self.first_displaced < len(self.offsets)

    def offsets_of(self, network: int) -> Tensor:
        """(frames, classes) displacements of a network that has them."""
        return self.offsets[network - self.first_displaced]


def predict_held(stack: NetworkStack, data: StudyData, *, device: torch.device) -> StackScores:
    """Scores of all held periods, each frame from the chunk that sees it in its centre."""
    sizes = stack.sizes
    periods = data.periods(held=True)
    starts = np.concatenate(([0], np.cumsum([data.num_frames(period) for period in periods])))
    total, classes = int(starts[-1]), sizes.num_classes
    scores = torch.zeros((stack.count, total, classes), device=device)
    offsets = torch.zeros((stack.per_head.get("displacement", 0), total, classes), device=device)

    # Frames that each chunk reads, and the places of the chunk that are kept.
    reads, kept, targets = [], [], []
    for number, period in enumerate(periods):
        plan = plan_chunks(
            data.num_frames(period), sizes.chunk_frames, sizes.border_frames, pad_period=True
        )
        reads.append(data.starts[period] + plan.frame_index())
        places = np.arange(sizes.chunk_frames)
        keep = (places >= plan.keep_from[:, None]) & (places < plan.keep_to[:, None])
        kept.append(keep)
        targets.append(starts[number] + plan.starts[:, None] + places - plan.pad_frames)
    index, keep_mask, target = (np.concatenate(part) for part in (reads, kept, targets))

    features = torch.from_numpy(data.features)
    with torch.inference_mode():
        for begin in range(0, len(index), _PREDICTED_AT_ONCE):
            part = slice(begin, begin + _PREDICTED_AT_ONCE)
            chunk = features[torch.from_numpy(index[part])].to(device)
            outputs = stack(chunk)
            rows = torch.from_numpy(keep_mask[part]).to(device)
            into = torch.from_numpy(target[part][keep_mask[part]]).to(device)
            values = [
                one.values if head == "capsule" else torch.sigmoid(one.values)
                for head, one in outputs.items()
            ]
            scores[:, into] = torch.cat(values)[:, rows]
            displaced = outputs.get("displacement")
            if displaced is not None and displaced.offsets is not None:
                offsets[:, into] = displaced.offsets[:, rows]

    return StackScores(scores, offsets, starts, stack.per_head.get("dense", 0))
