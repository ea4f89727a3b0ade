"""What can be wrong with the labels of a match, judged from the actions alone."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from spotkick.actions import Action, ActionClasses, MatchActions
from spotkick.doctor.findings import Finding, Severity
from spotkick.evaluation.frames import OFFICIAL_PERIODS

LONGEST_HALF_S: Final = 65 * 60
"""A half with more stoppage time than this is probably a mistake; the longest in SoccerNet are
below an hour."""

SILENCE_S: Final = 10 * 60
"""Dense labels that say nothing for so long probably miss a part of the half."""

DENSE_GAP_S: Final = 60
"""Labels with a smaller median gap count as dense."""

REPEAT_S: Final = 2
"""Two actions of one class this close are probably one, labelled twice."""

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


def check_labels(
    match: MatchActions, classes: ActionClasses | None, *, frame_rate: float
) -> Iterator[Finding]:
    """Check the actions of one match.

    Args:
        match: labels.
        classes: the class list, None when it is not known.
        frame_rate: of the evaluator's grid.
    """
    if not match.actions:
        yield Finding(
            Severity.WARNING,
            "no-actions",
            match.match,
            "the match has no actions",
            "label it, or leave the match out of the set",
        )
        return
    if classes is not None:
        yield from _check_classes(match, classes)
    yield from _check_positions(match)
    yield from _check_halves(match)
    for period in sorted({action.period for action in match.actions}):
        actions = sorted(
            (a for a in match.actions if a.period == period), key=lambda action: action.position_ms
        )
        yield from _check_repeats(match.match, actions, frame_rate)
        yield from _check_silence(match.match, period, actions)
    yield from _check_score(match)


def _check_classes(match: MatchActions, classes: ActionClasses) -> Iterator[Finding]:
    unknown = Counter(action.label for action in match.actions if action.label not in classes)
    for label, count in unknown.items():
        close = next(
            (name for name in classes if name.casefold() == label.strip().casefold()), None
        )
        yield Finding(
            Severity.WARNING,
            "unknown-class",
            match.match,
            f"{count} actions '{label[:60]}' are not in the class list {classes.name}",
            f"rename it to '{close}'"
            if close
            else "correct the label, or name the right class list with --classes",
            count,
        )


def _check_positions(match: MatchActions) -> Iterator[Finding]:
    negative = [action for action in match.actions if action.position_ms < 0]
    if negative:
        yield Finding(
            Severity.ERROR,
            "negative-position",
            match.match,
            f"{len(negative)} actions lie before the start of their half, the first at {negative[0].position_ms} ms",
            "correct the positions: the official evaluator counts them back from the end of its two hours",
            len(negative),
        )
    late = [action for action in match.actions if action.position_s > LONGEST_HALF_S]
    if late:
        yield Finding(
            Severity.WARNING,
            "late-position",
            match.match,
            f"{len(late)} actions lie after minute {LONGEST_HALF_S // 60} of a half, the first at {late[0].game_time}",
            "check whether positions count from the start of the match, or are in another unit than milliseconds",
            len(late),
        )
    other = Counter(
        action.period for action in match.actions if action.period not in OFFICIAL_PERIODS
    )
    for period, count in sorted(other.items()):
        yield Finding(
            Severity.WARNING,
            "ignored-period",
            match.match,
            f"{count} actions lie in period {period}, which the official evaluator ignores",
            "expect no score for them; extra time is not part of the benchmark",
            count,
        )
    unordered = sum(
        (second.period, second.position_ms) < (first.period, first.position_ms)
        for first, second in zip(match.actions[:-1], match.actions[1:], strict=True)
    )
    if unordered:
        yield Finding(
            Severity.INFO,
            "not-in-order",
            match.match,
            f"{unordered} actions are out of order",
            "sort the file",
            unordered,
        )


def _check_halves(match: MatchActions) -> Iterator[Finding]:
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
    lacking = [
        match
        for match in matches
        if match.actions and 2 not in {action.period for action in match.actions}
    ]
    if len(lacking) <= len(matches) / 2:
        for match in lacking:
            yield Finding(
                Severity.ERROR,
                "missing-half",
                match.match,
                "there are no actions of the second half, which other matches of the set have",
                "label the second half, or leave the match out of the set",
            )


def _check_repeats(where: str, actions: Sequence[Action], frame_rate: float) -> Iterator[Finding]:
    """Actions of one class in one frame of the evaluator, and suspiciously close ones."""
    latest: dict[str, Action] = {}
    for action in actions:
        former = latest.get(action.label)
        latest[action.label] = action
        if former is None:
            continue
        gap_s = action.position_s - former.position_s
        pair = f"{action.label} at {former.game_time} and {gap_s:.3f} s later"
        same_frame = int(frame_rate * former.position_s) == int(frame_rate * action.position_s)
        if same_frame and action.label in SIMULTANEOUS:
            yield Finding(
                Severity.INFO,
                "one-frame",
                where,
                f"{pair}: one frame at {frame_rate:g} frames per second, where the evaluator counts one action",
                "nothing to do: two of them at once are possible, and count as one",
            )
        elif same_frame and former.team and action.team and former.team != action.team:
            yield Finding(
                Severity.ERROR,
                "both-teams",
                where,
                f"{pair}, by both teams",
                "find out which team it was, delete the other",
            )
        elif same_frame:
            yield Finding(
                Severity.WARNING,
                "duplicate-action",
                where,
                f"{pair}: one frame at {frame_rate:g} frames per second, where the evaluator keeps the later one only",
                "delete one of the two",
            )
        elif action.label in SINGULAR and gap_s < _SINGULAR_S:
            yield Finding(
                Severity.WARNING,
                "impossible-pair",
                where,
                f"{pair}: too soon",
                "check the video, delete one",
            )
        elif gap_s < REPEAT_S:
            yield Finding(
                Severity.INFO,
                "near-duplicate",
                where,
                pair,
                "check whether it is one action labelled twice",
            )


def _check_silence(where: str, period: int, actions: Sequence[Action]) -> Iterator[Finding]:
    times = np.array([action.position_s for action in actions])
    gaps = np.diff(times)
    if len(gaps) < 10 or float(np.median(gaps)) > DENSE_GAP_S:
        return
    widest = int(np.argmax(gaps))
    if gaps[widest] > SILENCE_S:
        yield Finding(
            Severity.WARNING,
            "silence",
            where,
            f"no action for {gaps[widest] / 60:.0f} minutes after {actions[widest].game_time}, where one comes every "
            f"{float(np.median(gaps)):.0f} s otherwise",
            "check whether a part of the half was left unlabelled, or is missing from the video",
        )
    if times[0] > SILENCE_S:
        yield Finding(
            Severity.WARNING,
            "late-start",
            where,
            f"the first action of period {period} is at {actions[0].game_time}",
            "check whether the beginning was left unlabelled, or positions are shifted",
        )


def _check_score(match: MatchActions) -> Iterator[Finding]:
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
