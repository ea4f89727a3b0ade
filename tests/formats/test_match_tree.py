"""The match-folder layout."""

import struct
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from spotkick.errors import InputError
from spotkick.formats.match_tree import (
    clean_match_name,
    open_match_tree,
    require_matches,
)


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("a/b/", "a/b"),
        ("a\\b", "a/b"),
        ("./a", "a"),
        ("2015-02-21 - 18-00 A 1 - 1 B", None),
        ("20:45_final", None),
    ],
)
def test_clean_match_name_forms_are_normalised(name: str, clean: str | None) -> None:
    assert clean_match_name(name, "x") == (clean or name)


@pytest.mark.parametrize("claimed", [0, 10])
def test_match_tree_archive_with_false_sizes_is_not_unpacked_whole(
    tmp_path: Path, claimed: int
) -> None:
    path = tmp_path / "lie.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("m/results_spotting.json", b" " * 50_000_000)
    content = bytearray(path.read_bytes())
    entry = content.rfind(b"PK\x01\x02")
    content[entry + 24 : entry + 28] = struct.pack("<I", claimed)
    path.write_bytes(content)
    tracemalloc.start()
    with open_match_tree(path) as tree:
        try:
            assert len(tree.read("m", "results_spotting.json")) <= claimed
        except InputError as error:
            assert "cannot be unpacked" in str(error)  # noqa: PT017 - either answer is right
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 5_000_000


def test_require_matches_missing_match_is_named() -> None:
    require_matches(["a"], ["a", "b"], "set")
    with pytest.raises(
        InputError, match=r"set: nothing for match 'c' \(and 1 more\); it has names such as 'a'"
    ):
        require_matches(["c", "a", "d"], ["b", "a"], "set")
    with pytest.raises(InputError, match="it holds no match"):
        require_matches(["c"], [], "set")


def test_open_match_tree_linked_league_is_followed_once(tmp_path: Path) -> None:
    labels = tmp_path / "disk" / "2016" / "m" / "Labels.json"
    labels.parent.mkdir(parents=True)
    labels.write_text("{}")
    (tmp_path / "data").mkdir()
    for name in ("epl", "again"):
        (tmp_path / "data" / name).symlink_to(tmp_path / "disk", target_is_directory=True)
    (tmp_path / "disk" / "loop").symlink_to(tmp_path / "data", target_is_directory=True)
    with open_match_tree(tmp_path / "data") as tree:
        (match,) = tree.matches_with("Labels.json")
        assert match.endswith("/2016/m")
        assert tree.read(match, "Labels.json") == b"{}"
