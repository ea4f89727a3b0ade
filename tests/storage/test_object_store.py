"""Objects and folders of a store, one by one."""

from pathlib import Path

import pytest

from spotkick.errors import InputError
from spotkick.storage.object_store import download, list_folders, list_objects, send
from support.object_storage import put, read

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")


def test_list_objects_and_folders_name_what_lies_below_an_address(bucket: str) -> None:
    for key in ("a/1.mp4", "a/b/2.mp4", "c.json"):
        put(f"s3://{bucket}/{key}", key.encode())
    below = list_objects(f"s3://{bucket}/a")
    assert {(own.url, own.size_bytes) for own in below} == {
        (f"s3://{bucket}/a/1.mp4", 7),
        (f"s3://{bucket}/a/b/2.mp4", 9),
    }
    beside = list_objects(f"s3://{bucket}/a", recursive=False)
    assert [own.url for own in beside] == [f"s3://{bucket}/a/1.mp4"]
    assert list_folders(f"s3://{bucket}/a") == [f"s3://{bucket}/a/b"]


def test_send_and_download_keep_the_bytes(bucket: str, tmp_path: Path) -> None:
    (tmp_path / "one").write_bytes(b"video")
    stored = send(tmp_path / "one", f"s3://{bucket}/x")
    assert stored == list_objects(f"s3://{bucket}/x")[0]
    assert read(stored.url) == b"video"
    download(stored.url, tmp_path / "two")
    assert (tmp_path / "two").read_bytes() == b"video"


def test_download_of_nothing_is_input_error(bucket: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=f"s3://{bucket}/none: no such object"):
        download(f"s3://{bucket}/none", tmp_path / "x")
    assert not (tmp_path / "x").exists()
