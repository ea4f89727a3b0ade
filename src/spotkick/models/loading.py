"""Networks of checkpoints in torch, for further training or for running on a GPU; and back."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import safetensors
import safetensors.torch
import torch
from torch import nn

from spotkick.checkpoint import Checkpoint
from spotkick.errors import CheckpointError, ConfigError
from spotkick.models.registry import network_kind
from spotkick.stored_checkpoint import ONNX_FILE, WEIGHTS_FILE, read_kind

Output = TypeVar("Output")


def new_network(architecture: Any, seed: int) -> Any:
    """A network with random weights that depend on the seed only, not on torch's own generator.

    Args:
        architecture: sizes; their ``kind`` finds the network in `spotkick.models.registry`.
        seed: of the weights.

    Raises:
        ConfigError: if the sizes do not fit each other.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return network_kind(architecture.kind).build(architecture)


def load_network(checkpoint: Checkpoint | Path | str) -> Any:
    """The network of a checkpoint of any kind, in evaluation mode on the CPU.

    Args:
        checkpoint: a checkpoint, its folder, or a run folder, which stands for its best one.

    Raises:
        CheckpointError: if the checkpoint is damaged or its weights do not fit its architecture.
    """
    path = checkpoint.folder if isinstance(checkpoint, Checkpoint) else checkpoint
    folder, name, sizes = read_kind(path)
    try:
        kind = network_kind(name)
        network = kind.build(kind.architecture.parse(sizes, str(folder)))
    except ConfigError as error:
        raise CheckpointError(f"{folder}: {error}") from None

    weights = folder / WEIGHTS_FILE
    try:
        network.load_state_dict(safetensors.torch.load_file(weights))
    except (safetensors.SafetensorError, RuntimeError, OSError) as error:
        raise CheckpointError(
            f"{weights}: weights cannot be loaded: {str(error).splitlines()[0]}; get the "
            "checkpoint again"
        ) from error
    return network.eval()


def network_files(network: nn.Module) -> dict[str, bytes]:
    """The files of a checkpoint that hold a network: weights, and graph for ONNX Runtime."""
    architecture: Any = network.architecture
    kind = network_kind(architecture.kind)
    plain = {
        name: tensor.detach().cpu().contiguous() for name, tensor in network.state_dict().items()
    }
    is_halved = getattr(architecture, "stored_as", "float32") == "float16"
    stored = {
        name: tensor.half() if is_halved and tensor.ndim > 1 else tensor
        for name, tensor in plain.items()
    }
    on_cpu = kind.build(architecture)
    on_cpu.load_state_dict(plain)
    return {
        WEIGHTS_FILE: safetensors.torch.save(stored),
        ONNX_FILE: kind.onnx_bytes(on_cpu.eval()),
    }


def choose_device(name: str) -> torch.device:
    """The device of a name, ``auto`` being CUDA where there is one.

    Raises:
        ConfigError: if torch does not know the name, or has no such device.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        return torch.empty(0, device=name).device
    except (RuntimeError, AssertionError) as error:
        raise ConfigError(
            f"device '{name}' cannot be used: {str(error).splitlines()[0]}; use auto, cpu, cuda or "
            "cuda:1"
        ) from error


def torch_runner(
    network: nn.Module, output_type: type[Output]
) -> Callable[[npt.NDArray[np.float32]], Output]:
    """A torch network as a function on arrays, on the device that it lies on.

    Args:
        network: in evaluation mode.
        output_type: a named tuple of arrays whose fields the network's output has, too; those that
            are None stay so.
    """
    device = next(network.parameters()).device
    fields: tuple[str, ...] = output_type._fields  # type: ignore[attr-defined]  # of a named tuple

    def run(features: npt.NDArray[np.float32]) -> Output:
        with torch.inference_mode():
            output = network(torch.from_numpy(features).to(device))
        tensors = (getattr(output, name) for name in fields)
        return output_type(*(None if own is None else own.cpu().numpy() for own in tensors))

    return run


def load_runner(
    checkpoint: Checkpoint, output_type: type[Output], *, device: str = "auto", threads: int = 0
) -> Callable[[npt.NDArray[np.float32]], Output]:
    """The network of a checkpoint on a device, as a function on arrays; see `torch_runner`.

    Raises:
        CheckpointError: if its weights cannot be loaded.
        ConfigError: if the device cannot be used.
    """
    if threads:
        torch.set_num_threads(threads)
    return torch_runner(load_network(checkpoint).to(choose_device(device)), output_type)
