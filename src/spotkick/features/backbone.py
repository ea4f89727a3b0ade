"""Image backbones: networks that turn an image into a vector, run by ONNX Runtime.

A backbone is any ONNX file with one image input and a vector (or a map that is averaged) as its
first output. Layout, size and number type are read from the file. Bytes go in as they are, because
such a file normalises inside; floats are normalised first.
"""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import onnxruntime

from spotkick.configuration import FrozenConfig
from spotkick.errors import InputError
from spotkick.onnx_runtime import CUDA, check_session_device, choose_providers

BUNDLED_BACKBONE: Final = Path(__file__).parents[1] / "assets" / "efficientnet_lite0.onnx"
"""EfficientNet-Lite0, 1280 features; ships with the package."""

_DEFAULT_SIZE_PX: Final = 224


class Normalisation(FrozenConfig):
    """How float images are scaled before a backbone sees them; the default is ImageNet's.

    Attributes:
        mean: per channel, for values between 0 and 1.
        std: per channel, for values between 0 and 1.
    """

    mean: tuple[float, float, float] = (0.485, 0.456, 0.406)
    std: tuple[float, float, float] = (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class Backbone:
    """An opened backbone; see `open_backbone`.

    Attributes:
        name: stem of the file.
        size_px: (width, height) of the images that it takes.
        dim: length of the vectors that it gives.
        digest: SHA-256 of the file.
        path: the file.
        normalisation: of float images; None for a file that takes bytes.
    """

    name: str
    size_px: tuple[int, int]
    dim: int
    digest: str
    path: Path
    normalisation: Normalisation | None
    _session: onnxruntime.InferenceSession = field(repr=False)
    _channels_last: bool = True
    _fixed_batch: int | None = None

    @property
    def device(self) -> str:
        """``cuda:N`` where it runs on a GPU, else ``cpu``."""
        options = self._session.get_provider_options().get(CUDA)
        return "cpu" if options is None else f"cuda:{options.get('device_id', '0')}"

    def embed(self, images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """Turn images into vectors.

        Args:
            images: (images, height, width, 3) uint8 RGB of the backbone's size.

        Returns:
            (images, dim) float32.
        """
        if self._fixed_batch is None:
            return self._run_network(images)

        # the last batch is filled up with copies of its last image
        parts = []
        for first in range(0, len(images), self._fixed_batch):
            part = images[first : first + self._fixed_batch]
            padding = np.repeat(part[-1:], self._fixed_batch - len(part), axis=0)
            parts.append(self._run_network(np.concatenate([part, padding]))[: len(part)])
        return np.concatenate(parts)

    def _run_network(self, images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        batch: npt.NDArray[Any] = images
        if self.normalisation is not None:
            scale = np.asarray(self.normalisation.std, dtype=np.float32) * 255
            batch = (images - np.asarray(self.normalisation.mean, dtype=np.float32) * 255) / scale
        if not self._channels_last:
            batch = np.ascontiguousarray(batch.transpose(0, 3, 1, 2))
        image_input = self._session.get_inputs()[0]
        (output, *_) = self._session.run(
            [self._session.get_outputs()[0].name], {image_input.name: batch}
        )
        return _average_maps(np.asarray(output, dtype=np.float32))


def _average_maps(output: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Average maps (N, D, h, w) to vectors (N, D)."""
    averaged: npt.NDArray[np.float32] = (
        output.mean(axis=tuple(range(2, output.ndim))) if output.ndim > 2 else output
    )
    return averaged


def open_backbone(
    path: Path = BUNDLED_BACKBONE,
    *,
    normalisation: Normalisation | None = None,
    device: str = "cpu",
    threads: int = 0,
) -> Backbone:
    """Open a backbone file.

    Args:
        path: ONNX file; the default ships with the package.
        normalisation: for files that take floats; ImageNet's when None.
        device: a name of `spotkick.devices.parse_device`; CUDA needs the package onnxruntime-gpu.
        threads: processor threads; 0 leaves one core to the decoder and takes the others.

    Raises:
        InputError: if the file is missing, is not ONNX, or is no image backbone.
        ConfigError: if the device is not there.
    """
    if not path.is_file():
        raise InputError(
            f"{path}: no such backbone file; give an ONNX file, or none for the one that ships"
        )

    # layout and size are read from the file, the length of vectors from a run
    session = _open_session(path, device, threads)
    channels_last, batch, size_px = _find_image_input(session.get_inputs(), path)
    takes_bytes = session.get_inputs()[0].type == "tensor(uint8)"
    opened = Backbone(
        name=path.stem,
        size_px=size_px,
        dim=0,
        digest=hashlib.sha256(path.read_bytes()).hexdigest(),
        path=path,
        normalisation=None if takes_bytes else normalisation or Normalisation(),
        _session=session,
        _channels_last=channels_last,
        _fixed_batch=batch,
    )
    return _with_dim(opened)


def _open_session(path: Path, device: str, threads: int) -> onnxruntime.InferenceSession:
    providers = choose_providers(device)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or max(1, (os.cpu_count() or 1) - 1)
    options.log_severity_level = 3

    # waiting threads leave the cores to the decoder
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        session = onnxruntime.InferenceSession(str(path), options, providers=providers)
    except Exception as error:  # ONNX Runtime raises a dozen unrelated classes
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(f"{path}: not an ONNX file that can be run: {reason}") from error
    check_session_device(session, device)
    return session


def _find_image_input(
    inputs: Sequence[Any], path: Path
) -> tuple[bool, int | None, tuple[int, int]]:
    """Whether channels come last, the batch size if it is fixed, and (width, height)."""
    if (
        len(inputs) != 1
        or len(inputs[0].shape) != 4
        or inputs[0].type not in {"tensor(uint8)", "tensor(float)"}
    ):
        found = ", ".join(f"{item.type} {item.shape}" for item in inputs)
        raise InputError(
            f"{path}: a backbone needs one image input, (N, height, width, 3) or "
            f"(N, 3, height, width), found {found}"
        )

    # the 3 channels of colour tell the layout; sides that are left open take the usual size
    batch, *rest = inputs[0].shape
    if rest[2] == 3:
        channels_last, (height, width) = True, rest[:2]
    elif rest[0] == 3:
        channels_last, (height, width) = False, rest[1:]
    else:
        raise InputError(
            f"{path}: a backbone needs 3 colour channels, its input has shape {inputs[0].shape}"
        )
    size = tuple(side if isinstance(side, int) else _DEFAULT_SIZE_PX for side in (width, height))
    return channels_last, batch if isinstance(batch, int) else None, (size[0], size[1])


def _with_dim(backbone: Backbone) -> Backbone:
    """Run one black image: the declared shapes of outputs are often left open."""
    width, height = backbone.size_px
    vector = backbone.embed(np.zeros((1, height, width, 3), dtype=np.uint8))
    if vector.ndim != 2:
        raise InputError(
            f"{backbone.path}: a backbone needs an output of shape (N, dim), found {vector.shape}"
        )
    fields = {name: getattr(backbone, name) for name in backbone.__dataclass_fields__}
    return Backbone(**{**fields, "dim": int(vector.shape[1])})
