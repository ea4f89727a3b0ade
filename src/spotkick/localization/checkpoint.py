"""Trained localizers on disk, run without torch; the folder is that of `spotkick.checkpoint`."""

from pathlib import Path
from typing import Literal

from spotkick.localization.proposals import LocalizerOutput, ProposalConfig
from spotkick.onnx_runtime import Arrays, OnnxRunner
from spotkick.stored_checkpoint import ONNX_FILE, StoredConfig, read_stored


class LocalizerConfig(StoredConfig):
    """What ``config.json`` of a localizer holds.

    Attributes:
        proposals: defaults of prediction.
    """

    purpose: Literal["localization"] = "localization"
    proposals: ProposalConfig = ProposalConfig()


class OnnxLocalizer(OnnxRunner[LocalizerOutput]):
    """A localizer as an ONNX Runtime session; see `spotkick.localization.proposals.Localizer`."""

    def __init__(self, model: Path | bytes, *, threads: int = 0, device: str = "cpu") -> None:
        """Open a model; see `spotkick.onnx_runtime.open_session`.

        Raises:
            CheckpointError: if ONNX Runtime cannot read the model.
        """
        super().__init__(model, make_localizer_output, threads=threads, device=device)
        _, self.num_steps, self.feature_dim = self.input_shape


def make_localizer_output(outputs: Arrays) -> LocalizerOutput:
    """A `LocalizerOutput` from the outputs of a model by name."""
    return LocalizerOutput(outputs["boundaries"], outputs["confidences"])


def read_localizer_config(path: Path) -> LocalizerConfig:
    """Read and verify a localizer; a run folder stands for its last checkpoint.

    Raises:
        CheckpointError: if it is none, or a byte of it has changed.
    """
    return read_stored(path, LocalizerConfig)[1]


def read_localizer(path: Path, *, threads: int = 0) -> tuple[OnnxLocalizer, LocalizerConfig]:
    """Read, verify and open a localizer.

    Raises:
        CheckpointError: if it is none, or a byte of it has changed.
    """
    folder, config = read_stored(path, LocalizerConfig)
    return OnnxLocalizer(folder / ONNX_FILE, threads=threads), config
