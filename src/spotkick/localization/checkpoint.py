"""Trained localizers on disk: a folder with ``config.json``, ``model.onnx`` and ``model.safetensors``, run without torch."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt
import onnxruntime
from pydantic import Field

from spotkick.checkpoint import CONFIG_FILE, ONNX_FILE
from spotkick.configuration import FrozenConfig
from spotkick.errors import CheckpointError, ConfigError, InputError
from spotkick.files import atomic_folder, read_bytes, read_json, write_bytes, write_json
from spotkick.localization.proposals import LocalizerOutput, ProposalConfig

KIND: Final = "bmn"


class LocalizerConfig(FrozenConfig):
    """What ``config.json`` of a localizer holds.

    Attributes:
        format_version: of the folder.
        kind: of network.
        architecture: of the network; ``num_steps`` and ``feature_dim`` say what features it reads.
        proposals: defaults of prediction.
        training: the experiment that it was trained with, and its history.
        files: SHA-256 of each other file.
    """

    format_version: Literal[1] = 1
    kind: Literal["bmn"] = "bmn"
    architecture: dict[str, Any]
    proposals: ProposalConfig = ProposalConfig()
    training: dict[str, Any] = Field(default_factory=dict)
    files: dict[str, str] = Field(default_factory=dict)


def write_localizer(folder: Path, config: LocalizerConfig, files: Mapping[str, bytes]) -> None:
    """Write a localizer in one step; a former one is replaced.

    Raises:
        InputError: if ``folder`` exists and is not a checkpoint.
        StorageError: if it cannot be written; the former one stays.
    """
    if folder.exists() and not (folder / CONFIG_FILE).is_file():
        raise InputError(f"{folder} exists and is not a checkpoint; choose another place")
    with atomic_folder(folder) as temporary:
        for name, content in files.items():
            write_bytes(temporary / name, content)
        checksums = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
        write_json(temporary / CONFIG_FILE, config.replace(files=checksums).model_dump(mode="json"))


def read_localizer_config(folder: Path) -> LocalizerConfig:
    """Read and verify a localizer.

    Raises:
        CheckpointError: if it is none, or a byte of it has changed.
    """
    path = folder / CONFIG_FILE
    if not path.is_file():
        raise CheckpointError(
            f"{folder}: not a checkpoint (no {CONFIG_FILE}); give the folder that training wrote"
        )
    try:
        values = read_json(path)
        if not isinstance(values, dict) or values.get("kind") != KIND:
            raise CheckpointError(
                f"{folder}: not a checkpoint of a temporal localizer; train one with 'spotkick proposals --train'"
            )
        config = LocalizerConfig.parse(values, str(path))
        for name, expected in config.files.items():
            if (
                Path(name).name != name
                or hashlib.sha256(read_bytes(folder / name)).hexdigest() != expected
            ):
                raise CheckpointError(
                    f"{folder / name} has changed since it was written; copy the checkpoint again"
                )
    except (ConfigError, InputError) as error:
        raise CheckpointError(str(error)) from None
    return config


class OnnxLocalizer:
    """A localizer as an ONNX Runtime session; see `spotkick.localization.proposals.Localizer`."""

    def __init__(self, model: Path | bytes, *, threads: int = 0, use_cuda: bool = False) -> None:
        """Open a model.

        Args:
            model: file or serialised graph.
            threads: CPU threads; 0 takes what ONNX Runtime finds.
            use_cuda: run on CUDA where ONNX Runtime has it, on the CPU otherwise.

        Raises:
            CheckpointError: if ONNX Runtime cannot read the model.
        """
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        wanted = ["CUDAExecutionProvider"] if use_cuda else []
        providers = [
            name
            for name in (*wanted, "CPUExecutionProvider")
            if name in onnxruntime.get_available_providers()
        ]
        try:
            self._session = onnxruntime.InferenceSession(
                model if isinstance(model, bytes) else str(model), options, providers=providers
            )
        except Exception as error:
            # ONNX Runtime has no public root for its many exception classes.
            raise CheckpointError(
                f"ONNX Runtime cannot read {'the model' if isinstance(model, bytes) else model}: {error}"
            ) from error
        _, self.num_steps, self.feature_dim = self._session.get_inputs()[0].shape

    def __call__(self, features: npt.NDArray[np.float32]) -> LocalizerOutput:
        """Run a batch: features (videos, num_steps, feature_dim)."""
        boundaries, confidences = self._session.run(
            ["boundaries", "confidences"], {"features": features}
        )
        return LocalizerOutput(boundaries, confidences)


def read_localizer(folder: Path, *, threads: int = 0) -> tuple[OnnxLocalizer, LocalizerConfig]:
    """Read, verify and open a localizer.

    Raises:
        CheckpointError: if it is none, or a byte of it has changed.
    """
    config = read_localizer_config(folder)
    return OnnxLocalizer(folder / ONNX_FILE, threads=threads), config
