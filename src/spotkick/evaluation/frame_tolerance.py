"""Mean average precision at tolerances of a few frames, as E2E-Spot and T-DEED report it for precise spotting.

Unlike in the SoccerNet metric a tolerance is one-sided here: 1 frame allows one frame either way.
Predictions choose, best first, the nearest label that is still free.
"""

import warnings
from collections.abc import Iterable, Sequence
from fractions import Fraction
from types import MappingProxyType
from typing import Final

import numpy as np
import numpy.typing as npt

from spotkick.actions import Action, ActionClasses, MatchActions
from spotkick.errors import InputError, SpotkickWarning
from spotkick.evaluation.assignment import deferred_acceptance
from spotkick.evaluation.average_map import Score
from spotkick.evaluation.detection import interpolated_average_precision
from spotkick.timeline import frame_of_position

E2E_SPOT_TOLERANCES: Final = (0, 1, 2, 4)
"""Frames that E2E-Spot reports; T-DEED has 3 and 6 for SoccerNet, 6 and 12 for ball action
spotting."""


def evaluate_frames(
    predictions: Iterable[MatchActions],
    labels: Iterable[MatchActions],
    *,
    frame_rate: Fraction,
    tolerances_frames: Sequence[int] = E2E_SPOT_TOLERANCES,
    classes: ActionClasses | None = None,
) -> Score:
    """Score predictions at frame tolerances.

    Args:
        predictions: one entry per match, exactly for the matches of the labels; every period is a
            video of its own.
        labels: one entry per match.
        frame_rate: turns positions into the frames of the video.
        tolerances_frames: largest distance to a label, each, inclusive.
        classes: a choice of classes with their aliases; default is every label as it stands. The
            mean is over classes that have a label.

    Returns:
        Score with ``map_at`` by tolerance in frames; ``average_map`` is the mean over tolerances.

    Raises:
        InputError: if the matches are not the same, there are no labels, or a prediction has no
            confidence.

    Source: E2E-Spot ``util/score.py``. Its quirk is kept: two labels of a class on one frame can be
    found only once.
    """
    truth = {match.match: _select(match, classes) for match in labels}
    found = {match.match: _select(match, classes) for match in predictions}
    different = sorted(truth.keys() ^ found.keys())
    if different:
        raise InputError(
            f"labels and predictions must be of the same matches; {different[0]!r} is in one of them only"
        )
    names = tuple(sorted({action.label for actions in truth.values() for action in actions}))
    if not names:
        raise InputError("there are no labels to score against")
    if any(action.confidence is None for actions in found.values() for action in actions):
        raise InputError("a prediction has no confidence; predictions need one")
    extra = {action.label for actions in found.values() for action in actions} - set(names)
    if extra:
        warnings.warn(
            f"predictions of {len(extra)} classes without labels were left out",
            SpotkickWarning,
            stacklevel=2,
        )
    per_class = [
        _average_precision(truth, found, name, frame_rate, tolerances_frames) for name in names
    ]
    table = np.array(per_class).T
    means = table.mean(axis=1)
    return Score(
        average_map=float(means.mean()),
        per_class=MappingProxyType(dict(zip(names, table.mean(axis=0).tolist(), strict=True))),
        map_at=MappingProxyType(
            dict(zip(map(float, tolerances_frames), means.tolist(), strict=True))
        ),
    )


def _select(match: MatchActions, classes: ActionClasses | None) -> tuple[Action, ...]:
    return match.actions if classes is None else classes.select(match.actions)


def _average_precision(
    truth: dict[str, tuple[Action, ...]],
    found: dict[str, tuple[Action, ...]],
    label: str,
    frame_rate: Fraction,
    tolerances: Sequence[int],
) -> list[float]:
    """Average precision of one class at each tolerance."""

    def rows(sets: dict[str, tuple[Action, ...]]) -> list[tuple[str, int, int, float]]:
        return [
            (
                match,
                action.period,
                frame_of_position(action.position_ms, frame_rate),
                action.confidence or 0.0,
            )
            for match, actions in sets.items()
            for action in actions
            if action.label == label
        ]

    labels = rows(truth)
    cells = list(dict.fromkeys(row[:3] for row in labels))  # two labels on one frame are one target
    by_video: dict[tuple[str, int], list[int]] = {}
    for number, (match, period, _) in enumerate(cells):
        by_video.setdefault((match, period), []).append(number)
    target_frame = np.array([cell[2] for cell in cells])
    ranked = sorted(rows(found), key=lambda row: row[3], reverse=True)
    # every (prediction, target) pair of a video, nearest target first; of equals the one that comes
    # first in the file
    pairs = [
        _pairs(number, row, by_video, target_frame, max(tolerances))
        for number, row in enumerate(ranked)
    ]
    prediction, target, distance = np.concatenate(
        [np.zeros((3, 0), dtype=np.int64), *pairs], axis=1
    )
    result = []
    for tolerance in tolerances:
        near = distance <= tolerance
        holder = deferred_acceptance(prediction[near], target[near], len(ranked), len(cells))
        hit = np.zeros(len(ranked), dtype=bool)
        hit[holder[holder >= 0]] = True
        result.append(interpolated_average_precision(hit, len(labels)))
    return result


def _pairs(
    number: int,
    row: tuple[str, int, int, float],
    by_video: dict[tuple[str, int], list[int]],
    target_frame: npt.NDArray[np.int64],
    reach: int,
) -> npt.NDArray[np.int64]:
    """(3, n) prediction, target and distance for the targets within reach, nearest first."""
    targets = np.array(by_video.get((row[0], row[1]), []), dtype=np.int64)
    distance = np.abs(target_frame[targets] - row[2])
    order = np.argsort(distance, kind="stable")
    order = order[distance[order] <= reach]
    return np.stack([np.full(len(order), number), targets[order], distance[order]])
