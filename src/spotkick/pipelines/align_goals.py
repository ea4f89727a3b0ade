"""Whether a feed and a video are of one match, by the goals that the scoreboard shows."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from spotkick.datasets.periods import PeriodSpan
from spotkick.events.alignment import PeriodFit
from spotkick.events.offset_search import Mark, kind_of
from spotkick.pipelines.clock_goals import observe_goals
from spotkick.pipelines.scoreboard_spots import read_score_changes
from spotkick.prediction.fusion import Observation

_LABEL: Final = "Goal"
_SLACK_S: Final = 60.0
"""Feeds date a goal by the shot, by the restart, or by hand."""

_LEAST_GOALS: Final = 2
"""Of fewer goals than this nothing is concluded."""


def refuse_other_score(
    fits: Sequence[PeriodFit],
    marks: Mapping[int, Sequence[Mark]],
    spans: Sequence[PeriodSpan],
) -> tuple[PeriodFit, ...]:
    """Refuse fits by the clock alone where most goals of the feed or of the scoreboard are single.

    Args:
        fits: of all periods.
        marks: events of the feed, by period.
        spans: where the periods lie in their file.

    Raises:
        InputError: if the record of the score is damaged.
    """
    files = {span.file for span in spans if span.file is not None}
    changes = [(file, read_score_changes(file)) for file in sorted(files)]
    observations = [
        observation
        for file, found in changes
        for observation in observe_goals(
            found or (), [span for span in spans if span.file == file], _LABEL
        )
    ]
    if all(found is None for _, found in changes):
        return tuple(fits)

    # Goals of both that meet, of the larger number of the two
    goals = [
        (period, mark.at_s)
        for period, own in marks.items()
        for mark in own
        if mark.kind == kind_of(_LABEL)
    ]
    shared = _count_shared(goals, observations)
    most = max(len(goals), len(observations))
    if most < _LEAST_GOALS or 2 * shared >= most:
        return tuple(fits)
    problem = (
        f"{shared} of {len(goals)} goals of the feed fall where the scoreboard shows "
        f"{len(observations)}; this may be another match"
    )
    return tuple(
        replace(fit, problem=problem) if fit.found_by == "clock" and not fit.problem else fit
        for fit in fits
    )


def _count_shared(goals: Sequence[tuple[int, float]], observations: Sequence[Observation]) -> int:
    """Goals of the scoreboard that a goal of the feed explains, each by one of its own."""
    left = list(goals)
    shared = 0
    for seen in sorted(observations, key=lambda item: (item.period, item.latest_ms)):
        earliest_s, latest_s = seen.earliest_ms / 1000 - _SLACK_S, seen.latest_ms / 1000 + _SLACK_S
        fitting = [
            goal for goal in left if goal[0] == seen.period and earliest_s <= goal[1] <= latest_s
        ]
        if fitting:
            left.remove(min(fitting))
            shared += 1
    return shared
