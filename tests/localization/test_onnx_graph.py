import numpy as np
import onnxruntime
import pytest
import torch

from spotkick.localization.network import BmnArchitecture, BmnNetwork
from spotkick.localization.onnx_graph import bmn_onnx_bytes

SMALL = BmnArchitecture(
    feature_dim=6,
    num_steps=10,
    max_duration_steps=7,
    base_channels=8,
    groups=2,
    segment_channels=5,
    map_channels=4,
    points=3,
)


@pytest.mark.parametrize(
    "architecture",
    [
        SMALL,
        SMALL.replace(max_duration_steps=10, groups=1, context_ratio=0.25),
        SMALL.replace(num_steps=40, points=32),
    ],
)
def test_onnx_equals_torch(architecture: BmnArchitecture) -> None:
    torch.manual_seed(0)
    network = BmnNetwork(architecture).eval()
    session = onnxruntime.InferenceSession(
        bmn_onnx_bytes(network), providers=["CPUExecutionProvider"]
    )
    for videos in (1, 3):
        features = (
            np.random.default_rng(0)
            .normal(size=(videos, architecture.num_steps, 6))
            .astype(np.float32)
        )
        boundaries, confidences = session.run(["boundaries", "confidences"], {"features": features})
        with torch.inference_mode():
            expected = network(torch.from_numpy(features))
        np.testing.assert_allclose(boundaries, expected.boundaries.numpy(), atol=1e-5)
        np.testing.assert_allclose(confidences, expected.confidences.numpy(), atol=1e-5)


def test_the_same_network_gives_the_same_bytes() -> None:
    network = BmnNetwork(SMALL)
    assert bmn_onnx_bytes(network) == bmn_onnx_bytes(network)
