"""Atomic writes, JSON and archives, with broken disks and hostile files."""

import errno
import json
import os
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotkick.errors import InputError, SpotkickError, StorageError
from spotkick.files import (
    atomic_folder,
    atomic_path,
    check_archive,
    check_outputs,
    open_archive,
    parse_json,
    read_bytes,
    read_json,
    walk_folders,
    write_bytes,
    write_json,
    write_text,
)


def full_disk(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_write_and_read_text_bytes_json_round_trip(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "a.bin"
    write_bytes(path, b"\x00\r\n\xff")
    assert read_bytes(path) == b"\x00\r\n\xff"
    write_text(path, "Atlético\nŠibenik\n")
    assert path.read_bytes() == "Atlético\nŠibenik\n".encode()
    assert [entry.name for entry in path.parent.iterdir()] == ["a.bin"]


def test_write_bytes_mode_follows_umask(tmp_path: Path) -> None:
    former = os.umask(0o027)
    try:
        write_text(tmp_path / "a.txt", "a")
    finally:
        os.umask(former)
    assert stat.S_IMODE((tmp_path / "a.txt").stat().st_mode) == 0o640


@pytest.mark.parametrize("breaks", ["write_bytes", "fsync", "replace", "mkstemp"])
@pytest.mark.parametrize("former", [b"former", None], ids=["existing", "new"])
def test_atomic_path_full_disk_keeps_former_file_alone(
    breaks: str, former: bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "results.json"
    if former is not None:
        path.write_bytes(former)
    owner = {
        "write_bytes": "pathlib.Path",
        "replace": "pathlib.Path",
        "fsync": "os",
        "mkstemp": "tempfile",
    }[breaks]
    monkeypatch.setattr(f"{owner}.{breaks}", full_disk)
    with pytest.raises(
        StorageError,
        match=r"cannot write .*results\.json: No space left on device; nothing was changed",
    ):
        write_json(path, {"new": 1})
    monkeypatch.undo()
    assert [(entry.name, entry.read_bytes()) for entry in tmp_path.iterdir()] == (
        [("results.json", former)] if former else []
    )


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, ZeroDivisionError, SpotkickError])
def test_atomic_path_interruption_keeps_former_file_alone(
    interruption: type[BaseException], tmp_path: Path
) -> None:
    path = tmp_path / "model.bin"
    path.write_bytes(b"former")

    def interrupted() -> None:
        with atomic_path(path) as temporary:
            temporary.write_bytes(b"half of")
            assert temporary.parent == tmp_path
            raise interruption

    with pytest.raises(interruption):
        interrupted()
    assert [(entry.name, entry.read_bytes()) for entry in tmp_path.iterdir()] == [
        ("model.bin", b"former")
    ]


def test_atomic_path_syncs_data_before_rename(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def watched_fsync(descriptor: int) -> None:
        steps.append(f"fsync of {os.fstat(descriptor).st_size} bytes")
        fsync(descriptor)

    def watched_replace(self: Path, target: Path) -> Path:
        steps.append("replace")
        return replace(self, target)

    monkeypatch.setattr("os.fsync", watched_fsync)
    monkeypatch.setattr(Path, "replace", watched_replace)
    write_bytes(tmp_path / "a", b"12345")
    assert steps == ["fsync of 5 bytes", "replace"]


def test_write_bytes_unwritable_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError, match="cannot write"):
        write_text(tmp_path / "file" / "a.txt", "a")
    (tmp_path / "folder").mkdir()
    with pytest.raises(StorageError, match="Is a directory"):
        write_text(tmp_path / "folder", "a")
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["file", "folder"]


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


@given(JSON)
@settings(deadline=None, max_examples=50)
def test_write_json_read_json_round_trip(
    tmp_path_factory: pytest.TempPathFactory, value: Any
) -> None:
    path = tmp_path_factory.getbasetemp() / "round.json"
    write_json(path, value)
    assert read_json(path) == value
    assert path.read_bytes().endswith(b"\n")


def test_write_json_half_surrogate_pair_round_trip(tmp_path: Path) -> None:
    value = parse_json(b'{"label": "\\ud83d", "name": "\xc5\xa0"}', "labels")
    write_json(tmp_path / "a.json", value)
    assert read_json(tmp_path / "a.json") == value == {"label": "\ud83d", "name": "Š"}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), [-float("inf")]])
def test_write_json_nan_and_infinity_are_refused(value: Any, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        write_json(tmp_path / "a.json", value)
    assert not list(tmp_path.iterdir())


def test_parse_json_byte_order_mark_is_skipped() -> None:
    assert parse_json(b'\xef\xbb\xbf{"a": 1}', "a") == {"a": 1}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not valid JSON"),
        (b'{"a": 1', "not valid JSON"),
        (b'{"a": 1}\n{"a": 2}', "not valid JSON: Extra data"),
        (b'{"a": "\xe9"}', r"not UTF-8 text \(byte 7\)"),
        (b"[" * 200_000, "nested too deeply"),
        (b'{"a":' * 200_000, "nested too deeply"),
        (b"9" * 5000, "not valid JSON"),
    ],
    ids=[
        "empty",
        "truncated",
        "two documents",
        "latin-1",
        "deep list",
        "deep table",
        "endless number",
    ],
)
def test_parse_json_bad_text_is_one_line(data: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "labels.json"
    path.write_bytes(data)
    with pytest.raises(InputError, match=message) as caught:
        read_json(path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_read_bytes_missing_large_and_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_bytes(tmp_path / "none")
    with pytest.raises(InputError, match="a file is needed, this is a folder"):
        read_bytes(tmp_path)
    (tmp_path / "large").write_bytes(b"12345")
    with pytest.raises(InputError, match="5 bytes, more than the limit of 4"):
        read_bytes(tmp_path / "large", limit=4)
    with pytest.raises(InputError, match="more than the limit"):
        read_json(tmp_path / "large", limit=4)
    assert read_bytes(tmp_path / "large", limit=5) == b"12345"


def test_read_bytes_failing_disk_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").write_bytes(b"1")

    def failing(_: Path) -> bytes:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(Path, "read_bytes", failing)
    with pytest.raises(InputError, match="a: cannot be read: Input/output error"):
        read_bytes(tmp_path / "a")


@pytest.fixture
def make_archive(tmp_path: Path) -> Callable[..., Path]:
    def make(*names: str, content: bytes = b"x" * 10) -> Path:
        path = tmp_path / "a.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in names:
                archive.writestr(name, content)
        return path

    return make


def test_check_archive_safe_members_are_listed(make_archive: Callable[..., Path]) -> None:
    names = ["england/2015/a - b/results.json", "folder/", "..hidden/a", "a..b", "a/1 - 1 C:D"]
    with open_archive(make_archive(*names)) as archive:
        assert [member.filename for member in check_archive(archive, "a.zip")] == [
            name for name in names if name != "folder/"
        ]


@pytest.mark.parametrize(
    "name",
    [
        "/etc/passwd",
        "../a",
        "a/../../b",
        "a/..",
        "..\\a",
        "a\\..\\b",
        "\\\\host\\a",
        "C:/a",
        "C:\\a",
        "c:a",
    ],
)
def test_check_archive_members_outside_are_refused(
    name: str, make_archive: Callable[..., Path]
) -> None:
    with (
        open_archive(make_archive("good", name)) as archive,
        pytest.raises(InputError, match="points outside the archive"),
    ):
        check_archive(archive, "a.zip")


def test_check_archive_too_large_content_is_refused(make_archive: Callable[..., Path]) -> None:
    path = make_archive("a", "b", content=bytes(1_000_000))
    assert path.stat().st_size < 10_000
    with open_archive(path) as archive:
        assert len(check_archive(archive, "a.zip", limit=2_000_000)) == 2
        with pytest.raises(
            InputError, match="unpacks to 2,000,000 bytes, more than the limit of 1,999,999"
        ):
            check_archive(archive, "a.zip", limit=1_999_999)


def test_check_archive_encrypted_members_are_refused(make_archive: Callable[..., Path]) -> None:
    path = make_archive("secret")
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1  # the flag of the central directory
    path.write_bytes(data)
    with open_archive(path) as archive, pytest.raises(InputError, match="'secret' is encrypted"):
        check_archive(archive, "a.zip")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 and no more", b"not a zip file at all"])
def test_open_archive_other_content_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(content)
    with pytest.raises(InputError, match="not a readable zip file"):
        open_archive(path)
    with pytest.raises(InputError, match="not a readable zip file"):
        open_archive(tmp_path)
    with pytest.raises(InputError, match="not a readable zip file"):
        open_archive(tmp_path / "none.zip")


def test_write_json_is_indented_and_keeps_letters(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"team": "Málaga", "n": [1]})
    assert (tmp_path / "a.json").read_text(
        encoding="utf-8"
    ) == '{\n  "team": "Málaga",\n  "n": [\n    1\n  ]\n}\n'
    write_json(tmp_path / "a.json", {"n": [1]}, indent=None)
    assert json.loads((tmp_path / "a.json").read_text()) == {"n": [1]}


def test_check_outputs_link_to_an_input_is_refused(tmp_path: Path) -> None:
    source, link = tmp_path / "match.mp4", tmp_path / "link.mp4"
    source.write_bytes(b"video")
    link.symlink_to(source)
    hard = tmp_path / "hard.mp4"
    hard.hardlink_to(source)
    for output in (source, link, hard, tmp_path / "x" / ".." / "match.mp4"):
        with pytest.raises(InputError, match=r"--out .* would overwrite the input"):
            check_outputs({"--out": output}, [source])


def test_check_outputs_two_outputs_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="the output of --out"):
        check_outputs({"--out": tmp_path / "a", "--edl": tmp_path / "." / "a", "--otio": None}, [])


def test_check_outputs_file_inside_an_input_folder_is_allowed(tmp_path: Path) -> None:
    check_outputs({"--out": tmp_path / "reel.mp4", "--edl": None}, [tmp_path])


def test_atomic_folder_failed_rename_keeps_the_former_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "weights").write_text("former")
    replace = Path.replace

    def fail_at_new(self: Path, target: Path) -> Path:
        if self.name == "new":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", fail_at_new)
    with (
        pytest.raises(StorageError, match="nothing was changed"),
        atomic_folder(folder) as temporary,
    ):
        (temporary / "weights").write_text("new")
    assert (folder / "weights").read_text() == "former"
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_walk_folders_loop_of_links_ends(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / ".hidden").mkdir()
    (tmp_path / "a" / "b" / "up").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "a" / "self").symlink_to(tmp_path / "a", target_is_directory=True)
    (tmp_path / "a" / "nowhere").symlink_to(tmp_path / "gone", target_is_directory=True)
    found = [path.relative_to(tmp_path).as_posix() for path in walk_folders(tmp_path)]
    assert found == [".", "a", "a/b"]
