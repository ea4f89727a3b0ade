"""Where periods lie in the videos of a match, when neither names nor ``periods.json`` say it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from spotkick.datasets.periods import PeriodSpan
from spotkick.errors import InputError
from spotkick.viewer.match_files import MatchFiles

ReadSpotted = Callable[[Path], Sequence[PeriodSpan]]
"""Gives the periods that were spotted, by the folder of the predictions; files are names alone."""


def state_periods(matches: Iterable[MatchFiles], stated: Sequence[PeriodSpan]) -> None:
    """Give the periods that the user states to the only video of all matches.

    Raises:
        InputError: if there is not exactly one video.
    """
    files = [(match, file) for match in matches for file in match.video_files]
    if len(files) != 1:
        raise InputError(
            f"--period is about one video, got {len(files)}; several videos are named 1_*, 2_* "
            "and so on, or described by periods.json"
        )
    match, file = files[0]
    match.videos = {span.period: (replace(span, file=file),) for span in stated}


def place_spotted_periods(match: MatchFiles, read_spotted: ReadSpotted) -> None:
    """Give a match the periods with which its predictions were made, where nothing else says them.

    They are taken only if they were spotted in these very files: another copy of a recording may
    begin elsewhere, which becomes a note.
    """
    paths = {path.name: path for path in match.video_files}
    spans = [span for own in match.videos.values() for span in own]
    if match.predictions is None or not all(span.is_whole_file for span in spans) or not paths:
        return
    try:
        spotted = read_spotted(match.predictions.parent)
    except InputError as error:
        match.notes.append(str(error))
        return

    # All files of the match, and no others.
    placed = [
        replace(span, file=paths[span.file.name])
        for span in spotted
        if span.file is not None and span.file.name in paths
    ]
    if {span.file for span in placed} == set(paths.values()):
        numbers = sorted({span.period for span in placed})
        match.videos = {
            number: tuple(span for span in placed if span.period == number) for number in numbers
        }
        return
    unplaced = [span for span in spotted if not span.is_whole_file]
    if unplaced and not placed:
        match.notes.append(
            f"the spots were made from {unplaced[0].file} with "
            f"{', '.join(span.describe() for span in unplaced)}; --period says where the periods "
            f"lie in {next(iter(paths))}"
        )
