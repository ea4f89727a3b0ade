"""Running a trained spotter on chunks, with ONNX Runtime."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from spotkick.checkpoint import Checkpoint
from spotkick.errors import CheckpointError
from spotkick.onnx_runtime import Arrays, OnnxRunner
from spotkick.stored_checkpoint import ONNX_FILE


class ChunkOutput(NamedTuple):
    """Outputs of a network for a batch of chunks.

    Attributes:
        scores: (chunks, frames, classes) segmentation scores.
        spots: (chunks, spots, 2 + classes) confidence, location, class probabilities; no rows for
            networks that give scores alone.
        displacements: (chunks, frames, classes) frames from each frame to the action near it; None
            for networks without.
    """

    scores: npt.NDArray[np.float32]
    spots: npt.NDArray[np.float32]
    displacements: npt.NDArray[np.float32] | None = None


ChunkNetwork = Callable[[npt.NDArray[np.float32]], ChunkOutput]
"""Anything that turns features (chunks, frames, dim) into a `ChunkOutput`: an ONNX session, or a
torch network in training."""


class OnnxNetwork(OnnxRunner[ChunkOutput]):
    """A spotter as an ONNX Runtime session: outputs ``scores`` and, if it has them, ``spots``."""

    def __init__(self, model: Path | bytes, *, threads: int = 0, device: str = "cpu") -> None:
        """Open a model; see `spotkick.onnx_runtime.open_session`.

        Raises:
            CheckpointError: if ONNX Runtime cannot read the model, or it is no spotter.
        """
        super().__init__(model, make_chunk_output, threads=threads, device=device)
        if "scores" not in self._names:
            raise CheckpointError(
                f"a spotter's model needs an output 'scores', found {', '.join(self._names)}"
            )
        self.classes = int(self.output_shape("scores")[2])

    @classmethod
    def from_checkpoint(
        cls, checkpoint: Checkpoint, *, threads: int = 0, device: str = "cpu"
    ) -> "OnnxNetwork":
        """The network of a checkpoint.

        Raises:
            CheckpointError: if the model is missing or cannot be read.
        """
        path = checkpoint.folder / ONNX_FILE
        if not path.is_file():
            raise CheckpointError(
                f"{checkpoint.folder}: no {ONNX_FILE}; write the checkpoint again with 'spotkick "
                "train'"
            )
        return cls(path, threads=threads, device=device)


def make_chunk_output(outputs: Arrays) -> ChunkOutput:
    """A `ChunkOutput` from the outputs of a model by name."""
    scores = outputs["scores"]
    chunks, _, classes = scores.shape
    no_spots: npt.NDArray[Any] = np.zeros((chunks, 0, 2 + classes), dtype=np.float32)
    return ChunkOutput(scores, outputs.get("spots", no_spots), outputs.get("displacements"))
