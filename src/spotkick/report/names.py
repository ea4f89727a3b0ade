"""What a report says about itself: system, labels, split, date. Nothing is taken from the clock."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ReportNames:
    """Names on a report; what is empty is left out.

    Attributes:
        system: what was scored.
        labels: what it was scored against.
        split: which matches of them.
        date: of the predictions, ``YYYY-MM-DD``.
    """

    system: str = ""
    labels: str = ""
    split: str = ""
    date: str = ""

    def title(self, kind: str) -> str:
        """Heading of a report of a kind."""
        return f"{self.system}: {kind[0].lower()}{kind[1:]}" if self.system else kind

    def subtitle(self, *facts: str) -> str:
        """The line below the heading: names, then further facts."""
        named = [
            f"labels {self.labels}" if self.labels else "",
            f"split {self.split}" if self.split else "",
            *facts,
            f"predictions of {self.date}" if self.date else "",
        ]
        line = ", ".join(part for part in named if part)
        return line[:1].upper() + line[1:]


def name_of_path(path: Path) -> str:
    """What to call the set of files at a path: its last two parts, without the usual endings.

    Example:
        >>> name_of_path(Path("/home/me/runs/calf/predictions.zip"))
        'calf/predictions'
    """
    parts = path.absolute().parts[1:]
    last = parts[-1] if parts else ""
    for ending in (".zip", ".json", ".csv", ".parquet"):
        last = last.removesuffix(ending)
    return "/".join((*parts[-2:-1], last))


def newest_date(paths: Sequence[Path]) -> str:
    """Date of the newest file at or below the paths, in UTC; empty without files."""
    newest = max((_modified_at(file) for path in paths for file in _list_files(path)), default=None)
    return "" if newest is None else datetime.fromtimestamp(newest, tz=UTC).date().isoformat()


def _list_files(path: Path) -> Iterable[Path]:
    if path.is_dir():
        return (file for file in path.rglob("*") if file.is_file())
    return (path,) if path.is_file() else ()


def _modified_at(file: Path) -> float:
    try:
        return file.stat().st_mtime
    except OSError:  # deleted meanwhile, or not readable
        return 0.0
