"""Data sets from match folders: transcripts as token ids."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spotkick.actions import SOCCERNET_V1
from spotkick.errors import InputError
from spotkick.features.token_rows import BIN_RATE, pack_rows, row_width
from spotkick.features.tracks import FeatureSource
from spotkick.study.sources import _token_rows, read_token_rows, read_transcripts

TRAIN, HELD = ("a/0", "a/1", "a/2", "a/3"), ("a/held",)
TEXT = "and what a goal from the corner kick for them now"


def write_match(root: Path, match: str, periods: int = 2) -> None:
    """Labels, and a transcript of each period."""
    folder = root / match
    folder.mkdir(parents=True)
    label = {"gameTime": "1 - 00:09", "position": "9000", "label": "Goal", "visibility": "visible"}
    (folder / "Labels-v2.json").write_text(json.dumps({"annotations": [label]}))
    for period in range(1, periods + 1):
        segments = {str(n): [4.0 * n, 4.0 * n + 3, TEXT] for n in range(5)}
        (folder / f"{period}_asr.json").write_text(json.dumps({"segments": segments}))


def test_read_transcripts_files_of_other_names_are_left_alone(tmp_path: Path) -> None:
    for match in (*TRAIN, *HELD):
        write_match(tmp_path, match)
        (tmp_path / match / "notes_asr.json").write_text("[]")
    data = read_transcripts(tmp_path, SOCCERNET_V1, name="c", train=TRAIN, held=HELD, embedding=4)
    assert data.period_number.tolist() == [1, 2] * 5
    assert data.is_held.tolist() == [False] * 4 + [True]
    assert data.actions.tolist() == [[2 * match, 0, 9000] for match in range(5)]
    assert data.features.dtype == np.int16


def test_read_transcripts_without_training_transcripts_is_one_line(tmp_path: Path) -> None:
    write_match(tmp_path, TRAIN[0], periods=0)
    write_match(tmp_path, HELD[0])
    with pytest.raises(InputError, match="no training match has transcripts"):
        read_transcripts(tmp_path, SOCCERNET_V1, name="c", train=TRAIN[:1], held=HELD)


@pytest.mark.parametrize("size", [1000, 32_768, 40_000])
def test_token_rows_large_vocabularies_do_not_overflow(size: int) -> None:
    class Words:
        """A vocabulary whose only token is its last."""

        ids, bins = np.array([size - 1]), np.array([1])

        def __len__(self) -> int:
            return size

        def encode(self, _: object) -> "Words":
            return self

    vocabulary: Any = Words()
    assert _token_rows(vocabulary, (), 3, 2).tolist() == [[0, 0], [size - 1, 0], [0, 0]]


def write_rows(root: Path, match: str, tokens: list[int], bins: int = 6) -> None:
    """Rows of two tokens a bin, with the description of their vocabulary."""
    folder = root / match
    folder.mkdir(parents=True)
    ids = np.tile(np.array(tokens), bins)
    rows = pack_rows(ids, np.repeat(np.arange(bins), len(tokens)), bins, slots=3)
    for period in (1, 2):
        np.save(folder / f"{period}_tokens.npy", rows)
    source = FeatureSource("tokens", rows.shape[1], BIN_RATE, kind="tokens", num_ids=9)
    (root / "tokens.source").mkdir(exist_ok=True)
    (root / "tokens.source" / "source.json").write_text(json.dumps(source.to_json()))


def test_read_token_rows_keeps_the_rows_and_takes_vectors_from_training_matches(
    tmp_path: Path,
) -> None:
    for match in (*TRAIN, *HELD):
        write_match(tmp_path / "labels", match)
        write_rows(tmp_path / "rows", match, [2, 3] if match in TRAIN else [7, 8])
    sets = {"train": TRAIN, "held": HELD, "features_root": tmp_path / "rows", "embedding": 2}
    data = read_token_rows(tmp_path / "labels", SOCCERNET_V1, name="t", **sets)  # type: ignore[arg-type]
    assert data.num_tokens == 9
    assert data.features.shape == (10 * 6, row_width(3))
    assert data.features[0, 0] == 2
    assert data.actions.tolist() == [[2 * match, 0, 9000] for match in range(5)]
    held_only = np.abs(data.vectors[7:9].astype(np.float32)).max()
    assert held_only == 0 < np.abs(data.vectors[2:4].astype(np.float32)).max()


def test_read_token_rows_features_that_are_vectors_are_refused_in_one_line(tmp_path: Path) -> None:
    for match in (*TRAIN, *HELD):
        write_match(tmp_path, match)
        for period in (1, 2):
            np.save(tmp_path / match / f"{period}_tokens.npy", np.zeros((6, 4), dtype=np.float32))
    with pytest.raises(InputError, match="--kind tokens"):
        read_token_rows(
            tmp_path, SOCCERNET_V1, name="t", train=TRAIN, held=HELD, features_root=tmp_path
        )
