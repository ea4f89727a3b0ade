"""The files of a live run, where nothing of the stream was read."""

from contextlib import suppress
from pathlib import Path
from typing import Final

from spotkick.live.journal import JOURNAL_FILE, Journal
from spotkick.pipelines.live_lanes import FEATURES_FOLDER

TEXT_FILE: Final = "text.jsonl"


def is_unbegun(out: Path) -> bool:
    """Whether the folder of a run holds no more than that runs were started: nothing was read."""
    files = [path for path in out.rglob("*") if path.is_file() and path != out / JOURNAL_FILE]
    known = (TEXT_FILE, FEATURES_FOLDER)
    if any(path.stat().st_size or path.relative_to(out).parts[0] not in known for path in files):
        return False
    return all(event.kind == "start" for event in Journal(out / JOURNAL_FILE).events())


def remove_run(out: Path) -> None:
    """Remove the files of a run of which nothing was read, and the folder if nothing else is there.

    What cannot be removed stays.
    """
    with suppress(OSError):
        for path in (out / FEATURES_FOLDER).glob("*"):
            path.unlink()
        for path in (out / TEXT_FILE, out / JOURNAL_FILE):
            path.unlink(missing_ok=True)
    for folder in (*out.glob("*"), out):
        with suppress(OSError):
            folder.rmdir()
