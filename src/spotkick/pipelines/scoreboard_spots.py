"""Spots corrected by what the scoreboard says: position in the period, and goals."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from spotkick.actions import MatchActions
from spotkick.datasets.periods import PERIODS_FILE, PeriodSpan
from spotkick.errors import InputError
from spotkick.files import read_json
from spotkick.formats.scores import MatchScores
from spotkick.pipelines.clock_goals import observe_goals, watch_periods
from spotkick.prediction.fusion import Observation, WatchedStretch, fuse_spots
from spotkick.scoreboard.score_changes import ScoreChange

SPOKEN_SPREAD_MS: Final = 9000
"""Spots from commentary lie about this far from their actions: people speak before, at or after
them. Chosen on half of the valid split, by benchmarks/goal_fusion.py."""

Files = Mapping[int, tuple[PeriodSpan, ...]]
"""Period -> the stretches of files that show it, in order."""


def shift_to_positions(
    match: MatchActions, scores: MatchScores, files: Files
) -> tuple[MatchActions, MatchScores]:
    """Count positions from the kick-off where a file begins after it.

    Args:
        match: spots, counted from the start of each file.
        scores: of every frame, likewise.
        files: what was read; ``position_s`` of the first stretch is how long the period had lasted.

    Returns:
        both counted from the kick-off; frames before the file have score 0.
    """
    late_s = {period: spans[0].position_s for period, spans in files.items() if spans}
    if not any(late_s.values()):
        return match, scores

    # Spots move; frames that were not seen come before the first one.
    actions = tuple(
        replace(a, position_ms=a.position_ms + round(1000 * late_s.get(a.period, 0.0)))
        for a in match.actions
    )
    periods = {}
    for period, values in scores.periods.items():
        missing = round(late_s.get(period, 0.0) * scores.frame_rate)
        before = np.zeros((missing, values.shape[1]), dtype=values.dtype)
        periods[period] = np.concatenate([before, values])
    return replace(match, actions=actions), replace(scores, periods=periods)


def confirm_goals(
    match: MatchActions, files: Files, classes: Sequence[str], *, spot_spread_ms: int = 0
) -> MatchActions:
    """Join goal spots with changes of the score that `spotkick clock` has found in their files.

    Args:
        match: spots.
        files: what was read; a ``periods.json`` beside a file may hold its changes of score.
        classes: of the spots; nothing is done without a class of goals.
        spot_spread_ms: see `fuse_spots`; `SPOKEN_SPREAD_MS` for spots from commentary.

    Raises:
        InputError: if a ``periods.json`` is damaged.
    """
    label = next((name for name in classes if name.lower() == "goal"), None)
    videos = {span.file for spans in files.values() for span in spans if span.file is not None}
    if label is None:
        return match

    # all files of a match at once: a broadcast shows scores in the same way in both periods
    observations: list[Observation] = []
    watched: list[WatchedStretch] = []
    for video in sorted(videos):
        changes = read_score_changes(video)
        if changes is None:
            continue
        spans = [span for own in files.values() for span in own if span.file == video]
        observations += observe_goals(changes, spans, label)
        watched += watch_periods(spans, label)
    if not observations and not watched:
        return match
    actions = fuse_spots(match.actions, observations, watched, spot_spread_ms=spot_spread_ms)
    return replace(match, actions=actions)


def read_score_changes(video: Path) -> list[ScoreChange] | None:
    """Changes of the score in a video, by the ``periods.json`` beside it; None without any record.

    Raises:
        InputError: if the record is damaged.
    """
    path = video.parent / PERIODS_FILE
    document = read_json(path) if path.is_file() else {}
    scores = document.get("scores") if isinstance(document, dict) else None
    rows = scores.get(video.name) if isinstance(scores, dict) else None
    if rows is None:
        return None
    try:
        return [_parse_change(row) for row in rows]
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"{path}: 'scores' of {video.name} are damaged ({error!r}); run 'spotkick clock' again"
        ) from None


def _parse_change(row: Mapping[str, Any]) -> ScoreChange:
    old, new = ((int(row[key][0]), int(row[key][1])) for key in ("old", "new"))
    return ScoreChange(
        float(row["before_s"]),
        float(row["after_s"]),
        old,
        new,
        taken_back=bool(row["taken_back"]),
    )
