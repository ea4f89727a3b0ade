"""Reading the authors' released weights: Keras ``.h5`` (3 classes) and PyTorch ``.pth.tar`` (17).

Sizes follow from the shapes. Neither reader executes anything from the file: HDF5 holds arrays
alone, and torch loads with ``weights_only``.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from spotkick.errors import ConfigError, InputError, require_extra
from spotkick.models.calf import CalfArchitecture, CalfNetwork

Arrays = Mapping[str, npt.NDArray[np.float32]]

_KERAS_LAYERS: Final = {
    "conv2d": "encoder.first",
    "conv2d_1": "encoder.second",
    "conv2d_2": "pyramid.convolutions.0",
    "conv2d_3": "pyramid.convolutions.1",
    "conv2d_4": "pyramid.convolutions.2",
    "conv2d_5": "pyramid.convolutions.3",
    "conv2d_6": "segmentation",
    "conv2d_7": "spotting.first",
    "conv2d_8": "spotting.second",
    "conv2d_9": "spotting.confidence_location",
    "conv2d_10": "spotting.classification",
}
"""Source: order of the layers in the authors' TensorFlow code."""

_TORCH_LAYERS: Final = {
    "conv_1": "encoder.first",
    "conv_2": "encoder.second",
    "conv_p_1": "pyramid.convolutions.0",
    "conv_p_2": "pyramid.convolutions.1",
    "conv_p_3": "pyramid.convolutions.2",
    "conv_p_4": "pyramid.convolutions.3",
    "conv_seg": "segmentation",
    "conv_spot_1": "spotting.first",
    "conv_spot_2": "spotting.second",
    "conv_conf": "spotting.confidence_location",
    "conv_class": "spotting.classification",
}
"""Source: names in the authors' PyTorch code."""

_KERAS_NORM: Final = {
    "gamma:0": "weight",
    "beta:0": "bias",
    "moving_mean:0": "running_mean",
    "moving_variance:0": "running_var",
}
_DENSE: Final = (
    "encoder.first",
    "encoder.second",
    "spotting.confidence_location",
    "spotting.classification",
)


def read_released(path: Path) -> CalfNetwork:
    """Read a released weight file as a network in evaluation mode.

    Args:
        path: ``.h5`` (Keras) or ``.pth``, ``.pth.tar``, ``.pt`` (PyTorch checkpoint with
            ``state_dict``).

    Raises:
        InputError: if the file is neither, or its layers do not fit each other.
        MissingExtraError: if h5py is not installed.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such weight file")

    # Sizes follow from the shapes, so that the network can be made before it is filled.
    is_keras = path.suffix.lower() in (".h5", ".hdf5")
    try:
        weights = (
            _keras_weights(_read_keras(path)) if is_keras else _torch_weights(_read_torch(path))
        )
        network = CalfNetwork(
            _infer_architecture(weights, score_sense="nearness" if is_keras else "distance")
        )
        missing = network.load_state_dict(
            {name: torch.from_numpy(array) for name, array in weights.items()}, strict=False
        )
    except (KeyError, IndexError, ValueError, RuntimeError, ConfigError) as error:
        raise InputError(
            f"{path}: not CALF weights of the released layout ({type(error).__name__}: {error})"
        ) from error

    # Nothing may be left over on either side but a counter that is not used.
    absent = [name for name in missing.missing_keys if not name.endswith("num_batches_tracked")]
    if absent or missing.unexpected_keys:
        raise InputError(
            f"{path}: not CALF weights of the released layout (missing {absent}, "
            f"unknown {missing.unexpected_keys})"
        )
    return network.eval()


def _read_keras(path: Path) -> dict[str, npt.NDArray[np.float32]]:
    """Arrays by their last three path parts, such as ``conv2d_1/kernel:0``."""
    require_extra("h5py", "train", "reading Keras weights")
    import h5py

    arrays: dict[str, npt.NDArray[np.float32]] = {}

    def visit(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset):
            arrays["/".join(name.split("/")[-2:])] = np.asarray(item, dtype=np.float32)

    try:
        with h5py.File(path, "r") as file:
            file.visititems(visit)
    except OSError as error:
        raise InputError(f"{path}: not an HDF5 file: {error}") from error
    return arrays


def _read_torch(path: Path) -> dict[str, npt.NDArray[np.float32]]:
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        # torch reports a refused pickle, a cut-off archive and a text file by different exceptions.
        reason = str(error).splitlines()[0]
        raise InputError(
            f"{path}: torch cannot read it without running its code, which is never done: {reason}"
        ) from error
    state = content.get("state_dict", content) if isinstance(content, dict) else None
    if not isinstance(state, dict) or not all(
        isinstance(value, Tensor) for value in state.values()
    ):
        raise InputError(f"{path}: a checkpoint with 'state_dict' is needed")
    return {
        str(name).removeprefix("module."): value.float().numpy() for name, value in state.items()
    }


def _keras_weights(arrays: Arrays) -> dict[str, npt.NDArray[np.float32]]:
    """Reorder Keras kernels (height, width, in, out), which flatten as (time, channel), to ours."""
    weights: dict[str, npt.NDArray[np.float32]] = {}
    channels = arrays["conv2d_8/kernel:0"].shape[3]
    for layer, name in _KERAS_LAYERS.items():
        kernel = arrays[f"{layer}/kernel:0"]
        if name in _DENSE:
            matrix = kernel.reshape(-1, kernel.shape[3])
            if name.startswith("spotting"):
                matrix = (
                    matrix.reshape(-1, channels, matrix.shape[1])
                    .swapaxes(0, 1)
                    .reshape(-1, matrix.shape[1])
                )
            weights[f"{name}.weight"] = np.ascontiguousarray(matrix.T)
        else:
            weights[f"{name}.weight"] = np.ascontiguousarray(kernel[:, 0].transpose(2, 1, 0))
        weights[f"{name}.bias"] = arrays[f"{layer}/bias:0"]
    for key, name in _KERAS_NORM.items():
        weights[f"capsule_scores.normalisation.{name}"] = arrays[f"batch_normalization/{key}"]
    return weights


def _torch_weights(arrays: Arrays) -> dict[str, npt.NDArray[np.float32]]:
    """PyTorch keeps kernels as (out, in, time, 1); the first layer's as (out, 1, 1, dim)."""
    weights: dict[str, npt.NDArray[np.float32]] = {}
    for layer, name in _TORCH_LAYERS.items():
        kernel = arrays[f"{layer}.weight"]
        weights[f"{name}.weight"] = (
            kernel.reshape(len(kernel), -1) if name in _DENSE else kernel[..., 0]
        )
        weights[f"{name}.bias"] = arrays[f"{layer}.bias"]
    for name in _KERAS_NORM.values():
        weights[f"capsule_scores.normalisation.{name}"] = arrays[f"batch_seg.{name}"]
    return weights


def _infer_architecture(weights: Arrays, *, score_sense: str) -> CalfArchitecture:
    """Sizes from shapes: layer 5 writes f x classes channels, layer 12 reads (f + 1) x classes."""
    capsules = weights["segmentation.weight"].shape[0]
    num_classes = weights["spotting.first.weight"].shape[1] - capsules
    pyramid = [weights[f"pyramid.convolutions.{index}.weight"] for index in range(4)]
    return CalfArchitecture.parse(
        {
            "feature_dim": weights["encoder.first.weight"].shape[1],
            "num_classes": num_classes,
            "chunk_frames": len(weights["capsule_scores.normalisation.weight"]),
            "num_spots": len(weights["spotting.confidence_location.weight"]) // 2,
            "capsule_dim": capsules // max(num_classes, 1),
            "receptive_field_frames": pyramid[3].shape[2],
            "hidden": (len(weights["encoder.first.weight"]), len(weights["encoder.second.weight"])),
            "pyramid": tuple(len(level) for level in pyramid),
            "score_sense": score_sense,
        },
        "sizes found in the weights",
    )
