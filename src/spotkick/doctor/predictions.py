"""What the official evaluator would drop, move or overwrite of the predictions for a match."""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from spotkick.actions import Action, ActionClasses, MatchActions
from spotkick.doctor.findings import Finding, Severity
from spotkick.evaluation.frames import OFFICIAL_PERIODS, PERIOD_S

THRESHOLDS: Final = 200
"""Fixed thresholds between 0 and 1 at which the official evaluator cuts."""

FEW_LEVELS: Final = 50
"""When all confidences of a set fall between so few thresholds, the official score suffers from
their scale."""


_OVERWRITTEN_FIX: Final = (
    "apply non-maximum suppression, or keep the best prediction of each class and frame"
)
_CROWDED_FIX: Final = (
    "check first that positions are milliseconds since the start of the period; if they are, apply "
    "non-maximum suppression"
)


def check_predictions(
    match: MatchActions,
    classes: ActionClasses | None,
    *,
    frame_rate: float,
    periods: Sequence[int] = OFFICIAL_PERIODS,
) -> Iterator[Finding]:
    """Check the predictions for one match against the rules of the official evaluator.

    Args:
        match: predictions.
        classes: the class list, None when it is not known.
        frame_rate: of the evaluator's grid.
        periods: those that the evaluator counts; all when empty.
    """
    if not match.actions:
        yield Finding(
            Severity.WARNING,
            "no-predictions",
            match.match,
            "there are no predictions",
            "lower the threshold or check the run",
        )
        return
    kept = list(match.actions)
    if classes is not None:
        unknown = Counter(action.label for action in kept if action.label not in classes)
        for label, count in unknown.items():
            yield Finding(
                Severity.ERROR,
                "dropped-class",
                match.match,
                f"{count} predictions '{label[:60]}' are not in the class list {classes.name} and "
                "are dropped",
                "write the class names of the list, or name the right list with --classes",
                count,
            )
        kept = [action for action in kept if action.label in classes]

    # Only what the evaluator keeps can be moved or overwritten.
    yield from _check_periods(match.match, kept, periods)
    kept = [action for action in kept if not periods or action.period in periods]
    yield from _check_confidences(match.match, kept)
    yield from _check_frames(match.match, kept, classes, frame_rate)


def _check_periods(
    where: str, actions: Sequence[Action], periods: Sequence[int]
) -> Iterator[Finding]:
    other = Counter(action.period for action in actions if periods and action.period not in periods)
    for period, count in sorted(other.items()):
        yield Finding(
            Severity.WARNING,
            "dropped-period",
            where,
            f"{count} predictions lie in period {period} and are dropped",
            "number the halves 1 and 2; extra time does not count",
            count,
        )


def _check_confidences(where: str, actions: Sequence[Action]) -> Iterator[Finding]:
    values = [action.confidence for action in actions if action.confidence is not None]
    unusable = sum(not value >= 0 for value in values)
    if unusable:
        yield Finding(
            Severity.ERROR,
            "dropped-confidence",
            where,
            f"{unusable} predictions have a confidence below 0 or not a number and are dropped",
            "scale confidences to lie between 0 and 1",
            unusable,
        )

    above = sum(value > 1 for value in values)
    if above:
        yield Finding(
            Severity.WARNING,
            "confidence-above-1",
            where,
            f"{above} predictions have a confidence above 1; the thresholds end at 1 and see them "
            "as equal",
            "scale confidences to lie between 0 and 1",
            above,
        )


def _check_frames(
    where: str, actions: Sequence[Action], classes: ActionClasses | None, frame_rate: float
) -> Iterator[Finding]:
    length = math.ceil(PERIOD_S * frame_rate)
    cells: Counter[tuple[int, str, int]] = Counter()
    wrapped = late = 0
    for action in actions:
        frame = math.trunc(frame_rate * (action.position_ms / 1000))
        wrapped += frame < 0
        late += frame >= length
        label = action.label if classes is None else classes.resolve(action.label) or action.label
        cells[action.period, label, frame % length if frame < 0 else min(frame, length - 1)] += 1

    # Each cell of class and frame holds one prediction, the last one.
    overwritten = cells.total() - len(cells)
    if wrapped:
        yield Finding(
            Severity.ERROR,
            "wrapped-position",
            where,
            f"{wrapped} predictions lie before the start of their period; the evaluator counts "
            "them back from the end of two hours",
            "clip positions at 0",
            wrapped,
        )
    if late:
        yield Finding(
            Severity.ERROR,
            "clamped-position",
            where,
            f"{late} predictions lie after {PERIOD_S // 60} minutes of their period and are moved "
            "to the last frame",
            "write positions in milliseconds since the start of the period",
            late,
        )
    if overwritten:
        yield Finding(
            Severity.WARNING,
            "overwritten",
            where,
            f"{overwritten} predictions share class and frame ({1 / frame_rate:g} s) with a later "
            f"one, which replaces them, even when its confidence is lower",
            _OVERWRITTEN_FIX if 2 * overwritten < cells.total() else _CROWDED_FIX,
            overwritten,
        )


def check_scale(matches: Sequence[MatchActions], where: str) -> Iterator[Finding]:
    """Whether the confidences of a whole set use the evaluator's thresholds."""
    values = np.array(
        [a.confidence for match in matches for a in match.actions if a.confidence is not None],
        dtype=np.float64,
    )
    values = values[(values >= 0) & (values <= 1)]
    if len(values) < 10 * THRESHOLDS:
        return

    # How many thresholds fall between confidences, and how many confidences between two.
    steps = np.floor(values * (THRESHOLDS - 1))
    levels, counts = np.unique(steps, return_counts=True)
    largest = counts.max() / len(values)
    low, high = np.quantile(values, (0.01, 0.99))
    if len(levels) < FEW_LEVELS or largest > 0.5:
        yield Finding(
            Severity.WARNING,
            "confidence-scale",
            where,
            f"98% of the confidences lie between {low:.4f} and {high:.4f}; {largest:.0%} fall "
            f"between two neighbours of the {THRESHOLDS} thresholds of the official metric, which "
            "cannot rank them",
            "rescale the confidences of all matches together, for example to their ranks; the "
            "order stays, the score rises",
            len(values),
        )


def check_against_labels(
    predicted: Sequence[MatchActions], labelled: Sequence[str]
) -> Iterator[Finding]:
    """Matches that only one of the two sides has."""
    names = {match.match for match in predicted}
    for name in sorted(set(labelled) - names):
        yield Finding(
            Severity.ERROR,
            "missing-prediction",
            name,
            "the match is labelled but not predicted; the official evaluator stops there",
            "predict it, or score a split without it",
        )
    for name in sorted(names - set(labelled)):
        yield Finding(
            Severity.INFO,
            "unlabelled-match",
            name,
            "the match is predicted but not labelled",
            "nothing to do: it is not scored",
        )
