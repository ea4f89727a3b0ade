"""The state of an interrupted training: all that the next epoch depends on, in a safetensors file.

Random numbers need no state: each epoch draws from a generator seeded by (seed, epoch).
"""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch
from torch import Tensor

from spotkick.errors import CheckpointError
from spotkick.files import atomic_path
from spotkick.training.ema import AVERAGE_PREFIX, WeightAverage


@dataclass
class TrainingState:
    """Where a training stands.

    Attributes:
        epoch: epochs that are done.
        learning_rate: of ``plateau``, which depends on the past.
        best_score: best validation score so far, None before the first validation.
        best_epoch: epochs done at that validation.
        bad_validations: validations since the best one.
        since_reduction: validations since the best one or the last reduction of the learning rate.
        history: one entry per epoch: epoch, loss, and the validation score where there was one.
    """

    epoch: int = 0
    learning_rate: float = 0.0
    best_score: float | None = None
    best_epoch: int = 0
    bad_validations: int = 0
    since_reduction: int = 0
    history: list[dict[str, float]] = field(default_factory=list)


def save_state(
    path: Path,
    network: torch.nn.Module,
    optimizer: torch.optim.Optimizer,
    progress: TrainingState,
    *,
    average: WeightAverage[Any] | None = None,
) -> None:
    """Save weights, their average, the optimiser's moments and the progress in one step.

    Raises:
        StorageError: if it cannot be written; the former state stays.
    """
    # Weights, and the optimiser's moments by the parameter's place.
    tensors = {f"network.{name}": tensor for name, tensor in network.state_dict().items()}
    for index, parameter in enumerate(optimizer.param_groups[0]["params"]):
        for key, tensor in optimizer.state[parameter].items():
            tensors[f"optimizer.{index}.{key}"] = tensor
    if average is not None:
        for name, tensor in average.state_tensors().items():
            tensors[f"{AVERAGE_PREFIX}{name}"] = tensor

    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    data = safetensors.torch.save(plain, metadata={"progress": json.dumps(asdict(progress))})
    with atomic_path(path) as temporary:
        temporary.write_bytes(data)


def load_state(
    path: Path,
    network: torch.nn.Module,
    optimizer: torch.optim.Optimizer,
    *,
    average: WeightAverage[Any] | None = None,
) -> TrainingState:
    """Restore what `save_state` saved.

    Raises:
        CheckpointError: if the file is damaged or belongs to another network.
    """
    try:
        with safetensors.safe_open(path, framework="pt") as file:
            progress = TrainingState(**json.loads(file.metadata()["progress"]))
            # safe_open gives no mapping.
            tensors: dict[str, Tensor] = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        network.load_state_dict(
            {n.removeprefix("network."): t for n, t in tensors.items() if n.startswith("network.")}
        )
        if average is not None:
            own = {name: t for name, t in tensors.items() if name.startswith(AVERAGE_PREFIX)}
            average.restore({name.removeprefix(AVERAGE_PREFIX): t for name, t in own.items()})
    except (
        safetensors.SafetensorError,
        OSError,
        RuntimeError,
        KeyError,
        TypeError,
        ValueError,
    ) as error:
        raise CheckpointError(
            f"{path}: cannot go on from this state ({str(error).splitlines()[0]}); start without "
            "--resume"
        ) from error

    # Moments lie where their parameter lies; the number of steps does where a graph counts it.
    is_counted_there = bool(optimizer.param_groups[0].get("capturable"))
    for index, parameter in enumerate(optimizer.param_groups[0]["params"]):
        prefix = f"optimizer.{index}."
        own = {
            name.removeprefix(prefix): tensor
            for name, tensor in tensors.items()
            if name.startswith(prefix)
        }
        if own:
            optimizer.state[parameter] = {
                key: tensor
                if key == "step" and not is_counted_there
                else tensor.to(parameter.device)
                for key, tensor in own.items()
            }
    return progress
