from pathlib import Path

import pytest

from spotkick.checkpoint import read_checkpoint
from spotkick.shipped_folders import describe_unknown, find_shipped, find_source, list_shipped


def test_list_shipped_names_checkpoints_that_can_be_read() -> None:
    assert "demo" in list_shipped()
    for name in list_shipped():
        folder = find_shipped(name)
        assert folder is not None
        assert read_checkpoint(folder).folder == folder


@pytest.mark.parametrize("name", ["Demo", "demo/features", "../demo", "", ".", "assets"])
def test_find_shipped_other_names_give_none(name: str) -> None:
    assert find_shipped(name) is None


def test_describe_unknown_suggests_the_nearest_name() -> None:
    assert describe_unknown("demmo") == "; did you mean the shipped checkpoint 'demo'?"
    assert "demo" in describe_unknown("xyz")
    assert describe_unknown("runs/demmo") == ""


def test_find_source_prefers_what_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_source(Path("demo")) == find_shipped("demo")
    assert find_source(Path("other")) == Path("other")
    (tmp_path / "demo").mkdir()
    assert find_source(Path("demo")) == Path("demo")
