"""Running temporal localizers with torch, where ONNX Runtime is not wanted: in validation, and on a GPU."""

import numpy as np
import numpy.typing as npt
import torch

from spotkick.localization.network import BmnNetwork
from spotkick.localization.proposals import Localizer, LocalizerOutput


def localizer_runner(network: BmnNetwork) -> Localizer:
    """A torch network as a function on arrays, on the device that it lies on."""
    device = next(network.parameters()).device

    def run(features: npt.NDArray[np.float32]) -> LocalizerOutput:
        with torch.inference_mode():
            output = network(torch.from_numpy(features).to(device))
        return LocalizerOutput(output.boundaries.cpu().numpy(), output.confidences.cpu().numpy())

    return run
