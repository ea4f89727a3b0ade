import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer

from spotkick.commentary.tfidf import TfidfModel, fit_tfidf, read_tfidf, write_tfidf
from spotkick.commentary.tokenizer import Tokenizer
from spotkick.errors import ConfigError, InputError, MissingExtraError
from spotkick.files import read_json, write_json

TERMS = ("card", "goal", "goal !", "yellow", "yellow card")


@pytest.fixture(scope="module")
def texts() -> list[str]:
    return ["goal", "yellow card", "Kane! Goal! a card for Son", "yellow yellow card", "nothing"]


@pytest.fixture(scope="module")
def model() -> TfidfModel:
    generator = np.random.default_rng(5)
    projection = generator.normal(size=(len(TERMS), 6)).astype(np.float16)
    return TfidfModel(
        Tokenizer(frozenset({"goal", "card"})),
        TERMS,
        np.linspace(1, 3, 5, dtype=np.float32),
        projection,
        0.5,
    )


def test_transform_gives_projected_tfidf(model: TfidfModel) -> None:
    weights = np.array([model.idf[0], 0, 0, (1 + np.log(2)) * model.idf[3], model.idf[4]])
    expected = weights / np.linalg.norm(weights) @ model.projection.astype(np.float64)
    np.testing.assert_allclose(model.transform(["a yellow, yellow card"])[0], expected, rtol=1e-5)


def test_transform_unknown_text_gives_zeros(model: TfidfModel) -> None:
    assert not model.transform(["", "zzz", "♪♪", "."]).any()
    assert model.transform([]).shape == (0, 6)


def test_transform_text_is_independent_of_other_texts(texts: list[str], model: TfidfModel) -> None:
    together = model.transform(texts[:20])
    alone = np.concatenate([model.transform([text]) for text in texts[:20]])
    np.testing.assert_array_equal(together, alone)


def test_write_tfidf_round_trip_keeps_vectors(
    tmp_path: Path, texts: list[str], model: TfidfModel
) -> None:
    write_tfidf(model, tmp_path / "x.source")
    back = read_tfidf(tmp_path / "x.source")
    assert back.fingerprint == model.fingerprint
    assert back.explained_variance == model.explained_variance
    assert back.tokenizer == model.tokenizer
    np.testing.assert_array_equal(back.transform(texts), model.transform(texts))
    with np.load(tmp_path / "x.source" / "text.npz", allow_pickle=False) as arrays:
        assert {name: arrays[name].dtype.name for name in arrays} == {
            "idf": "float32",
            "projection": "float16",
        }


def test_read_tfidf_changed_arrays_is_input_error(tmp_path: Path, model: TfidfModel) -> None:
    write_tfidf(model, tmp_path)
    np.savez(tmp_path / "text.npz", idf=model.idf, projection=model.projection + np.float16(0.5))
    with pytest.raises(InputError, match="not a pair or were changed"):
        read_tfidf(tmp_path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": "spotkick-text-9"}, "is not 'spotkick-text-3'"),
        ({"terms": ["one"]}, "one row of the projection per term: 1 terms"),
        ({"terms": 3}, "TypeError"),
        ({"terms": [1, 2]}, "must be text"),
        ({"explained_variance": None}, "TypeError"),
        ({"common": None}, "TypeError"),
        ({"common": ["other"]}, "not a pair or were changed"),
    ],
)
def test_read_tfidf_damaged_description_is_input_error(
    tmp_path: Path, model: TfidfModel, change: dict[str, object], message: str
) -> None:
    write_tfidf(model, tmp_path)
    write_json(tmp_path / "text.json", read_json(tmp_path / "text.json") | change)
    with pytest.raises(InputError, match=message):
        read_tfidf(tmp_path)


def test_read_tfidf_description_without_object_is_input_error(
    tmp_path: Path, model: TfidfModel
) -> None:
    write_tfidf(model, tmp_path)
    write_json(tmp_path / "text.json", [])
    with pytest.raises(InputError, match="not a text model"):
        read_tfidf(tmp_path)


@pytest.mark.parametrize("keep_bytes", [0, 40, 300])
def test_read_tfidf_truncated_arrays_is_input_error(
    tmp_path: Path, model: TfidfModel, keep_bytes: int
) -> None:
    write_tfidf(model, tmp_path)
    path = tmp_path / "text.npz"
    path.write_bytes(path.read_bytes()[:keep_bytes])
    with pytest.raises(InputError, match="not the arrays of a text model"):
        read_tfidf(tmp_path)


def test_read_tfidf_other_arrays_is_input_error(tmp_path: Path, model: TfidfModel) -> None:
    write_tfidf(model, tmp_path)
    np.savez(tmp_path / "text.npz", idf=model.idf)
    with pytest.raises(InputError, match=r"not the arrays of a text model.*projection"):
        read_tfidf(tmp_path)
    np.savez(tmp_path / "text.npz", idf=model.idf, projection=model.projection.astype(np.float64))
    with pytest.raises(InputError, match="float32 and float16"):
        read_tfidf(tmp_path)
    np.savez(tmp_path / "text.npz", idf=model.idf, projection=np.array([{}], dtype=object))
    with pytest.raises(InputError, match="not the arrays of a text model"):
        read_tfidf(tmp_path)
    np.save(tmp_path / "one.npy", model.idf)
    (tmp_path / "one.npy").replace(tmp_path / "text.npz")
    with pytest.raises(InputError, match="not the arrays of a text model"):
        read_tfidf(tmp_path)
    (tmp_path / "text.npz").unlink()
    with pytest.raises(InputError, match=r"text\.npz: no such file"):
        read_tfidf(tmp_path)


# --- fitting ---


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
def plain(training: Training) -> TfidfModel:
    return fit_tfidf(*training, dim=6, min_matches=5)


def _vectorizer(terms: Sequence[str]) -> Any:
    words = r"\w+(?:'\w+)?"
    return TfidfVectorizer(
        token_pattern=words, ngram_range=(1, 2), sublinear_tf=True, vocabulary=terms
    )


def test_fit_tfidf_vectors_equal_scikit_learn(training: Training, plain: TfidfModel) -> None:
    vectorizer = _vectorizer(plain.vocabulary)
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


def test_fit_tfidf_directions_have_unit_rms(training: Training, plain: TfidfModel) -> None:
    np.testing.assert_allclose(
        np.sqrt(np.mean(np.square(plain.transform(training.texts)), axis=0)), 1, atol=0.01
    )


def test_fit_tfidf_terms_of_few_matches_are_left_out(training: Training) -> None:
    texts = [*training.texts, *["koke"] * 90, *["isco"] * 5]
    matches = [*training.matches, *["match 1"] * 90, *(f"match {number}" for number in range(5))]
    terms = fit_tfidf(texts, matches, dim=2, min_matches=5).vocabulary
    assert "isco" in terms
    assert "koke" not in terms


def test_fit_tfidf_again_gives_same_model(training: Training, plain: TfidfModel) -> None:
    again = fit_tfidf(*training, dim=6, min_matches=5)
    fewer = fit_tfidf(training.texts[:-9], training.matches[:-9], dim=6, min_matches=5)
    assert again.fingerprint == plain.fingerprint
    assert fewer.fingerprint != plain.fingerprint


@pytest.mark.parametrize(("fewer", "dim"), [(0, 6), (1, 1), (600, 10_000)])
def test_fit_tfidf_too_little_text_is_config_error(
    training: Training, fewer: int, dim: int
) -> None:
    with pytest.raises(ConfigError, match="fit on more matches or choose a smaller dimension"):
        fit_tfidf(training.texts[:fewer], training.matches[:fewer], dim=dim)


def test_fit_tfidf_zero_dimensions_is_config_error(training: Training) -> None:
    with pytest.raises(ConfigError, match="at least 1 value, got 0"):
        fit_tfidf(*training, dim=0)


def test_fit_tfidf_missing_scikit_learn_names_extra(
    training: Training, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "sklearn.decomposition", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'spotkick\[commentary\]'"):
        fit_tfidf(*training, dim=6)
