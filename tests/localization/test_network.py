import pytest
import torch

from spotkick.errors import ConfigError
from spotkick.localization.network import BmnArchitecture, BmnNetwork

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


def test_bmn_architecture_defaults_are_those_of_reference_code() -> None:
    assert BmnArchitecture().model_dump() == {
        "kind": "bmn",
        "feature_dim": 400,
        "num_steps": 100,
        "max_duration_steps": 100,
        "base_channels": 256,
        "groups": 4,
        "segment_channels": 512,
        "map_channels": 128,
        "points": 32,
        "samples_per_point": 3,
        "context_ratio": 0.5,
    }


def test_bmn_network_parameter_counts_of_paper() -> None:
    network = BmnNetwork(BmnArchitecture())
    counts = {
        name: sum(p.numel() for p in part.parameters()) for name, part in network.named_children()
    }
    # Worked out by hand from kernel, channels and groups of each layer of the reference code.
    assert counts == {
        "base": 77_056 + 49_408,
        "start": 49_665,
        "end": 49_665,
        "proposals": 4_752_770,
    }
    assert sum(counts.values()) == 4_978_564


def test_forward_shapes_and_range() -> None:
    output = BmnNetwork(SMALL)(torch.randn(3, 10, 6))
    assert output.boundaries.shape == (3, 10, 2)
    assert output.confidences.shape == (3, 2, 7, 10)
    for values in (output.boundaries, output.confidences):
        assert ((values > 0) & (values < 1)).all()
    assert torch.equal(torch.sigmoid(output.boundary_logits), output.boundaries)


def test_forward_start_and_end_come_from_own_branches() -> None:
    network = BmnNetwork(SMALL)
    features = torch.randn(1, 10, 6)
    before = network(features).boundaries
    with torch.no_grad():
        network.end[-1].bias += 1
    after = network(features).boundaries
    torch.testing.assert_close(after[..., 0], before[..., 0])
    assert (after[..., 1] > before[..., 1]).all()


def test_proposal_evaluation_equals_layers_one_by_one() -> None:
    torch.manual_seed(0)
    network = BmnNetwork(SMALL).double()
    module = network.proposals
    base = torch.rand(2, 8, 10, dtype=torch.float64)
    samples = module.matching(torch.relu(module.first(base)))
    flat = module.matching.scatter(samples.reshape(len(samples), 1, -1), torch.zeros(3 * 2 * 8))
    volume = flat.reshape(3, 2, 8, 7, 10).permute(1, 2, 0, 3, 4)
    wide = torch.relu(module.over_samples(volume).squeeze(2))
    narrow = torch.relu(module.narrow(wide.permute(0, 2, 3, 1))).permute(0, 3, 1, 2)
    torch.testing.assert_close(module(base), module.over_map(narrow), atol=1e-12, rtol=0)


def test_forward_every_weight_has_gradient() -> None:
    network = BmnNetwork(SMALL)
    output = network(torch.randn(2, 10, 6))
    (output.boundaries.sum() + output.confidences.sum()).backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in network.parameters())


def test_bmn_network_groups_that_do_not_divide_is_config_error() -> None:
    with pytest.raises(
        ConfigError, match="must be multiples of groups = 4, got 6 and 8; use groups = 1"
    ):
        BmnNetwork(SMALL.replace(groups=4))
