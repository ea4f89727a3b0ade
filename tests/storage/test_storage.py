"""Object storage through a server of this machine: what is fetched, emptied and sent."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from moto.server import ThreadedMotoServer
from typer.testing import CliRunner

from spotkick.cli.main import build_app
from spotkick.demo.run import SHIPPED
from spotkick.errors import ConfigError, InputError, StorageError
from spotkick.storage import attach, fetched, localise, upload, upload_results
from spotkick.storage.addresses import cache_limit_bytes, find_place, local_path, parse_address
from spotkick.storage.cache import read_record
from spotkick.storage.object_store import StoredObject, list_objects
from support.demo_features import write_demo_features

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    own = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    own.start()
    host, port = own.get_host_and_port()
    yield f"http://{host}:{port}"
    own.stop()


@pytest.fixture
def bucket(server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty bucket, and a cache of its own."""
    from s3fs import S3FileSystem

    S3FileSystem.clear_instance_cache()
    values = {
        "AWS_ENDPOINT_URL": server,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "SPOTKICK_CACHE": str(tmp_path / "cache"),
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    name = f"b{abs(hash(str(tmp_path))) % 10**9}"
    S3FileSystem().mkdir(name)
    return name


def put(address: str, data: bytes) -> None:
    from s3fs import S3FileSystem

    S3FileSystem().pipe_file(address, data)


def read(address: str) -> bytes:
    from s3fs import S3FileSystem

    data = S3FileSystem().cat_file(address)
    assert isinstance(data, bytes)
    return data


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


def test_fetched_least_recently_used_goes_and_used_one_stays(
    bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPOTKICK_CACHE_SIZE", "2.5kb")
    for name in "abc":
        put(f"s3://{bucket}/{name}.npy", name.encode() * 1000)
    local = localise(Path(f"s3://{bucket}"))
    a, b, c = (local / f"{name}.npy" for name in "abc")
    for path in (a, b):
        with fetched([path]):
            pass
        record = read_record(path)
        assert record is not None
    os.utime(find_mark(a), ns=(1, 1))
    with fetched([b]), fetched([c]):
        assert [path.read_bytes()[:1] for path in (a, b, c)] == [b"\0", b"b", b"c"]
        assert a.stat().st_size == 1000
    with fetched([a]):
        assert a.read_bytes() == b"a" * 1000
    with pytest.raises(StorageError, match="more than the cache of 2,500"), fetched([a, b, c]):
        pass


def find_mark(path: Path) -> Path:
    place = find_place(path)
    assert place is not None
    relative = path.relative_to(local_path("s3://x", place.root).parent.parent)
    return place.root / "held" / f"{relative}.json"


def test_upload_sends_what_was_written_once(bucket: str) -> None:
    out = localise(Path(f"s3://{bucket}/out"), may_be_missing=True)
    (out / "a").mkdir()
    (out / "a" / "results_spotting.json").write_text("[1]")
    (out / "spotting.json").write_text("{}")
    upload([out / "a"])
    upload_results(out)
    assert read(f"s3://{bucket}/out/a/results_spotting.json") == b"[1]"
    assert read(f"s3://{bucket}/out/spotting.json") == b"{}"

    # A second call sends nothing, unless something changed.
    put(f"s3://{bucket}/out/spotting.json", b"of another")
    upload_results(out)
    assert read(f"s3://{bucket}/out/spotting.json") == b"of another"
    upload([Path(__file__)])
    assert len(list_objects(f"s3://{bucket}")) == 2


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


def test_upload_that_is_refused_is_storage_error(bucket: str) -> None:
    out = localise(Path("s3://no-such-bucket/out"), may_be_missing=True)
    (out / "a.json").write_text("{}")
    with pytest.raises(StorageError, match=r"cannot write s3://no-such-bucket/out/a\.json"):
        upload([out])
    assert bucket


@pytest.mark.parametrize("options", [(), ("--workers", "2")])
def test_spot_from_and_to_object_storage_writes_the_same_bytes(
    bucket: str, tmp_path: Path, options: tuple[str, ...]
) -> None:
    root = tmp_path / "data"
    write_demo_features(root, matches=2)
    for path in root.rglob("*.*"):
        if path.is_file():
            put(f"s3://{bucket}/data/{path.relative_to(root).as_posix()}", path.read_bytes())
    places = [(str(root), str(tmp_path / "out")), (f"s3://{bucket}/data", f"s3://{bucket}/out")]
    for source, out in places:
        arguments = ["spot", str(SHIPPED), source, "--out", out, "--threads", "1", *options]
        done = CliRunner().invoke(build_app(("spot", "train")), arguments)
        assert done.exit_code == 0, done.output
    for number in range(2):
        own = (tmp_path / "out" / f"match {number}" / "results_spotting.json").read_bytes()
        assert read(f"s3://{bucket}/out/match {number}/results_spotting.json") == own
    sent = {stored.url.rpartition("/")[2] for stored in list_objects(f"s3://{bucket}/out")}
    expected = {"results_spotting.json", "scores.npz", "spotting.json", "spotting_inputs.json"}
    assert sent == expected | ({"spot.ledger.jsonl"} if options else set())


def test_addresses_and_paths_stand_for_each_other() -> None:
    assert parse_address(Path("s3://bucket/a/b.mp4")) == "s3://bucket/a/b.mp4"
    assert parse_address("gs://bucket/") == "gs://bucket"
    assert parse_address(Path("/data/s3/x")) is None
    assert parse_address(Path("http://example.org/x.mp4")) is None
    place = find_place(local_path("s3://bucket/a/b.mp4", Path("/cache")))
    assert place == (Path("/cache"), "s3://bucket/a/b.mp4")
    assert find_place(Path("/data/a.mp4")) is None


def test_cache_limit_that_is_no_size_is_config_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPOTKICK_CACHE_SIZE", "200 GB")
    assert cache_limit_bytes() == 200 * 10**9
    monkeypatch.setenv("SPOTKICK_CACHE_SIZE", "much")
    with pytest.raises(ConfigError, match="SPOTKICK_CACHE_SIZE must be a size such as 200GB"):
        cache_limit_bytes()


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
