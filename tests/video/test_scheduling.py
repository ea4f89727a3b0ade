"""Encoders leave the scheduling of the process alone."""

import os
from pathlib import Path
from threading import Event, Thread

import pytest

from spotkick.video.scheduling import keep_scheduling

ORDINARY = os.sched_param(0)


def policies() -> set[int]:
    return {os.sched_getscheduler(int(own.name)) for own in Path("/proc/self/task").iterdir()}


@pytest.mark.skipif(not hasattr(os, "SCHED_BATCH"), reason="Linux alone has policies of threads")
def test_keep_scheduling_changed_threads_get_their_policy_back() -> None:
    done = Event()
    before = os.sched_getscheduler(0)
    with keep_scheduling():
        os.sched_setscheduler(0, os.SCHED_BATCH, ORDINARY)
        started = Thread(target=done.wait)  # inherits the policy
        started.start()
        assert os.SCHED_BATCH in policies()
    try:
        assert policies() == {before}
    finally:
        done.set()
        started.join()


def test_keep_scheduling_error_is_passed_on() -> None:
    with pytest.raises(ValueError, match="planted"), keep_scheduling():
        raise ValueError("planted")
