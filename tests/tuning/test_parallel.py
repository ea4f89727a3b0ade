"""One search on several devices."""

from pathlib import Path

import pytest

from spotkick.cluster.options import ClusterOptions
from spotkick.cluster.shards import Shard
from spotkick.errors import ConfigError
from spotkick.reporter import SilentReporter
from spotkick.training.tune_config import TuneConfig
from spotkick.tuning.parallel import choose_device, place_search, run_parallel_search
from spotkick.tuning.search import Search

LOCAL = ClusterOptions(2, "local")


def search_on(device: str | None) -> Search:
    training = {} if device is None else {"device": device}
    return Search({"training": training}, TuneConfig(), "try", False, {})


@pytest.mark.parametrize(
    ("device", "cluster", "gpus", "chosen"),
    [
        (None, LOCAL, 2, ["cuda:0", "cuda:1", "cuda:0"]),
        ("cuda", ClusterOptions(workers=3), 2, ["cuda:0", "cuda:1", "cuda:0"]),
        ("cpu", LOCAL, 2, [None, None, None]),
        ("cuda:1", LOCAL, 2, [None, None, None]),
        (None, LOCAL, 0, [None, None, None]),
        (None, ClusterOptions(cluster="tcp://a:1"), 2, [None, None, None]),
    ],
)
def test_choose_device_gpus_of_this_machine_in_turn(
    device: str | None, cluster: ClusterOptions, gpus: int, chosen: list[str | None]
) -> None:
    search = search_on(device)
    assert [choose_device(search, cluster, number, gpus) for number in range(3)] == chosen


def test_place_search_changes_the_device_alone() -> None:
    search = search_on("auto")
    assert place_search(search, None) is search
    placed = place_search(search, "cuda:1")
    assert placed.values["training"]["device"] == "cuda:1"
    assert search.values["training"]["device"] == "auto"


def test_run_parallel_search_shard_is_config_error(tmp_path: Path) -> None:
    options = ClusterOptions(workers=2, shard=Shard(1, 2))
    with pytest.raises(ConfigError, match="--shard is for matches"):
        run_parallel_search(
            search_on(None), tmp_path, trials=1, cluster=options, reporter=SilentReporter()
        )
