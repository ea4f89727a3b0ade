"""Read labels and predictions, and score them: from files, or from objects in memory."""

import os
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from pathlib import Path

from spotkick.actions import ActionClasses, MatchActions
from spotkick.api.model import PathLike
from spotkick.datasets.match_names import pair_match_names
from spotkick.datasets.splits import read_split_matches
from spotkick.errors import InputError
from spotkick.evaluation import SpottingScore
from spotkick.evaluation import evaluate as score_predictions
from spotkick.formats.classes import find_classes
from spotkick.formats.convert import read_actions
from spotkick.formats.results import read_results
from spotkick.formats.soccernet import read_label_set
from spotkick.tasks import TASKS, Task, task_of
from spotkick.timeline import parse_frame_rate

ClassesLike = ActionClasses | Task | str | Sequence[str]
"""A class list, a task, the name or the file of a class list, or names of classes."""

Actions = MatchActions | Iterable[MatchActions] | PathLike
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
    if source.is_dir() or source.suffix.lower() == ".zip":
        wanted = None if classes is None else _find_task(classes).classes
        return tuple(read_label_set(source, matches, classes=wanted))
    return _select(read_actions(source), matches, source)


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
    source = Path(path)
    if source.is_dir() or source.suffix.lower() == ".zip":
        return tuple(read_results(source, matches))
    return _select(read_actions(source), matches, source)


def _select(
    found: Sequence[MatchActions], matches: Sequence[str] | None, where: Path | str
) -> tuple[MatchActions, ...]:
    """The matches of the given names, in their order; all when None."""
    if matches is None:
        return tuple(found)
    by_name = {match.match: match for match in found}
    missing = [name for name in matches if name not in by_name]
    if missing:
        raise InputError(f"{where} has no match '{missing[0]}'; it has {', '.join(by_name)}")
    return tuple(by_name[name] for name in matches)


def evaluate(
    predictions: Actions,
    labels: Actions,
    classes: ClassesLike | None = None,
    *,
    metric: str | Sequence[float] | None = None,
    split: str | None = None,
    frame_rate: Fraction | float | str | None = None,
    periods: Sequence[int] | None = None,
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

    Raises:
        InputError: if a match has labels but no predictions, comes twice, or a prediction has no
            confidence.
        ConfigError: if the metric or the class list is not known.
    """
    task = TASKS["soccernet-v2"] if classes is None else _find_task(classes)

    # Predictions first: those of a single match are compared with its labels alone.
    found = _collect(predictions, read_predictions)
    truth = _read_truth(labels, task, split)
    names = pair_match_names([match.match for match in found], [match.match for match in truth])
    renamed = [MatchActions(names.get(match.match, match.match), match.actions) for match in found]
    if _is_single(predictions):
        truth = [match for match in truth if match.match == renamed[0].match] or truth

    counted = tuple(periods if periods is not None else task.periods)
    rate = task.frame_rate if frame_rate is None else parse_frame_rate(frame_rate)
    return score_predictions(
        renamed,
        truth,
        task.classes,
        metric=metric or task.metric,
        frame_rate=rate,
        periods=counted or _find_periods([*truth, *renamed]),
    )


def _find_task(classes: ClassesLike) -> Task:
    if isinstance(classes, Task):
        return classes
    if isinstance(classes, ActionClasses):
        return task_of(classes)
    if isinstance(classes, str):
        return task_of(find_classes(classes))
    return task_of(ActionClasses(tuple(classes)))


def _collect(
    actions: Actions, read: Callable[[PathLike], Iterable[MatchActions]]
) -> list[MatchActions]:
    """Matches in memory, or read from a path."""
    if isinstance(actions, MatchActions):
        return [actions]
    return list(read(actions) if isinstance(actions, str | os.PathLike) else actions)


def _read_truth(labels: Actions, task: Task, split: str | None) -> list[MatchActions]:
    """Labels of all matches, or of those of a split."""
    if isinstance(labels, str | os.PathLike):
        return list(read_labels(labels, split=split, classes=task))
    truth = _collect(labels, read_labels)
    if split is None:
        return truth
    return list(_select(truth, read_split_matches(Path(), split), "the labels"))


def _is_single(actions: Actions) -> bool:
    """Whether predictions are those of one match on purpose: one object, or one file."""
    if isinstance(actions, str | os.PathLike):
        return Path(actions).suffix.lower() == ".json"
    return isinstance(actions, MatchActions)


def _find_periods(matches: Iterable[MatchActions]) -> tuple[int, ...]:
    """All periods that occur."""
    return tuple(sorted({action.period for match in matches for action in match.actions})) or (1,)
