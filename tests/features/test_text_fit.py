import random
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import Ridge

from spotkick.errors import ConfigError, MissingExtraError
from spotkick.features.text import TextModel
from spotkick.features.text_fit import RIDGE, TrainingTexts, fit_text_model, label_folds, lagged_targets

WORDS = ["the", "its", "in", "on", "goal", "card", "corner", "referee", "keeper", "shot", "offside", "yellow", "red", "throw"]


@pytest.fixture(scope="module")
def training() -> TrainingTexts:
    generator = random.Random(3)
    usual = [1 / rank for rank in range(1, len(WORDS) + 1)]  # Zipf's law keeps the singular values apart
    texts = [" ".join(generator.choices(WORDS, usual, k=generator.randint(1, 9))) + "." for _ in range(600)]
    targets = np.array([["goal" in text, generator.random() < 0.1] for text in texts], dtype=np.float32)
    return TrainingTexts(texts, [f"match {number % 12}" for number in range(600)], targets)


@pytest.fixture(scope="module")
def plain(training: TrainingTexts) -> TextModel:
    return fit_text_model(TrainingTexts(training.texts, training.matches), dim=6, min_matches=5).model


def _vectorizer(terms: Sequence[str]) -> Any:
    words = r"\w+(?:'\w+)?"
    return TfidfVectorizer(token_pattern=words, ngram_range=(1, 2), sublinear_tf=True, vocabulary=terms)


def test_vectors_are_those_of_scikit_learn(training: TrainingTexts, plain: TextModel) -> None:
    vectorizer = _vectorizer(plain.terms)
    weights = vectorizer.fit_transform(training.texts)
    reference = TruncatedSVD(6, n_iter=3, random_state=0).fit(weights)
    fresh = ["goal goal what a header", "red card", "nothing known here", "", "yellow card yellow card wide"]
    expected = reference.transform(vectorizer.transform(fresh)) / np.sqrt(
        np.mean(np.square(reference.transform(weights)), axis=0)
    )
    np.testing.assert_allclose(plain.transform(fresh), expected, atol=2e-2)  # the projection is kept as float16
    assert plain.explained_variance == pytest.approx(reference.explained_variance_ratio_.sum(), rel=1e-3)


def test_each_direction_has_unit_rms(training: TrainingTexts, plain: TextModel) -> None:
    np.testing.assert_allclose(np.sqrt(np.mean(np.square(plain.transform(training.texts)), axis=0)), 1, atol=0.01)


def test_terms_of_few_matches_are_left_out(training: TrainingTexts) -> None:
    texts = [*training.texts, *["koke"] * 90, *["isco"] * 5]
    matches = [*training.matches, *["match 1"] * 90, *(f"match {number}" for number in range(5))]
    terms = fit_text_model(TrainingTexts(texts, matches), dim=2, min_matches=5).model.terms
    assert "isco" in terms
    assert "koke" not in terms


def test_fitting_again_gives_the_same_model(training: TrainingTexts, plain: TextModel) -> None:
    again = fit_text_model(TrainingTexts(training.texts, training.matches), dim=6, min_matches=5).model
    fewer = fit_text_model(TrainingTexts(training.texts[:-9], training.matches[:-9]), dim=6, min_matches=5).model
    assert again.fingerprint == plain.fingerprint
    assert fewer.fingerprint != plain.fingerprint


def test_label_directions_are_ridge_regressions(training: TrainingTexts) -> None:
    fitted = fit_text_model(training, dim=6, min_matches=5)
    assert fitted.model.label_matches == tuple(sorted(set(training.matches)))
    weights = _vectorizer(fitted.model.terms).fit_transform(training.texts)
    assert training.targets is not None
    for model in (fitted.model, fitted.held_out["match 3"]):
        seen = [index for index, match in enumerate(training.matches) if match in model.label_matches]
        reference = Ridge(alpha=RIDGE).fit(weights[seen].toarray(), training.targets[seen])
        answers = weights @ reference.coef_.T
        expected = answers / answers[seen].std(axis=0)
        own = model.transform(training.texts)[:, 4:]
        np.testing.assert_allclose(own - own.mean(axis=0), expected - expected.mean(axis=0), atol=0.02)


def test_a_match_is_transformed_by_a_model_without_its_labels(training: TrainingTexts) -> None:
    fitted = fit_text_model(training, dim=6, min_matches=5)
    for match in set(training.matches):
        assert match not in fitted.for_match(match).label_matches
    assert fitted.for_match("another match") is fitted.model
    assert "goal" in training.texts[np.argmax(fitted.model.transform(training.texts)[:, 4])]


def test_labels_of_a_match_do_not_change_its_own_vectors(training: TrainingTexts) -> None:
    assert training.targets is not None
    changed = training.targets.copy()
    own = [index for index, match in enumerate(training.matches) if match == "match 7"]
    changed[own] = 1 - changed[own]
    before = fit_text_model(training, dim=6, min_matches=5)
    after = fit_text_model(TrainingTexts(training.texts, training.matches, changed), dim=6, min_matches=5)
    assert before.for_match("match 7").fingerprint == after.for_match("match 7").fingerprint
    assert before.model.fingerprint != after.model.fingerprint


def test_folds_are_of_equal_size() -> None:
    sizes = Counter(label_folds([f"match {number}" for number in range(31)]).values())
    assert max(sizes.values()) - min(sizes.values()) <= 1


times = st.lists(st.integers(0, 200_000), max_size=6)


@given(said=times, goals=times, cards=times)
def test_lagged_targets_equal_a_slow_reference(said: list[int], goals: list[int], cards: list[int]) -> None:
    lags_s = (-60.0, -5.0, 5.0, 30.0)
    targets = lagged_targets(np.array(said, dtype=np.int64), [np.array(own, dtype=np.int64) for own in (goals, cards)], lags_s)
    assert targets.shape == (len(said), 6)
    for row, time in zip(targets, said, strict=True):
        expected = [
            any(1000 * low <= position - time < 1000 * high for position in own)
            for own in (goals, cards)
            for low, high in pairwise(lags_s)
        ]
        assert row.tolist() == expected


@pytest.mark.parametrize(("fewer", "dim"), [(0, 6), (1, 1), (600, 10_000)])
def test_too_little_text_is_an_error(training: TrainingTexts, fewer: int, dim: int) -> None:
    with pytest.raises(ConfigError, match="fit on more matches or choose a smaller dimension"):
        fit_text_model(TrainingTexts(training.texts[:fewer], training.matches[:fewer]), dim=dim)


def test_dimensions_must_have_room(training: TrainingTexts) -> None:
    with pytest.raises(ConfigError, match="at least 1 value, got 0"):
        fit_text_model(TrainingTexts(training.texts, training.matches), dim=0)
    with pytest.raises(ConfigError, match="labels take 2 values and the SVD at least 1, but --dim allows 2"):
        fit_text_model(training, dim=2)


def test_missing_scikit_learn_names_the_extra(training: TrainingTexts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "sklearn.decomposition", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'spotkick\[commentary\]'"):
        fit_text_model(training, dim=6)
