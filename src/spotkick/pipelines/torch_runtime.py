"""Running networks with torch, where ONNX Runtime is not wanted: in validation, and on a GPU."""

import numpy as np
import numpy.typing as npt
import torch

from spotkick.checkpoint import Checkpoint
from spotkick.models import CalfNetwork
from spotkick.models.loading import load_network
from spotkick.prediction import ChunkNetwork, ChunkOutput
from spotkick.training.trainer import choose_device


def network_runner(network: CalfNetwork) -> ChunkNetwork:
    """A torch network as a function on arrays, on the device that it lies on."""
    device = next(network.parameters()).device

    def run(features: npt.NDArray[np.float32]) -> ChunkOutput:
        with torch.inference_mode():
            output = network(torch.from_numpy(features).to(device))
        return ChunkOutput(output.scores.cpu().numpy(), output.spots.cpu().numpy())

    return run


def checkpoint_runner(
    checkpoint: Checkpoint, *, device: str = "auto", threads: int = 0
) -> ChunkNetwork:
    """The network of a checkpoint on a device; see `spotkick.training.trainer.choose_device`.

    Raises:
        CheckpointError: if its weights cannot be loaded.
        ConfigError: if the device cannot be used.
    """
    if threads:
        torch.set_num_threads(threads)
    return network_runner(load_network(checkpoint).to(choose_device(device)))
