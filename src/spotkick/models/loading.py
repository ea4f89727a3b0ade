"""Networks of checkpoints in torch, for further training or for running on a GPU."""

from pathlib import Path

import safetensors
import safetensors.torch

from spotkick.checkpoint import ONNX_FILE, WEIGHTS_FILE, Checkpoint, read_checkpoint
from spotkick.errors import CheckpointError
from spotkick.models.calf import CalfArchitecture, CalfNetwork
from spotkick.models.onnx_graph import onnx_bytes


def load_network(checkpoint: Checkpoint | Path | str) -> CalfNetwork:
    """The network of a checkpoint, in evaluation mode on the CPU.

    Raises:
        CheckpointError: if the checkpoint is damaged or its weights do not fit its architecture.
    """
    trained = (
        checkpoint if isinstance(checkpoint, Checkpoint) else read_checkpoint(Path(checkpoint))
    )
    network = CalfNetwork(CalfArchitecture.parse(trained.config.architecture, str(trained.folder)))
    path = trained.folder / WEIGHTS_FILE
    try:
        network.load_state_dict(safetensors.torch.load_file(path))
    except (safetensors.SafetensorError, RuntimeError, OSError) as error:
        raise CheckpointError(
            f"{path}: weights cannot be loaded: {str(error).splitlines()[0]}; get the checkpoint again"
        ) from error
    return network.eval()


def network_files(network: CalfNetwork) -> dict[str, bytes]:
    """The files of a checkpoint that hold a network: its weights, and its graph for ONNX Runtime."""
    plain = {
        name: tensor.detach().cpu().contiguous() for name, tensor in network.state_dict().items()
    }
    on_cpu = CalfNetwork(network.architecture)
    on_cpu.load_state_dict(plain)
    return {WEIGHTS_FILE: safetensors.torch.save(plain), ONNX_FILE: onnx_bytes(on_cpu.eval())}
