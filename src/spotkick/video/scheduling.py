"""Threads keep their scheduling when an encoder starts.

SVT-AV1 makes its threads, and the one that opens it, real-time threads of the highest priority
where the process may do so, as in a container that runs as root. Everything else on the machine
would wait for the encoder, and each program started later would inherit the priority.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def keep_scheduling() -> Iterator[None]:
    """Give all threads the scheduling policy that this one had, if the block changed it."""
    if not hasattr(os, "sched_getscheduler"):  # other systems than Linux
        yield
        return

    policy, settings = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        yield
    finally:
        if os.sched_getscheduler(0) != policy:
            for thread in Path("/proc/self/task").iterdir():
                with suppress(ProcessLookupError):  # it has just ended
                    os.sched_setscheduler(int(thread.name), policy, settings)
