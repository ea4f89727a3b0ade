from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy

from spotkick.commentary.ensemble import TokenEnsemble, read_ensemble, write_ensemble
from spotkick.commentary.inference import TokenNetwork
from spotkick.commentary.tokenizer import Tokenizer, Vocabulary
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
def model(token_network: Callable[[int], TokenNetwork]) -> TokenEnsemble:
    prior = np.array([-5, -4, -6], dtype=np.float32)
    vocabulary = Vocabulary(Tokenizer(frozenset(WORDS)), WORDS)
    networks = tuple(token_network(seed) for seed in range(3))
    return TokenEnsemble(vocabulary, NAMES, prior, networks, {"first": 0, "second": 1, "third": 2})


def _centred_logits(model: TokenEnsemble, networks: tuple[int, ...]) -> np.ndarray:
    words = model.vocabulary.encode(SEGMENTS)
    return (
        np.mean([model.networks[number].logits(words, 90) for number in networks], axis=0)
        - model.prior_logits
    ) / 2


def test_frames_training_match_is_out_of_fold_prediction(model: TokenEnsemble) -> None:
    frames = model.frames("second", SEGMENTS, 360, RATE)
    assert frames.shape == (360, 4)
    np.testing.assert_allclose(
        frames[:, :-1], np.repeat(_centred_logits(model, (1,)), 4, axis=0), atol=1e-6
    )


def test_frames_other_match_is_mean_of_networks(model: TokenEnsemble) -> None:
    frames = model.frames("new", SEGMENTS, 360, RATE)
    np.testing.assert_allclose(
        frames[:, :-1], np.repeat(_centred_logits(model, (0, 1, 2)), 4, axis=0), atol=1e-5
    )


def test_frames_last_value_is_speech_flag(model: TokenEnsemble) -> None:
    spoken = model.frames("new", SEGMENTS, 360, RATE)[::4, -1]
    assert np.flatnonzero(spoken).tolist() == [0, 1, 15, 16, 17, 50]


@pytest.mark.parametrize("rate", [Fraction(1), Fraction(25, 4), Fraction(30000, 1001)])
def test_frames_any_rate_takes_bin_of_frame_centre(model: TokenEnsemble, rate: Fraction) -> None:
    count = int(180 * rate)
    frames = model.frames("new", SEGMENTS, count, rate)
    cells = [int((2 * frame + 1) / (2 * rate) // 2) for frame in range(count)]
    np.testing.assert_allclose(
        frames, model.frames("new", SEGMENTS, 360, RATE)[::4][cells], atol=1e-6
    )


def test_frames_without_segments_are_zeros(model: TokenEnsemble) -> None:
    assert not model.frames("new", (), 100, RATE).any()
    assert model.frames("new", SEGMENTS, 0, RATE).shape == (0, 4)


def test_write_ensemble_round_trip_keeps_frames(tmp_path: Path, model: TokenEnsemble) -> None:
    write_ensemble(model, tmp_path / "x.source")
    back = read_ensemble(tmp_path / "x.source")
    assert back.fingerprint == model.fingerprint
    for match in ("first", "new"):
        np.testing.assert_array_equal(
            back.frames(match, SEGMENTS, 50, RATE), model.frames(match, SEGMENTS, 50, RATE)
        )


def test_token_ensemble_mismatched_parts_is_config_error(model: TokenEnsemble) -> None:
    with pytest.raises(ConfigError, match="networks of 9 tokens and 2 classes"):
        TokenEnsemble(model.vocabulary, NAMES[:2], model.prior_logits[:2], model.networks, {})
    with pytest.raises(ConfigError, match="networks of"):
        TokenEnsemble(model.vocabulary, NAMES, model.prior_logits, (), {})
    with pytest.raises(ConfigError, match="prior logits of 3 classes"):
        TokenEnsemble(model.vocabulary, NAMES, model.prior_logits[:1], model.networks, {})
    with pytest.raises(ConfigError, match="must be 0 to 2"):
        TokenEnsemble(model.vocabulary, NAMES, model.prior_logits, model.networks, {"m": 3})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": "spotkick-words-9"}, "is not 'spotkick-words-1'"),
        ({"classes": ["card"]}, "networks of 9 tokens and 1 classes"),
        ({"classes": [1, 2, 3]}, "must be text"),
        ({"classes": ["card", "corner", "penalty"]}, "not a pair or were changed"),
        ({"networks": 4}, "not a token network"),
        ({"networks": 0}, "needs networks"),
        ({"folds": {"m": 7}}, "must be 0 to 2"),
        ({"folds": {}}, "not a pair or were changed"),
        ({"folds": None}, "AttributeError"),
        ({"words": None}, "TypeError"),
    ],
)
def test_read_ensemble_damaged_description_is_input_error(
    tmp_path: Path, model: TokenEnsemble, change: dict[str, object], message: str
) -> None:
    write_ensemble(model, tmp_path)
    write_json(tmp_path / "words.json", read_json(tmp_path / "words.json") | change)
    with pytest.raises(InputError, match=message):
        read_ensemble(tmp_path)


def test_read_ensemble_damaged_weights_is_input_error(tmp_path: Path, model: TokenEnsemble) -> None:
    write_ensemble(model, tmp_path)
    path = tmp_path / "words.safetensors"
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match="not the weights of a model of commentary"):
        read_ensemble(tmp_path)
    arrays = safetensors.numpy.load(whole)
    safetensors.numpy.save_file({**arrays, "1.mix.bias": arrays["1.mix.bias"] + 1}, path)
    with pytest.raises(InputError, match="not a pair or were changed"):
        read_ensemble(tmp_path)
    safetensors.numpy.save_file(
        {name: array for name, array in arrays.items() if name != "prior"}, path
    )
    with pytest.raises(InputError, match="prior logits of 3 classes"):
        read_ensemble(tmp_path)
    path.unlink()
    with pytest.raises(InputError, match=r"words\.safetensors: no such file"):
        read_ensemble(tmp_path)
