"""Mean average precision at tolerances of a few frames.

E2E-Spot and T-DEED report it for precise spotting. Unlike in the SoccerNet metric a tolerance is
one-sided here: 1 frame allows one frame either way. Predictions choose, best first, the nearest
label that is still free.
"""

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType
from typing import Final

import numpy as np

from spotkick.actions import Action, ActionClasses, MatchActions
from spotkick.errors import InputError, SpotkickWarning
from spotkick.evaluation.deferred_acceptance import assigned_proposers
from spotkick.evaluation.scores import Score
from spotkick.evaluation.segment_table import interpolated_average_precision
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
    truth = {match.match: _select_classes(match, classes) for match in labels}
    found = {match.match: _select_classes(match, classes) for match in predictions}
    different = sorted(truth.keys() ^ found.keys())
    if different:
        raise InputError(
            "labels and predictions must be of the same matches; "
            f"{different[0]!r} is in one of them only"
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

    # Rows are tolerances, columns classes.
    per_class = [
        _average_precision(
            _list_frames(truth, name, frame_rate),
            _list_frames(found, name, frame_rate),
            tolerances_frames,
        )
        for name in names
    ]
    table = np.array(per_class).T
    means = table.mean(axis=1)
    at = map(float, tolerances_frames)
    return Score(
        average_map=float(means.mean()),
        per_class=MappingProxyType(dict(zip(names, table.mean(axis=0).tolist(), strict=True))),
        map_at=MappingProxyType(dict(zip(at, means.tolist(), strict=True))),
    )


@dataclass(frozen=True, slots=True)
class _FrameAction:
    """An action of one class: its video, its frame there, and its confidence."""

    video: tuple[str, int]
    frame: int
    confidence: float


def _select_classes(match: MatchActions, classes: ActionClasses | None) -> tuple[Action, ...]:
    return match.actions if classes is None else classes.select(match.actions)


def _list_frames(
    sets: dict[str, tuple[Action, ...]], label: str, frame_rate: Fraction
) -> list[_FrameAction]:
    """The actions of a class, in file order; a period of a match is a video."""
    return [
        _FrameAction(
            (match, action.period),
            frame_of_position(action.position_ms, frame_rate),
            action.confidence or 0.0,
        )
        for match, actions in sets.items()
        for action in actions
        if action.label == label
    ]


def _average_precision(
    labels: list[_FrameAction], predictions: list[_FrameAction], tolerances: Sequence[int]
) -> list[float]:
    """Average precision of one class at each tolerance."""
    # Two labels on one frame are one target.
    targets = list(dict.fromkeys((label.video, label.frame) for label in labels))
    by_video: dict[tuple[str, int], list[int]] = {}
    for number, (video, _) in enumerate(targets):
        by_video.setdefault(video, []).append(number)
    target_frame = np.array([frame for _, frame in targets])
    ranked = sorted(predictions, key=lambda action: action.confidence, reverse=True)

    # Every (prediction, target) pair of a video, nearest target first; of equals the one that comes
    # first in the file.
    pairs = [np.zeros((3, 0), dtype=np.int64)]
    for number, action in enumerate(ranked):
        near = np.array(by_video.get(action.video, []), dtype=np.int64)
        distance = np.abs(target_frame[near] - action.frame)
        order = np.argsort(distance, kind="stable")
        order = order[distance[order] <= max(tolerances)]
        pairs.append(np.stack([np.full(len(order), number), near[order], distance[order]]))
    prediction, target, distance = np.concatenate(pairs, axis=1)

    result = []
    for tolerance in tolerances:
        close = distance <= tolerance
        hit = assigned_proposers(
            prediction[close],
            target[close],
            num_proposers=len(ranked),
            num_receivers=len(targets),
        )
        result.append(interpolated_average_precision(hit, len(labels)))
    return result
