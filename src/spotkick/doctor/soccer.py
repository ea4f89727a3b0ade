"""What the rules of soccer say about labels: halves, pairs that cannot be, goals and the score."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from spotkick.actions import Action, MatchActions
from spotkick.doctor.findings import Finding, Severity
from spotkick.evaluation.frames import OFFICIAL_PERIODS

SOCCER: Final = "soccer"
"""Name of the sport in tasks and on the command line."""

LONGEST_HALF_S: Final = 65 * 60
"""A half with more stoppage time than this is probably a mistake; the longest in SoccerNet are
below an hour."""

SINGULAR: Final = ("Kick-off", "Goal", "Penalty", "Red card", "Yellow->red card")
"""Classes of SoccerNet-v2 of which two cannot follow each other within seconds."""

SIMULTANEOUS: Final = ("Substitution", "Yellow card", "Red card", "Yellow->red card")
"""Classes of SoccerNet-v2 that happen to several players at once: two in one frame are no
mistake."""

_SINGULAR_S: Final = 20
_SCORE: Final = re.compile(
    r"(?:^|/)\d{4}-\d{2}-\d{2} - \d{2}-\d{2} .+? (\d{1,2}) - (\d{1,2}) [^/]+$"
)
_GOAL: Final = "Goal"


def check_halves(match: MatchActions) -> Iterator[Finding]:
    """A first half without actions, and actions long after a half has ended."""
    late = [action for action in match.actions if action.position_s > LONGEST_HALF_S]
    if late:
        yield Finding(
            Severity.WARNING,
            "late-position",
            match.match,
            f"{len(late)} actions lie after minute {LONGEST_HALF_S // 60} of a half, the first at "
            f"{late[0].game_time}",
            "check whether positions count from the start of the match, or are in another unit "
            "than milliseconds",
            len(late),
        )

    periods = {action.period for action in match.actions}
    if 2 in periods and 1 not in periods:
        yield Finding(
            Severity.ERROR,
            "missing-half",
            match.match,
            "there are actions of the second half and none of the first",
            "label the first half, or correct the period of the actions",
        )


def check_both_halves(matches: Sequence[MatchActions]) -> Iterator[Finding]:
    """Matches without a second half, in a set whose matches have one."""
    labelled = [match for match in matches if match.actions]
    lacking = [match for match in labelled if 2 not in {action.period for action in match.actions}]

    # A match without any action says nothing about the halves of the others.
    if 2 * len(lacking) <= len(labelled):
        for match in lacking:
            yield Finding(
                Severity.ERROR,
                "missing-half",
                match.match,
                "there are no actions of the second half, which other matches of the set have",
                "label the second half, or leave the match out of the set",
            )


def judge_pair(
    where: str, pair: str, actions: tuple[Action, Action], same_frame: bool
) -> Finding | None:
    """What the rules find wrong with two actions of a class that follow each other, if anything.

    Args:
        where: match.
        pair: the two for people.
        actions: in order.
        same_frame: whether the evaluator sees them in one frame.
    """
    first, second = actions
    if same_frame and second.label in SIMULTANEOUS:
        return Finding(
            Severity.INFO,
            "one-frame",
            where,
            f"{pair}: in one frame, where the evaluator counts one action",
            "nothing to do: two of them at once are possible, and count as one",
        )

    # A foul, a corner or a throw-in belongs to one team.
    if same_frame and first.team and second.team and first.team != second.team:
        return Finding(
            Severity.ERROR,
            "both-teams",
            where,
            f"{pair}, by both teams",
            "find out which team it was, delete the other",
        )

    # Goals and the like are followed by a break.
    apart_s = second.position_s - first.position_s
    if not same_frame and second.label in SINGULAR and apart_s < _SINGULAR_S:
        return Finding(
            Severity.WARNING,
            "impossible-pair",
            where,
            f"{pair}: too soon",
            "check the video, delete one",
        )
    return None


def check_score(match: MatchActions) -> Iterator[Finding]:
    """Goals against the final score in a SoccerNet match name, when goals are labelled."""
    found = _SCORE.search(match.match)
    goals = [
        action
        for action in match.actions
        if action.label == _GOAL and action.period in OFFICIAL_PERIODS
    ]
    if found is None or not any(action.label in ("Kick-off", _GOAL) for action in match.actions):
        return
    home, away = int(found[1]), int(found[2])
    if len(goals) != home + away:
        yield Finding(
            Severity.WARNING,
            "goals-and-score",
            match.match,
            f"{len(goals)} goals are labelled, the match ended {home} - {away}",
            "add the missing goals, or delete what is no goal (replays, disallowed ones)",
        )
