"""What ``spotkick clock`` does: videos and still images in, files and lines out."""

import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from spotkick.cluster.ledger import read_ledgers
from spotkick.cluster.options import ClusterOptions, open_executor
from spotkick.cluster.running import run_work
from spotkick.cluster.work import Run, Work, WorkItem
from spotkick.datasets.match_folder import open_folder
from spotkick.errors import InputError
from spotkick.files import check_outputs, write_json
from spotkick.pipelines.clock import (
    MatchClock,
    describe_clock,
    find_match_clock,
    write_match_clock,
)
from spotkick.reporter import Reporter, SilentReporter
from spotkick.scoreboard.board import Scoreboard
from spotkick.scoreboard.still import read_scoreboard
from spotkick.scoreboard.text_reader import TextReader
from spotkick.storage import attach, fetched, upload
from spotkick.timeline import format_clock

IMAGE_SUFFIXES: Final = (".jpg", ".jpeg", ".png", ".bmp", ".webp")


TITLE: Final = "clock"
"""Of the work, and of its ledger."""


@dataclass(frozen=True, slots=True)
class ClockRequest:
    """What to read, and where it goes.

    Attributes:
        paths: videos, still images, and folders of matches or recordings.
        out: folder of the results; None for that of each video.
        json_file: gets every reading.
        overwrite: replace periods that a person wrote.
        dry_run: write nothing beside ``json_file``.
        threads: CPU threads of text recognition.
        cluster: where videos are read, and which.
    """

    paths: tuple[Path, ...]
    out: Path | None = None
    json_file: Path | None = None
    overwrite: bool = False
    dry_run: bool = False
    threads: int = 2
    cluster: ClusterOptions = field(default_factory=ClusterOptions)

    @property
    def ledger_folder(self) -> Path:
        """Where the ledger belongs: the results, or the folder that holds all videos."""
        absolute = [path.absolute() for path in self.paths]
        folders = [path if path.is_dir() else path.parent for path in absolute]
        return self.out or Path(os.path.commonpath(folders))


@dataclass(frozen=True, slots=True)
class ClockResult:
    """What came of one path.

    Attributes:
        lines: for people.
        row: for JSON.
        problem: why there is no clock; empty where there is one.
    """

    lines: tuple[str, ...]
    row: dict[str, Any]
    problem: str = ""


def run_clock(request: ClockRequest, *, echo: Callable[[str], None], reporter: Reporter) -> bool:
    """Read every path; one that cannot be used does not stop the others.

    Args:
        request: what to read.
        echo: receives the lines of the result.
        reporter: shows progress and problems.

    Returns:
        whether any path gave no clock.

    Raises:
        MissingExtraError: if text recognition is not installed.
        InputError: if an output would replace an input.
    """
    # What is read, and whether its results have a place of their own
    paths = _expand_folders(request.paths)
    check_outputs({"--json": request.json_file}, paths)
    names = _choose_names(request, [str(path) for path in paths])
    cluster = request.cluster.fit(len(names))
    folder = request.ledger_folder
    work = Work(TITLE, OpenClock(request), unit="videos", find_problem=_describe_problem)

    # Results come as they are done; the document has them in the order of the paths.
    failed, rows = False, dict[str, dict[str, Any]]()
    shown = reporter if cluster.is_parallel else SilentReporter()
    with open_executor(cluster, reporter, threads=request.threads) as executor:
        outcomes = run_work(
            executor,
            work,
            [WorkItem(name) for name in names],
            shown,
            ledger=request.cluster.open_ledger(folder, TITLE),
            inner=reporter,
        )
        for outcome in outcomes:
            failed = failed or outcome.state == "failed"
            if outcome.result is None:
                reporter.line(outcome.error)
                continue
            for line in outcome.result.lines:
                echo(line)
            rows[outcome.item] = outcome.result.row
    if request.json_file is not None:
        write_json(request.json_file, {name: rows[name] for name in names if name in rows})
    return failed


def _expand_folders(paths: Sequence[Path]) -> list[Path]:
    """Folders stand for the videos of the matches in them."""
    found: list[Path] = []
    for path in paths:
        if not path.is_dir():
            found.append(path)
            continue
        videos = [file for folder in open_folder(path) for file in folder.videos().files]
        if not videos:
            raise InputError(f"{path}: no videos below it")
        found += videos
    return list(dict.fromkeys(found))


def _choose_names(request: ClockRequest, names: Sequence[str]) -> list[str]:
    """The paths of this run's part that are still to be read."""
    part = request.cluster.choose(request.out, TITLE, names)
    known = read_ledgers(request.ledger_folder, TITLE) if request.cluster.resume else {}
    done = {name for name, line in known.items() if line.state == "done"}
    return [name for name in names if name in part and name not in done]


@dataclass(frozen=True, slots=True)
class OpenClock:
    """Opens text recognition in any process."""

    request: ClockRequest

    def __call__(self, reporter: Reporter) -> Run[ClockResult]:
        """Read the models; what comes back reads the path that is the name of an item."""
        del reporter
        attach([*self.request.paths, self.request.out])
        request, reader = self.request, TextReader(threads=self.request.threads)

        def read(item: WorkItem, reporter: Reporter) -> ClockResult:
            path = Path(item.name)
            with fetched([path]):
                lines, row, found = _read_path(path, reader, reporter)
            if not isinstance(found, MatchClock):
                return ClockResult(tuple(lines), row, "" if found else "no scoreboard")
            if not found.periods:
                return ClockResult(tuple(lines), row, found.problem or "no periods")
            if not request.dry_run:
                written = write_match_clock(found, request.out, overwrite=request.overwrite)
                upload(written)
                lines.append(f"  written: {', '.join(str(file) for file in written)}")
            return ClockResult(tuple(lines), row)

        return read


def _describe_problem(result: ClockResult) -> str:
    return result.problem


def _read_path(
    path: Path, reader: TextReader, reporter: Reporter
) -> tuple[list[str], dict[str, Any], "MatchClock | Scoreboard | None"]:
    """Lines for people, values for JSON, and what was found."""
    if path.suffix.lower() in IMAGE_SUFFIXES:
        board = read_scoreboard(read_image(path), reader)
        return [f"{path.name}: {describe_board(board)}"], _board_row(board), board
    clock = find_match_clock(path, reader, reporter=reporter)
    return describe_clock(clock), _clock_row(clock), clock


def read_image(path: Path) -> "np.ndarray[Any, np.dtype[np.uint8]]":
    """A still image as (height, width, 3) RGB.

    Raises:
        InputError: if it is missing or no image.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as opened:
            return np.asarray(opened.convert("RGB"))
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file") from error
    except (UnidentifiedImageError, OSError, ValueError) as error:
        raise InputError(f"{path}: not an image that can be read ({error})") from error


def describe_board(board: Scoreboard | None) -> str:
    """A scoreboard in one line."""
    if board is None:
        return "no scoreboard"
    score = "?-?" if board.score is None else "{}-{}".format(*board.score)
    names = f"{board.home or '?'} {score} {board.away or '?'}"
    if board.clock_s is None:
        return f"{names}, no clock"
    shown = f"{board.clock_s // 60}'" if board.minute_only else _clock_text(board.clock_s)
    extra = "" if board.extra_s is None else f" + {format_clock(board.extra_s)}"
    return f"{names}, {shown}{extra}"


def _clock_text(seconds: int) -> str:
    return f"{seconds // 60:02d}:{seconds % 60:02d}"


def _board_row(board: Scoreboard | None) -> dict[str, Any]:
    if board is None:
        return {"scoreboard": False}
    return {
        "scoreboard": True,
        "clock_s": board.clock_s,
        "minute_only": board.minute_only,
        "extra_s": board.extra_s,
        "added_minutes": board.added_minutes,
        "home": board.home,
        "away": board.away,
        "score": board.score,
        "box": [round(side) for side in board.box],
        "confidence": round(board.confidence, 3),
    }


def _clock_row(clock: MatchClock) -> dict[str, Any]:
    return {
        "duration_s": round(clock.scan.duration_s, 3),
        "problem": clock.problem,
        "periods": [asdict(period) for period in clock.periods],
        "score_changes": [asdict(change) for change in clock.changes],
        "readings": [asdict(reading) for reading in clock.scan.readings],
    }
