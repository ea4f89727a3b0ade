"""What a running server keeps, and what it does when files go away."""

from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from spotkick.actions import Action, MatchActions
from spotkick.errors import InputError
from spotkick.formats.results import write_results
from spotkick.viewer import summaries
from spotkick.viewer.match_store import Library
from spotkick.viewer.summaries import SummaryStore

Season = Any


def reload(client: TestClient, key: str) -> dict[str, Any]:
    return dict(client.get(f"/api/matches/{key}").json())


def test_match_with_missing_video_is_shown_and_exported(
    client: TestClient, key: str, season: Season
) -> None:
    (season.labels / season.first / "1_90p.mp4").unlink()
    match = reload(client, key)
    assert [period["video"] is None for period in match["periods"]] == [True, False]
    assert any("1_90p.mp4 is no longer there" in text for text in match["warnings"])
    spot = match["predictions"][0]
    state = {"source": "prediction", "status": "accepted", "label": "Goal", "period": 1}
    state |= {"position_ms": spot["position_ms"], "confidence": spot["confidence"]}
    edit = {"revision": 0, "edits": [{"id": spot["id"], "state": state}]}
    assert client.post(f"/api/matches/{key}/edits", json=edit).status_code == 200
    assert client.get(f"/api/matches/{key}/export?format=soccernet-v2").status_code == 200
    assert client.get("/api/export").status_code == 200


@pytest.mark.parametrize("name", ["Labels-v2.json", "results_spotting.json", "scores.npz"])
def test_file_replaced_by_a_link_to_outside_is_not_read(
    client: TestClient, key: str, season: Season, tmp_path: Path, name: str
) -> None:
    path = next(folder for folder in season.paths if (folder / season.first / name).exists())
    path = path / season.first / name
    path.rename(tmp_path / name)
    path.symlink_to(tmp_path / name)
    match = reload(client, key)
    assert any(f"{name} is a link to another place now" in text for text in match["warnings"])
    gone = {"Labels-v2.json": "labels", "results_spotting.json": "predictions"}.get(name, "scores")
    assert not match[gone]


def test_journal_that_is_a_link_to_outside_is_neither_read_nor_written(
    season: Season, tmp_path: Path
) -> None:
    outside = tmp_path / "elsewhere.jsonl"
    (season.predictions / season.first / "review.jsonl").symlink_to(outside)
    library = Library(season.paths)
    files = library.files(library.keys[0])
    assert files is not None
    with pytest.raises(InputError, match="is a link to a place outside"):
        library.journal(files)
    assert not outside.exists()


def test_storage_name_differs_between_projects(season: Season, tmp_path: Path) -> None:
    one = Library(season.paths, edits=tmp_path / "one")
    two = Library(season.paths, edits=tmp_path / "two")
    names = []
    for library in (one, two, one):
        files = library.files(library.keys[0])
        assert files is not None
        names.append(library.storage_name(files))
    assert names[0] == names[2] != names[1]


def test_summaries_are_kept_until_files_change(
    season: Season, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def get(store: SummaryStore, library: Library) -> dict[str, Any]:
        files = library.files(library.keys[0])
        assert files is not None
        return store.get(library.keys[0], files)

    library = Library(season.paths, edits=season.edits)
    store = SummaryStore(library, tmp_path / "kept")
    first = get(store, library)
    store.keep()

    def fail(*_: object) -> dict[str, Any]:
        raise AssertionError("it is kept")

    with monkeypatch.context() as patch:
        patch.setattr(summaries, "summarise", fail)
        again = Library(season.paths, edits=season.edits)
        assert get(SummaryStore(again, tmp_path / "kept"), again) == first
    write_results(season.predictions, [MatchActions(season.first, (Action("Goal", 1, 1, 0.5),))])
    assert get(store, library)["predictions"] == 1
    (tmp_path / "kept").joinpath(f"{library.identity}.json").write_text("[]")
    assert get(SummaryStore(library, tmp_path / "kept"), library)["predictions"] == 1
