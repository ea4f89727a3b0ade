"""The imported network against the original graph, written in numpy with Keras's own layouts."""

from pathlib import Path

import h5py
import numpy as np
import pytest
import torch

from spotkick.errors import InputError
from spotkick.models import CalfArchitecture, CalfNetwork
from spotkick.models.calf_graph import calf_onnx_bytes
from spotkick.models.released import read_released
from spotkick.prediction import OnnxNetwork

DIM, CLASSES, FRAMES, SPOTS, CAPSULE = 10, 3, 64, 4, 5
KERNELS = (2, 4, 5, 10)
WIDTHS = (2, 3, 4, 5)
FLAT = 7  # 64 frames after three poolings


def keras_arrays(random: np.random.Generator) -> dict[str, np.ndarray]:
    def normal(*shape: int) -> np.ndarray:
        return (random.standard_normal(shape) / np.sqrt(np.prod(shape[:-1]))).astype(np.float32)

    hidden = 6
    merged = hidden + sum(WIDTHS)
    shapes = [(1, DIM, 1, 8), (1, 1, 8, hidden)]
    shapes += [(kernel, 1, hidden, width) for kernel, width in zip(KERNELS, WIDTHS, strict=True)]
    shapes += [
        (3, 1, merged, CAPSULE * CLASSES),
        (3, 1, (CAPSULE + 1) * CLASSES, 32),
        (3, 1, 32, 16),
    ]
    shapes += [(1, 1, 16 * FLAT, 2 * SPOTS), (1, 1, 16 * FLAT, CLASSES * SPOTS)]
    arrays = {}
    for index, shape in enumerate(shapes):
        layer = "conv2d" if index == 0 else f"conv2d_{index}"
        arrays[f"{layer}/{layer}/kernel:0"] = normal(*shape)
        arrays[f"{layer}/{layer}/bias:0"] = 0.1 * random.standard_normal(shape[-1]).astype(
            np.float32
        )
    norm = "batch_normalization/batch_normalization"
    arrays[f"{norm}/gamma:0"] = random.uniform(0.5, 2, FRAMES).astype(np.float32)
    arrays[f"{norm}/beta:0"] = random.standard_normal(FRAMES).astype(np.float32)
    arrays[f"{norm}/moving_mean:0"] = random.standard_normal(FRAMES).astype(np.float32)
    arrays[f"{norm}/moving_variance:0"] = random.uniform(0.5, 2, FRAMES).astype(np.float32)
    return arrays


def keras_graph(
    arrays: dict[str, np.ndarray], features: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The original graph on (batch, frames, dim), channels last, in float64."""

    def layer(index: int) -> tuple[np.ndarray, np.ndarray]:
        name = "conv2d" if index == 0 else f"conv2d_{index}"
        kernel, bias = arrays[f"{name}/{name}/kernel:0"], arrays[f"{name}/{name}/bias:0"]
        return kernel.astype(np.float64), bias.astype(np.float64)

    def convolve(values: np.ndarray, index: int) -> np.ndarray:
        kernel, bias = layer(index)
        length = len(kernel)
        before = (length - 1) // 2
        padded = np.pad(values, ((0, 0), (before, length - 1 - before), (0, 0)))
        taps = [padded[:, tap : tap + values.shape[1]] @ kernel[tap, 0] for tap in range(length)]
        return sum(taps) + bias

    def pool(values: np.ndarray) -> np.ndarray:
        count = (values.shape[1] - 3) // 2 + 1
        return np.stack([values[:, 2 * i : 2 * i + 3].max(axis=1) for i in range(count)], axis=1)

    first, bias = layer(0)
    hidden = np.maximum(features @ first[0, :, 0] + bias, 0)
    hidden = np.maximum(convolve(hidden, 1), 0)
    merged = np.concatenate(
        [hidden, *(np.maximum(convolve(hidden, index), 0) for index in (2, 3, 4, 5))], axis=2
    )
    capsules = convolve(merged, 6)
    norm = {
        name.split("/")[-1]: values
        for name, values in arrays.items()
        if name.startswith("batch_norm")
    }
    scale = norm["gamma:0"] / np.sqrt(norm["moving_variance:0"] + 1e-3)
    normalised = (capsules - norm["moving_mean:0"][:, None]) * scale[:, None] + norm["beta:0"][
        :, None
    ]
    sigmoids = 1 / (1 + np.exp(-normalised.reshape(len(features), FRAMES, CAPSULE, CLASSES)))
    scores = 1 - 2 / np.sqrt(CAPSULE) * np.sqrt(((sigmoids - 0.5) ** 2).sum(axis=2))
    hidden = np.maximum(np.concatenate([capsules, scores], axis=2), 0)
    hidden = np.maximum(convolve(pool(hidden), 7), 0)
    hidden = np.maximum(convolve(pool(hidden), 8), 0)
    flat = pool(hidden).reshape(len(features), -1)  # (time, channel), as Keras flattens
    kernel, bias = layer(9)
    positions = 1 / (1 + np.exp(-(flat @ kernel[0, 0] + bias))).reshape(-1, SPOTS, 2)
    kernel, bias = layer(10)
    logits = (flat @ kernel[0, 0] + bias).reshape(-1, SPOTS, CLASSES)
    classes = np.exp(logits) / np.exp(logits).sum(axis=2, keepdims=True)
    return scores, np.concatenate([positions, classes], axis=2)


@pytest.fixture
def keras_file(tmp_path: Path) -> tuple[Path, dict[str, np.ndarray]]:
    arrays = keras_arrays(np.random.default_rng(3))
    path = tmp_path / "weights.h5"
    with h5py.File(path, "w") as file:
        for name, values in arrays.items():
            file[name] = values
    return path, arrays


def test_read_released_keras_gives_the_original_outputs(
    keras_file: tuple[Path, dict[str, np.ndarray]],
) -> None:
    path, arrays = keras_file
    network = read_released(path)
    features = np.random.default_rng(4).standard_normal((3, FRAMES, DIM)).astype(np.float32)
    scores, spots = keras_graph(arrays, features)
    with torch.inference_mode():
        output = network(torch.from_numpy(features))
    np.testing.assert_allclose(output.scores.numpy(), scores, atol=1e-5)
    np.testing.assert_allclose(output.spots.numpy(), spots, atol=1e-5)
    on_onnx = OnnxNetwork(calf_onnx_bytes(network), threads=1)(features)
    np.testing.assert_allclose(on_onnx.scores, scores, atol=1e-5)
    np.testing.assert_allclose(on_onnx.spots, spots, atol=1e-5)


def test_read_released_sizes_follow_from_the_weights(
    keras_file: tuple[Path, dict[str, np.ndarray]],
) -> None:
    sizes = read_released(keras_file[0]).architecture
    assert sizes == CalfArchitecture(
        feature_dim=DIM,
        num_classes=CLASSES,
        chunk_frames=FRAMES,
        num_spots=SPOTS,
        capsule_dim=CAPSULE,
        receptive_field_frames=10,
        hidden=(8, 6),
        pyramid=WIDTHS,
    )


def torch_state(network: CalfNetwork) -> dict[str, torch.Tensor]:
    """A network's weights under the names and shapes of the authors' PyTorch code."""
    names = {
        "conv_1": network.encoder.first,
        "conv_2": network.encoder.second,
        **{f"conv_p_{index + 1}": layer for index, layer in enumerate(network.pyramid.layers())},
        "conv_seg": network.segmentation,
        "conv_spot_1": network.spotting.first,
        "conv_spot_2": network.spotting.second,
        "conv_conf": network.spotting.confidence_location,
        "conv_class": network.spotting.classification,
    }
    state = {}
    for name, layer in names.items():
        weight = layer.weight.detach()
        weight = weight[:, None, None, :] if name == "conv_1" else weight[..., None]
        state[f"{name}.weight"] = weight if weight.ndim == 4 else weight[..., None]
        state[f"{name}.bias"] = layer.bias.detach()
    for key, value in network.capsule_scores.normalisation.state_dict().items():
        state[f"batch_seg.{key}"] = value
    return state


@pytest.mark.parametrize("prefix", ["", "module."])
def test_read_released_torch_weights_keep_their_sense(tmp_path: Path, prefix: str) -> None:
    sizes = CalfArchitecture(
        feature_dim=DIM, num_classes=2, chunk_frames=64, hidden=(8, 6), receptive_field_frames=10
    )
    torch.manual_seed(0)
    original = CalfNetwork(sizes)
    original.train()(torch.randn(6, 64, DIM))  # statistics that are not the initial ones
    original.eval()
    path = tmp_path / "model.pth.tar"
    state = {f"{prefix}{name}": value for name, value in torch_state(original).items()}
    torch.save({"epoch": 3, "state_dict": state, "best_loss": 1.0, "optimizer": {}}, path)
    imported = read_released(path)
    features = torch.randn(4, 64, DIM)
    with torch.inference_mode():
        expected, got = original(features), imported(features)
    # The PyTorch code reports the distance, and still feeds 1 - distance to its spotting module.
    torch.testing.assert_close(got.scores, 1 - expected.scores, atol=1e-6, rtol=0)
    torch.testing.assert_close(got.spots, expected.spots, atol=1e-6, rtol=0)


class _Bomb:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return print, ("this must never run",)


def test_read_released_never_runs_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "evil.pth.tar"
    torch.save({"state_dict": _Bomb()}, path)
    with pytest.raises(InputError, match="never done"):
        read_released(path)
    assert "never run" not in capsys.readouterr().out


@pytest.mark.parametrize("name", ["weights.h5", "weights.pth.tar"])
@pytest.mark.parametrize("content", [b"", b"not weights at all"])
def test_read_released_other_files_are_one_line(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InputError, match=name):
        read_released(path)


def test_read_released_missing_layer_is_named(
    tmp_path: Path, keras_file: tuple[Path, dict[str, np.ndarray]]
) -> None:
    path = tmp_path / "part.h5"
    with h5py.File(path, "w") as file:
        for name, values in keras_file[1].items():
            if "conv2d_8" not in name:
                file[name] = values
    with pytest.raises(InputError, match="conv2d_8"):
        read_released(path)
