"""Read labels and predictions, and score them: from files, or from objects in memory."""

import os
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path

from spotkick.actions import Action, MatchActions
from spotkick.api.model import PathLike
from spotkick.datasets.splits import read_split_matches
from spotkick.evaluation import SpottingScore
from spotkick.evaluation import evaluate as score_predictions
from spotkick.evaluation.average_map import Suppression
from spotkick.evaluation.sources import (
    ActionSource,
    ClassesLike,
    collect_matches,
    read_found,
    read_truth,
    resolve_task,
)
from spotkick.formats import read_actions
from spotkick.formats.match_tree import is_match_tree, require_matches
from spotkick.tasks import Task
from spotkick.timeline import parse_frame_rate

Actions = MatchActions | Iterable[MatchActions] | Mapping[str, Iterable[Action]] | PathLike
"""Actions in memory, of one match or of many, or where they are stored."""


def read_labels(
    path: PathLike,
    matches: Sequence[str] | None = None,
    *,
    split: str | None = None,
    classes: ClassesLike | None = None,
) -> tuple[MatchActions, ...]:
    """Read labels of one match or of many.

    Args:
        path: folder or zip of matches with label files, or one file of any format that
            ``spotkick convert`` reads.
        matches: names of the matches to read; all when None.
        split: read the matches of this split: a file, or its name such as ``train`` where ``path``
            is a folder.
        classes: decide which label file is read where a match has several.

    Raises:
        InputError: if a file or a match is missing or malformed.
    """
    source = Path(path)
    if split is not None:
        matches = read_split_matches(source, split)
    if classes is not None:
        return read_truth(source, resolve_task(classes), matches)
    if is_match_tree(source):
        return read_actions(source, kind="labels", matches=matches)
    return _select_matches(read_actions(source, kind="labels"), matches, str(source))


def read_predictions(
    path: PathLike, matches: Sequence[str] | None = None
) -> tuple[MatchActions, ...]:
    """Read predictions of one match or of many.

    Args:
        path: folder or zip of ``results_spotting.json`` files, or one file of any format that
            ``spotkick convert`` reads.
        matches: names of the matches to read; all when None.

    Raises:
        InputError: if a file or a match is missing or malformed.
    """
    return read_found(Path(path), matches)


def evaluate(
    predictions: Actions,
    labels: Actions,
    classes: ClassesLike | None = None,
    *,
    metric: str | Sequence[float] | None = None,
    split: str | None = None,
    frame_rate: Fraction | float | str | None = None,
    periods: Sequence[int] | None = None,
    nms: Suppression = "none",
) -> SpottingScore:
    """Score predictions with the official Average-mAP.

    Args:
        predictions: of `spot`, one match or many, or a path as of `read_predictions`.
        labels: one match or many, or a path as of `read_labels`. A match may be named by its last
            folders alone: ``match`` is paired with ``league/season/match`` where no other fits.
        classes: classes that are scored, SoccerNet-v2 unless given; the mean is over all of them.
        metric: ``loose``, ``tight``, ``at1`` ... ``at5``, or tolerances in seconds (full window
            widths); that of the task unless given.
        split: only the matches of this split: a file, or its name such as ``valid`` where
            ``labels`` is a folder.
        frame_rate: of the evaluator's grid; that of the task unless given (2, and 25 for ball
            action spotting).
        periods: that count; those of the task unless given, and all where it names none.
        nms: as in `spotkick.evaluation.evaluate`.

    Raises:
        InputError: if a match has labels but no predictions, comes twice, or a prediction has no
            confidence.
        ConfigError: if the metric or the class list is not known.
    """
    task = resolve_task("soccernet-v2" if classes is None else classes)
    if split is not None:
        labels = _read_split(labels, task, split)
    return score_predictions(
        _plain_path(predictions),
        _plain_path(labels),
        task,
        metric=metric,
        frame_rate=None if frame_rate is None else parse_frame_rate(frame_rate),
        periods=periods,
        nms=nms,
    )


def _plain_path(actions: Actions) -> ActionSource:
    """A path of any kind as a `Path`; actions in memory as they are."""
    return Path(actions) if isinstance(actions, os.PathLike) else actions


def _read_split(labels: Actions, task: Task, split: str) -> tuple[MatchActions, ...]:
    """Labels of the matches of a split, from a path or from memory."""
    if isinstance(labels, str | os.PathLike):
        return read_labels(labels, split=split, classes=task)
    truth = collect_matches(labels, read_labels)
    return _select_matches(truth, read_split_matches(Path(), split), "the labels")


def _select_matches(
    found: Sequence[MatchActions], matches: Sequence[str] | None, where: str
) -> tuple[MatchActions, ...]:
    """The matches of the given names, in their order; all when None."""
    if matches is None:
        return tuple(found)
    by_name = {match.match: match for match in found}
    require_matches(matches, by_name, where)
    return tuple(by_name[name] for name in matches)
