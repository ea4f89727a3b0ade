"""What a live run has published, on disk: a line per event, so that a restart goes on from there.

A line is on disk before anyone else sees the event. A process that is killed leaves at most the
beginning of a line, which is cut off when the journal is opened again.
"""

import json
import os
import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, Final

from spotkick.errors import InputError, StorageError
from spotkick.files import parse_json
from spotkick.live.events import EventKind, LiveEvent, parse_event
from spotkick.live.publishing import Change

JOURNAL_FILE: Final = "events.jsonl"

_MAX_LINE_BYTES: Final = 1_000_000
"""No event is as long; a longer line is damage."""


class Journal:
    """Numbers events and writes them; safe for several threads."""

    def __init__(self, path: Path) -> None:
        """Open a journal, new or from an earlier run.

        Args:
            path: of the file.

        Raises:
            InputError: if the file is damaged.
            StorageError: if it cannot be written.
        """
        self.path = path
        self._lock = threading.Lock()
        self._sequence = 0
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("ab+") as file:
                _cut_open_line(file)
        except OSError as error:
            raise _make_refusal(path, error) from error

        # All lines are checked once, before anything is added.
        for event in self.events():
            self._sequence = event.sequence

    @property
    def last_sequence(self) -> int:
        """Number of the last event; 0 without any."""
        return self._sequence

    def events(self, after: int = 0) -> Iterator[LiveEvent]:
        """Events with larger numbers, in order.

        Args:
            after: number of the last event that is not wanted.

        Raises:
            InputError: if the file is damaged.
        """
        with self.path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if number > after and line.endswith(b"\n"):
                    where = f"{self.path}, line {number}"
                    event = parse_event(parse_json(line, where), where)
                    if event.sequence != number:
                        raise InputError(
                            f"{where}: event {event.sequence} in the place of event {number}; "
                            "lines are missing, choose another --out"
                        )
                    yield event

    def write_change(self, change: Change, checkpoint: str, stream_s: float) -> LiveEvent:
        """Write what happens to an action.

        Args:
            change: of `spotkick.live.publishing.Publisher`.
            checkpoint: that found it.
            stream_s: how much of the stream is read.

        Raises:
            StorageError: if it cannot be written.
        """
        details = {"reason": change.reason} if change.reason else None
        return self._write_event(
            change.kind,
            stream_s,
            id=change.id,
            action=change.action,
            checkpoint=checkpoint,
            is_late=change.is_late,
            details=details,
        )

    def write_note(self, kind: EventKind, stream_s: float, details: Mapping[str, Any]) -> LiveEvent:
        """Write an event that is about no action.

        Args:
            kind: ``status`` or ``start``.
            stream_s: how much of the stream is read.
            details: what it says.

        Raises:
            StorageError: if it cannot be written.
        """
        return self._write_event(kind, stream_s, details=details)

    def _write_event(self, kind: EventKind, stream_s: float, **fields: Any) -> LiveEvent:
        with self._lock:
            now = datetime.now(tz=UTC).isoformat(timespec="milliseconds")
            event = LiveEvent(self._sequence + 1, kind, stream_s, now, **fields)
            line = json.dumps(event.to_json(), ensure_ascii=False, allow_nan=False) + "\n"
            try:
                with self.path.open("ab") as file:
                    file.write(line.encode())
                    file.flush()
                    os.fsync(file.fileno())
            except OSError as error:
                raise _make_refusal(self.path, error) from error
            self._sequence += 1
            return event


def _cut_open_line(file: BinaryIO) -> None:
    """Drop the beginning of a line that a killed process has left."""
    size = file.seek(0, os.SEEK_END)
    start = max(0, size - _MAX_LINE_BYTES)
    file.seek(start)
    tail = file.read()
    if tail and not tail.endswith(b"\n"):
        file.truncate(start + tail.rfind(b"\n") + 1)


def _make_refusal(path: Path, error: OSError) -> StorageError:
    return StorageError(
        f"cannot write {path}: {error.strerror or error}; what was published before stays, free "
        "space or choose another --out"
    )
