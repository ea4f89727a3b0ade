import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from spotkick.commentary.features import commentary_source, make_frames
from spotkick.commentary.token_model import (
    DESCRIPTION_FILE,
    TokenModel,
    fit_tokens,
    read_tokens,
    write_tokens,
)
from spotkick.commentary.tokenizer import Tokenizer, Vocabulary
from spotkick.commentary.transcripts import Transcript, TranscriptSegment
from spotkick.errors import ConfigError, InputError
from spotkick.features.token_rows import BIN_RATE, MAX_IDS

SEGMENTS = (
    TranscriptSegment(0, 2_000, "a goal for Kane!"),
    TranscriptSegment(6_500, 7_500, "what a goal"),
)


@pytest.fixture(scope="module")
def model() -> TokenModel:
    return fit_tokens([SEGMENTS, SEGMENTS, SEGMENTS])


def test_frames_hold_tokens_where_they_are_said(model: TokenModel) -> None:
    rows = make_frames(model, "m", Transcript(SEGMENTS, 9_000), BIN_RATE)
    assert rows.dtype == np.int16
    assert rows.shape == (5, model.frame_dim)
    assert rows[:, 0].tolist() == [
        5,
        1,
        0,
        4,
        0,
    ]  # segments begin with a token, and end at their last
    names = ("", "", *model.vocabulary.tokens)
    assert [names[token] for token in rows[3, 4:8]] == ["<segment>", "what", "a", "goal"]


def test_frames_another_rate_is_config_error(model: TokenModel) -> None:
    with pytest.raises(ConfigError, match="1/2 rows per second, got a rate of 2"):
        model.frames("m", SEGMENTS, 5, Fraction(2))


def test_commentary_source_of_tokens_states_vocabulary(model: TokenModel) -> None:
    source = commentary_source(model)
    assert (source.name, source.kind, source.frame_rate) == ("tokens", "tokens", Fraction(1, 2))
    assert source.num_ids == len(model.vocabulary)
    assert type(source).from_json(source.to_json(), "here") == source


@pytest.mark.parametrize("marks_novelty", [True, False])
def test_read_tokens_round_trip(marks_novelty: bool, tmp_path: Path) -> None:
    model = fit_tokens([SEGMENTS, SEGMENTS], marks_novelty=marks_novelty)
    assert ("<name:new>" in model.vocabulary.tokens) == marks_novelty
    write_tokens(model, tmp_path)
    assert read_tokens(tmp_path) == model


def test_read_tokens_description_without_novelty_reads_as_before(tmp_path: Path) -> None:
    model = fit_tokens([SEGMENTS, SEGMENTS], marks_novelty=False)
    write_tokens(model, tmp_path)
    path = tmp_path / DESCRIPTION_FILE
    described = json.loads(path.read_text())
    del described["novelty"]
    path.write_text(json.dumps(described))
    assert read_tokens(tmp_path) == model


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"slots": 3}, "was changed since it was written"),
        ({"slots": 0}, "at least one token a bin"),
        ({"tokens": [1]}, "not a vocabulary of commentary"),
        ({"format": "other"}, "fit the features again"),
    ],
)
def test_read_tokens_edited_file_is_input_error(
    model: TokenModel, tmp_path: Path, changes: dict[str, object], message: str
) -> None:
    write_tokens(model, tmp_path)
    path = tmp_path / DESCRIPTION_FILE
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))
    with pytest.raises(InputError, match=message):
        read_tokens(tmp_path)


def test_token_model_too_many_ids_is_config_error() -> None:
    vocabulary = Vocabulary(Tokenizer(frozenset()), tuple(map(str, range(MAX_IDS))))
    with pytest.raises(ConfigError, match="at most 32768 different ids"):
        TokenModel(vocabulary)
