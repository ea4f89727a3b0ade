"""What ``spotkick clock`` does: videos and still images in, files and lines out."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import numpy as np

from spotkick.errors import InputError, SpotkickError
from spotkick.files import check_outputs, write_json
from spotkick.pipelines.clock import (
    MatchClock,
    describe_clock,
    find_match_clock,
    write_match_clock,
)
from spotkick.reporter import Reporter
from spotkick.scoreboard.board import Scoreboard
from spotkick.scoreboard.still import read_scoreboard
from spotkick.scoreboard.text_reader import TextReader
from spotkick.timeline import format_clock

IMAGE_SUFFIXES: Final = (".jpg", ".jpeg", ".png", ".bmp", ".webp")


def run_clock(
    paths: Sequence[Path],
    out: Path | None,
    *,
    json_file: Path | None,
    overwrite: bool,
    dry_run: bool,
    threads: int,
    echo: Callable[[str], None],
    reporter: Reporter,
) -> bool:
    """Read every path; one that cannot be used does not stop the others.

    Args:
        paths: videos and still images.
        out: folder of the results; None for that of each video.
        json_file: gets every reading.
        overwrite: replace periods that a person wrote.
        dry_run: write nothing beside ``json_file``.
        threads: CPU threads of text recognition.
        echo: receives the lines of the result.
        reporter: shows progress and problems.

    Returns:
        whether any path gave no clock.
    """
    check_outputs({"--json": json_file}, paths)
    reader = TextReader(threads=threads)
    failed = False
    document: dict[str, Any] = {}
    for path in paths:
        try:
            lines, row, found = _read_path(path, reader, reporter)
            if isinstance(found, MatchClock) and found.periods and not dry_run:
                written = write_match_clock(found, out, overwrite=overwrite)
                lines.append(f"  written: {', '.join(str(file) for file in written)}")
        except SpotkickError as error:
            reporter.line(str(error))
            failed = True
            continue
        for line in lines:
            echo(line)
        document[str(path)] = row
        failed = failed or found is None or (isinstance(found, MatchClock) and not found.periods)
    if json_file is not None:
        write_json(json_file, document)
    return failed


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
