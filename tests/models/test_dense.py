"""The dense network: every trunk says the same in torch and in ONNX, and sees what it should."""

import hashlib
from fractions import Fraction
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from torch import nn

from spotkick.errors import ConfigError
from spotkick.models import DenseArchitecture, DenseNetwork, network_kind
from spotkick.models.dense import dense_onnx_bytes
from spotkick.models.dense_kind import DenseConfig, choose_dense_sizes
from spotkick.models.loading import new_network
from spotkick.models.registry import DataSizes
from spotkick.models.trunks.transformer import TransformerBlock, place_encoding

TRUNKS = ("pyramid", "tcn", "unet", "gru", "transformer", "linear")
SMALL = DenseArchitecture(
    feature_dim=6,
    num_classes=3,
    chunk_frames=41,
    receptive_field_frames=13,
    hidden=(10, 6),
    pyramid=(2, 3, 4, 5),
    width=8,
    displacement_radius_frames=2.5,
)


def make(**changes: Any) -> DenseNetwork:
    """A network with weights away from their start, in evaluation mode."""
    network: DenseNetwork = new_network(SMALL.replace(**changes), 3)
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter += 0.2 * torch.randn(parameter.shape, generator=generator)
    return network.eval()


def draw_features(chunks: int, frames: int = 41) -> torch.Tensor:
    return torch.randn((chunks, frames, 6), generator=torch.Generator().manual_seed(chunks))


@pytest.mark.parametrize("changes", [{}, {"layers": 2}, {"chunk_frames": 40}], ids=str)
@pytest.mark.parametrize("trunk", TRUNKS)
def test_dense_onnx_bytes_outputs_equal_torch(trunk: str, changes: dict[str, int]) -> None:
    network = make(trunk=trunk, **changes)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        dense_onnx_bytes(network), options, providers=["CPUExecutionProvider"]
    )
    for chunks in (1, 5):
        features = draw_features(chunks, network.architecture.chunk_frames)
        with torch.no_grad():
            expected = network(features)
        found = session.run(["scores", "displacements"], {"features": features.numpy()})
        assert found[0].std() > 0.01
        assert found[1].std() > 0.01
        np.testing.assert_allclose(found[0], expected.scores, rtol=0, atol=1e-5)
        np.testing.assert_allclose(found[1], expected.displacements, rtol=0, atol=1e-5)


def test_dense_onnx_bytes_without_displacements_has_scores_alone() -> None:
    network = make(displacement_radius_frames=0)
    assert network(draw_features(1)).displacements is None
    session = onnxruntime.InferenceSession(dense_onnx_bytes(network))
    assert [output.name for output in session.get_outputs()] == ["scores"]
    assert dense_onnx_bytes(network) == dense_onnx_bytes(make(displacement_radius_frames=0))


def test_dense_network_pyramid_is_the_trunk_with_a_sigmoid() -> None:
    network = make()
    inputs = draw_features(3)
    scores, spots, logits, displacements = network(inputs)
    hidden = network.segmentation(network.pyramid(network.encoder(inputs)))
    assert torch.equal(logits, hidden.transpose(1, 2))
    assert torch.equal(scores, torch.sigmoid(logits))
    assert spots.shape == (3, 0, 5)
    assert displacements.shape == scores.shape == (3, 41, 3)


@pytest.mark.parametrize("trunk", TRUNKS)
def test_dense_network_displacements_start_at_zero_and_stay_within_the_radius(trunk: str) -> None:
    network = new_network(SMALL.replace(trunk=trunk), 0)
    nn.init.zeros_(network.displacement.bias)
    with torch.no_grad():
        assert network(draw_features(2)).displacements.abs().max() == 0
    nn.init.constant_(network.displacement.bias, 50.0)
    assert network(draw_features(2)).displacements.max().item() == pytest.approx(2.5)


@pytest.mark.parametrize(
    ("changes", "reach"),
    [
        ({"trunk": "linear"}, 0),
        ({"trunk": "tcn", "layers": 3}, 1 + 2 + 4 + 1),  # and the head
        ({"trunk": "gru"}, 20),
        ({"trunk": "transformer"}, 20),
    ],
    ids=str,
)
def test_dense_network_sees_as_far_as_its_trunk(changes: dict[str, Any], reach: int) -> None:
    network = make(**changes)
    if changes["trunk"] == "tcn":
        for parameter in network.parameters():
            parameter.data.abs_()  # no unit is silent
    inputs = draw_features(1).abs().requires_grad_()
    torch.autograd.backward(network(inputs).logits[0, 20].sum())
    seen = inputs.grad[0].abs().sum(dim=1).nonzero()[:, 0]
    assert (seen.min().item(), seen.max().item()) == (20 - reach, 20 + reach)


def test_dense_network_output_bias_starts_with_rare_actions() -> None:
    plain, rare = (new_network(SMALL.replace(output_bias=bias), 0) for bias in (0.0, -4.0))
    torch.testing.assert_close(rare.segmentation.bias, plain.segmentation.bias - 4)
    assert torch.equal(rare.segmentation.weight, plain.segmentation.weight)


@pytest.mark.parametrize("trunk", ["tcn", "unet", "gru", "transformer"])
def test_dense_network_dropout_acts_in_training_alone(trunk: str) -> None:
    network = make(trunk=trunk, dropout=0.5)
    inputs = draw_features(1)
    assert torch.equal(network(inputs).logits, network(inputs).logits)
    network.train()
    with torch.random.fork_rng():
        torch.manual_seed(0)
        assert not torch.equal(network(inputs).logits, network(inputs).logits)


def test_transformer_block_equals_the_layer_of_torch() -> None:
    block = TransformerBlock(8, 2, 0.0).eval()
    layer = nn.TransformerEncoderLayer(
        8, 2, 16, dropout=0, batch_first=True, norm_first=True
    ).eval()
    names = {
        "self_attn.in_proj_": "attention_input.",
        "self_attn.out_proj.": "attention_output.",
        "linear1.": "widen.",
        "linear2.": "narrow.",
        "norm1.": "first_norm.",
        "norm2.": "second_norm.",
    }
    own = block.state_dict()
    layer.load_state_dict(
        {old + end: own[new + end] for old, new in names.items() for end in ("weight", "bias")}
    )
    hidden = torch.randn((3, 7, 8), generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(block(hidden), layer(hidden), rtol=0, atol=1e-5)


def test_place_encoding_by_hand() -> None:
    found = place_encoding(3, 4).numpy()
    expected = [[np.sin(t), np.cos(t), np.sin(t / 100), np.cos(t / 100)] for t in range(3)]
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert place_encoding(3, 5).shape == (3, 5)


def test_choose_dense_sizes_in_frames() -> None:
    data = DataSizes(512, 17, frame_rate=Fraction(2))
    config = DenseConfig(trunk="tcn", displacement_radius_s=3.0)
    sizes = choose_dense_sizes(config, data)
    assert (sizes.layers, sizes.displacement_radius_frames, sizes.chunk_frames) == (6, 6.0, 240)
    with pytest.raises(ConfigError, match=r"model.width = 30 must be a multiple of model.heads"):
        choose_dense_sizes(DenseConfig(trunk="transformer", width=30), data)
    with pytest.raises(ConfigError, match=r"must be longer than model\.receptive_field_s"):
        choose_dense_sizes(DenseConfig(chunk_s=30.0), data)


def test_dense_architecture_of_an_earlier_checkpoint_is_read() -> None:
    stored = {
        "kind": "dense",
        "feature_dim": 8,
        "num_classes": 3,
        "chunk_frames": 240,
        "num_spots": 5,
        "capsule_dim": 16,
        "receptive_field_frames": 80,
        "hidden": [128, 32],
        "pyramid": [8, 16, 32, 64],
        "bn_axis": "time",
        "score_sense": "nearness",
    }
    network = new_network(network_kind("dense").architecture.parse(stored), 0)
    assert [name for name in network.state_dict() if not name.startswith("pyramid")] == [
        "encoder.first.weight",
        "encoder.first.bias",
        "encoder.second.weight",
        "encoder.second.bias",
        "segmentation.weight",
        "segmentation.bias",
    ]
    digest = hashlib.sha256(network.segmentation.weight.detach().numpy().tobytes()).hexdigest()
    assert digest[:8] == "718db0dc"
