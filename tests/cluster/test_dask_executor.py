"""Items on the workers of a Dask scheduler: outcomes, and workers that are killed."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from distributed import Client, LocalCluster
from typer.testing import CliRunner

from spotkick.cli.main import build_app
from spotkick.cluster.dask_executor import DaskExecutor
from spotkick.cluster.ledger import Ledger, read_ledgers
from spotkick.cluster.options import ClusterOptions, open_executor
from spotkick.cluster.running import DIED, run_work
from spotkick.cluster.work import Outcome, Work, WorkItem
from spotkick.demo.run import SHIPPED
from spotkick.errors import ClusterError, ConfigError, InputError
from spotkick.reporter import SilentReporter
from support.cluster_items import OpenDiary, count_begun, run_or_be_killed
from support.demo_features import write_demo_features

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


@contextmanager
def thread_cluster(workers: int) -> Iterator[tuple[LocalCluster, Client]]:
    """A scheduler that listens on loopback, with workers that are threads of this process."""
    with (
        LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=False,
            protocol="tcp://",
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
            silence_logs=logging.CRITICAL,
        ) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        yield cluster, client


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with thread_cluster(2) as (cluster, _):
        yield cluster.scheduler_address


def do(
    address: str, work: Work[str], items: list[WorkItem], ledger: Ledger | None = None
) -> dict[str, Outcome[str]]:
    with open_executor(ClusterOptions(cluster=address), SilentReporter()) as executor:
        outcomes = list(run_work(executor, work, items, SilentReporter(), ledger=ledger))
    assert len({outcome.item for outcome in outcomes}) == len(outcomes)
    return {outcome.item: outcome for outcome in outcomes}


def test_dask_executor_outcomes_are_those_of_one_process(address: str, tmp_path: Path) -> None:
    items = [WorkItem(f"m{number}", "fail" if number == 3 else None) for number in range(40)]
    ledger = Ledger.of_run(tmp_path / "out", "try")
    (tmp_path / "begun").mkdir()
    done = do(address, Work("try", OpenDiary(tmp_path / "begun")), items, ledger)
    assert {name for name, one in done.items() if one.state == "failed"} == {"m3"}
    assert done["m3"].error == "m3 is damaged"
    assert all(one.result == name.upper() for name, one in done.items() if name != "m3")
    assert set(count_begun(tmp_path / "begun").values()) == {1}
    assert len(read_ledgers(tmp_path / "out", "try")) == 40


def test_dask_executor_what_cannot_be_opened_is_raised(address: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nothing to open"):
        do(address, Work("try", OpenDiary(tmp_path, fails=True)), [WorkItem("a")])


def test_dask_executor_item_that_kills_its_workers_is_named(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spotkick.cluster.dask_executor.run_in_worker", run_or_be_killed)
    items = [WorkItem(f"m{number}", "die" if number == 5 else None) for number in range(12)]
    done = do(address, Work("try", OpenDiary(tmp_path)), items)
    assert {name: one.error for name, one in done.items() if one.state != "done"} == {"m5": DIED}
    assert set(count_begun(tmp_path).values()) == {1}


def test_spot_on_a_cluster_writes_the_same_bytes(address: str, tmp_path: Path) -> None:
    root = tmp_path / "data"
    write_demo_features(root, matches=3)
    bytes_of = []
    for name, options in (("one", []), ("two", ["--cluster", address])):
        out = tmp_path / name
        arguments = ["spot", str(SHIPPED), str(root), "--out", str(out), "--threads", "1", *options]
        done = CliRunner().invoke(build_app(("spot", "train")), arguments)
        assert done.exit_code == 0, done.output
        bytes_of.append(
            {
                path.relative_to(out).as_posix(): path.read_bytes()
                for path in sorted(out.rglob("*.json"))
            }
        )
    assert bytes_of[0] == bytes_of[1]
    assert len(bytes_of[0]) == 3 * 2 + 1


def test_open_executor_address_without_scheduler_is_cluster_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("spotkick.cluster.dask_clusters._CONNECT_S", 0.3)
    with (
        pytest.raises(ClusterError, match="cannot be started or reached"),
        open_executor(ClusterOptions(cluster="tcp://127.0.0.1:9"), SilentReporter()),
    ):
        pass


def test_open_executor_memory_limit_that_is_no_size_is_config_error() -> None:
    options = ClusterOptions(cluster="local", memory="much")
    with (
        pytest.raises(ConfigError, match="--memory-limit must be a size such as 4GB"),
        open_executor(options, SilentReporter()),
    ):
        pass


def test_dask_executor_without_workers_is_cluster_error(tmp_path: Path) -> None:
    with thread_cluster(0) as (_, client):
        executor = DaskExecutor(client, workers=2, patience_s=0.1)
        work = Work("try", OpenDiary(tmp_path))
        with pytest.raises(ClusterError, match="no worker has been there"):
            list(run_work(executor, work, [WorkItem("a")], SilentReporter()))


def test_run_work_client_that_stops_leaves_few_begun_and_the_ledger_goes_on(tmp_path: Path) -> None:
    items = [WorkItem(f"m{number}") for number in range(30)]
    work = Work("try", OpenDiary(tmp_path, seconds=0.21))
    ledger = Ledger.of_run(tmp_path / "out", "try")
    with thread_cluster(2) as (_, client):
        executor = DaskExecutor(client, workers=2, patience_s=5)
        outcomes = run_work(executor, work, items, SilentReporter(), ledger=ledger)
        first = [next(outcomes).item for _ in range(3)]
        outcomes.close()  # type: ignore[attr-defined]
    assert set(read_ledgers(tmp_path / "out", "try")) == set(first)
    (tmp_path / "out" / "try.ledger.jsonl").unlink()
    (tmp_path / "out").rmdir()
    assert len(count_begun(tmp_path)) <= 3 + 2 * 2


def test_dask_executor_scheduler_that_goes_is_cluster_error(tmp_path: Path) -> None:
    items = [WorkItem(f"m{number}") for number in range(30)]
    work = Work("try", OpenDiary(tmp_path, seconds=0.05))
    with thread_cluster(2) as (cluster, client):
        executor = DaskExecutor(client, workers=2, patience_s=5)
        outcomes = run_work(executor, work, items, SilentReporter())
        next(outcomes)
        cluster.close()
        with pytest.raises(ClusterError, match="go on with --resume"):
            list(outcomes)
