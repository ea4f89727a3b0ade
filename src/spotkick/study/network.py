"""Many small networks as one stack: equal sizes, weights of their own, one batch for all.

A single network of this size leaves a processor idle most of the time. The trunk is CALF's: two
layers that see single frames and the temporal pyramid; tests hold the outputs equal to
`spotkick.models.CalfNetwork`, with the spotting module left out. Token ids are read by a bag of
embeddings first. All networks of a stack start from the same weights.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from spotkick.chunks import border_frames_of
from spotkick.configuration import FrozenConfig
from spotkick.models.pyramid import pyramid_kernels
from spotkick.models.tokens import INITIAL_LOGIT
from spotkick.study.arms import HEADS, Head
from spotkick.study.layers import (
    StackedCapsules,
    StackedLinear,
    convolve_levels,
    drop_equally,
)


class StackSizes(FrozenConfig):
    """Sizes that all networks of a stack share.

    Attributes:
        width: values, or token slots, of a frame.
        num_tokens: size of the vocabulary; 0 for features that are values.
        embedding: length of a token's vector.
        num_classes: number of classes.
        chunk_frames: frames of a chunk.
        receptive_field_frames: longest temporal kernel.
        hidden: widths of the two layers that see single frames.
        pyramid: widths of the temporal convolutions, shortest first.
        capsule_dim: features per class of the capsule head.
        dropout: of the encoded frames, in training.
        offset_radius_frames: furthest displacement of the displacement head.
    """

    width: int
    num_tokens: int = 0
    embedding: int = 48
    num_classes: int = 3
    chunk_frames: int = 60
    receptive_field_frames: int = 20
    hidden: tuple[int, int] = (64, 16)
    pyramid: tuple[int, int, int, int] = (8, 8, 16, 16)
    capsule_dim: int = 8
    dropout: float = 0.2
    offset_radius_frames: float = 3.0

    @property
    def border_frames(self) -> int:
        """Frames at each end of a chunk that carry no loss and are not used."""
        return border_frames_of(self.receptive_field_frames)


class HeadOutput(NamedTuple):
    """Outputs of the networks with one head: (networks, batch, frames, classes) each.

    Attributes:
        values: logits, or scores of capsules.
        offsets: displacement in frames, of ``displacement`` alone.
    """

    values: Tensor
    offsets: Tensor | None = None


class NetworkStack(nn.Module):
    """Networks with equal trunks and heads of several kinds."""

    def __init__(
        self,
        sizes: StackSizes,
        heads: Sequence[Head],
        seed: int,
        *,
        vectors: Tensor | None = None,
        initial_logits: Sequence[float] = (),
    ) -> None:
        """Make the networks.

        Args:
            sizes: of each.
            heads: of each network; those of one head must follow each other in the order of
                `HEADS`.
            seed: of the weights.
            vectors: (num_tokens, embedding) that the embeddings start from; random when None.
            initial_logits: of each network; -4 for all when empty.
        """
        super().__init__()
        self.sizes, self.count = sizes, len(heads)
        self.per_head: dict[Head, int] = {
            head: heads.count(head) for head in HEADS if head in heads
        }
        inputs = sizes.embedding + 1 if sizes.num_tokens else sizes.width
        self.trunks = self.count - self.per_head.get("linear", 0)
        channels = sizes.hidden[1] + sum(sizes.pyramid)
        kernels = pyramid_kernels(sizes.receptive_field_frames)

        # One set of weights, repeated for all networks.
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            if sizes.num_tokens:
                table = 0.3 * torch.randn(sizes.num_tokens, 1, sizes.embedding)
                if vectors is not None:
                    table[:, 0] = vectors
                table[0] = 0
                self.table = nn.Parameter(table.repeat(1, self.count, 1))
            self.first = StackedLinear(self.trunks, inputs, sizes.hidden[0])
            self.second = StackedLinear(self.trunks, sizes.hidden[0], sizes.hidden[1])
            levels = [
                StackedLinear(self.trunks, sizes.hidden[1], width, kernel)
                for width, kernel in zip(sizes.pyramid, kernels, strict=True)
            ]
            self.levels = nn.ModuleList(levels)
            self.outputs = nn.ModuleDict(
                {
                    head: StackedLinear(
                        count,
                        inputs if head == "linear" else channels,
                        _outputs_of(head, sizes),
                        kernels[-1] if head == "linear" else 3,
                    )
                    for head, count in self.per_head.items()
                }
            )
            self.capsules = StackedCapsules(
                self.per_head.get("capsule", 0), sizes.chunk_frames, sizes.capsule_dim
            )

        # Capsules have no logits to start low.
        starts = torch.tensor(list(initial_logits) or [INITIAL_LOGIT] * self.count)
        with torch.no_grad():
            offset = 0
            for head, count in self.per_head.items():
                own, offset = starts[offset : offset + count], offset + count
                if head != "capsule":
                    bias = self.get_parameter(f"outputs.{head}.bias")  # (networks, 1, outputs)
                    bias[..., : sizes.num_classes] = own.view(-1, 1, 1)

    def forward(self, features: Tensor) -> dict[Head, HeadOutput]:
        """Outputs by head.

        Args:
            features: (batch, chunk_frames, width), values or token ids.
        """
        inputs = self.embed(features)
        # Networks of one head follow each other; those without a trunk come last.
        offset, trunk = 0, self._run_trunk(inputs)
        found: dict[Head, HeadOutput] = {}
        for head, count in self.per_head.items():
            if head == "linear":
                found[head] = HeadOutput(self.outputs[head](inputs[-count:]))
                continue
            hidden = self.outputs[head](trunk[offset : offset + count])
            offset += count
            if head == "capsule":
                found[head] = HeadOutput(self.capsules(hidden))
            elif head == "displacement":
                logits, share = hidden.chunk(2, dim=3)
                offsets = self.sizes.offset_radius_frames * torch.tanh(share)
                found[head] = HeadOutput(logits, offsets)
            else:
                found[head] = HeadOutput(hidden)
        return found

    def embed(self, features: Tensor) -> Tensor:
        """(networks or 1, batch, frames, inputs): values, or a bag of embeddings and its flag."""
        if not self.sizes.num_tokens:
            values = functional.dropout(features.float(), self.sizes.dropout, self.training)
            return values.unsqueeze(0).expand(self.count, -1, -1, -1)

        # One lookup for all networks: their embeddings lie side by side in a row of the table.
        batch, frames, slots = features.shape
        ids = features.long().reshape(-1, slots)
        counts = (ids != 0).sum(dim=1, keepdim=True).float()  # (batch * frames, 1)
        summed = functional.embedding_bag(ids, self.table.flatten(1), mode="sum", padding_idx=0)
        bags = (summed * torch.rsqrt(1 + counts)).view(-1, self.count, self.sizes.embedding)
        bags = drop_equally(bags, self.sizes.dropout, 1, training=self.training)

        # The flag says whether anything is said at all.
        flags = (counts > 0).float().unsqueeze(1).expand(-1, self.count, -1)
        joined = torch.cat([bags, flags], dim=2)
        return joined.view(batch, frames, self.count, -1).permute(2, 0, 1, 3)

    def _run_trunk(self, inputs: Tensor) -> Tensor:
        """(trunks, batch, frames, channels)."""
        encoded = torch.relu(self.first(inputs[: self.trunks]))
        encoded = torch.relu(self.second(encoded))
        encoded = drop_equally(encoded, self.sizes.dropout, 0, training=self.training)
        levels = [level for level in self.levels if isinstance(level, StackedLinear)]
        return torch.cat([encoded, torch.relu(convolve_levels(encoded, levels))], dim=3)


def _outputs_of(head: Head, sizes: StackSizes) -> int:
    """Values per frame in front of the head's last step."""
    factor = {"capsule": sizes.capsule_dim, "displacement": 2}.get(head, 1)
    return factor * sizes.num_classes
