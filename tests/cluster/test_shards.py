from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotkick.cluster.shards import Shard, parse_shard
from spotkick.errors import ConfigError, InputError


@settings(max_examples=30)
@given(names=st.lists(st.text(max_size=5), unique=True, max_size=40), count=st.integers(1, 9))
def test_shard_choose_takes_each_match_once(names: list[str], count: int) -> None:
    parts = [Shard(number, count).choose(names) for number in range(1, count + 1)]
    assert sorted(name for part in parts for name in part) == sorted(names)
    sizes = [len(part) for part in parts]
    assert max(sizes) - min(sizes) <= 1
    assert parts == [Shard(n, count).choose(reversed(names)) for n in range(1, count + 1)]


@pytest.mark.parametrize("text", ["0/3", "4/3", "3", "a/b", "-1/3", "1/0", "", "1/3/5"])
def test_parse_shard_other_text_is_config_error(text: str) -> None:
    with pytest.raises(ConfigError, match="--shard must be a part such as 1/8"):
        parse_shard(text)


@pytest.mark.parametrize(("first", "last", "step"), [(0, 7, 1), (1, 8, 1), (5, 40, 5), (3, 3, 1)])
def test_parse_shard_slurm_arrays_of_any_start_and_step(first: int, last: int, step: int) -> None:
    ids = range(first, last + 1, step)
    shards = [
        parse_shard(
            "slurm",
            {
                "SLURM_ARRAY_TASK_ID": str(number),
                "SLURM_ARRAY_TASK_COUNT": str(len(ids)),
                "SLURM_ARRAY_TASK_MIN": str(first),
                "SLURM_ARRAY_TASK_MAX": str(last),
            },
        )
        for number in ids
    ]
    assert shards == [Shard(number, len(ids)) for number in range(1, len(ids) + 1)]


def test_parse_shard_slurm_without_a_regular_array_is_config_error() -> None:
    with pytest.raises(ConfigError, match="needs a job array"):
        parse_shard("slurm", {})
    odd = {"SLURM_ARRAY_TASK_ID": "7", "SLURM_ARRAY_TASK_COUNT": "3"}
    odd |= {"SLURM_ARRAY_TASK_MIN": "1", "SLURM_ARRAY_TASK_MAX": "9"}
    with pytest.raises(ConfigError, match="has no place in an array"):
        parse_shard("slurm", odd)


def test_shard_claim_of_other_matches_is_input_error(tmp_path: Path) -> None:
    Shard(1, 2).claim(tmp_path, "spot", ["a", "b"])
    Shard(2, 2).claim(tmp_path, "spot", ["b", "a"])
    with pytest.raises(InputError, match="another shard was cut from 2 matches, and here are 3"):
        Shard(2, 2).claim(tmp_path, "spot", ["a", "b", "c"])
    assert [path.name for path in tmp_path.iterdir()] == ["spot.shards-2.json"]
