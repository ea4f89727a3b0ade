"""Addresses, the paths that stand for them, and the size of the cache."""

from pathlib import Path

import pytest

from spotkick.errors import ConfigError
from spotkick.storage.addresses import cache_limit_bytes, find_place, local_path, parse_address


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
