"""Files that the server derives from videos, made in the background and kept between runs.

They are made on request, one after the other, and kept in a cache folder until they are among the
oldest of more than the folder may hold.
"""

import hashlib
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import av

from spotkick.errors import SpotkickError, StorageError

_UNFINISHED: Final = ("waiting", "running")


class MakingCancelledError(Exception):
    """Raised inside the work when the server stops."""


MakeFile = Callable[[Path, Path, Callable[[float], object]], object]
"""Writes the file of a video; reports the share that is done, which may raise to stop."""


@dataclass(slots=True)
class MakingState:
    """How far a file has come.

    Attributes:
        state: ``none``, ``waiting``, ``running``, ``done`` or ``failed``.
        progress: between 0 and 1.
        message: why it failed.
    """

    state: str = "none"
    progress: float = 0.0
    message: str = ""

    def document(self) -> dict[str, Any]:
        """The state as JSON for the browser."""
        return {
            "state": self.state,
            "progress": round(self.progress, 4),
            "message": self.message,
        }


def cache_folder(name: str) -> Path:
    """A folder for derived files: ``$XDG_CACHE_HOME/spotkick/NAME``, by default below ~/.cache."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "spotkick" / name


class CachedFileMaker:
    """Makes one file for each video, one at a time, and finds those made before.

    Args:
        folder: for the files.
        make: writes one.
        suffix: of the files.
        version: of what ``make`` writes; files of another version are made anew.
        most_bytes: all files together; the oldest ones are removed.
    """

    def __init__(
        self, folder: Path, make: MakeFile, *, suffix: str, version: int, most_bytes: int
    ) -> None:
        """Start with what an earlier run has left."""
        self._folder = folder
        self._make = make
        self._suffix = suffix
        self._version = version
        self._most_bytes = most_bytes
        self._states: dict[Path, MakingState] = {}
        self._waiting: list[tuple[Path, Path]] = []
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None

    def find(self, video: Path) -> Path | None:
        """The finished file of a video as it is now, None where there is none."""
        target = self._target(video)
        return target if target.is_file() else None

    def state(self, video: Path) -> MakingState:
        """How far the file of a video is."""
        target = self._target(video)
        if target.is_file():
            return MakingState("done", 1.0)
        return self._states.get(target, MakingState())

    def request(self, video: Path) -> MakingState:
        """Have a file made, unless there is one or it is being made."""
        target = self._target(video)
        with self._lock:
            state = self.state(video)
            if state.state == "done" or state.state in _UNFINISHED:
                return state
            self._states[target] = state = MakingState("waiting")
            self._waiting.append((video, target))
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(
                    target=self._work, name=f"spotkick-{self._folder.name}", daemon=True
                )
                self._thread.start()
            return state

    def close(self) -> None:
        """Stop what runs; nothing unfinished stays."""
        self._closed.set()
        if self._thread is not None:
            self._thread.join(timeout=10)

    def _target(self, video: Path) -> Path:
        status = video.stat()
        identity = f"{self._version}\0{video.resolve()}\0{status.st_size}\0{status.st_mtime_ns}"
        digest = hashlib.blake2s(identity.encode("utf-8", "surrogatepass"), digest_size=16)
        return self._folder / f"{digest.hexdigest()}{self._suffix}"

    def _work(self) -> None:
        while not self._closed.is_set():
            with self._lock:
                if not self._waiting:
                    self._thread = None
                    return
                video, target = self._waiting.pop(0)
            state = self._states[target]
            state.state = "running"
            try:
                self._make_file(video, target, state)
            except MakingCancelledError:
                state.state = "none"
            except (SpotkickError, av.FFmpegError, OSError) as error:
                state.message, state.state = str(error), "failed"
            except Exception as error:  # else the file would seem to be made for ever
                state.message, state.state = f"{type(error).__name__}: {error}", "failed"

    def _make_file(self, video: Path, target: Path, state: MakingState) -> None:
        def progress(share: float) -> None:
            if self._closed.is_set():
                raise MakingCancelledError
            state.progress = min(1.0, share)

        try:
            target.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(f"cannot write {target.parent}: {error.strerror}") from error
        self._make(video, target, progress)
        remove_oldest(self._folder, self._suffix, self._most_bytes, keep=target)


def remove_oldest(folder: Path, suffix: str, most_bytes: int, *, keep: Path) -> None:
    """Remove the oldest files of a suffix until all together are small enough."""
    files = sorted(folder.glob(f"*{suffix}"), key=lambda path: path.stat().st_mtime, reverse=True)
    total = 0
    for path in files:
        total += path.stat().st_size
        if total > most_bytes and path != keep:
            path.unlink(missing_ok=True)
