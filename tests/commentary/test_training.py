import random
from collections import Counter
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import pytest

from spotkick.commentary.network import export_network, fold_architecture
from spotkick.commentary.tokenizer import Tokenizer, Vocabulary, fit_vocabulary
from spotkick.commentary.training import (
    TokenTrainingConfig,
    assign_folds,
    train_ensemble,
    train_network,
)
from spotkick.commentary.training_data import LabelledPeriod, gaussian_targets
from spotkick.commentary.transcripts import TranscriptSegment
from spotkick.errors import ConfigError

CALM = [f"calm{number}" for number in range(90)]
READER = Tokenizer(frozenset({*CALM, "yellow", "card"}))
QUICK = TokenTrainingConfig(
    folds=2, epochs=10, crops_per_period=3, crop_bins=100, warmup_steps=5, learning_rate=5e-3
)
CELLS = 200


def test_assign_folds_are_of_equal_size_and_cover_all_matches() -> None:
    names = [f"match {number}" for number in range(31)]
    folds = assign_folds([*names, *names], 4, 0)
    sizes = Counter(folds.values())
    assert set(folds) == set(names)
    assert sorted(sizes) == [0, 1, 2, 3]
    assert max(sizes.values()) - min(sizes.values()) <= 1
    assert assign_folds(names[:2], 4, 0).keys() == {"match 0", "match 1"}
    with pytest.raises(ConfigError, match="at least 2 training matches"):
        assign_folds(["m", "m"], 4, 0)


def _half(number: int, said: Sequence[str]) -> tuple[tuple[TranscriptSegment, ...], np.ndarray]:
    """400 s of calm sentences; five of them are replaced by ``said``, each with an action."""
    generator = random.Random(number)
    planted = {place: said[place % len(said)] for place in generator.sample(range(3, 97), 5)}
    texts = [planted.get(place) or " ".join(generator.sample(CALM, 5)) for place in range(100)]
    segments = tuple(
        TranscriptSegment(4000 * place, 4000 * place + 3000, text)
        for place, text in enumerate(texts)
    )
    return segments, np.array([4000 * place + 1000 for place in sorted(planted)], dtype=np.int64)


class Planted(NamedTuple):
    """Halves of six matches, ready to learn from, and what was planted in them."""

    segments: list[tuple[TranscriptSegment, ...]]
    positions_ms: list[np.ndarray]
    vocabulary: Vocabulary
    examples: list[LabelledPeriod]


@pytest.fixture(scope="module")
def planted() -> Planted:
    halves = [_half(number, ["a yellow card", "yellow card now"]) for number in range(12)]
    segments, positions_ms = [half[0] for half in halves], [half[1] for half in halves]
    vocabulary = fit_vocabulary(segments, READER, min_periods=3)
    examples = [
        LabelledPeriod(
            f"match {number // 2}",
            vocabulary.encode(said),
            gaussian_targets([own], CELLS, sigma_s=3.0),
        )
        for number, (said, own) in enumerate(halves)
    ]
    return Planted(segments, positions_ms, vocabulary, examples)


def _with_targets(planted: Planted, targets: Callable[[str], float]) -> list[LabelledPeriod]:
    return [
        LabelledPeriod(
            half.match, half.tokens, np.full((CELLS, 1), targets(half.match), dtype=np.float32)
        )
        for half in planted.examples
    ]


def test_train_ensemble_planted_words_are_found_out_of_fold(planted: Planted) -> None:
    told: dict[int, float] = {}
    model = train_ensemble(
        planted.examples,
        planted.vocabulary,
        ["card"],
        QUICK,
        on_network=lambda fold, _, loss: told.update({fold: loss}),
    )
    assert sorted(told) == [0, 1]
    assert max(told.values()) < 0.5
    for half, segments, positions_ms in zip(
        planted.examples, planted.segments, planted.positions_ms, strict=True
    ):
        assert model.folds[half.match] in (0, 1)
        evidence = model.frames(half.match, segments, 4 * CELLS, Fraction(2))[:, 0]
        near = np.abs(np.arange(4 * CELLS)[:, None] / 2 - positions_ms / 1000).min(axis=1)
        assert evidence[near < 2].mean() > 0.5 > -0.5 > evidence[near > 20].mean()


def test_train_ensemble_labels_of_match_leave_its_own_features(planted: Planted) -> None:
    def fitted(changed: str) -> np.ndarray:
        examples = _with_targets(planted, lambda match: float(match == changed))
        model = train_ensemble(examples, planted.vocabulary, ["card"], QUICK.replace(epochs=1))
        frames = model.frames("match 3", planted.segments[6], 4 * CELLS, Fraction(2))
        return frames[:, 0] + model.prior_logits[0] / 2  # the prior is of all matches

    np.testing.assert_allclose(fitted("match 3"), fitted("nobody"), atol=0.01)
    folds = assign_folds([half.match for half in planted.examples], QUICK.folds, QUICK.seed)
    other = next(match for match, fold in folds.items() if fold != folds["match 3"])
    assert np.abs(fitted(other) - fitted("nobody")).max() > 0.05


def test_train_ensemble_result_depends_on_seed_but_not_on_workers(planted: Planted) -> None:
    config = QUICK.replace(epochs=1)

    def fitted(config: TokenTrainingConfig = config, **options: Any) -> str:
        return train_ensemble(
            planted.examples, planted.vocabulary, ["card"], config, **options
        ).fingerprint

    alone = train_ensemble(planted.examples, planted.vocabulary, ["card"], config)
    assert fitted(workers=2) == alone.fingerprint
    assert fitted(finished={1: alone.networks[1]}) == alone.fingerprint
    assert fitted(config.replace(seed=1)) != alone.fingerprint
    sizes = fold_architecture(len(planted.vocabulary), 1)
    first, second = (
        export_network(train_network(planted.examples, sizes, config, stream=number)[0])
        for number in (0, 1)
    )
    assert not np.array_equal(first.mix[0], second.mix[0])


def test_train_ensemble_infinite_loss_is_config_error(planted: Planted) -> None:
    with pytest.raises(
        ConfigError,
        match=r"the loss of a token network became nan; lower its learning rate \(0.005\)",
    ):
        train_ensemble(
            _with_targets(planted, lambda _: np.nan), planted.vocabulary, ["card"], QUICK
        )
