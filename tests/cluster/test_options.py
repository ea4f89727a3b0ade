import os
from pathlib import Path

import pytest

from spotkick.cluster.executors import ProcessExecutor, SerialExecutor
from spotkick.cluster.options import ClusterOptions, open_executor
from spotkick.cluster.shards import Shard
from spotkick.errors import ConfigError
from spotkick.reporter import SilentReporter


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"cluster": "kubernetes"}, "--cluster must be local, slurm, or an address"),
        ({"memory": "4GB"}, "--memory-limit is for"),
        ({"cluster": "tcp://a:1", "memory": "4GB"}, "--memory-limit is for"),
        ({"dashboard": True}, "--dashboard is for"),
        ({"cluster": "tcp://a:1", "workers": 3}, "--workers is for"),
    ],
)
def test_cluster_options_that_contradict_are_config_errors(
    options: dict[str, object], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        ClusterOptions(**options)  # type: ignore[arg-type]


def test_open_executor_processes_only_where_asked_for() -> None:
    with open_executor(ClusterOptions(), SilentReporter()) as executor:
        assert isinstance(executor, SerialExecutor)
    with open_executor(ClusterOptions(workers=3), SilentReporter()) as executor:
        assert isinstance(executor, ProcessExecutor)
        assert executor.workers == 3
    assert ClusterOptions(workers=3).fit(1) == ClusterOptions(workers=1)
    assert ClusterOptions(3, "local").fit(1) == ClusterOptions(3, "local")


def test_cluster_options_share_threads() -> None:
    cores = os.cpu_count() or 1
    assert ClusterOptions().share_threads(0) == 0
    assert ClusterOptions(workers=2).share_threads(0) == max(1, cores // 2)
    assert ClusterOptions(cluster="local").share_threads(0) == 1
    assert ClusterOptions(cluster="slurm").share_threads(0) == 1
    assert ClusterOptions(cluster="tcp://a:1").share_threads(0) == 0
    assert ClusterOptions(workers=2).share_threads(5) == 5


def test_cluster_options_ledger_is_kept_of_runs_that_can_go_on(tmp_path: Path) -> None:
    assert ClusterOptions().open_ledger(tmp_path, "spot") is None
    sharded = ClusterOptions(shard=Shard(2, 3)).open_ledger(tmp_path, "spot")
    assert sharded is not None
    assert sharded.path.name == "spot.2-of-3.ledger.jsonl"
    for options in (
        ClusterOptions(2),
        ClusterOptions(cluster="local"),
        ClusterOptions(resume=True),
    ):
        ledger = options.open_ledger(tmp_path, "spot")
        assert ledger is not None
        assert ledger.path.name == "spot.ledger.jsonl"
