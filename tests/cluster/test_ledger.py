import json
from pathlib import Path

import pytest

from spotkick.cluster.ledger import Ledger, read_ledgers
from spotkick.cluster.work import Outcome
from spotkick.errors import StorageError


def test_ledger_last_line_about_a_match_counts(tmp_path: Path) -> None:
    ledger = Ledger.of_run(tmp_path / "out", "spot")
    ledger.add(Outcome("a", "failed", 1.2345, error="no room"))
    ledger.add(Outcome("ü", "done", 2.0, result="kept elsewhere"))
    ledger.add(Outcome("a", "done", 3.0))
    rows = [json.loads(row) for row in ledger.path.read_text("utf-8").splitlines()]
    assert [(row["match"], row["state"], row["seconds"], row["error"]) for row in rows] == [
        ("a", "failed", 1.234, "no room"),
        ("ü", "done", 2.0, ""),
        ("a", "done", 3.0, ""),
    ]
    known = read_ledgers(tmp_path / "out", "spot")
    assert {match: line.state for match, line in known.items()} == {"a": "done", "ü": "done"}
    assert read_ledgers(tmp_path / "out", "clock") == {}
    assert read_ledgers(tmp_path / "none", "spot") == {}


def test_ledger_line_that_was_cut_off_is_passed_over(tmp_path: Path) -> None:
    Ledger.of_run(tmp_path, "spot").add(Outcome("a", "done", 1.0))
    path = tmp_path / "spot.ledger.jsonl"
    path.write_bytes(path.read_bytes() + b'{"match": "b", "sta')
    Ledger.of_run(tmp_path, "spot").add(Outcome("c", "done", 1.0))
    assert sorted(read_ledgers(tmp_path, "spot")) == ["a", "c"]


def test_ledgers_of_shards_are_read_together(tmp_path: Path) -> None:
    for part, match in (("1-of-2", "a"), ("2-of-2", "b")):
        Ledger.of_run(tmp_path, "spot", part).add(Outcome(match, "done", 1.0))
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "spot.1-of-2.ledger.jsonl",
        "spot.2-of-2.ledger.jsonl",
    ]
    assert sorted(read_ledgers(tmp_path, "spot")) == ["a", "b"]


def test_ledger_in_place_of_a_folder_is_storage_error(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(StorageError, match="cannot write"):
        Ledger.of_run(tmp_path / "out", "spot").add(Outcome("a", "done", 1.0))
