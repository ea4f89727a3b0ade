import numpy as np
import pytest
import torch

from spotkick.commentary.network import TokenArchitecture, TorchTokenNetwork
from spotkick.commentary.tokenizer import TokenSequence
from spotkick.features.token_rows import PADDING_ID


@pytest.fixture(scope="module")
def network() -> TorchTokenNetwork:
    """A network whose normalisations have seen data, so that folding them in changes something."""
    generator = np.random.default_rng(0)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        architecture = TokenArchitecture(num_ids=12, num_classes=3, embedding_dim=6, units=8)
        made = TorchTokenNetwork(architecture, generator.normal(size=(12, 6)).astype(np.float32))
        for _ in range(5):
            ids = torch.from_numpy(generator.integers(1, 12, (4, 70)))
            made(ids, torch.arange(70).expand(4, -1) // 2, 35)
    return made.eval()


def test_export_gives_same_logits_as_torch(network: TorchTokenNetwork) -> None:
    exported = network.export()
    generator = np.random.default_rng(1)
    for count in (0, 1, 7, 200):
        ids, cells = generator.integers(1, 12, count), np.sort(generator.integers(0, 40, count))
        padded, places = np.zeros(count + 5, dtype=np.int64), np.full(count + 5, 40)
        padded[:count], places[:count] = ids, cells
        with torch.inference_mode():
            expected = network(torch.from_numpy(padded)[None], torch.from_numpy(places)[None], 40)[
                0
            ].numpy()
        np.testing.assert_allclose(
            exported.logits(TokenSequence(ids, cells), 40), expected, atol=1e-5
        )


def test_forward_padding_changes_nothing(network: TorchTokenNetwork) -> None:
    ids, cells = torch.tensor([[3, 4, 5]]), torch.tensor([[0, 2, 2]])
    filler, outside = torch.full((1, 9), PADDING_ID), torch.full((1, 9), 4)
    with torch.inference_mode():
        alone = network(ids, cells, 4)
        padded = network(torch.cat([ids, filler], dim=1), torch.cat([cells, outside], dim=1), 4)
    torch.testing.assert_close(alone, padded)


def test_forward_every_weight_has_gradient(network: TorchTokenNetwork) -> None:
    training = TorchTokenNetwork(
        network.architecture, np.random.default_rng(2).normal(size=(12, 6)).astype(np.float32)
    )
    ids = torch.arange(1, 12).repeat(1, 6)
    training(ids, torch.arange(66)[None] // 2, 33).square().sum().backward()
    assert all(
        parameter.grad is not None and parameter.grad.abs().sum() > 0
        for parameter in training.parameters()
    )
    weight = training.embedding.weight.grad
    assert weight is not None
    assert not weight[PADDING_ID].any()
