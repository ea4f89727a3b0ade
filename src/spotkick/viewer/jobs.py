"""Long work in the background, one piece at a time, with progress that a page can ask for."""

import secrets
import shutil
import tempfile
import threading
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from spotkick.errors import InputError, SpotkickError

Work = Callable[[Path, Callable[[float], None]], Sequence[Path]]
"""Writes files into the given folder, reports progress between 0 and 1, and returns the files."""

_MOST_KEPT: Final = 5


class JobCancelledError(Exception):
    """Raised inside the work when it was cancelled."""


@dataclass(slots=True)
class Job:
    """One piece of work.

    Attributes:
        key: its name in addresses.
        state: ``running``, ``done``, ``failed`` or ``cancelled``.
        progress: between 0 and 1.
        message: why it failed.
        files: results, when done.
    """

    key: str
    folder: Path
    state: str = "running"
    progress: float = 0.0
    message: str = ""
    files: tuple[Path, ...] = ()
    cancelled: threading.Event = field(default_factory=threading.Event)

    def document(self) -> dict[str, Any]:
        """The job as JSON for the browser."""
        files = [{"name": path.name, "size_bytes": path.stat().st_size} for path in self.files]
        return {
            "key": self.key,
            "state": self.state,
            "progress": round(self.progress, 4),
            "message": self.message,
            "files": files,
        }


class JobRunner:
    """Runs one job at a time in a thread; results lie in a temporary folder until `close`."""

    def __init__(self) -> None:
        """Start with no job."""
        self._folder = Path(tempfile.mkdtemp(prefix="spotkick-view-"))
        self._jobs: dict[str, Job] = {}
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def start(self, work: Work) -> Job:
        """Begin a job.

        Raises:
            InputError: if one is running.
        """
        with self._lock:
            if any(job.state == "running" for job in self._jobs.values()):
                raise InputError("a reel is being rendered; wait for it or cancel it")
            while len(self._jobs) >= _MOST_KEPT:
                oldest = self._jobs.pop(next(iter(self._jobs)))
                shutil.rmtree(oldest.folder, ignore_errors=True)
            key = secrets.token_hex(8)
            job = Job(key, self._folder / key)
            job.folder.mkdir()
            self._jobs[key] = job
            self._thread = threading.Thread(target=_run, args=(job, work), name="spotkick-job", daemon=True)
            self._thread.start()
            return job

    def get(self, key: str) -> Job | None:
        """The job of that name."""
        return self._jobs.get(key)

    def close(self) -> None:
        """Cancel what runs and remove all results."""
        for job in self._jobs.values():
            job.cancelled.set()
        if self._thread is not None:
            self._thread.join(timeout=10)
        shutil.rmtree(self._folder, ignore_errors=True)


def _run(job: Job, work: Work) -> None:
    def progress(share: float) -> None:
        if job.cancelled.is_set():
            raise JobCancelledError
        job.progress = min(1.0, max(0.0, share))

    try:
        job.files = tuple(work(job.folder, progress))
        job.progress, job.state = 1.0, "done"
    except JobCancelledError:
        job.state = "cancelled"
    except SpotkickError as error:
        job.message, job.state = str(error), "failed"
    except Exception:
        job.message, job.state = traceback.format_exc(limit=1).strip().splitlines()[-1], "failed"
