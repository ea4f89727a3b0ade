"""A short form of ``benchmarks/live.py faults``."""

import random
from pathlib import Path

import pytest

from support.live_faults import run_faults


def test_run_through_faults_finds_every_action_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Of this seed the signal is lost once, one connection repeats, and one clock leaps.
    monkeypatch.setattr("spotkick.live.reading.BACK_OFF_S", (0.0,))
    found, expected = run_faults(tmp_path, 150, random.Random(10))
    assert len(expected) > 10
    assert found == expected
