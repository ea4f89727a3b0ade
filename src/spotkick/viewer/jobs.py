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

_MOST_KEPT: Final = 5
_DOING: Final = {
    "reel": "a reel is being rendered",
    "lists": "edit lists are being written",
    "shots": "shot changes are being looked for",
}


class JobCancelledError(Exception):
    """Raised inside the work when it was cancelled."""


@dataclass(frozen=True, slots=True)
class Made:
    """What a piece of work has made.

    Attributes:
        files: in the folder of the job.
        note: what a person should know about them, empty for nothing.
    """

    files: Sequence[Path] = ()
    note: str = ""


Work = Callable[[Path, Callable[[float], None]], Made]
"""Writes files into the given folder, and reports progress between 0 and 1."""


@dataclass(slots=True)
class Job:
    """One piece of work.

    Attributes:
        key: its name in addresses.
        folder: for its files.
        kind: ``reel``, ``lists`` or ``shots``.
        match: key of the match that it is about.
        state: ``running``, ``done``, ``failed`` or ``cancelled``.
        progress: between 0 and 1.
        message: why it failed, or what to know about the results.
        files: results, when done.
    """

    key: str
    folder: Path
    kind: str = "reel"
    match: str = ""
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
            "kind": self.kind,
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

    def start(self, work: Work, kind: str = "reel", match: str = "") -> Job:
        """Begin a job.

        Args:
            work: what to do.
            kind: ``reel``, ``lists`` or ``shots``.
            match: key of the match that it is about.

        Raises:
            InputError: if one is running.
        """
        with self._lock:
            running = next((job for job in self._jobs.values() if job.state == "running"), None)
            if running is not None:
                raise InputError(f"{_DOING[running.kind]}; wait for it or cancel it")
            while len(self._jobs) >= _MOST_KEPT:
                oldest = self._jobs.pop(next(iter(self._jobs)))
                shutil.rmtree(oldest.folder, ignore_errors=True)
            key = secrets.token_hex(8)
            job = Job(key, self._folder / key, kind, match)
            job.folder.mkdir()
            self._jobs[key] = job
            self._thread = threading.Thread(
                target=_run_job, args=(job, work), name="spotkick-job", daemon=True
            )
            self._thread.start()
            return job

    def get(self, key: str) -> Job | None:
        """The job of that name."""
        return self._jobs.get(key)

    def of(self, match: str) -> list[Job]:
        """Jobs about a match, the oldest first."""
        return [job for job in list(self._jobs.values()) if job.match == match]

    def close(self) -> None:
        """Cancel what runs and remove all results."""
        for job in self._jobs.values():
            job.cancelled.set()
        if self._thread is not None:
            self._thread.join(timeout=10)
        shutil.rmtree(self._folder, ignore_errors=True)


def _run_job(job: Job, work: Work) -> None:
    def progress(share: float) -> None:
        if job.cancelled.is_set():
            raise JobCancelledError
        job.progress = min(1.0, max(0.0, share))

    try:
        made = work(job.folder, progress)
        job.files, job.message = tuple(made.files), made.note
        job.progress, job.state = 1.0, "done"
    except JobCancelledError:
        job.state = "cancelled"
    except SpotkickError as error:
        job.message, job.state = str(error), "failed"
    except Exception:
        job.message, job.state = traceback.format_exc(limit=1).strip().splitlines()[-1], "failed"
