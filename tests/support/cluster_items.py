"""Work for tests of executors: functions of a module, which other processes can import."""

import os
import time
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

from spotkick.cluster.work import Outcome, Run, Work, WorkItem, run_in_worker
from spotkick.errors import InputError
from spotkick.reporter import Reporter


@dataclass(frozen=True)
class OpenDiary:
    """Items that write their name into a folder, and do what their payload says.

    Attributes:
        folder: gets a file for each time that a item is begun.
        seconds: that each item takes.
        fails: whether nothing can be opened.
    """

    folder: Path
    seconds: float = 0.0
    fails: bool = False

    def __call__(self, reporter: Reporter) -> Run[str]:
        del reporter
        if self.fails:
            raise InputError("nothing to open")
        return self._do

    def _do(self, item: WorkItem, reporter: Reporter) -> str:
        del reporter
        (self.folder / f"{item.name} {os.getpid()} {time.monotonic_ns()}").touch()
        if item.payload == "die":
            os._exit(9)
        if item.payload == "fail":
            raise InputError(f"{item.name} is damaged")
        time.sleep(self.seconds)
        return item.name.upper()


def run_or_be_killed(work: Work[str], item: WorkItem, version: str) -> Outcome[str]:
    """What Dask reports of an item whose workers died, without their death."""
    if item.payload == "die":
        from distributed import KilledWorker

        raise KilledWorker(item.name, SimpleNamespace(address="tcp://gone"), 1)
    return run_in_worker(work, item, version)


def count_begun(folder: Path) -> dict[str, int]:
    """How often each item was begun."""
    counts: dict[str, int] = {}
    for path in folder.iterdir():
        name = path.name.partition(" ")[0]
        counts[name] = counts.get(name, 0) + 1
    return counts
