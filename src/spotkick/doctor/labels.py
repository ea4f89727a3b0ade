"""What can be wrong with the labels of a match, judged from the actions alone."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from spotkick.actions import Action, ActionClasses, MatchActions
from spotkick.doctor.findings import Finding, Severity
from spotkick.doctor.soccer import SOCCER, check_halves, check_score, judge_pair
from spotkick.evaluation.frames import OFFICIAL_PERIODS

SILENCE_S: Final = 10 * 60
"""Dense labels that say nothing for so long probably miss a part of the half."""

DENSE_GAP_S: Final = 60
"""Labels with a smaller median gap count as dense."""

REPEAT_S: Final = 2
"""Two actions of one class this close are probably one, labelled twice."""


def check_labels(
    match: MatchActions,
    classes: ActionClasses | None,
    *,
    frame_rate: float,
    sport: str = "soccer",
    periods: Sequence[int] = OFFICIAL_PERIODS,
) -> Iterator[Finding]:
    """Check the actions of one match.

    Args:
        match: labels.
        classes: the class list, None when it is not known.
        frame_rate: of the evaluator's grid.
        sport: ``soccer`` where its rules tell mistakes from what may happen.
        periods: those that the evaluator counts; all when empty.
    """
    is_soccer = sport == SOCCER
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
    yield from _check_positions(match, periods)
    yield from _check_order(match)
    if is_soccer:
        yield from check_halves(match)

    # Neighbours in time, period by period.
    for period in sorted({action.period for action in match.actions}):
        actions = sorted(
            (a for a in match.actions if a.period == period), key=lambda action: action.position_ms
        )
        yield from _check_repeats(match.match, actions, frame_rate, is_soccer=is_soccer)
        yield from _check_silence(match.match, period, actions)
    if is_soccer:
        yield from check_score(match)


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


def _check_positions(match: MatchActions, periods: Sequence[int]) -> Iterator[Finding]:
    negative = [action for action in match.actions if action.position_ms < 0]
    if negative:
        yield Finding(
            Severity.ERROR,
            "negative-position",
            match.match,
            f"{len(negative)} actions lie before the start of their period, the first at "
            f"{negative[0].position_ms} ms",
            "correct the positions: the official evaluator counts them back from the end of its "
            "two hours",
            len(negative),
        )

    # Periods that are not scored.
    other = Counter(
        action.period for action in match.actions if periods and action.period not in periods
    )
    for period, count in sorted(other.items()):
        yield Finding(
            Severity.WARNING,
            "ignored-period",
            match.match,
            f"{count} actions lie in period {period}, which the official evaluator ignores",
            "expect no score for them: the evaluator of these classes counts other periods only",
            count,
        )


def _check_order(match: MatchActions) -> Iterator[Finding]:
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


def _check_repeats(
    where: str, actions: Sequence[Action], frame_rate: float, *, is_soccer: bool
) -> Iterator[Finding]:
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

        # The rules of a sport first: they say more than nearness alone.
        ruled = judge_pair(where, pair, (former, action), same_frame) if is_soccer else None
        if ruled is not None:
            yield ruled
        elif same_frame:
            yield Finding(
                Severity.WARNING,
                "duplicate-action",
                where,
                f"{pair}: one frame at {frame_rate:g} frames per second, where the evaluator "
                "keeps the later one only",
                "delete one of the two",
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

    # The widest gap, and the one before the first action.
    widest = int(np.argmax(gaps))
    if gaps[widest] > SILENCE_S:
        yield Finding(
            Severity.WARNING,
            "silence",
            where,
            f"no action for {gaps[widest] / 60:.0f} minutes after {actions[widest].game_time}, "
            f"where one comes every {float(np.median(gaps)):.0f} s otherwise",
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
