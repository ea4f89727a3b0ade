"""Stacked networks against the networks that they stand for."""

from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional

from spotkick.models.calf import CalfArchitecture, CalfNetwork
from spotkick.models.dense import DenseArchitecture, DenseNetwork
from spotkick.models.long_convolution import same_padding
from spotkick.study.layers import StackedLinear, convolve_levels, drop_equally
from spotkick.study.network import NetworkStack, StackSizes

SIZES = StackSizes(
    width=6,
    num_classes=2,
    chunk_frames=24,
    receptive_field_frames=9,
    hidden=(5, 4),
    pyramid=(2, 3, 2, 3),
    capsule_dim=3,
    dropout=0.0,
)


def copy_trunk(stack: NetworkStack, network: int, calf: nn.Module, head: str) -> None:
    """Give a network of the public kind the weights of one network of the stack."""
    row = network if head == "dense" else network - stack.per_head.get("dense", 0)
    names = {"encoder.first": ("first", network), "encoder.second": ("second", network)}
    names |= {f"pyramid.convolutions.{n}": (f"levels.{n}", network) for n in range(4)}
    names["segmentation"] = (f"outputs.{head}", row)
    with torch.no_grad():
        for name, (stacked, index) in names.items():
            weight = calf.get_parameter(f"{name}.weight")
            own = stack.get_parameter(f"{stacked}.weight")[index]
            if weight.dim() == 3:
                outputs, inputs, kernel = weight.shape
                own = own.view(inputs, kernel, outputs).permute(2, 0, 1)
            else:
                own = own.T
            weight.copy_(own)
            bias = stack.get_parameter(f"{stacked}.bias")[index, 0]
            calf.get_parameter(f"{name}.bias").copy_(bias)


@pytest.mark.parametrize(("kind", "head"), [("dense", "dense"), ("calf", "capsule")])
@pytest.mark.parametrize("training", [True, False])
def test_stack_copied_weights_equals_calf_network(kind: str, head: str, training: bool) -> None:
    stack = NetworkStack(SIZES, ["dense", "dense", "capsule", "capsule"], seed=1)
    with torch.no_grad():
        for parameter in stack.parameters():
            parameter.add_(0.2 * torch.randn(parameter.shape))
    network = 1 if head == "dense" else 3
    architecture: Any
    build: Any
    architecture, build = (
        (DenseArchitecture, DenseNetwork) if kind == "dense" else (CalfArchitecture, CalfNetwork)
    )
    calf: Any = build(
        architecture.parse(
            {
                "kind": kind,
                "feature_dim": 6,
                "num_classes": 2,
                "chunk_frames": 24,
                "receptive_field_frames": 9,
                "hidden": (5, 4),
                "pyramid": (2, 3, 2, 3),
                "capsule_dim": 3,
            }
        )
    )
    copy_trunk(stack, network, calf, head)
    if head == "capsule":
        with torch.no_grad():
            normalisation = calf.capsule_scores.normalisation
            normalisation.weight.copy_(stack.capsules.weight[1].flatten())
            normalisation.bias.copy_(stack.capsules.bias[1].flatten())

    features = torch.randn(3, 24, 6)
    stack.train(training)
    calf.train(training)
    values = stack(features)[head].values[1]
    expected = calf(features)
    reference = expected.scores if head == "capsule" else expected.logits
    torch.testing.assert_close(values, reference, atol=2e-5, rtol=1e-4)
    if head == "capsule" and training:
        running = calf.capsule_scores.normalisation.running_var
        torch.testing.assert_close(stack.capsules.variance[1].flatten(), running)


@pytest.mark.parametrize("kernel", [1, 2, 5, 8, 20])
@pytest.mark.parametrize("frames", [11, 16])
def test_stacked_linear_equals_a_convolution_per_network(kernel: int, frames: int) -> None:
    layer = StackedLinear(3, inputs=4, outputs=5, kernel=kernel)
    with torch.no_grad():
        layer.weight.normal_()
    values = torch.randn(3, 2, frames, 4, requires_grad=True)
    found = layer(values)
    for network in range(3):
        weight = layer.weight[network].view(4, kernel, 5).permute(2, 0, 1)
        padded = functional.pad(values[network].transpose(1, 2), same_padding(kernel))
        expected = functional.conv1d(padded, weight, layer.bias[network, 0]).transpose(1, 2)
        torch.testing.assert_close(found[network], expected, atol=1e-5, rtol=1e-4)


def test_convolve_levels_equals_the_levels_alone() -> None:
    levels = [StackedLinear(2, 3, outputs, kernel) for outputs, kernel in ((4, 2), (1, 7), (2, 5))]
    with torch.no_grad():
        for level in levels:
            level.weight.normal_()
    values = torch.randn(2, 3, 13, 3)
    expected = torch.cat([level(values) for level in levels], dim=3)
    torch.testing.assert_close(convolve_levels(values, levels), expected, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("axis", [0, 1])
def test_drop_equally_takes_the_same_values_from_all_networks(axis: int) -> None:
    values = torch.ones(3, 3, 50)
    dropped = drop_equally(values, 0.4, axis, training=True)
    first = dropped.select(axis, 0)
    assert all(torch.equal(dropped.select(axis, number), first) for number in (1, 2))
    assert 0 < int((first == 0).sum()) < first.numel()
    assert torch.equal(drop_equally(values, 0.4, axis, training=False), values)


def test_stack_starts_all_networks_from_the_same_weights() -> None:
    stack = NetworkStack(SIZES, ["dense", "dense", "capsule"], seed=4)
    assert torch.equal(stack.first.weight[0], stack.first.weight[2])
    assert not torch.equal(
        stack.first.weight[0], NetworkStack(SIZES, ["dense"], seed=5).first.weight[0]
    )


def test_embed_tokens_are_summed_without_padding() -> None:
    sizes = SIZES.replace(width=3, num_tokens=7, embedding=4)
    stack = NetworkStack(sizes, ["dense", "dense"], seed=0).eval()
    ids = torch.tensor([[[5, 2, 0], [0, 0, 0]]], dtype=torch.int16)
    embedded = stack.embed(ids)
    expected = (stack.table[5] + stack.table[2]) / 3**0.5
    torch.testing.assert_close(embedded[:, 0, 0, :4], expected)
    assert embedded[:, 0, :, 4].tolist() == [[1.0, 0.0], [1.0, 0.0]]
    assert not embedded[:, 0, 1].any()


def test_linear_head_reads_the_window_without_a_trunk() -> None:
    stack = NetworkStack(SIZES, ["dense", "linear"], seed=0).eval()
    features = torch.randn(2, 24, 6)
    layer = stack.outputs["linear"]
    assert isinstance(layer, StackedLinear)
    weight = layer.weight[0].view(6, 9, 2).permute(2, 0, 1)
    expected = functional.conv1d(
        features.transpose(1, 2), weight, layer.bias.flatten(), padding="same"
    )
    found = stack(features)["linear"].values[0]
    torch.testing.assert_close(found, expected.transpose(1, 2), atol=1e-5, rtol=1e-4)
