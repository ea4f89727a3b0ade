from pathlib import Path

import numpy as np
import pytest

from spotkick.commentary.terms import TermReader
from spotkick.commentary.tfidf import TextModel, read_text_model, write_text_model
from spotkick.errors import InputError
from spotkick.files import read_json, write_json

TERMS = ("card", "goal", "goal !", "yellow", "yellow card")


@pytest.fixture(scope="module")
def texts() -> list[str]:
    return ["goal", "yellow card", "Kane! Goal! a card for Son", "yellow yellow card", "nothing"]


@pytest.fixture(scope="module")
def model() -> TextModel:
    generator = np.random.default_rng(5)
    projection = generator.normal(size=(len(TERMS), 6)).astype(np.float16)
    return TextModel(
        TermReader(frozenset({"goal", "card"})),
        TERMS,
        np.linspace(1, 3, 5, dtype=np.float32),
        projection,
        0.5,
    )


def test_vectors_are_projected_tf_idf(model: TextModel) -> None:
    weights = np.array([model.idf[0], 0, 0, (1 + np.log(2)) * model.idf[3], model.idf[4]])
    expected = weights / np.linalg.norm(weights) @ model.projection.astype(np.float64)
    np.testing.assert_allclose(model.transform(["a yellow, yellow card"])[0], expected, rtol=1e-5)


def test_unknown_text_gives_zeros(model: TextModel) -> None:
    assert not model.transform(["", "zzz", "♪♪", "."]).any()
    assert model.transform([]).shape == (0, 6)


def test_vector_does_not_depend_on_the_other_texts(texts: list[str], model: TextModel) -> None:
    together = model.transform(texts[:20])
    alone = np.concatenate([model.transform([text]) for text in texts[:20]])
    np.testing.assert_array_equal(together, alone)


def test_round_trip(tmp_path: Path, texts: list[str], model: TextModel) -> None:
    write_text_model(model, tmp_path / "x.source")
    back = read_text_model(tmp_path / "x.source")
    assert back.fingerprint == model.fingerprint
    assert back.explained_variance == model.explained_variance
    assert back.reader == model.reader
    np.testing.assert_array_equal(back.transform(texts), model.transform(texts))
    with np.load(tmp_path / "x.source" / "text.npz", allow_pickle=False) as arrays:
        assert {name: arrays[name].dtype.name for name in arrays} == {
            "idf": "float32",
            "projection": "float16",
        }


def test_changed_arrays_are_refused(tmp_path: Path, model: TextModel) -> None:
    write_text_model(model, tmp_path)
    np.savez(tmp_path / "text.npz", idf=model.idf, projection=model.projection + np.float16(0.5))
    with pytest.raises(InputError, match="not a pair or were changed"):
        read_text_model(tmp_path)


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
def test_damaged_description_is_refused(
    tmp_path: Path, model: TextModel, change: dict[str, object], message: str
) -> None:
    write_text_model(model, tmp_path)
    write_json(tmp_path / "text.json", read_json(tmp_path / "text.json") | change)
    with pytest.raises(InputError, match=message):
        read_text_model(tmp_path)


def test_description_that_is_no_object_is_refused(tmp_path: Path, model: TextModel) -> None:
    write_text_model(model, tmp_path)
    write_json(tmp_path / "text.json", [])
    with pytest.raises(InputError, match="not a text model"):
        read_text_model(tmp_path)


@pytest.mark.parametrize("keep_bytes", [0, 40, 300])
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
