import random
from pathlib import Path

import numpy as np
import pytest
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer

from spotkick.errors import ConfigError, InputError, MissingExtraError
from spotkick.features.text import TextModel, fit_text_model, read_text_model, terms_of, write_text_model
from spotkick.files import read_json, write_json

WORDS = ["the", "it's", "in", "on", "goal", "card", "corner", "referee", "keeper", "shot", "offside", "yellow", "red", "throw"]


@pytest.fixture(scope="module")
def texts() -> list[str]:
    generator = random.Random(3)
    usual = [1 / rank for rank in range(1, len(WORDS) + 1)]  # Zipf's law keeps the singular values apart
    return [" ".join(generator.choices(WORDS, usual, k=generator.randint(1, 9))).capitalize() + "." for _ in range(400)]


@pytest.fixture(scope="module")
def model(texts: list[str]) -> TextModel:
    return fit_text_model(texts, dim=6, min_texts=5)


def test_terms_are_those_of_scikit_learn() -> None:
    analyse = TfidfVectorizer(ngram_range=(1, 2)).build_analyzer()
    for text in ("", "A", "It's a YELLOW card, ref!", "Özil 2-1 Müller … ÉTÉ", "x-ray a b cd\tef_g"):
        assert list(terms_of(text)) == analyse(text)


def test_vectors_are_those_of_scikit_learn(texts: list[str], model: TextModel) -> None:
    vectorizer = TfidfVectorizer(ngram_range=(1, 2), min_df=5, sublinear_tf=True)
    weights = vectorizer.fit_transform(texts)
    reference = TruncatedSVD(6, n_iter=3, random_state=0).fit(weights)
    assert model.terms == tuple(vectorizer.get_feature_names_out())
    fresh = ["Goal! Goal! What a header.", "red card", "nothing known here", "", "yellow CARD yellow card wide"]
    expected = reference.transform(vectorizer.transform(fresh))
    expected /= np.sqrt(np.mean(np.square(reference.transform(weights))))
    np.testing.assert_allclose(model.transform(fresh), expected, atol=5e-3)  # the projection is kept as float16
    assert model.explained_variance == pytest.approx(reference.explained_variance_ratio_.sum(), rel=1e-3)


def test_training_texts_get_unit_rms(texts: list[str], model: TextModel) -> None:
    assert np.sqrt(np.mean(np.square(model.transform(texts)))) == pytest.approx(1, abs=1e-3)


def test_rare_terms_are_left_out(texts: list[str]) -> None:
    fitted = fit_text_model([*texts, *["koke"] * 4, *["isco"] * 5], dim=2, min_texts=5)
    assert "isco" in fitted.terms
    assert "koke" not in fitted.terms


def test_unknown_text_gives_zeros(model: TextModel) -> None:
    assert not model.transform(["", "zzz", "♪♪", "."]).any()
    assert model.transform([]).shape == (0, 6)


def test_vector_does_not_depend_on_the_other_texts(texts: list[str], model: TextModel) -> None:
    together = model.transform(texts[:20])
    alone = np.concatenate([model.transform([text]) for text in texts[:20]])
    np.testing.assert_array_equal(together, alone)


def test_fitting_again_gives_the_same_model(texts: list[str], model: TextModel) -> None:
    again = fit_text_model(texts, dim=6, min_texts=5)
    assert again.fingerprint == model.fingerprint
    assert fit_text_model(texts[:-1], dim=6, min_texts=5).fingerprint != model.fingerprint


def test_round_trip(tmp_path: Path, texts: list[str], model: TextModel) -> None:
    write_text_model(model, tmp_path / "x.source")
    back = read_text_model(tmp_path / "x.source")
    assert back.fingerprint == model.fingerprint
    assert back.explained_variance == model.explained_variance
    np.testing.assert_array_equal(back.transform(texts), model.transform(texts))
    with np.load(tmp_path / "x.source" / "text.npz", allow_pickle=False) as arrays:
        assert {name: arrays[name].dtype.name for name in arrays} == {"idf": "float32", "projection": "float16"}


def test_changed_arrays_are_refused(tmp_path: Path, model: TextModel) -> None:
    write_text_model(model, tmp_path)
    np.savez(tmp_path / "text.npz", idf=model.idf, projection=model.projection + np.float16(0.5))
    with pytest.raises(InputError, match="not a pair or were changed"):
        read_text_model(tmp_path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": "spotkick-text-9"}, "is not 'spotkick-text-1'"),
        ({"terms": ["one"]}, "one row of the projection per term: 1 terms"),
        ({"terms": 3}, "TypeError"),
        ({"terms": [1, 2]}, "terms must be text"),
        ({"explained_variance": None}, "TypeError"),
    ],
)
def test_damaged_description_is_refused(tmp_path: Path, model: TextModel, change: dict[str, object], message: str) -> None:
    write_text_model(model, tmp_path)
    write_json(tmp_path / "text.json", read_json(tmp_path / "text.json") | change)
    with pytest.raises(InputError, match=message):
        read_text_model(tmp_path)


def test_description_that_is_no_object_is_refused(tmp_path: Path, model: TextModel) -> None:
    write_text_model(model, tmp_path)
    write_json(tmp_path / "text.json", [])
    with pytest.raises(InputError, match="not a text model"):
        read_text_model(tmp_path)


@pytest.mark.parametrize("keep_bytes", [0, 40, 900])
def test_cut_off_arrays_are_refused(tmp_path: Path, model: TextModel, keep_bytes: int) -> None:
    write_text_model(model, tmp_path)
    path = tmp_path / "text.npz"
    path.write_bytes(path.read_bytes()[:keep_bytes])
    with pytest.raises(InputError, match="not the arrays of a text model"):
        read_text_model(tmp_path)


def test_other_arrays_are_refused(tmp_path: Path, model: TextModel) -> None:
    write_text_model(model, tmp_path)
    np.savez(tmp_path / "text.npz", idf=model.idf)
    with pytest.raises(InputError, match=r"not the arrays of a text model.*projection"):
        read_text_model(tmp_path)
    np.savez(tmp_path / "text.npz", idf=model.idf, projection=model.projection.astype(np.float64))
    with pytest.raises(InputError, match="float32 and float16"):
        read_text_model(tmp_path)
    np.savez(tmp_path / "text.npz", idf=model.idf, projection=np.array([{}], dtype=object))
    with pytest.raises(InputError, match="not the arrays of a text model"):
        read_text_model(tmp_path)
    np.save(tmp_path / "one.npy", model.idf)
    (tmp_path / "one.npy").replace(tmp_path / "text.npz")
    with pytest.raises(InputError, match="not the arrays of a text model"):
        read_text_model(tmp_path)
    (tmp_path / "text.npz").unlink()
    with pytest.raises(InputError, match=r"text\.npz: no such file"):
        read_text_model(tmp_path)


@pytest.mark.parametrize(("fewer", "dim"), [(0, 6), (3, 1), (400, 10_000)])
def test_too_little_text_is_an_error(texts: list[str], fewer: int, dim: int) -> None:
    with pytest.raises(ConfigError, match="fit on more matches or choose a smaller dimension"):
        fit_text_model(texts[:fewer], dim=dim)


def test_dimension_must_be_positive(texts: list[str]) -> None:
    with pytest.raises(ConfigError, match="at least 1 value, got 0"):
        fit_text_model(texts, dim=0)


def test_missing_scikit_learn_names_the_extra(texts: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "sklearn.decomposition", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'spotkick\[commentary\]'"):
        fit_text_model(texts, dim=2)
