"""What ``evaluate`` and ``compare`` read: the task, labels and predictions, and what was lost."""

import re
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any, Final

from spotkick.actions import ActionClasses, MatchActions
from spotkick.configuration import suggestion
from spotkick.datasets.match_names import pair_match_names
from spotkick.datasets.splits import read_split_matches
from spotkick.errors import ConfigError, InputError, SpotkickWarning
from spotkick.evaluation.breakdowns import without_first_frame
from spotkick.evaluation.sources import (
    LabelOptions,
    fill_empty_matches,
    find_label_file,
    fit_task_to_labels,
    is_one_match_file,
    read_found,
    read_truth,
    resolve_task,
)
from spotkick.files import read_json
from spotkick.formats.match_tree import is_match_tree
from spotkick.formats.scores import SCORES_FILE, read_scores
from spotkick.report.names import ReportNames, name_of_path, newest_date
from spotkick.tasks import TASKS, Task, task_of
from spotkick.timeline import parse_frame_rate

STAMP_FILE: Final = "spotting.json"
"""What ``spotkick spot`` writes beside its predictions; it states their classes."""

DEFAULT_CLASSES: Final = "soccernet-v2"

_COUNTED: Final = re.compile(r"(?P<where>.+?): (?P<count>\d+) (?P<text>.+)", re.DOTALL)
_UNCOUNTED: Final = re.compile(r"(?P<where>.+?\.json|.+?/.+?): (?P<text>.+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class ScoringOptions:
    """What both commands take.

    Attributes:
        labels: file, folder or archive of any format.
        classes: name of a task or class file; None takes the classes that the predictions state.
        split: split file, or its name.
        frame_rate: of the evaluator's grid; that of the task when None.
        periods: that count; those of the task when empty.
        label_options: how label files are read.
        prediction_file: name of the prediction files in match folders.
        prediction_format: of the predictions; judged by their content when None.
        first_frame_class: class whose labels on the first frame of later periods are left out.
        names: of system, labels, split, and a date, where they are given.
    """

    labels: Path
    classes: str | None = None
    split: str | None = None
    frame_rate: str | None = None
    periods: tuple[int, ...] = ()
    label_options: LabelOptions = field(default_factory=LabelOptions)
    prediction_file: str | None = None
    prediction_format: str | None = None
    first_frame_class: str | None = None
    names: ReportNames = field(default_factory=ReportNames)


@dataclass(frozen=True, slots=True)
class ScoringInputs:
    """The task and the labels of its matches, and names for reports."""

    task: Task
    truth: tuple[MatchActions, ...]
    names: ReportNames


def read_scoring_inputs(options: ScoringOptions, predictions: Sequence[Path]) -> ScoringInputs:
    """Find the task and read the labels that count.

    Args:
        options: of the command.
        predictions: of one or more systems.

    Raises:
        InputError: if labels are missing or damaged.
        ConfigError: if an option is not valid.

    Warns:
        SpotkickWarning: where classes were not given and are taken from the predictions.
    """
    _check_date(options.names.date)
    task = find_task(options.classes, predictions)

    # A split chooses the matches; else a single prediction file does.
    matches: Sequence[str] | None = None
    may_be_single = len(predictions) == 1 and options.prediction_format is None
    if options.split is not None:
        matches = read_split_matches(options.labels, options.split)
    elif may_be_single and is_one_match_file(predictions[0]) and options.labels.is_dir():
        matches = tuple(match.match for match in read_found(predictions[0]))

    chosen = options.label_options
    found = chosen.filename
    if found is None and chosen.format is None:
        found = find_label_file(options.labels, task, matches)
    task = fit_task_to_labels(task, found)
    truth = read_truth(options.labels, task, matches, replace(chosen, filename=found))
    if options.first_frame_class is not None:
        truth = _leave_out_first_frame(truth, task.classes, options.first_frame_class)

    _check_periods(options.periods, truth)

    rate = task.frame_rate if options.frame_rate is None else parse_frame_rate(options.frame_rate)
    task = replace(task, frame_rate=rate, periods=options.periods or task.periods)
    return ScoringInputs(task, truth, _complete_names(options, predictions))


def _check_periods(wanted: Sequence[int], truth: Sequence[MatchActions]) -> None:
    """Refuse periods that no label lies in: their score of 0 would mean nothing."""
    stated = sorted({action.period for match in truth for action in match.actions})
    if wanted and stated and not set(wanted) & set(stated):
        raise ConfigError(
            f"--periods {','.join(map(str, wanted))}: no label lies there; the labels have the "
            f"periods {', '.join(map(str, stated))}"
        )


def read_scored_predictions(
    path: Path, inputs: ScoringInputs, options: ScoringOptions
) -> list[MatchActions]:
    """Predictions of the labelled matches, under the names of these; others are left out later.

    Raises:
        InputError: if there are none, or those of a split are incomplete.
    """
    wanted = [match.match for match in inputs.truth]
    if options.split is not None and is_match_tree(path):
        return list(_read_predictions(path, options, wanted))

    # Without a split all are read, so that those of matches without labels can be reported.
    found = list(_read_predictions(path, options))
    if options.split is not None:
        found = [match for match in found if match.match in set(wanted)] or found
    if len(found) == len(wanted) == 1:
        return [replace(found[0], match=wanted[0])]
    pairs = pair_match_names([match.match for match in found], wanted)
    renamed = [replace(match, match=pairs.get(match.match, match.match)) for match in found]
    return list(fill_empty_matches(renamed, wanted, path))


def _read_predictions(
    path: Path, options: ScoringOptions, wanted: Sequence[str] | None = None
) -> tuple[MatchActions, ...]:
    """Predictions, in the format and from the files that the options state."""
    return read_found(
        path, wanted, file_name=options.prediction_file, format=options.prediction_format
    )


def find_task(classes: str | None, predictions: Sequence[Path]) -> Task:
    """The task of given classes, else of those that the predictions state, else SoccerNet-v2.

    Raises:
        ConfigError: if the given name is neither a task nor a file.

    Warns:
        SpotkickWarning: where the predictions decide, and where they state nothing and are of
            another task.
    """
    if classes is not None:
        return resolve_task(classes)
    for path in predictions:
        stated = _stated_classes(path)
        if stated is not None:
            task = next((t for t in TASKS.values() if t.classes.names == stated.names), None)
            if task is None or task.name != DEFAULT_CLASSES:
                _warn_about_stated(stated, path)
            return task or task_of(stated)
    return TASKS[DEFAULT_CLASSES]


def warn_about_other_task(task: Task, found: Sequence[MatchActions], *, given: bool) -> None:
    """Warn where no or few predictions belong to the classes, and name the task that fits.

    Args:
        task: what is scored.
        found: predictions.
        given: whether the user chose the classes.
    """
    counts = Counter(action.label for match in found for action in match.actions)
    total = counts.total()
    known = sum(count for label, count in counts.items() if label in task.classes)
    if not total or known > total / 2:
        return

    # Another task whose classes hold all labels that were predicted.
    fitting = [
        name
        for name, other in TASKS.items()
        if name != task.name and all(label in other.classes for label in counts)
    ]
    share = "no prediction is" if not known else f"only {known:,} of {total:,} predictions are"
    hint = (
        f"all are of {fitting[-1]}: give --classes {fitting[-1]}"
        if fitting
        else ("others are chosen with --classes" if given else "choose others with --classes")
    )
    warnings.warn(
        f"{share} of the {len(task.classes)} classes of {task.name}; {hint}",
        SpotkickWarning,
        stacklevel=2,
    )


@contextmanager
def collected_warnings() -> Iterator[list[str]]:
    """Collect warnings instead of showing them; the list is complete after the block."""
    messages: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", SpotkickWarning)
        yield messages
    messages += merge_warnings([str(warning.message) for warning in caught])


def merge_warnings(messages: Sequence[str]) -> list[str]:
    """One message for each kind of what readers report of many files.

    Example:
        >>> merge_warnings(["a/L.json: 2 labels of x", "b/L.json: 3 labels of x", "other"])
        ['5 labels of x, in 2 files, the first is a/L.json', 'other']
    """
    merged: dict[tuple[str, bool], list[tuple[str, int]]] = {}
    for message in dict.fromkeys(messages):
        counted, plain = _COUNTED.fullmatch(message), _UNCOUNTED.fullmatch(message)
        if counted is not None:
            place = (counted["where"], int(counted["count"]))
            merged.setdefault((counted["text"], True), []).append(place)
        elif plain is not None:
            merged.setdefault((plain["text"], False), []).append((plain["where"], 0))
        else:
            merged.setdefault((message, False), []).append(("", 0))

    # One line for each kind, with the sum of the counts.
    lines = []
    for (text, with_count), places in merged.items():
        where = places[0][0]
        number = f"{sum(count for _, count in places)} " if with_count else ""
        if len(places) == 1:
            lines.append(f"{where}: {number}{text}" if where else text)
        else:
            lines.append(f"{number}{text}, in {len(places)} files, the first is {where}")
    return lines


def _warn_about_stated(stated: ActionClasses, path: Path) -> None:
    most = 5
    listed = ", ".join(stated.names[:most]) + (", ..." if len(stated) > most else "")
    warnings.warn(
        f"classes are the {len(stated)} that {path} states ({listed}); --classes chooses others",
        SpotkickWarning,
        stacklevel=3,
    )


def _stated_classes(predictions: Path) -> ActionClasses | None:
    """Classes that ``spotkick spot`` wrote beside predictions; None where it did not."""
    if not predictions.is_dir():
        return None
    stamp = predictions / STAMP_FILE
    if stamp.is_file():
        classes = _stamped_classes(read_json(stamp))
        if classes is not None:
            return classes
    scores = next(iter(sorted(predictions.rglob(SCORES_FILE))), None)
    return None if scores is None else ActionClasses(read_scores(scores).classes)


def _stamped_classes(document: Any) -> ActionClasses | None:
    classes = document.get("classes") if isinstance(document, dict) else None
    if not isinstance(classes, dict):
        return None
    try:
        return ActionClasses(
            tuple(classes["names"]), dict(classes["aliases"]), name=str(classes["name"])
        )
    except (ConfigError, KeyError, TypeError, ValueError) as error:
        raise InputError(f"{STAMP_FILE}: its classes cannot be read: {error!r}") from None


def _leave_out_first_frame(
    truth: Sequence[MatchActions], classes: ActionClasses, name: str
) -> tuple[MatchActions, ...]:
    resolved = classes.resolve(name)
    if resolved is None:
        raise ConfigError(
            f"--without-first-frame: '{name}' is no class, {suggestion(name, classes.names)}"
        )
    return without_first_frame(truth, classes, resolved)


def _check_date(text: str) -> None:
    try:
        date.fromisoformat(text or "2000-01-01")
    except ValueError:
        raise ConfigError(f"--date must be a day such as 2026-11-26, got '{text}'") from None


def _complete_names(options: ScoringOptions, predictions: Sequence[Path]) -> ReportNames:
    """Names as given, else those of the paths; the date of the newest prediction file."""
    given = options.names
    return ReportNames(
        system=given.system or name_of_path(predictions[0]),
        labels=given.labels or name_of_path(options.labels),
        split=given.split or (Path(options.split).stem if options.split else ""),
        date=given.date or newest_date(predictions),
    )
