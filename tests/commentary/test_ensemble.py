from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy

from spotkick.commentary.ensemble import WordModel, read_word_model, write_word_model
from spotkick.commentary.inference import WordNetwork
from spotkick.commentary.terms import TermReader
from spotkick.commentary.tokens import Vocabulary
from spotkick.commentary.transcripts import TranscriptSegment
from spotkick.errors import ConfigError, InputError
from spotkick.files import read_json, write_json

WORDS = ("<segment>", "a", "card", "goal", "what", "yellow", "wide")
NAMES = ("card", "corner", "goal")
SEGMENTS = (
    TranscriptSegment(0, 2000, "what a goal"),
    TranscriptSegment(30_000, 34_000, "yellow card"),
    TranscriptSegment(100_000, 101_000, "wide"),
)
RATE = Fraction(2)


@pytest.fixture
def model(word_network: Callable[[int], WordNetwork]) -> WordModel:
    prior = np.array([-5, -4, -6], dtype=np.float32)
    vocabulary = Vocabulary(TermReader(frozenset(WORDS)), WORDS)
    networks = tuple(word_network(seed) for seed in range(3))
    return WordModel(vocabulary, NAMES, prior, networks, {"first": 0, "second": 1, "third": 2})


def _evidence(model: WordModel, networks: tuple[int, ...]) -> np.ndarray:
    words = model.vocabulary.read(SEGMENTS)
    return (
        np.mean([model.networks[number].log_odds(words, 90) for number in networks], axis=0)
        - model.prior
    ) / 2


def test_a_training_match_is_read_by_the_network_without_it(model: WordModel) -> None:
    frames = model.frames("second", SEGMENTS, 360, RATE)
    assert frames.shape == (360, 4)
    np.testing.assert_allclose(
        frames[:, :-1], np.repeat(_evidence(model, (1,)), 4, axis=0), atol=1e-6
    )


def test_another_match_is_read_by_all_networks(model: WordModel) -> None:
    frames = model.frames("new", SEGMENTS, 360, RATE)
    np.testing.assert_allclose(
        frames[:, :-1], np.repeat(_evidence(model, (0, 1, 2)), 4, axis=0), atol=1e-5
    )


def test_last_value_is_the_sign_of_speech(model: WordModel) -> None:
    spoken = model.frames("new", SEGMENTS, 360, RATE)[::4, -1]
    assert np.flatnonzero(spoken).tolist() == [0, 1, 15, 16, 17, 50]


@pytest.mark.parametrize("rate", [Fraction(1), Fraction(25, 4), Fraction(30000, 1001)])
def test_frames_of_any_rate_take_the_cell_of_their_middle(model: WordModel, rate: Fraction) -> None:
    count = int(180 * rate)
    frames = model.frames("new", SEGMENTS, count, rate)
    cells = [int((2 * frame + 1) / (2 * rate) // 2) for frame in range(count)]
    np.testing.assert_allclose(
        frames, model.frames("new", SEGMENTS, 360, RATE)[::4][cells], atol=1e-6
    )


def test_silence_is_no_evidence(model: WordModel) -> None:
    assert not model.frames("new", (), 100, RATE).any()
    assert model.frames("new", SEGMENTS, 0, RATE).shape == (0, 4)


def test_round_trip(tmp_path: Path, model: WordModel) -> None:
    write_word_model(model, tmp_path / "x.source")
    back = read_word_model(tmp_path / "x.source")
    assert back.fingerprint == model.fingerprint
    for match in ("first", "new"):
        np.testing.assert_array_equal(
            back.frames(match, SEGMENTS, 50, RATE), model.frames(match, SEGMENTS, 50, RATE)
        )


def test_parts_must_belong_together(model: WordModel) -> None:
    with pytest.raises(ConfigError, match="networks of 9 words and 2 classes"):
        WordModel(model.vocabulary, NAMES[:2], model.prior[:2], model.networks, {})
    with pytest.raises(ConfigError, match="networks of"):
        WordModel(model.vocabulary, NAMES, model.prior, (), {})
    with pytest.raises(ConfigError, match="log-odds of 3 classes"):
        WordModel(model.vocabulary, NAMES, model.prior[:1], model.networks, {})
    with pytest.raises(ConfigError, match="must be 0 to 2"):
        WordModel(model.vocabulary, NAMES, model.prior, model.networks, {"m": 3})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": "spotkick-words-9"}, "is not 'spotkick-words-1'"),
        ({"classes": ["card"]}, "networks of 9 words and 1 classes"),
        ({"classes": [1, 2, 3]}, "must be text"),
        ({"classes": ["card", "corner", "penalty"]}, "not a pair or were changed"),
        ({"networks": 4}, "not a word network"),
        ({"networks": 0}, "needs networks"),
        ({"folds": {"m": 7}}, "must be 0 to 2"),
        ({"folds": {}}, "not a pair or were changed"),
        ({"folds": None}, "AttributeError"),
        ({"words": None}, "TypeError"),
    ],
)
def test_damaged_description_is_refused(
    tmp_path: Path, model: WordModel, change: dict[str, object], message: str
) -> None:
    write_word_model(model, tmp_path)
    write_json(tmp_path / "words.json", read_json(tmp_path / "words.json") | change)
    with pytest.raises(InputError, match=message):
        read_word_model(tmp_path)


def test_damaged_weights_are_refused(tmp_path: Path, model: WordModel) -> None:
    write_word_model(model, tmp_path)
    path = tmp_path / "words.safetensors"
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match="not the weights of a word model"):
        read_word_model(tmp_path)
    arrays = safetensors.numpy.load(whole)
    safetensors.numpy.save_file({**arrays, "1.mix.bias": arrays["1.mix.bias"] + 1}, path)
    with pytest.raises(InputError, match="not a pair or were changed"):
        read_word_model(tmp_path)
    safetensors.numpy.save_file(
        {name: array for name, array in arrays.items() if name != "prior"}, path
    )
    with pytest.raises(InputError, match="log-odds of 3 classes"):
        read_word_model(tmp_path)
    path.unlink()
    with pytest.raises(InputError, match=r"words\.safetensors: no such file"):
        read_word_model(tmp_path)
