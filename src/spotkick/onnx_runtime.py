"""Opening and running ONNX models: one set of session options, one way to report a damaged file."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

import numpy as np
import numpy.typing as npt
import onnxruntime

from spotkick.devices import parse_device
from spotkick.errors import CheckpointError, ConfigError

CPU: Final = "CPUExecutionProvider"
CUDA: Final = "CUDAExecutionProvider"

INPUT: Final = "features"
"""Name of the input of every network that spotkick writes."""

Arrays = Mapping[str, npt.NDArray[np.float32]]
"""Outputs of a model by name."""

Output = TypeVar("Output")


Provider = str | tuple[str, dict[str, str]]
"""What ONNX Runtime runs on, with its options."""


def has_cuda() -> bool:
    """Whether this ONNX Runtime was built for CUDA."""
    return CUDA in onnxruntime.get_available_providers()


def choose_providers(device: str) -> list[Provider]:
    """What a model runs on, best first.

    Products on CUDA are as exact as on the CPU: results agree to 1e-3.

    Args:
        device: a name of `spotkick.devices.parse_device`.

    Raises:
        ConfigError: if CUDA is asked for, and this ONNX Runtime was not built for it.
    """
    chosen = parse_device(device)
    if chosen.kind == "cpu" or (chosen.kind == "auto" and not has_cuda()):
        return [CPU]
    if not has_cuda():
        raise ConfigError(
            f"device '{device}' is not available to ONNX Runtime here; use cpu, or install "
            "onnxruntime-gpu"
        )
    return [(CUDA, {"device_id": str(chosen.gpu), "use_tf32": "0"}), CPU]


def check_session_device(session: onnxruntime.InferenceSession, device: str) -> None:
    """Refuse a session that fell back to the CPU although CUDA was asked for.

    Raises:
        ConfigError: if it did, which happens when libraries of CUDA are missing.
    """
    if parse_device(device).kind == "cuda" and CUDA not in session.get_providers():
        raise ConfigError(
            f"device '{device}': ONNX Runtime cannot start CUDA here, perhaps for lack of its "
            "libraries; use cpu"
        )


def open_session(
    model: Path | bytes, *, threads: int = 0, device: str = "cpu"
) -> onnxruntime.InferenceSession:
    """Open a model with ONNX Runtime.

    Args:
        model: file or serialised graph.
        threads: CPU threads; 0 takes what ONNX Runtime finds.
        device: see `choose_providers`.

    Raises:
        CheckpointError: if ONNX Runtime cannot read the model.
        ConfigError: if the device is not there.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    # Its warnings are about how a file was exported, which does not matter here.
    options.log_severity_level = 3
    # Idle threads that spin would take the cores from decoding, or from other programs.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")

    providers: Sequence[Provider] = choose_providers(device)
    source = model if isinstance(model, bytes) else str(model)
    try:
        session = onnxruntime.InferenceSession(source, options, providers=providers)
    except Exception as error:
        # ONNX Runtime has no public root for its many exception classes.
        name = "the model" if isinstance(model, bytes) else model
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise CheckpointError(
            f"ONNX Runtime cannot read {name}: {reason}; get the checkpoint again"
        ) from error
    check_session_device(session, device)
    return session


class OnnxRunner(Generic[Output]):
    """A model as a function from features to outputs."""

    def __init__(
        self,
        model: Path | bytes,
        make_output: Callable[[Arrays], Output],
        *,
        threads: int = 0,
        device: str = "cpu",
    ) -> None:
        """Open a model.

        Args:
            model: file or serialised graph with the input ``features``.
            make_output: turns the model's outputs, by name, into what the caller wants.
            threads: see `open_session`.
            device: see `open_session`.

        Raises:
            CheckpointError: if ONNX Runtime cannot read the model.
        """
        self._session = open_session(model, threads=threads, device=device)
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
