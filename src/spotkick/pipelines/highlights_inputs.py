"""What a reel is made of: spots, scores, settings and videos of one match."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Final

from spotkick.actions import MatchActions
from spotkick.checkpoint import read_checkpoint
from spotkick.datasets.period_video import PeriodVideo
from spotkick.datasets.periods import PeriodSpan
from spotkick.errors import InputError
from spotkick.formats.results import RESULTS_FILE, read_results
from spotkick.formats.scores import SCORES_FILE, MatchScores, read_scores
from spotkick.highlights.config import HighlightsConfig
from spotkick.pipelines.highlights_request import HighlightsRequest
from spotkick.pipelines.period_videos import find_period_videos, make_unseen_videos
from spotkick.reporter import Reporter
from spotkick.tasks import merge_side_values

_UNSEEN_RATE: Final = Fraction(25)


def read_match(
    spots: Path, scores: Path | None
) -> tuple[MatchActions, MatchScores | None, tuple[Path, ...]]:
    """Read the spots of one match, and its scores where there are any.

    Returns:
        spots, scores, and the files that were read.

    Raises:
        InputError: if a folder holds no match or several, or a file cannot be read.
    """
    file = spots / RESULTS_FILE if spots.is_dir() else spots
    if spots.is_dir() and not file.is_file():
        below = sorted(spots.rglob(RESULTS_FILE))
        if len(below) != 1:
            held = (
                f"{len(below)} matches; give the folder of one" if below else f"no {RESULTS_FILE}"
            )
            raise InputError(f"{spots}: a reel is cut from one match, this folder holds {held}")
        file = below[0]
    match = next(iter(read_results(file)))

    beside = file.parent / SCORES_FILE
    if scores is None and not beside.is_file():
        return match, None, (file,)
    return match, read_scores(scores or beside), (file, scores or beside)


def make_config(settings: Mapping[str, object], checkpoint: Path | None) -> HighlightsConfig:
    """Settings on top of the thresholds and the slicing of a checkpoint.

    Raises:
        ConfigError: if a setting is not valid.
        CheckpointError: if the checkpoint cannot be read.
    """
    values: dict[str, object] = {}
    if checkpoint is not None:
        found = read_checkpoint(checkpoint)
        trained, task = found.config, found.task
        values = {
            "class_thresholds": merge_side_values(trained.thresholds, task),
            "slicing_s": merge_side_values(trained.slicing_s, task),
        }
    if "spot_threshold" in settings:
        values |= {"class_thresholds": {}, "is_strict": True}
    return HighlightsConfig.parse(values | dict(settings), "highlights")


def find_videos(
    request: HighlightsRequest,
    match: MatchActions,
    scores: MatchScores | None,
    spotted: Sequence[PeriodSpan],
    reporter: Reporter,
) -> dict[int, PeriodVideo]:
    """Find the video of each period; where none are given, stand-ins as long as spots and scores.

    Args:
        request: with its videos and the places of the periods in them.
        match: spots.
        scores: of every frame, where there are any.
        spotted: periods that the spots were found in.
        reporter: receives lines about what was found.

    Raises:
        InputError: if a video cannot be used.
    """
    if request.videos:
        return find_period_videos(request.videos, request.periods, reporter, spotted)
    return make_unseen_videos(match, scores, request.rate or _UNSEEN_RATE)
