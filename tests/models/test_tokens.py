"""Token networks: both ways of reading rows, an independent numpy reference, and ONNX."""

from fractions import Fraction

import numpy as np
import pytest
import torch
from torch import nn

from spotkick.commentary.inference import TokenNetwork as ReferenceNetwork
from spotkick.commentary.tokenizer import TokenSequence
from spotkick.errors import ConfigError
from spotkick.features.token_rows import pack_rows, row_width
from spotkick.models.loading import network_files
from spotkick.models.registry import DataSizes, network_kind
from spotkick.models.tokens import (
    ContextLayer,
    TokenArchitecture,
    TokenMember,
    TokenNetwork,
    join_networks,
    start_embeddings,
)
from spotkick.models.tokens_kind import TokenConfig
from spotkick.prediction import OnnxNetwork

NUM_IDS, SLOTS, BINS = 30, 5, 40
SIZES = TokenArchitecture(
    feature_dim=row_width(SLOTS),
    num_classes=3,
    chunk_frames=BINS,
    receptive_field_frames=62,
    num_ids=NUM_IDS,
    embedding_dim=6,
    units=8,
    dilations=(1, 2, 4, 8, 16),
)


def make_network(seed: int, **changes: object) -> TokenNetwork:
    """A network in evaluation mode whose normalisations have statistics of their own."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = TokenNetwork(SIZES.replace(**changes))
        for module in network.modules():
            if isinstance(module, nn.BatchNorm1d):
                module.running_mean = torch.randn(SIZES.units)
                module.running_var = torch.rand(SIZES.units) + 0.5
    return network.eval()


def make_tokens(seed: int, bins: int = BINS) -> tuple[np.ndarray, np.ndarray]:
    """Ids, and the bin of each; bins of no token, and of as many as there is room for."""
    random = np.random.default_rng(seed)
    counts = random.integers(0, SLOTS + 1, bins) * random.integers(0, 2, bins)
    places = np.repeat(np.arange(bins), counts)
    return random.integers(1, NUM_IDS, len(places)), places


def make_rows(*seeds: int) -> torch.Tensor:
    rows = [pack_rows(*make_tokens(seed), BINS, slots=SLOTS) for seed in seeds]
    return torch.from_numpy(np.stack(rows))


def to_reference(member: TokenMember) -> ReferenceNetwork:
    """The same weights for the network that reads tokens without rows."""

    def pair(layer: nn.Linear | nn.Conv1d) -> tuple[np.ndarray, np.ndarray]:
        assert layer.bias is not None
        return layer.weight.detach().numpy(), layer.bias.detach().numpy()

    context = []
    for layer in member.context:
        assert isinstance(layer, ContextLayer)
        weight, bias = layer.fold()
        context.append((weight.detach().numpy(), bias.detach().numpy()))
    return ReferenceNetwork(
        member.embedding.weight.detach().numpy(),
        (pair(member.first), pair(member.second)),
        mix=pair(member.mix),
        context_layers=tuple(context),
        output=pair(member.output),
    )


def first_member(network: TokenNetwork) -> TokenMember:
    member = network.members[0]
    assert isinstance(member, TokenMember)
    return member


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_forward_equals_network_that_reads_tokens_in_order(seed: int) -> None:
    network, (ids, bins) = make_network(0), make_tokens(seed)
    reference = to_reference(first_member(network)).logits(TokenSequence(ids, bins), BINS)
    logits = network(make_rows(seed)).logits[0]
    np.testing.assert_allclose(logits.detach().numpy(), reference, atol=1e-5)


def test_pooling_with_and_without_empty_slots_is_equal() -> None:
    network, rows = make_network(0), make_rows(1, 2, 3).long()
    short = pack_rows(*make_tokens(4, bins=10), 10, slots=SLOTS)
    rows[2] = 0  # behind the end of a period there is nothing
    rows[2, :10] = torch.from_numpy(short)
    member = first_member(network)
    packed = member._pool_packed(rows)
    torch.testing.assert_close(packed, member._pool_rows(rows))
    assert set(packed[:, :, -1].flatten().tolist()) == {0.0, 1.0}


def test_pooling_chunk_from_within_a_period_reads_its_neighbours() -> None:
    network = make_network(0)
    rows, member = make_rows(4).long(), first_member(network)
    inner = member._pool_packed(rows[:, 7:20])
    torch.testing.assert_close(inner, member._pool_packed(rows)[:, 7:20])


def test_forward_no_tokens_at_all_gives_finite_logits() -> None:
    rows = torch.zeros((2, BINS, SIZES.feature_dim))
    assert torch.isfinite(make_network(0)(rows).logits).all()


def test_forward_whole_numbers_of_any_type_give_same_scores() -> None:
    network, rows = make_network(0), make_rows(1)
    torch.testing.assert_close(network(rows).scores, network(rows.float()).scores)


def test_forward_every_weight_has_gradient() -> None:
    network = make_network(0).train()
    network(make_rows(*range(8))).logits.square().sum().backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().sum() > 0, name
    gradient = first_member(network).embedding.weight.grad
    assert gradient is not None
    assert not gradient[0].any()  # padding is nothing to learn


def test_frames_first_trains_as_the_order_of_other_devices(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    network, rows = make_network(0, dropout=0.0).double().train(), make_rows(*range(6))
    found = []
    for frames_first in (True, False):
        monkeypatch.setattr(
            "spotkick.models.tokens.runs_frames_first", lambda _, own=frames_first: own
        )
        torch.manual_seed(1)  # of the tokens that count as unknown
        logits = network(rows).logits
        gradients = torch.autograd.grad(logits.square().mean(), list(network.parameters()))
        found.append((logits, *gradients))
    for own, other in zip(*found, strict=True):
        torch.testing.assert_close(own, other, rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize("stored_as", ["float32", "float16"])
def test_onnx_equals_torch_for_any_number_of_chunks(stored_as: str) -> None:
    network = join_networks([make_network(seed) for seed in (0, 1)], stored_as=stored_as)
    files = network_files(network)
    session, rows = OnnxNetwork(files["model.onnx"], threads=1), make_rows(1, 2, 3)
    for chunks in (rows, rows[:1]):
        with torch.inference_mode():
            expected = network(chunks).scores.numpy()
        found = session(chunks.numpy().astype(np.float32)).scores
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_join_networks_averages_logits() -> None:
    networks, rows = [make_network(seed) for seed in range(3)], make_rows(1, 2)
    joined = join_networks(networks)
    mean = torch.stack([network(rows).logits for network in networks]).mean(dim=0)
    torch.testing.assert_close(joined(rows).logits, mean)
    assert joined.architecture.members == 3


def test_join_networks_float16_halves_files() -> None:
    networks = [make_network(0, num_ids=5000)]
    sizes = [
        len(network_files(join_networks(networks, stored_as=kind))["model.safetensors"])
        for kind in ("float32", "float16")
    ]
    assert sizes[1] < 0.55 * sizes[0]


def test_start_embeddings_neighbours_decide_alone() -> None:
    tracks = [make_rows(seed)[0].numpy() for seed in range(20)]
    networks = [make_network(seed) for seed in (0, 1)]
    for network in networks:
        start_embeddings(network, tracks, seed=0)
    first, second = (first_member(network).embedding.weight for network in networks)
    torch.testing.assert_close(first, second)
    assert first[2:].abs().sum() > 0
    assert not first[:2].any()


def test_start_embeddings_few_ids_leave_random_start() -> None:
    network = make_network(0, num_ids=7)
    before = first_member(network).embedding.weight.clone()
    start_embeddings(network, [], seed=0)
    torch.testing.assert_close(first_member(network).embedding.weight, before)


@pytest.mark.parametrize(
    ("config", "sizes", "message"),
    [
        (TokenConfig(), DataSizes(25, 3, Fraction(1, 2)), "these features are vectors"),
        (TokenConfig(chunk_s=200), DataSizes(25, 3, Fraction(1, 2), 9), "give at least 254"),
    ],
)
def test_choose_token_sizes_unfit_sizes_are_config_errors(
    config: TokenConfig, sizes: DataSizes, message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        network_kind("tokens").choose_sizes(config, sizes)


def test_choose_token_sizes_receptive_field_follows_dilations() -> None:
    sizes = network_kind("tokens").choose_sizes(
        TokenConfig(dilations=(1, 2, 4)), DataSizes(25, 3, Fraction(1, 2), 9)
    )
    assert (sizes.border_frames, sizes.loss_border_frames, sizes.chunk_frames) == (7, 0, 256)
