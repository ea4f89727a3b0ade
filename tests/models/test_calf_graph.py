"""The ONNX graph says what the network says, for every kind of network and any number of chunks."""

from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch

from spotkick.models import CalfArchitecture, CalfNetwork
from spotkick.models.calf_graph import calf_onnx_bytes

SMALL = CalfArchitecture(
    feature_dim=12,
    num_classes=3,
    chunk_frames=41,
    num_spots=4,
    capsule_dim=5,
    receptive_field_frames=13,
    hidden=(10, 6),
)


def make(architecture: CalfArchitecture) -> CalfNetwork:
    with torch.random.fork_rng():
        torch.manual_seed(3)
        network = CalfNetwork(architecture)
        network.train()
        for _ in range(3):  # statistics and scales away from their initial values
            network(5 * torch.randn((8, architecture.chunk_frames, architecture.feature_dim)))
        network.capsule_scores.normalisation.weight.data.uniform_(-1, 2)
        network.capsule_scores.normalisation.bias.data.uniform_(-1, 1)
    return network.eval()


def session_of(network: CalfNetwork) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(
        calf_onnx_bytes(network), options, providers=["CPUExecutionProvider"]
    )


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"bn_axis": "capsule"},
        {"score_sense": "distance"},
        {
            "num_classes": 17,
            "num_spots": 15,
            "capsule_dim": 16,
            "chunk_frames": 240,
            "receptive_field_frames": 80,
        },
    ],
    ids=lambda changes: " ".join(changes) or "small",
)
def test_calf_onnx_bytes_outputs_equal_torch_for_any_number_of_chunks(
    changes: dict[str, Any],
) -> None:
    network = make(SMALL.replace(**changes))
    session = session_of(network)
    for chunks in (1, 5):
        features = torch.randn(
            (chunks, network.architecture.chunk_frames, 12),
            generator=torch.Generator().manual_seed(chunks),
        )
        with torch.no_grad():
            expected = network(features)
        outputs = session.run(None, {"features": features.numpy()})
        assert outputs[0].std() > 0.01
        np.testing.assert_allclose(outputs[0], expected.scores.numpy(), rtol=0, atol=1e-5)
        np.testing.assert_allclose(outputs[1], expected.spots.numpy(), rtol=0, atol=1e-5)
    assert len(session.get_outputs()) == 2


@pytest.mark.parametrize("capsule_dim", [3, 7, 16, 24])
def test_calf_onnx_bytes_scores_at_the_corners_stay_in_0_to_1(capsule_dim: int) -> None:
    network = make(SMALL.replace(capsule_dim=capsule_dim))
    network.capsule_scores.normalisation.weight.data.zero_()
    network.capsule_scores.normalisation.bias.data.fill_(60)
    scores = session_of(network).run(
        ["scores"], {"features": np.ones((1, 41, 12), dtype=np.float32)}
    )[0]
    assert scores.min() >= 0
    assert scores.max() < 1e-6


def test_calf_onnx_bytes_same_network_gives_the_same_bytes() -> None:
    assert calf_onnx_bytes(make(SMALL)) == calf_onnx_bytes(make(SMALL))
