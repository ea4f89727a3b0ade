"""Data sets from match folders: transcripts as token ids."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spotkick.actions import SOCCERNET_V1
from spotkick.errors import InputError
from spotkick.study.sources import _token_rows, read_transcripts

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
