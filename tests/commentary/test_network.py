import numpy as np
import torch

from spotkick.commentary.network import export_network, fold_architecture
from spotkick.commentary.tokenizer import TokenSequence
from spotkick.features.token_rows import pack_rows
from spotkick.models.tokens import TokenMember


def test_export_network_gives_same_logits_as_torch() -> None:
    generator = np.random.default_rng(0)
    sizes = fold_architecture(12, 3).replace(embedding_dim=6, units=8)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = TokenMember(sizes)

        # Normalisations that have seen data, so that folding them in changes something.
        for _ in range(5):
            ids, bins = generator.integers(1, 12, 200), np.sort(generator.integers(0, 40, 200))
            network(torch.from_numpy(pack_rows(ids, bins, 40, slots=18))[None].long())
    network.eval()

    exported = export_network(network)
    for count in (0, 1, 7, 200):
        ids, bins = generator.integers(1, 12, count), np.sort(generator.integers(0, 40, count))
        rows = torch.from_numpy(pack_rows(ids, bins, 40, slots=18))[None].long()
        with torch.inference_mode():
            expected = network(rows)[0].numpy()
        np.testing.assert_allclose(
            exported.logits(TokenSequence(ids, bins), 40), expected, atol=1e-5
        )
