import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto

from spotkick.commentary.sentence_encoder import (
    MAX_TOKENS,
    EncoderOptions,
    SentenceEncoder,
    open_encoder,
)
from spotkick.errors import InputError, MissingExtraError
from support.sentence_models import (
    expected_vector,
    make_table,
    write_network,
    write_sentence_model,
    write_tokenizer,
)

WORDS = ["goal", "card", "what", "a", "corner", "kick", "from", "the", "left"]
TABLE = make_table(WORDS, 6)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_sentence_model(tmp_path / "tiny", WORDS)


@pytest.fixture
def encoder(folder: Path) -> SentenceEncoder:
    return open_encoder(EncoderOptions(folder, threads=1))


@pytest.fixture
def read_rows(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many sentences each run of a network has read."""
    found: list[int] = []
    run = SentenceEncoder.hidden_states

    def count(self: SentenceEncoder, ids: Any, mask: Any) -> Any:
        found.append(len(ids))
        return run(self, ids, mask)

    monkeypatch.setattr(SentenceEncoder, "hidden_states", count)
    return found


def test_encode_gives_mean_of_tokens_of_unit_length(encoder: SentenceEncoder) -> None:
    generator = random.Random(1)
    texts = [
        " ".join(generator.choices([*WORDS, "Unknown"], k=generator.randint(1, 40)))
        for _ in range(100)
    ]
    expected = [expected_vector(text, WORDS, TABLE) for text in texts]
    vectors = encoder.encode(texts)
    assert vectors.dtype == np.float32
    assert (encoder.dim, encoder.name) == (6, "tiny")
    np.testing.assert_allclose(vectors, expected, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    alone = np.concatenate([encoder.encode([text]) for text in texts[:5]])
    np.testing.assert_allclose(alone, vectors[:5], atol=1e-6)


def test_encode_equal_and_known_sentences_are_read_once(
    encoder: SentenceEncoder, read_rows: list[int]
) -> None:
    first = encoder.encode(["a goal"] * 50 + ["the card"])
    assert read_rows == [2]
    grown = encoder.encode(["a goal", "the card", "a corner"])
    assert read_rows == [2, 1]
    np.testing.assert_array_equal(grown[:2], first[-2:])
    encoder.encode(["a corner"])
    encoder.encode(["a goal"])  # no longer of the latest call
    assert read_rows == [2, 1, 1]


def test_encode_without_tokens_gives_zeros(encoder: SentenceEncoder) -> None:
    assert encoder.encode([]).shape == (0, 6)
    vectors = encoder.encode(["", "goal", " "])
    assert not vectors[[0, 2]].any()
    assert vectors[1].any()


def test_encode_lone_surrogate_is_an_unknown_token(encoder: SentenceEncoder) -> None:
    np.testing.assert_allclose(
        encoder.encode(["goal \ud83d"])[0], expected_vector("goal ?!", WORDS, TABLE), atol=1e-6
    )


@pytest.mark.parametrize("own", [None, 7, 512])
def test_encode_long_sentence_is_cut(folder: Path, own: int | None) -> None:
    write_tokenizer(folder / "tokenizer.json", WORDS, max_length=own)
    encoder = open_encoder(EncoderOptions(folder))
    expected = min(own or MAX_TOKENS, MAX_TOKENS)
    assert encoder.max_tokens == expected
    text = ["goal"] * expected + ["card"] * 500
    np.testing.assert_allclose(
        encoder.encode([" ".join(text)])[0], expected_vector("goal", WORDS, TABLE), atol=1e-5
    )


@pytest.mark.parametrize("kind", [TensorProto.INT64, TensorProto.INT32])
def test_open_encoder_reads_token_types_and_subfolder(folder: Path, kind: int) -> None:
    (folder / "model.onnx").unlink()
    names = ("input_ids", "attention_mask", "token_type_ids")
    write_network(folder / "onnx" / "model.onnx", TABLE, inputs=names, kind=kind)
    encoder = open_encoder(EncoderOptions(folder))
    expected = expected_vector("a card", WORDS, TABLE)
    np.testing.assert_allclose(encoder.encode(["a card"])[0], expected, atol=1e-6)


def _save_with_outer_weights(path: Path) -> None:
    model = onnx.load(path)
    onnx.save(model, path, save_as_external_data=True, location="weights.bin", size_threshold=0)


BAD_FOLDERS: dict[str, tuple[Callable[[Path], object], str]] = {
    "no network": (
        lambda folder: (folder / "model.onnx").unlink(),
        r"is a folder with model\.onnx \(or onnx/model\.onnx\) and tokenizer\.json; found no model",
    ),
    "no tokenizer": (lambda folder: (folder / "tokenizer.json").unlink(), "no tokenizer"),
    "damaged network": (
        lambda folder: (folder / "model.onnx").write_bytes(b"no network"),
        r"model\.onnx: not an ONNX file that can be run",
    ),
    "weights elsewhere": (
        lambda folder: _save_with_outer_weights(folder / "model.onnx"),
        "its weights lie in another file",
    ),
    "other inputs": (
        lambda folder: write_network(folder / "model.onnx", TABLE, inputs=("ids", "mask")),
        r"needs the inputs input_ids, attention_mask .* found ids tensor\(int64\)",
    ),
    "fixed sizes": (
        lambda folder: write_network(folder / "model.onnx", TABLE, sizes=(1, 128)),
        r"with free numbers of sentences and tokens",
    ),
    "pooled output": (
        lambda folder: write_network(folder / "model.onnx", TABLE, pooled=True),
        r"\(sentences, tokens, values\), found \(2, 6\)",
    ),
    "no numbers": (
        lambda folder: write_network(folder / "model.onnx", TABLE * np.float32(np.nan)),
        "gives NaN or infinity",
    ),
    "tokenizer is JSON of another kind": (
        lambda folder: (folder / "tokenizer.json").write_text('{"segments": {}}'),
        r"tokenizer\.json: not a tokenizer",
    ),
    "tokenizer without a token for unknown words": (
        lambda folder: (folder / "tokenizer.json").write_text(
            (folder / "tokenizer.json").read_text().replace('"unk_token": "?"', '"unk_token": "!"')
        ),
        r"tokenizer\.json: not a tokenizer that can be used \(WordLevel error: Missing",
    ),
    "tokenizer is binary": (
        lambda folder: (folder / "tokenizer.json").write_bytes(b"\xff\x00"),
        r"tokenizer\.json: not a tokenizer",
    ),
    "tokenizer of a larger vocabulary": (
        lambda folder: write_tokenizer(folder / "tokenizer.json", [*WORDS, "more"]),
        r"cannot read 128 tokens with ids up to 10 of tokenizer\.json .*from one export",
    ),
}


@pytest.mark.parametrize("name", BAD_FOLDERS)
def test_open_encoder_unusable_folder_is_input_error(
    folder: Path, name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    spoil, message = BAD_FOLDERS[name]
    spoil(folder)
    with pytest.raises(InputError, match=message) as caught:
        open_encoder(EncoderOptions(folder))
    assert "\n" not in str(caught.value)
    assert capfd.readouterr().err == ""


def test_open_encoder_missing_tokenizers_names_extra(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "tokenizers", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'spotkick\[sentences\]'"):
        open_encoder(EncoderOptions(folder))
