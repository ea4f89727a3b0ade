"""Reading labels and predictions of any format in one call."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Literal

from spotkick.actions import MatchActions
from spotkick.errors import ConfigError, InputError
from spotkick.formats.detect import detect_format
from spotkick.formats.format import Family, Format, ReadOptions
from spotkick.formats.match_tree import require_matches
from spotkick.formats.registry import FORMATS, find_format
from spotkick.formats.sample import Certainty, Sample
from spotkick.formats.time_source import TimeSource
from spotkick.tasks import Task

Kind = Literal["labels", "predictions"]


def read_actions(
    path: Path | str,
    *,
    task: Task | None = None,
    frame_rate: Fraction | None = None,
    format: str | None = None,  # noqa: A002 - the word of the command line
    kind: Kind | None = None,
    matches: Sequence[str] | None = None,
    file_name: str | None = None,
    time_source: TimeSource = TimeSource.POSITION,
) -> tuple[MatchActions, ...]:
    """Read labels or predictions of any format.

    Args:
        path: file, folder or archive.
        task: decides which label file of match folders is read.
        frame_rate: for formats that count frames and do not state their rate.
        format: name of the format; judged by the content when None.
        kind: what is needed. With ``labels`` or ``predictions``, only that part of match folders
            which hold both is read, and predictions without a confidence are refused.
        matches: names of the wanted matches, in this order; all when None.
        file_name: of the files in match folders, instead of the choice by ``task``.
        time_source: which time field of SoccerNet labels counts.

    Returns:
        The matches, in file order unless ``matches`` says otherwise.

    Raises:
        InputError: if the path is damaged, of no known format or not of the wanted kind, or a
            wanted match is missing.
        ConfigError: if the format name is unknown, or ``file_name`` is given for a format of one
            file.
    """
    path = Path(path)
    form = find_format(format) if format else _recognise(path, task=task, kind=kind)
    if file_name is not None and form.family is not Family.SOCCERNET:
        raise ConfigError(
            f"a file name ({file_name}) chooses among the files of match folders; "
            f"{path} is of format {form.name}"
        )

    options = ReadOptions(
        frame_rate=frame_rate,
        task=task,
        matches=None if matches is None else tuple(matches),
        file_name=file_name,
        time_source=time_source,
    )
    found = form.read(path, options)

    # Labels in place of predictions, or the other way round, would score nonsense.
    if kind == "predictions":
        _require_confidences(found, path)
    elif kind == "labels" and form.capabilities.needs_confidence:
        _require_labels(found, path, form)
    return found if matches is None else _select_matches(found, matches, path)


def read_predictions(
    path: Path | str,
    *,
    task: Task | None = None,
    frame_rate: Fraction | None = None,
    format: str | None = None,  # noqa: A002 - the word of the command line
    matches: Sequence[str] | None = None,
    file_name: str | None = None,
) -> tuple[MatchActions, ...]:
    """Read predictions of any format; see `read_actions`.

    Raises:
        InputError: as `read_actions`, and if an action has no confidence.
        ConfigError: as `read_actions`.
    """
    return read_actions(
        path,
        task=task,
        frame_rate=frame_rate,
        format=format,
        kind="predictions",
        matches=matches,
        file_name=file_name,
    )


def _recognise(path: Path, *, task: Task | None, kind: Kind | None) -> Format:
    """The format of a path; in match folders that hold several, the one of the kind and task."""
    sample = Sample(path)
    names = sample.file_names if path.exists() else frozenset()
    if kind != "predictions" and task is not None:
        for file_name in task.label_files:
            named = [form for form in FORMATS.values() if form.file_name == file_name]
            if file_name in names and named:
                return named[0]

    # Match folders may hold labels beside predictions; a single file is what it is.
    if names and kind is not None:
        for form in FORMATS.values():
            predicted = form.capabilities.needs_confidence
            right = form.family is Family.SOCCERNET and predicted is (kind == "predictions")
            if right and form.detect(sample) is not Certainty.NO:
                return form
    return FORMATS[detect_format(path)]


def _require_confidences(found: Sequence[MatchActions], path: Path) -> None:
    missing = sum(action.confidence is None for match in found for action in match.actions)
    if missing:
        total = sum(len(match.actions) for match in found)
        raise InputError(
            f"{path}: predictions are needed, but {missing:,} of {total:,} actions have no "
            "confidence; these look like labels"
        )


def _require_labels(found: Sequence[MatchActions], path: Path, form: Format) -> None:
    if any(action.confidence is not None for match in found for action in match.actions):
        raise InputError(f"{path}: labels are needed, this holds predictions ({form.name})")


def _select_matches(
    found: Sequence[MatchActions], matches: Sequence[str], path: Path
) -> tuple[MatchActions, ...]:
    if len(found) == 1 and len(matches) == 1 and path.suffix == ".json":
        return (MatchActions(matches[0], found[0].actions),)
    by_name = {match.match: match for match in found}
    require_matches(matches, by_name, str(path))
    return tuple(by_name[name] for name in matches)
