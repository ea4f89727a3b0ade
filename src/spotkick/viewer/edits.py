"""Corrections of a match; neither a killed process nor a second tab loses or overwrites them.

The store is a journal: one JSON line per change, appended and flushed to disk before the change is
confirmed. A change states what a spot is now, so that the last line about a spot holds, and undoing
is one more line. Line n makes revision n. A sender of changes names the revision that they are
based on; when others have written since, nothing is written and the sender gets what they wrote.
"""

import json
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from spotkick.errors import InputError, StorageError

try:
    import fcntl
except (
    ImportError
):  # Windows: threads are kept apart by the lock below, processes by the size check alone
    fcntl = None  # type: ignore[assignment]

MAX_JOURNAL_BYTES: Final = 256 * 1024 * 1024
"""Largest journal that is read; a million changes."""

LONGEST_LABEL: Final = 200
"""Characters of a class name."""

LONGEST_NOTE: Final = 1000
"""Characters of a note."""

_ONE_LINE: Final = r"^[^\x00-\x1f\x7f]*$"
_MOST_PROBLEMS: Final = 5


class Status(StrEnum):
    """What a person has decided about a spot."""

    UNDECIDED = "undecided"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


class SpotState(BaseModel):
    """A spot as a person left it.

    Team, visibility, player and note are None where the person left them as the file has them, and
    empty where there is to be none.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    source: Literal["prediction", "label", "added"]
    label: Annotated[
        str,
        Field(
            min_length=1,
            max_length=LONGEST_LABEL,
            pattern=r"^[^\x00-\x1f\x7f]*\S[^\x00-\x1f\x7f]*$",
        ),
    ]
    period: Annotated[int, Field(ge=1, le=9)]
    position_ms: Annotated[int, Field(ge=-100_000_000, le=100_000_000)]
    status: Annotated[Status, Field(strict=False)]
    confidence: Annotated[float | None, Field(allow_inf_nan=False)] = None
    team: Annotated[str | None, Field(max_length=LONGEST_LABEL, pattern=_ONE_LINE)] = None
    visibility: Literal["", "visible", "not shown"] | None = None
    player: Annotated[str | None, Field(max_length=LONGEST_LABEL, pattern=_ONE_LINE)] = None
    note: Annotated[str | None, Field(max_length=LONGEST_NOTE, pattern=_ONE_LINE)] = None


class SpotEdit(BaseModel):
    """One change: spot ``id`` is now ``state``.

    None puts it back as the files have it, or removes it when it was added. ``reviewer`` and ``at``
    say who made the change, and when.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    id: Annotated[str, Field(pattern=r"^[pla]-[0-9a-f]{8,32}$")]
    state: SpotState | None
    reviewer: Annotated[str | None, Field(max_length=LONGEST_LABEL, pattern=_ONE_LINE)] = None
    at: Annotated[str | None, Field(max_length=40, pattern=_ONE_LINE)] = None

    def document(self) -> dict[str, Any]:
        """The change as JSON; what is not stated is left out."""
        optional = ("team", "visibility", "player", "note", "reviewer", "at")
        document = self.model_dump(mode="json")
        for part in (document, document["state"] or {}):
            for name in optional:
                if part.get(name) is None:
                    part.pop(name, None)
        return document

    def to_line(self) -> bytes:
        """The change as a line of the journal."""
        return f"{json.dumps(self.document(), ensure_ascii=False)}\n".encode()


class RevisionConflictError(Exception):
    """Others have written since the revision that a change is based on."""

    def __init__(self, revision: int) -> None:
        """Keep the revision that holds now."""
        super().__init__(f"the corrections are at revision {revision}")
        self.revision = revision


class EditJournal:
    """The corrections of one match.

    Args:
        path: of the journal; made with the first change.
        roots: resolved folders in which it must lie, links followed; empty for anywhere.

    Raises:
        InputError: if the file exists and is no such journal, or is a link to another place.
    """

    def __init__(self, path: Path, *, roots: Sequence[Path] = ()) -> None:
        """Read what is there."""
        self.path = path
        self._roots = tuple(roots)
        self._problems: list[str] = []
        self._num_lines = 0
        self._lock = threading.Lock()
        self._edits: list[SpotEdit] = []
        self._size = 0
        with self._lock:
            self._catch_up()

    @property
    def revision(self) -> int:
        """Number of changes so far, those of other processes included."""
        with self._lock:
            self._catch_up()
            return len(self._edits)

    @property
    def problems(self) -> tuple[str, ...]:
        """Lines that were left out since they are no corrections."""
        with self._lock:
            self._catch_up()
            return tuple(self._problems[:_MOST_PROBLEMS])

    def since(self, revision: int) -> tuple[SpotEdit, ...]:
        """Changes after a revision, oldest first."""
        with self._lock:
            self._catch_up()
            return tuple(self._edits[max(0, revision) :])

    def states(self) -> dict[str, SpotState]:
        """What holds now, by id of the spot; spots that are as in the files are left out."""
        current = {edit.id: edit.state for edit in self.since(0)}
        return {identity: state for identity, state in current.items() if state is not None}

    def append(self, edits: Sequence[SpotEdit], *, based_on: int) -> int:
        """Write changes and return the new revision; they are on disk when this returns.

        Raises:
            RevisionConflictError: if there are changes after ``based_on``; nothing is written then.
            StorageError: if the system refuses to write; nothing is changed then.
        """
        if not edits:
            return self.revision
        with self._lock, self._lock_file():
            self._catch_up()
            if len(self._edits) != based_on:
                raise RevisionConflictError(len(self._edits))
            lines = b"".join(edit.to_line() for edit in edits)
            self._append_lines(lines)
            self._edits.extend(edits)
            self._num_lines += len(edits)
            self._size += len(lines)
            return len(self._edits)

    def _append_lines(self, lines: bytes) -> None:
        try:
            with self.path.open("ab") as journal:
                # A torn last line of a killed process was not confirmed to anybody.
                journal.truncate(self._size)
                try:
                    journal.write(lines)
                    journal.flush()
                    os.fsync(journal.fileno())
                except OSError:
                    journal.truncate(self._size)
                    raise
            if self._size == 0:
                _sync_folder(self.path.parent)
        except OSError as error:
            raise StorageError(
                f"cannot write {self.path}: {error.strerror or error}; the change is not saved, "
                "free space or give another folder with --edits"
            ) from error

    @contextmanager
    def _lock_file(self) -> Iterator[None]:
        """Keep other processes out while the journal is compared and extended."""
        self._require_inside()
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("ab") as journal:
                if fcntl is not None:
                    fcntl.flock(journal, fcntl.LOCK_EX)
                yield
        except OSError as error:
            raise StorageError(
                f"cannot write {self.path}: {error.strerror or error}; give a folder for "
                "corrections with --edits"
            ) from error

    def _catch_up(self) -> None:
        """Read complete lines that were added since the last look."""
        self._require_inside()
        try:
            size = self.path.stat().st_size
        except FileNotFoundError:
            size = 0

        # A file that is shorter than before was removed or replaced: start again.
        if size < self._size:
            self._edits, self._size = [], 0
            self._problems, self._num_lines = [], 0
        if size == self._size:
            return

        if size > MAX_JOURNAL_BYTES:
            raise InputError(
                f"{self.path}: {size:,} bytes, more than the limit of {MAX_JOURNAL_BYTES:,}"
            )
        try:
            with self.path.open("rb") as journal:
                journal.seek(self._size)
                data = journal.read(size - self._size)
        except OSError as error:
            raise InputError(f"{self.path}: cannot be read: {error.strerror or error}") from error

        # A last line without its end is still being written, and is read the next time.
        complete = data[: data.rfind(b"\n") + 1]
        for line in complete.splitlines():
            self._num_lines += 1
            try:
                self._edits.append(SpotEdit.model_validate(json.loads(line)))
            except (ValueError, RecursionError, ValidationError) as error:
                reason = str(error).splitlines()[0]
                self._problems.append(
                    f"{self.path.name}, line {self._num_lines} is not a correction and is left "
                    f"out ({reason})"
                )
        self._size += len(complete)
        if self._problems and not self._edits:
            raise InputError(
                f"{self.path} holds no corrections ({self._problems[0]}); move the file away to "
                "start afresh"
            )

    def _require_inside(self) -> None:
        """Refuse a journal that is a link to a place that is not shown."""
        target = self.path.resolve()
        inside = any(target == root or root in target.parents for root in self._roots)
        if self._roots and self.path.is_symlink() and not inside:
            raise InputError(
                f"{self.path} is a link to a place outside the folders that are shown; remove the "
                "link, or give a folder for corrections with --edits"
            )


def _sync_folder(folder: Path) -> None:
    """Make a new name in a folder survive a power cut, where the system can do that."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
