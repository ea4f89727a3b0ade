"""Putting labels and predictions on the frame grid, and what the grid loses on the way.

The official code writes each action into a vector of 120 minutes per period. What does not fit is
dropped, moved or overwritten there silently; here it is treated the same, counted and reported.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from typing import Final

import numpy as np
import numpy.typing as npt

from spotkick.actions import ActionClasses, MatchActions, Visibility
from spotkick.configuration import nearest
from spotkick.errors import InputError
from spotkick.evaluation.frames import PERIOD_S, FramedActions, FrameGrid

_FAR_MS: Final = 1e10  # beyond every match, and far from the ends of 64-bit integers


def frame_labels(
    labels: Iterable[MatchActions], grid: FrameGrid
) -> tuple[FramedActions, list[str]]:
    """Put labels on the grid.

    Args:
        labels: one entry for each match of the grid, in any order.
        grid: the frames.

    Returns:
        The labels, and one message for each kind of loss.
    """

    def signs(match: MatchActions) -> list[float]:
        return [
            -1.0 if action.visibility is Visibility.NOT_SHOWN else 1.0 for action in match.actions
        ]

    number = {name: index for index, name in enumerate(grid.matches)}
    rows = ((number[match.match], match, signs(match)) for match in labels)
    return _frame_actions(rows, grid, "labels")


def frame_predictions(
    predictions: Iterable[MatchActions], grid: FrameGrid
) -> tuple[FramedActions, list[str]]:
    """Put predictions on the grid.

    Those with a confidence below 0, or none, are left out after they took their frame.

    Args:
        predictions: one entry at least for each match of the grid, in any order. They are read one
            by one and not kept.
        grid: the frames.

    Returns:
        The predictions, and one message for each kind of loss.

    Raises:
        InputError: if a match comes twice or not at all, or a prediction has no confidence, so is a
            label.
    """
    number = {name: index for index, name in enumerate(grid.matches)}
    seen: set[str] = set()

    def labelled_matches() -> Iterator[tuple[int, MatchActions, list[float | None]]]:
        for match in predictions:
            if match.match in seen:
                raise InputError(f"predictions for match {match.match!r} come twice")
            seen.add(match.match)
            if match.match in number:
                yield number[match.match], match, _require_confidences(match)

    framed, messages = _frame_actions(labelled_matches(), grid, "predictions")
    _require_all_matches(grid.matches, seen)

    # What the official thresholds cannot tell apart, or never reach.
    usable = framed.value >= 0
    if not usable.all():
        messages.append(
            f"{np.sum(~usable)} predictions with a confidence below 0 or not a number were left out"
        )
    above = int(np.sum(framed.value > 1))
    if above:
        messages.append(
            f"{above} predictions have a confidence above 1; the official thresholds end at 1 and "
            "see them as equal"
        )

    extra = sorted(seen - number.keys())
    if extra:
        messages.append(
            f"predictions for {len(extra)} matches without labels were left out, "
            f"the first is {extra[0]!r}"
        )
    return framed.take(usable), messages


def _require_all_matches(wanted: Sequence[str], seen: set[str]) -> None:
    missing = [name for name in wanted if name not in seen]
    if not missing:
        return
    message = (
        f"no predictions for {len(missing)} of {len(wanted)} labelled matches, "
        f"the first is {missing[0]!r}"
    )
    extra = sorted(seen - set(wanted))
    if extra:
        near = nearest(missing[0], extra) or extra[0]
        message += f"; predictions without labels have names such as {near!r}"
    raise InputError(message)


def _require_confidences(match: MatchActions) -> list[float | None]:
    confidences = [action.confidence for action in match.actions]
    if None in confidences:
        action = match.actions[confidences.index(None)]
        raise InputError(
            f"{match.match}: {action.label} at {action.game_time} has no confidence; "
            "predictions need one"
        )
    return confidences


def _frame_actions(
    matches: Iterable[tuple[int, MatchActions, Sequence[float | None]]], grid: FrameGrid, kind: str
) -> tuple[FramedActions, list[str]]:
    """Actions of (number, match, values) on the grid; ``kind`` names them in messages."""
    columns = _Columns(grid.classes)
    period_of = {period: index for index, period in enumerate(grid.periods)}

    # Five rows of numbers for all actions of all matches, in file order.
    rows = [np.zeros((5, 0))]
    for number, match, values in matches:
        part = np.empty((5, len(match.actions)))
        part[0] = number
        part[1] = columns.find_columns([action.label for action in match.actions])
        part[2] = [period_of.get(action.period, -1) for action in match.actions]
        part[3] = [action.position_ms for action in match.actions]
        part[4] = values
        rows.append(part)
    match_index, class_index, period_index, position_ms, value = np.concatenate(rows, axis=1)
    match_index, class_index, period_index = (
        row.astype(np.int64) for row in (match_index, class_index, period_index)
    )

    # Leave out what belongs to no class or period; fold frames outside the vector into it.
    messages = columns.describe_unknown(kind)
    known = class_index >= 0
    in_period = known & (period_index >= 0)
    if in_period.sum() < known.sum():
        counted = " and ".join(str(period) for period in grid.periods)
        messages.append(
            f"{known.sum() - in_period.sum()} {kind} in periods other than {counted} were left out"
        )
    frame = _frames_of_positions(position_ms.clip(-_FAR_MS, _FAR_MS), grid.frame_rate)
    frame, inside, moved = _fold_frames(frame, in_period, grid.num_frames, kind=kind)
    messages += moved

    # Sort by series and frame; a stable sort leaves the later entry of a frame last.
    group = (match_index * len(grid.periods) + period_index) * len(grid.classes) + class_index
    source = np.flatnonzero(inside)
    key = group[source] * grid.num_frames + frame[source]
    order = np.argsort(key, kind="stable")
    last = np.append(key[order][1:] != key[order][:-1], True)[: len(order)]
    if not last.all():
        messages.append(
            f"{np.sum(~last)} {kind} share class and frame with a later one, which replaced them"
        )
    source = source[order[last]]
    framed = FramedActions(
        grid, group=group[source], frame=frame[source], value=value[source], source=source
    )
    return framed, messages


def _frames_of_positions(
    position_ms: npt.NDArray[np.float64], rate: Fraction
) -> npt.NDArray[np.int64]:
    """Frames of positions, cut towards zero."""
    if rate.denominator == 1:
        # The official expression, with its rounding errors.
        return np.trunc(float(rate) * (position_ms / 1000)).astype(np.int64)
    # Rates such as 30000/1001 have no official expression; this one is exact.
    whole = np.abs(position_ms).astype(np.int64) * rate.numerator // (1000 * rate.denominator)
    return np.sign(position_ms).astype(np.int64) * whole


def _fold_frames(
    frame: npt.NDArray[np.int64], counted: npt.NDArray[np.bool_], num_frames: int, *, kind: str
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_], list[str]]:
    """Fold frames into the vector as the official code does.

    Late frames move to the last one, negative ones wrap to the end as a negative index does.

    Returns:
        Frames, which of them lie inside, and messages about what was moved or lost.
    """
    late = counted & (frame >= num_frames)
    early = counted & (frame < 0)
    lost = counted & (frame < -num_frames)

    # Everything that is not where its file has it is reported.
    messages = []
    minutes = PERIOD_S // 60
    if late.any():
        messages.append(f"{late.sum()} {kind} after {minutes} minutes were moved to the last frame")
    if early.sum() > lost.sum():
        messages.append(
            f"{early.sum() - lost.sum()} {kind} before the start of their period were counted "
            f"back from {minutes} minutes"
        )
    if lost.any():
        messages.append(
            f"{lost.sum()} {kind} more than {minutes} minutes before the start were left out "
            "(the official code stops)"
        )
    folded = np.where(frame < 0, frame + num_frames, np.minimum(frame, num_frames - 1))
    return folded, counted & ~lost, messages


class _Columns:
    """Score column of each label, and a count of the labels that have none."""

    def __init__(self, classes: ActionClasses) -> None:
        self._classes = classes
        self._known: dict[str, int] = {}
        self._unknown: Counter[str] = Counter()

    def find_columns(self, labels: Sequence[str]) -> list[int]:
        """Columns, -1 for labels that belong to no class."""
        for label in set(labels) - self._known.keys():
            column = self._classes.index(label)
            self._known[label] = -1 if column is None else column
        found = [self._known[label] for label in labels]
        if -1 in found:
            self._unknown.update(
                label for label, column in zip(labels, found, strict=True) if column < 0
            )
        return found

    def describe_unknown(self, kind: str) -> list[str]:
        """Message about labels without a column, if there are any."""
        if not self._unknown:
            return []
        listed = ", ".join(
            f"{label[:40]!r} ({count})" for label, count in self._unknown.most_common(5)
        )
        more = ", ..." if len(self._unknown) > 5 else ""
        message = f"{self._unknown.total()} {kind} with labels outside the class list were left out"
        return [f"{message}: {listed}{more}"]
