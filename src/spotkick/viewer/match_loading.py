"""Reading the files of a match.

A damaged file takes away what it holds, not the match: the reason is shown as a warning.
"""

import math
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from spotkick.actions import Action
from spotkick.datasets.period_video import PeriodVideo, open_periods
from spotkick.errors import InputError, SpotkickWarning
from spotkick.files import read_json
from spotkick.formats.results import read_results
from spotkick.formats.scores import MatchScores, read_scores
from spotkick.formats.soccernet import read_labels
from spotkick.viewer.action_files import read_entry
from spotkick.viewer.match_data import (
    Match,
    System,
    find_outside,
    measure_periods,
    name_spots,
    order_classes,
)
from spotkick.viewer.match_files import MatchFiles, SystemFiles
from spotkick.viewer.match_joining import name_systems

_MOST_WARNINGS: Final = 20


def load_match(
    files: MatchFiles, *, read_scores_of: Callable[[Path, str], MatchScores] = read_scores
) -> Match:
    """Read all files of a match.

    Args:
        files: of the match.
        read_scores_of: `read_scores_outline` where the scores themselves are not needed.
    """
    problems = list(files.notes)
    predictions: tuple[Action, ...] = ()
    labels: tuple[Action, ...] = ()
    clips: tuple[dict[str, Any], ...] = ()
    scores: MatchScores | None = None
    videos: dict[int, PeriodVideo] = {}

    # A damaged file takes away what it holds, and no more.
    if files.predictions is not None:
        with _collect_problems(problems):
            predictions = _read_predictions(files, files.predictions)
    if files.labels is not None:
        with _collect_problems(problems):
            labels = _read_labels(files, files.labels)
    if files.scores is not None:
        with _collect_problems(problems):
            scores = read_scores_of(files.scores, files.name)
    for spans in files.videos.values():
        with _collect_problems(problems):
            videos |= open_periods(spans)
    if files.clips is not None:
        with _collect_problems(problems):
            clips = _read_clips(files.clips)

    names = name_systems(files.systems) if files.others else [""]
    others = tuple(
        _read_system(name, system, files, problems, read_scores_of=read_scores_of)
        for name, system in zip(names[1:], files.others, strict=True)
    )
    problems += list(find_outside(predictions, labels, videos))

    # What the parts say together.
    classes = order_classes(
        scores.classes if scores else (),
        (action.label for action in (*predictions, *labels, *_actions_of(others))),
    )
    return Match(
        files=files,
        classes=classes,
        predicted=predictions,
        labelled=labels,
        scores=scores,
        videos=videos,
        clips=clips,
        durations_s=measure_periods((*predictions, *labels, *_actions_of(others)), scores, videos),
        warnings=tuple(problems[:_MOST_WARNINGS]),
        system_name=names[0],
        others=others,
    )


def _read_predictions(files: MatchFiles, path: Path) -> tuple[Action, ...]:
    entry = files.entries.get(path)
    found = next(iter(read_results(path))).actions if entry is None else read_entry(path, entry)
    return _make_finite(found)


def _read_labels(files: MatchFiles, path: Path) -> tuple[Action, ...]:
    entry = files.entries.get(path)
    if entry is None:
        return read_labels(path).actions
    return tuple(replace(action, confidence=None) for action in read_entry(path, entry))


def _read_system(
    name: str,
    system: SystemFiles,
    files: MatchFiles,
    problems: list[str],
    *,
    read_scores_of: Callable[[Path, str], MatchScores],
) -> System:
    """Read the spots and scores of a further system."""
    predictions: tuple[Action, ...] = ()
    scores: MatchScores | None = None
    if system.predictions is not None:
        with _collect_problems(problems):
            predictions = _read_predictions(files, system.predictions)
    if system.scores is not None:
        with _collect_problems(problems):
            scores = read_scores_of(system.scores, files.name)
    return System(name, name_spots("p", predictions), scores)


def _read_clips(path: Path) -> tuple[dict[str, Any], ...]:
    document = read_json(path)
    rows = document.get("clips") if isinstance(document, dict) else None
    if not isinstance(rows, list):
        raise InputError(f"{path}: a list 'clips' is needed")

    # Only what can be drawn passes: numbers, in order.
    clips = []
    for number, row in enumerate(rows, start=1):
        try:
            period, start_s, end_s = int(row["period"]), float(row["start_s"]), float(row["end_s"])
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise InputError(
                f"{path}: clip {number} needs the numbers period, start_s and end_s"
            ) from error
        if not math.isfinite(start_s + end_s) or end_s <= start_s:
            raise InputError(f"{path}: clip {number} must end after it starts")
        clips.append(
            {
                "period": period,
                "start_s": start_s,
                "end_s": end_s,
                "label": str(row.get("title") or row.get("label") or ""),
                "reason": str(row.get("reason", "")),
            }
        )
    return tuple(clips)


def _actions_of(systems: Iterable[System]) -> Iterator[Action]:
    return (spot.action for system in systems for spot in system.predictions)


def _make_finite(actions: Iterable[Action]) -> tuple[Action, ...]:
    """Predictions whose confidence cannot be drawn count as 0."""
    return tuple(
        replace(action, confidence=0.0)
        if action.confidence is not None and not math.isfinite(action.confidence)
        else action
        for action in actions
    )


@contextmanager
def _collect_problems(problems: list[str]) -> Iterator[None]:
    """Note the warnings of a reader; when it fails, note why and go on without what it reads."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", SpotkickWarning)
        try:
            yield
        except InputError as error:
            problems.append(str(error))
    problems.extend(str(warning.message) for warning in caught)
