"""Split files."""

import json
from pathlib import Path

import pytest

from spotkick.errors import InputError
from spotkick.formats.splits import read_split


def test_read_split_text_is_read(tmp_path: Path) -> None:
    path = tmp_path / "valid.txt"
    path.write_text("\ufeffl/s/a 1 - 0 b\n\n# comment\nl\\s\\c/\r\n", encoding="utf-8")
    assert read_split(path) == ("l/s/a 1 - 0 b", "l/s/c")


def test_read_split_official_json_is_read(tmp_path: Path) -> None:
    path = tmp_path / "train.json"
    path.write_text(
        json.dumps(
            {"epl": {"2014-2015": ["a", "b"], "2015-2016": ["c"]}, "uefa": {"2016-2017": ["d"]}}
        )
    )
    assert read_split(path) == (
        "epl/2014-2015/a",
        "epl/2014-2015/b",
        "epl/2015-2016/c",
        "uefa/2016-2017/d",
    )


def test_read_split_json_list_is_read(tmp_path: Path) -> None:
    path = tmp_path / "train.json"
    path.write_text('["M01 FRA v KOR", "x/y"]')
    assert read_split(path) == ("M01 FRA v KOR", "x/y")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.txt", b"", "names no match"),
        ("a.txt", b"x\ny\nx\n", "match 'x' is named twice"),
        ("a.txt", b"../up\n", "relative path"),
        ("a.txt", b"\xff\xff", "not UTF-8"),
        ("a.json", b"{", "not valid JSON"),
        ("a.json", b"[1]", "a split must be"),
        ("a.json", b'{"a": {"b": "c"}}', "a split must be"),
        ("a.json", b'{"a":{"b":{"c":{"d":{"e":["f"]}}}}}', "a split must be"),
        ("a.json", b"[]", "names no match"),
    ],
)
def test_read_split_malformed_file_is_refused(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=message):
        read_split(tmp_path / name)


def test_read_split_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_split(tmp_path / "x.txt")
