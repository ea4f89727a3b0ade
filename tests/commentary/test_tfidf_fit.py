import random
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pytest
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer

from spotkick.commentary.tfidf import TextModel
from spotkick.commentary.tfidf_fit import fit_text_model
from spotkick.errors import ConfigError, MissingExtraError

WORDS = [
    "the",
    "its",
    "in",
    "on",
    "goal",
    "card",
    "corner",
    "referee",
    "keeper",
    "shot",
    "offside",
    "yellow",
    "red",
    "throw",
]


class Training(NamedTuple):
    texts: list[str]
    matches: list[str]


@pytest.fixture(scope="module")
def training() -> Training:
    generator = random.Random(3)
    usual = [
        1 / rank for rank in range(1, len(WORDS) + 1)
    ]  # Zipf's law keeps the singular values apart
    texts = [
        " ".join(generator.choices(WORDS, usual, k=generator.randint(1, 9))) + "."
        for _ in range(600)
    ]
    return Training(texts, [f"match {number % 12}" for number in range(600)])


@pytest.fixture(scope="module")
def plain(training: Training) -> TextModel:
    return fit_text_model(*training, dim=6, min_matches=5)


def _vectorizer(terms: Sequence[str]) -> Any:
    words = r"\w+(?:'\w+)?"
    return TfidfVectorizer(
        token_pattern=words, ngram_range=(1, 2), sublinear_tf=True, vocabulary=terms
    )


def test_vectors_are_those_of_scikit_learn(training: Training, plain: TextModel) -> None:
    vectorizer = _vectorizer(plain.terms)
    weights = vectorizer.fit_transform(training.texts)
    reference = TruncatedSVD(6, n_iter=3, random_state=0).fit(weights)
    fresh = [
        "goal goal what a header",
        "red card",
        "nothing known here",
        "",
        "yellow card yellow card wide",
    ]
    expected = reference.transform(vectorizer.transform(fresh)) / np.sqrt(
        np.mean(np.square(reference.transform(weights)), axis=0)
    )
    np.testing.assert_allclose(
        plain.transform(fresh), expected, atol=2e-2
    )  # the projection is kept as float16
    assert plain.explained_variance == pytest.approx(
        reference.explained_variance_ratio_.sum(), rel=1e-3
    )


def test_each_direction_has_unit_rms(training: Training, plain: TextModel) -> None:
    np.testing.assert_allclose(
        np.sqrt(np.mean(np.square(plain.transform(training.texts)), axis=0)), 1, atol=0.01
    )


def test_terms_of_few_matches_are_left_out(training: Training) -> None:
    texts = [*training.texts, *["koke"] * 90, *["isco"] * 5]
    matches = [*training.matches, *["match 1"] * 90, *(f"match {number}" for number in range(5))]
    terms = fit_text_model(texts, matches, dim=2, min_matches=5).terms
    assert "isco" in terms
    assert "koke" not in terms


def test_fitting_again_gives_the_same_model(training: Training, plain: TextModel) -> None:
    again = fit_text_model(*training, dim=6, min_matches=5)
    fewer = fit_text_model(training.texts[:-9], training.matches[:-9], dim=6, min_matches=5)
    assert again.fingerprint == plain.fingerprint
    assert fewer.fingerprint != plain.fingerprint


@pytest.mark.parametrize(("fewer", "dim"), [(0, 6), (1, 1), (600, 10_000)])
def test_too_little_text_is_an_error(training: Training, fewer: int, dim: int) -> None:
    with pytest.raises(ConfigError, match="fit on more matches or choose a smaller dimension"):
        fit_text_model(training.texts[:fewer], training.matches[:fewer], dim=dim)


def test_dimensions_must_have_room(training: Training) -> None:
    with pytest.raises(ConfigError, match="at least 1 value, got 0"):
        fit_text_model(*training, dim=0)


def test_missing_scikit_learn_names_the_extra(
    training: Training, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "sklearn.decomposition", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'spotkick\[commentary\]'"):
        fit_text_model(*training, dim=6)
