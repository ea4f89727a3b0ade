"""Contents that are fetched, emptied and sent; spotting from a store and into it."""

import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from spotkick.cli.main import build_app
from spotkick.demo.run import SHIPPED
from spotkick.errors import StorageError
from spotkick.storage import fetched, localise, upload, upload_results
from spotkick.storage.addresses import find_place, local_path
from spotkick.storage.cache import read_record
from spotkick.storage.object_store import list_objects
from support.demo_features import write_demo_features
from support.object_storage import put, read

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")


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
    stored = [f"s3://{bucket}/data", "--out", f"s3://{bucket}/out", *options]
    for own in ([str(root), "--out", str(tmp_path / "out")], stored):
        arguments = ["spot", str(SHIPPED), *own, "--threads", "1"]
        done = CliRunner().invoke(build_app(("spot", "train")), arguments)
        assert done.exit_code == 0, done.output
    for number in range(2):
        local = (tmp_path / "out" / f"match {number}" / "results_spotting.json").read_bytes()
        assert read(f"s3://{bucket}/out/match {number}/results_spotting.json") == local
    sent = {one.url.rpartition("/")[2] for one in list_objects(f"s3://{bucket}/out")}
    expected = {"results_spotting.json", "scores.npz", "spotting.json", "spotting_inputs.json"}
    assert sent == expected | ({"spot.ledger.jsonl"} if options else set())
