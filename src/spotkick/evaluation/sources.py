"""What scores are computed from: files of any format, or actions in memory."""

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from spotkick.actions import Action, ActionClasses, MatchActions
from spotkick.datasets.match_names import pair_match_names
from spotkick.errors import InputError, SpotkickWarning
from spotkick.formats import TimeSource, read_actions, read_predictions
from spotkick.formats.classes import find_task
from spotkick.formats.detect import detect_format
from spotkick.formats.match_tree import is_match_tree, open_match_tree
from spotkick.formats.registry import FORMATS
from spotkick.formats.results import RESULTS_FILE
from spotkick.formats.sample import is_json_file
from spotkick.tasks import BALL_RATE, LABEL_FILES, TASKS, Task, task_of

ActionSource = (
    str
    | Path
    | MatchActions
    | Iterable[MatchActions]
    | Mapping[str, MatchActions | Iterable[Action]]
)
"""A path, or actions by match."""

ClassesLike = ActionClasses | Task | str | Sequence[str]
"""A class list, a task, the name of either, a file of class names, or class names."""

_BALL_FILE: Final = "Labels-ball.json"


@dataclass(frozen=True, slots=True)
class LabelOptions:
    """How label files are read.

    Attributes:
        filename: name of the label files in match folders, instead of the choice by the task.
        time_source: which time field of SoccerNet's label files counts.
        format: name of the format; judged by the content when None.
    """

    filename: str | None = None
    time_source: TimeSource = TimeSource.POSITION
    format: str | None = None


def resolve_task(classes: ClassesLike) -> Task:
    """The task that a class list, its name, its file or its names stand for.

    Raises:
        ConfigError: if a name is neither a built-in one nor a file.
        InputError: if a class file is malformed.

    Example:
        >>> resolve_task(["PASS", "DRIVE"]).frame_rate
        Fraction(25, 1)
    """
    if isinstance(classes, Task):
        return classes
    if isinstance(classes, ActionClasses):
        return task_of(classes)
    if isinstance(classes, str):
        return find_task(classes)
    return task_of(ActionClasses(tuple(classes)))


def read_scored_sets(
    predictions: ActionSource, labels: ActionSource, task: Task
) -> tuple[Iterable[MatchActions], tuple[MatchActions, ...]]:
    """Predictions and labels, from files or from memory, under the same names.

    Predictions of one match, an object or a file, are scored against its labels alone. An iterator
    of predictions is passed on as it is, so that they need not be held at once.

    Raises:
        InputError: if a path holds no predictions or no labels, or a name fits several matches.
    """
    is_single = isinstance(predictions, MatchActions) or (
        isinstance(predictions, str | Path) and is_one_match_file(Path(predictions))
    )
    if isinstance(predictions, Iterator):
        return predictions, collect_matches(labels, lambda path: read_truth(path, task))

    # Of many labelled matches in files, those of a single one are enough.
    found = collect_matches(predictions, read_found)
    truth = collect_matches(
        labels, lambda path: _read_truth_of(path, task, found[0].match if is_single else None)
    )
    wanted = [match.match for match in truth]
    if is_single and len(truth) == 1:
        return (replace(found[0], match=wanted[0]),), truth

    pairs = pair_match_names([match.match for match in found], wanted)
    found = tuple(
        replace(match, match=pairs[match.match]) if match.match in pairs else match
        for match in found
    )
    if is_single:
        truth = tuple(match for match in truth if match.match == found[0].match) or truth
    if isinstance(predictions, str | Path):
        found = fill_empty_matches(found, [match.match for match in truth], Path(predictions))
    return found, truth


def _read_truth_of(path: Path, task: Task, match: str | None) -> tuple[MatchActions, ...]:
    """Labels of one match of a folder or archive; of all where none is named like it."""
    if match is not None and is_match_tree(path):
        try:
            return read_truth(path, task, (match,))
        except InputError:
            pass  # it may be named by its last folders alone
    return read_truth(path, task)


def collect_matches(
    source: ActionSource, read: Callable[[Path], Iterable[MatchActions]]
) -> tuple[MatchActions, ...]:
    """One entry per match, from a path or from memory.

    Args:
        source: where the actions are.
        read: reads a path.
    """
    if isinstance(source, str | Path):
        return tuple(read(Path(source)))
    if isinstance(source, MatchActions):
        return (source,)
    if isinstance(source, Mapping):
        return tuple(
            replace(actions, match=name)
            if isinstance(actions, MatchActions)
            else MatchActions(name, tuple(actions))
            for name, actions in source.items()
        )
    return tuple(source)


def read_truth(
    path: Path,
    task: Task,
    matches: Sequence[str] | None = None,
    options: LabelOptions | None = None,
) -> tuple[MatchActions, ...]:
    """Read labels of any format.

    Args:
        path: file, folder or archive.
        task: decides which of several kinds of label files is read.
        matches: names in the wanted order; every match when None.
        options: how SoccerNet's label files are read.

    Raises:
        InputError: if there are no labels, a wanted match has none, or the path holds predictions.
    """
    options = options or LabelOptions()
    filename = options.filename
    if filename is None and options.format is None:
        filename = find_label_file(path, task, matches)
    return read_actions(
        path,
        task=task,
        format=options.format,
        kind="labels",
        matches=matches,
        file_name=filename,
        time_source=options.time_source,
    )


def read_found(
    path: Path,
    matches: Sequence[str] | None = None,
    *,
    file_name: str | None = None,
    format: str | None = None,  # noqa: A002 - the word of the command line
) -> tuple[MatchActions, ...]:
    """Read predictions of any format.

    Args:
        path: file, folder or archive.
        matches: names in the wanted order; every match when None.
        file_name: name of the prediction files in match folders.
        format: name of the format; judged by the content when None.

    Raises:
        InputError: if there are none, a wanted match has none, or the path holds labels.
    """
    try:
        return read_predictions(path, format=format, matches=matches, file_name=file_name)
    except InputError:
        if (
            not path.exists()
            or not is_match_tree(path)
            or file_name is not None
            or format is not None
        ):
            raise
        with open_match_tree(path) as tree:
            names = tree.file_names()
        if RESULTS_FILE in names or not names & set(LABEL_FILES):
            raise
        raise InputError(
            f"{path}: no file named {RESULTS_FILE}, it holds labels; predictions lie in "
            f"league/season/match/{RESULTS_FILE}"
        ) from None


def fill_empty_matches(
    found: Sequence[MatchActions], wanted: Sequence[str], path: Path
) -> tuple[MatchActions, ...]:
    """Add matches without predictions where the format cannot hold them.

    Args:
        found: predictions, under the names of labelled matches.
        wanted: names of the labelled matches.
        path: where they were read.

    Warns:
        SpotkickWarning: with the number of matches that are taken to have no predictions.
    """
    names = {match.match for match in found}
    missing = [name for name in wanted if name not in names]
    if not missing or len(missing) == len(wanted):
        return tuple(found)
    if FORMATS[detect_format(path)].capabilities.empty:
        return tuple(found)
    warnings.warn(
        f"{path} has no predictions for {len(missing)} of {len(wanted)} labelled matches, the "
        f"first is {missing[0]!r}; its format cannot hold a match without predictions, so they "
        "count as having none",
        SpotkickWarning,
        stacklevel=2,
    )
    return (*found, *(MatchActions(name, ()) for name in missing))


def find_label_file(path: Path, task: Task, matches: Sequence[str] | None = None) -> str | None:
    """Name of SoccerNet's label files in a folder or archive; None when it has none.

    The first name of the task's that every wanted match has, else the first that any has.

    Raises:
        InputError: if the archive cannot be read.
    """
    if not is_match_tree(path):
        return None
    with open_match_tree(path) as tree:
        held = {
            name: set(tree.matches_with(name))
            for name in dict.fromkeys((*task.label_files, *LABEL_FILES))
        }
    own = [name for name in task.label_files if held[name]]
    wanted = set().union(*(held[name] for name in own)) if matches is None else set(matches)
    complete = (name for name in own if held[name] >= wanted)
    return next(complete, None) or next(iter(own), None)


def fit_task_to_labels(task: Task, filename: str | None) -> Task:
    """The task with the grid and the metric of ball actions where it reads their label files."""
    if filename != _BALL_FILE or task.frame_rate == BALL_RATE:
        return task
    ball = TASKS["soccernet-ball"]
    return replace(task, frame_rate=ball.frame_rate, metric=ball.metric, periods=ball.periods)


def is_one_match_file(path: Path) -> bool:
    """Whether a path is a prediction file of one match, in SoccerNet's form."""
    return path.is_file() and is_json_file(path) and detect_format(path) == "soccernet-results"
