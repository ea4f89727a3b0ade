"""What lies at an address, as files of this machine."""

from pathlib import Path

import pytest

from spotkick.errors import InputError
from spotkick.storage import attach, fetched, localise
from spotkick.storage.object_store import StoredObject
from support.object_storage import put

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")


def test_localise_large_files_are_empty_until_they_are_fetched(bucket: str) -> None:
    put(f"s3://{bucket}/league/2026/a/1.mp4", b"video" * 100)
    put(f"s3://{bucket}/league/2026/a/periods.json", b"{}")
    local = localise(Path(f"s3://{bucket}/league"))
    video = local / "2026" / "a" / "1.mp4"
    assert video.stat().st_size == 500
    assert video.read_bytes() == bytes(500)
    assert (video.parent / "periods.json").read_bytes() == b"{}"

    with fetched([video, None, Path(__file__)]):
        assert video.read_bytes() == b"video" * 100
    times = video.stat().st_mtime_ns
    again = localise(Path(f"s3://{bucket}/league"))
    assert (again, video.read_bytes(), video.stat().st_mtime_ns) == (local, b"video" * 100, times)

    # Another version is fetched anew.
    put(f"s3://{bucket}/league/2026/a/1.mp4", b"other" * 50)
    attach([local])
    assert video.read_bytes() == bytes(250)
    with fetched([video]):
        assert video.read_bytes() == b"other" * 50


def test_localise_one_object_brings_what_lies_beside_it(bucket: str) -> None:
    put(f"s3://{bucket}/set/x.source/source.json", b"{}")
    put(f"s3://{bucket}/set/m/evening.mp4", b"video")
    put(f"s3://{bucket}/set/m/periods.json", b"[]")
    local = localise(Path(f"s3://{bucket}/set/m/evening.mp4"))
    assert local.is_file()
    assert (local.parent / "periods.json").read_bytes() == b"[]"
    assert (local.parent.parent / "x.source" / "source.json").read_bytes() == b"{}"


@pytest.mark.parametrize("key", ["none", "none/1.mp4"])
def test_localise_nothing_there_is_input_error(bucket: str, key: str) -> None:
    with pytest.raises(InputError, match=r"there is nothing at this address|no such object"):
        localise(Path(f"s3://{bucket}/{key}"))
    with pytest.raises(InputError, match=r"no such object or bucket|there is nothing"):
        localise(Path("s3://no-such-bucket"))


@pytest.mark.parametrize("key", ["bucket/../../../../etc/x", "../x", "bucket/a\0b", "bucket/..\\x"])
def test_localise_object_whose_name_leaves_the_cache_is_input_error(
    key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPOTKICK_CACHE", str(tmp_path / "cache"))
    hostile = StoredObject(f"s3://{key}", 1, "1")
    monkeypatch.setattr("spotkick.storage.mirror.list_objects", lambda *_, **__: [hostile])
    with pytest.raises(InputError, match="cannot be a path of this machine"):
        localise(Path("s3://bucket/league"))
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == []
