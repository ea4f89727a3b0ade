"""Opening and running ONNX models: one set of session options, one way to report a damaged file."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

import numpy as np
import numpy.typing as npt
import onnxruntime

from spotkick.errors import CheckpointError

INPUT: Final = "features"
"""Name of the input of every network that spotkick writes."""

Arrays = Mapping[str, npt.NDArray[np.float32]]
"""Outputs of a model by name."""

Output = TypeVar("Output")


def open_session(
    model: Path | bytes, *, threads: int = 0, use_cuda: bool = False
) -> onnxruntime.InferenceSession:
    """Open a model with ONNX Runtime.

    Args:
        model: file or serialised graph.
        threads: CPU threads; 0 takes what ONNX Runtime finds.
        use_cuda: run on CUDA where ONNX Runtime has it, on the CPU otherwise.

    Raises:
        CheckpointError: if ONNX Runtime cannot read the model.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    # Idle threads that spin would take the cores from decoding, or from other programs.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")

    wanted = ["CUDAExecutionProvider"] if use_cuda else []
    available = onnxruntime.get_available_providers()
    providers = [name for name in (*wanted, "CPUExecutionProvider") if name in available]

    source = model if isinstance(model, bytes) else str(model)
    try:
        return onnxruntime.InferenceSession(source, options, providers=providers)
    except Exception as error:
        # ONNX Runtime has no public root for its many exception classes.
        name = "the model" if isinstance(model, bytes) else model
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise CheckpointError(
            f"ONNX Runtime cannot read {name}: {reason}; get the checkpoint again"
        ) from error


class OnnxRunner(Generic[Output]):
    """A model as a function from features to outputs."""

    def __init__(
        self,
        model: Path | bytes,
        make_output: Callable[[Arrays], Output],
        *,
        threads: int = 0,
        use_cuda: bool = False,
    ) -> None:
        """Open a model.

        Args:
            model: file or serialised graph with the input ``features``.
            make_output: turns the model's outputs, by name, into what the caller wants.
            threads: see `open_session`.
            use_cuda: see `open_session`.

        Raises:
            CheckpointError: if ONNX Runtime cannot read the model.
        """
        self._session = open_session(model, threads=threads, use_cuda=use_cuda)
        self._make_output = make_output
        self._names = [output.name for output in self._session.get_outputs()]

    @property
    def input_shape(self) -> list[Any]:
        """Sizes of the features; a free size is a name."""
        shape: list[Any] = self._session.get_inputs()[0].shape
        return shape

    def output_shape(self, name: str) -> list[Any]:
        """Sizes of an output; a free size is a name."""
        shape: list[Any] = self._session.get_outputs()[self._names.index(name)].shape
        return shape

    def __call__(self, features: npt.NDArray[np.float32]) -> Output:
        """Run a batch: features (batch, frames, dim)."""
        values = self._session.run(self._names, {INPUT: features})
        return self._make_output(dict(zip(self._names, values, strict=True)))
