"""A short form of ``benchmarks/live.py faults``."""

import random
from pathlib import Path

import pytest

from support.live_faults import run_faults


@pytest.mark.parametrize("seed", [1, 2])
def test_run_through_faults_finds_every_action_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr("spotkick.live.reading.BACK_OFF_S", (0.0,))
    found, expected = run_faults(tmp_path, 120, random.Random(seed))
    assert len(expected) > 10
    assert found == expected
