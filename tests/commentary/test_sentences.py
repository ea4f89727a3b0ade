from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from spotkick.commentary.features import (
    commentary_source,
    read_commentary_source,
    write_commentary_source,
)
from spotkick.commentary.sentence_encoder import EncoderOptions, open_encoder
from spotkick.commentary.sentences import SentenceModel, read_sentences, write_sentences
from spotkick.commentary.transcripts import TranscriptSegment
from spotkick.errors import ConfigError, InputError
from spotkick.files import read_json, write_json
from support.sentence_models import (
    expected_vector,
    make_table,
    write_sentence_model,
    write_tokenizer,
)

WORDS = ["goal", "card", "corner"]
TABLE = make_table(WORDS, 6)
OLD_SOURCES = Path(__file__).parent / "data"


@pytest.fixture(scope="module")
def options(tmp_path_factory: pytest.TempPathFactory) -> EncoderOptions:
    return EncoderOptions(write_sentence_model(tmp_path_factory.mktemp("encoder"), WORDS))


@pytest.fixture(scope="module")
def model(options: EncoderOptions) -> SentenceModel:
    return SentenceModel(open_encoder(options))


def test_frames_hold_mean_of_what_is_spoken_and_speech_flag(model: SentenceModel) -> None:
    segments = [
        TranscriptSegment(0, 2500, "Goal"),
        TranscriptSegment(2600, 3900, "card corner"),
        TranscriptSegment(9000, 9000, "corner"),
    ]
    frames = model.frames("m", segments, 6, Fraction(1, 2))
    goal, both, corner = (
        6**0.5 * expected_vector(text, WORDS, TABLE) for text in ("goal", "card corner", "corner")
    )
    expected = np.zeros((6, 7))
    expected[[0, 1, 4], :6] = [goal, (goal + both) / 2, corner]
    expected[[0, 1, 4], 6] = 1
    np.testing.assert_allclose(frames, expected, atol=1e-6)
    assert not model.frames("m", [], 4, Fraction(2)).any()


def test_commentary_source_of_sentences(model: SentenceModel) -> None:
    source = commentary_source(model)
    assert (source.name, source.kind, source.dim) == ("sentences", "sentences", 7)
    assert (source.frame_rate, source.is_commentary, source.num_ids) == (Fraction(1, 2), True, 0)


def test_write_commentary_source_names_the_encoder_and_stores_none_of_it(
    model: SentenceModel, options: EncoderOptions, tmp_path: Path
) -> None:
    source = commentary_source(model, frame_rate=Fraction(2))
    for _ in range(2):
        write_commentary_source(model, source, tmp_path)
    folder = tmp_path / "sentences.source"
    assert sorted(path.name for path in folder.iterdir()) == ["sentences.json", "source.json"]
    back, described = read_commentary_source(tmp_path, options)
    assert (back.fingerprint, described) == (model.fingerprint, source)
    with pytest.raises(InputError, match="must not be mixed"):
        write_commentary_source(model, commentary_source(model), tmp_path)


def test_read_sentences_without_its_encoder_is_input_error(
    model: SentenceModel, options: EncoderOptions, tmp_path: Path
) -> None:
    write_sentences(model, tmp_path / "own")
    with pytest.raises(InputError, match=r"'encoder\d+', which is not stored .*--sentence-model"):
        read_sentences(tmp_path / "own", None)

    # Another network, and another tokenizer
    other = write_sentence_model(tmp_path / "other", WORDS, seed=1)
    with pytest.raises(InputError, match=r"made with \(the network differ\); give that one"):
        read_sentences(tmp_path / "own", EncoderOptions(other))
    write_tokenizer(other / "tokenizer.json", WORDS, max_length=9)
    with pytest.raises(InputError, match=r"tokenizer\.json and the longest sentence differ"):
        read_sentences(tmp_path / "own", EncoderOptions(other))
    assert read_sentences(tmp_path / "own", options).fingerprint == model.fingerprint


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": "spotkick-sentences-9"}, "is not 'spotkick-sentences-1'"),
        ({"max_tokens": None}, "not a description of sentence vectors"),
        ({"model_sha256": "0"}, "the network differ"),
    ],
)
def test_read_sentences_damaged_description_is_input_error(
    model: SentenceModel,
    options: EncoderOptions,
    tmp_path: Path,
    change: dict[str, object],
    message: str,
) -> None:
    write_sentences(model, tmp_path)
    path = tmp_path / "sentences.json"
    write_json(path, read_json(path) | change)
    with pytest.raises(InputError, match=message):
        read_sentences(tmp_path, options)


def test_read_commentary_source_encoder_of_other_features_is_config_error(
    options: EncoderOptions,
) -> None:
    with pytest.raises(ConfigError, match="read no sentence model; leave out --sentence-model"):
        read_commentary_source(OLD_SOURCES / "tfidf", options)
