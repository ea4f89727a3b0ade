"""Exponential moving average of a network's weights: what is validated and kept.

The average lags behind the weights by about 1 / (1 - decay) steps and smooths the noise of single
steps. Source: Polyak and Juditsky, SIAM J. Control Optim. 1992; the warm-up of the decay is that of
TensorFlow's ``ExponentialMovingAverage``.
"""

import copy
from typing import Final, Generic, TypeVar

import torch
from torch import Tensor, nn

Network = TypeVar("Network", bound=nn.Module)

AVERAGE_PREFIX: Final = "average."
"""Of the average's tensors in a saved state."""


class WeightAverage(Generic[Network]):
    """The average of a network over the steps of a training.

    Buffers are averaged as the weights are: statistics of batch normalisation then belong to the
    same steps as the weights that they normalise. Counters, which are whole numbers, are copied.
    Nothing here waits for a device, so that a step with its average can be one CUDA graph.

    Attributes:
        network: the averaged network, in evaluation mode.
    """

    def __init__(self, network: Network, decay: float) -> None:
        """Start at the present weights.

        Args:
            network: that is trained.
            decay: share of the average that stays in a step; step n, counted from 0, uses
                min(decay, (1 + n) / (10 + n)), so that the first weights are soon forgotten.
        """
        self.network = copy.deepcopy(network)
        self.network.requires_grad_(False).eval()
        self._decay = decay
        self._source = list(network.state_dict().values())
        self._target = list(self.network.state_dict().values())
        device = next(network.parameters()).device
        self._steps = torch.zeros((), dtype=torch.float64, device=device)

    @torch.no_grad()
    def update(self) -> None:
        """Take in the weights after a step."""
        decay = ((1 + self._steps) / (10 + self._steps)).clamp(max=self._decay)
        share = 1 - decay
        self._steps += 1

        for average, value in zip(self._target, self._source, strict=True):
            if average.is_floating_point():
                average.lerp_(value, share.to(average.dtype))
            else:
                average.copy_(value)

    def state_tensors(self) -> dict[str, Tensor]:
        """All that the next step depends on, by name."""
        own = {f"network.{name}": tensor for name, tensor in self.network.state_dict().items()}
        return {"steps": self._steps, **own}

    def restore(self, tensors: dict[str, Tensor]) -> None:
        """Go on from `state_tensors`.

        Raises:
            KeyError: if a tensor is missing.
            RuntimeError: if they belong to another network.
        """
        self._steps.copy_(tensors["steps"])
        self.network.load_state_dict(
            {
                name.removeprefix("network."): tensor
                for name, tensor in tensors.items()
                if name.startswith("network.")
            }
        )
