"""The ledger of a run: a line for each match that was done or failed, in order of time.

The file is only added to, by one process; a last line that was cut off is passed over. Shards have
files of their own, which are read together.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from spotkick.cluster.work import Outcome
from spotkick.errors import InputError, StorageError

LEDGER_SUFFIX: Final = ".ledger.jsonl"


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """What a ledger states about a match.

    Attributes:
        match: its name.
        state: ``done`` or ``failed``.
        seconds: that it took.
        error: one line, where it failed.
        ended: when, as ISO 8601 in UTC.
    """

    match: str
    state: str
    seconds: float
    error: str = ""
    ended: str = ""


class Ledger:
    """The file that this run adds to."""

    def __init__(self, path: Path) -> None:
        """Add to a file, which is made when the first line comes."""
        self.path = path
        self._is_begun = False

    @classmethod
    def of_run(cls, folder: Path, title: str, part: str = "") -> "Ledger":
        """The ledger of a command in its folder of results.

        Args:
            folder: of results.
            title: of the work.
            part: of a shard, such as ``3-of-8``.
        """
        return cls(folder / f"{title}{f'.{part}' if part else ''}{LEDGER_SUFFIX}")

    def add(self, outcome: Outcome[Any]) -> None:
        """Add what came of a match.

        Raises:
            StorageError: if the file cannot be written.
        """
        line = {
            "match": outcome.item,
            "state": outcome.state,
            "seconds": round(outcome.seconds, 3),
            "error": outcome.error,
            "ended": datetime.now(UTC).isoformat(timespec="milliseconds"),
        }
        try:
            self._begin_file()
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line, ensure_ascii=False) + "\n")
        except OSError as error:
            raise StorageError(
                f"cannot write {self.path}: {error.strerror or error}; free space or choose "
                "another place"
            ) from error

    def _begin_file(self) -> None:
        """Make the folder, and end a line that an earlier run was killed at."""
        if self._is_begun:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        data = self.path.read_bytes() if self.path.is_file() else b""
        if data and not data.endswith(b"\n"):
            with self.path.open("ab") as file:
                file.write(b"\n")
        self._is_begun = True


def read_ledgers(folder: Path, title: str) -> dict[str, LedgerLine]:
    """The last line about each match, of all shards of a command.

    Raises:
        InputError: if a ledger cannot be read.
    """
    paths = sorted(folder.glob(f"{title}*{LEDGER_SUFFIX}")) if folder.is_dir() else []
    lines = [line for path in paths for line in _read_lines(path)]
    return {line.match: line for line in sorted(lines, key=lambda line: line.ended)}


def _read_lines(path: Path) -> Iterable[LedgerLine]:
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from error
    for row in text.splitlines():
        try:
            values = json.loads(row)
            yield LedgerLine(
                str(values["match"]),
                str(values["state"]),
                float(values.get("seconds", 0.0)),
                error=str(values.get("error", "")),
                ended=str(values.get("ended", "")),
            )
        except (ValueError, KeyError, TypeError, AttributeError):
            continue  # a line that was cut off
