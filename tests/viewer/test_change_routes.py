"""Files that change on disk while a page is open are noticed, and taken by the next page."""

from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from spotkick.actions import Action, MatchActions
from spotkick.formats.label_tree import write_label_tree
from spotkick.formats.results import write_results
from spotkick.viewer import match_store
from spotkick.viewer.app import create_app
from spotkick.viewer.edits import SpotEdit
from spotkick.viewer.match_store import Library
from spotkick.viewer.security import AccessRules

ORIGIN = "http://127.0.0.1:8765"
LABELS = MatchActions("cup/final", (Action("Goal", 1, 5000),))
SPOTS = MatchActions("cup/final", (Action("Goal", 1, 5200, 0.9), Action("Foul", 1, 9000, 0.7)))


@pytest.fixture(autouse=True)
def look_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(match_store, "LOOK_AGAIN_S", -1e9)
    monkeypatch.setattr(match_store, "LOOK_SHARE", 0)


def client_of(library: Library) -> TestClient:
    return TestClient(create_app(library, AccessRules(8765)), base_url=ORIGIN)


def test_match_state_names_what_has_changed(tmp_path: Path) -> None:
    write_label_tree(tmp_path, [LABELS])
    library = Library([tmp_path])
    client = client_of(library)
    match = f"/api/matches/{library.keys[0]}"
    before: dict[str, Any] = client.get(match).json()
    assert before["state"] == client.get(f"{match}/state").json()["state"]
    assert not before["has_predictions"]

    # A run finishes: its results appear, and the labels stay as they are.
    write_results(tmp_path, [SPOTS])
    state = client.get(f"{match}/state").json()["state"]
    assert [name for name in state if state[name] != before["state"][name]] == ["predictions"]
    after = client.get(match).json()
    assert after["state"] == state
    assert len(after["predictions"]) == 2

    # Results of the same names are written again.
    write_results(tmp_path, [MatchActions("cup/final", SPOTS.actions[:1])])
    assert client.get(f"{match}/state").json()["state"] != state
    assert len(client.get(match).json()["predictions"]) == 1


def test_changes_new_and_lost_matches_are_seen(tmp_path: Path) -> None:
    write_label_tree(tmp_path / "data", [LABELS])
    client = client_of(Library([tmp_path / "data"]))
    before = client.get("/api/changes").json()
    assert client.get("/api/changes").json() == before
    write_label_tree(tmp_path / "data", [LABELS, MatchActions("cup/semi", LABELS.actions)])
    after = client.get("/api/changes").json()
    assert (after["matches"], before["matches"]) == (2, 1)
    names = [row["name"] for row in client.get("/api/matches").json()["matches"]]
    assert names == ["cup/final", "cup/semi"]

    # A match whose folder is gone stays, with what can no longer be read.
    (tmp_path / "data" / "cup" / "semi" / "Labels-v2.json").unlink()
    rows = client.get("/api/matches").json()["matches"]
    assert len(rows) == 2
    gone = client.get(f"/api/matches/{rows[1]['key']}").json()
    assert "no longer there" in gone["warnings"][0]


def test_journal_begun_before_predictions_is_kept(tmp_path: Path) -> None:
    write_label_tree(tmp_path / "data", [LABELS])
    paths = [tmp_path / "data", tmp_path / "out"]
    (tmp_path / "out").mkdir()
    library = Library(paths)
    files = library.files(library.keys[0])
    assert files is not None
    edit = SpotEdit.model_validate({"id": "l-0123456789ab", "state": None})
    library.journal(files).append([edit], based_on=0)
    write_results(tmp_path / "out", [SPOTS])
    again = Library(paths)
    files = again.files(again.keys[0])
    assert files is not None
    assert files.predictions is not None
    assert again.journal(files).revision == 1


def test_refresh_waits_between_looks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(match_store, "LOOK_AGAIN_S", 3600.0)
    write_label_tree(tmp_path, [LABELS])
    library = Library([tmp_path])
    write_label_tree(tmp_path, [MatchActions("cup/semi", LABELS.actions)])
    library.refresh()
    assert len(library.keys) == 1
