"""Running a trained network on chunks, with ONNX Runtime."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import onnxruntime

from spotkick.checkpoint import ONNX_FILE, Checkpoint
from spotkick.errors import CheckpointError


class ChunkOutput(NamedTuple):
    """What a network says of a batch of chunks.

    Attributes:
        scores: (chunks, frames, classes) segmentation scores.
        spots: (chunks, spots, 2 + classes) confidence, location, class probabilities; no rows for
            dense networks.
    """

    scores: npt.NDArray[np.float32]
    spots: npt.NDArray[np.float32]


ChunkNetwork = Callable[[npt.NDArray[np.float32]], ChunkOutput]
"""Anything that turns features (chunks, frames, dim) into a `ChunkOutput`: an ONNX session, or a
torch network in training."""


class OnnxNetwork:
    """A network of a checkpoint as an ONNX Runtime session."""

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
        # Idle threads that spin would take the cores from decoding, or from other programs of a
        # busy machine.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        providers = (
            ["CUDAExecutionProvider"]
            if use_cuda and "CUDAExecutionProvider" in onnxruntime.get_available_providers()
            else []
        )
        try:
            self._session = onnxruntime.InferenceSession(
                model if isinstance(model, bytes) else str(model),
                options,
                providers=[*providers, "CPUExecutionProvider"],
            )
        except Exception as error:
            # ONNX Runtime has no public root for its many exception classes.
            raise CheckpointError(
                f"ONNX Runtime cannot read {'the model' if isinstance(model, bytes) else model}: {error}"
            ) from error
        self._outputs = [output.name for output in self._session.get_outputs()]
        self.classes = int(self._session.get_outputs()[0].shape[2])

    @classmethod
    def from_checkpoint(
        cls, checkpoint: Checkpoint, *, threads: int = 0, use_cuda: bool = False
    ) -> "OnnxNetwork":
        """The network of a checkpoint.

        Raises:
            CheckpointError: if the model is missing or cannot be read.
        """
        path = checkpoint.folder / ONNX_FILE
        if not path.is_file():
            raise CheckpointError(
                f"{checkpoint.folder}: no {ONNX_FILE}; write the checkpoint again with 'spotkick train'"
            )
        return cls(path, threads=threads, use_cuda=use_cuda)

    def __call__(self, features: npt.NDArray[np.float32]) -> ChunkOutput:
        """Run a batch: features (chunks, frames, dim)."""
        outputs = dict(
            zip(self._outputs, self._session.run(None, {"features": features}), strict=True)
        )
        empty = np.zeros((len(features), 0, 2 + self.classes), dtype=np.float32)
        return ChunkOutput(outputs["scores"], outputs.get("spots", empty))
