"""What the browser needs to know about a match, read from its files.

A damaged file takes away what it holds, not the match: the reason is shown as a warning.
"""

import hashlib
import math
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from spotkick.actions import BUILT_IN_CLASSES, Action
from spotkick.datasets.period_video import PeriodVideo, open_periods
from spotkick.errors import InputError, SpotkickWarning
from spotkick.files import read_json
from spotkick.formats.results import read_results
from spotkick.formats.scores import MatchScores, read_scores
from spotkick.formats.soccernet import read_labels
from spotkick.viewer.action_files import read_entry
from spotkick.viewer.match_files import MatchFiles, SystemFiles
from spotkick.viewer.match_joining import name_systems

ID_BYTES: Final = 6
"""Length of a spot's id; made from its content, so that corrections still fit after 'spotkick spot'
ran again."""

_SHORTEST_PERIOD_S: Final = 60.0
_BEFORE_ALL_MS: Final = -(10**15)
_MOST_WARNINGS: Final = 20


@dataclass(frozen=True, slots=True)
class Spot:
    """An action with the id under which it is corrected."""

    id: str
    action: Action


@dataclass(frozen=True, slots=True)
class System:
    """What a further system has made of the match.

    Attributes:
        name: what tells its path from those of the others.
        predictions: spots in file order.
        scores: per-frame scores, None when there are none.
    """

    name: str
    predictions: tuple[Spot, ...]
    scores: MatchScores | None


@dataclass(frozen=True)
class Match:
    """A match as it was read.

    Attributes:
        files: where it came from.
        classes: names of all classes, in the order of the lanes.
        predicted: predicted actions in file order.
        labelled: labels in file order.
        scores: per-frame scores, None when there are none.
        videos: by period.
        clips: objects of the clips file, checked for their times.
        durations_s: length of every period.
        warnings: what was repaired or could not be read.
        system_name: of the system whose predictions are reviewed; empty where there is only one.
        others: further systems to compare with it.
    """

    files: MatchFiles
    classes: tuple[str, ...]
    predicted: tuple[Action, ...]
    labelled: tuple[Action, ...]
    scores: MatchScores | None
    videos: dict[int, PeriodVideo]
    clips: tuple[dict[str, Any], ...]
    durations_s: dict[int, float]
    warnings: tuple[str, ...] = field(default=())
    system_name: str = ""
    others: tuple[System, ...] = ()

    @property
    def name(self) -> str:
        """Name of the match."""
        return self.files.name

    @cached_property
    def predictions(self) -> tuple[Spot, ...]:
        """Predicted spots with their ids, in file order."""
        return name_spots("p", self.predicted)

    @cached_property
    def labels(self) -> tuple[Spot, ...]:
        """Labels with their ids, in file order."""
        return name_spots("l", self.labelled)


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
    problems += list(_find_outside(predictions, labels, videos))

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
        durations_s=_measure_periods((*predictions, *labels, *_actions_of(others)), scores, videos),
        warnings=tuple(problems[:_MOST_WARNINGS]),
        system_name=names[0],
        others=others,
    )


def _read_labels(files: MatchFiles, path: Path) -> tuple[Action, ...]:
    entry = files.entries.get(path)
    if entry is None:
        return read_labels(path).actions
    return tuple(replace(action, confidence=None) for action in read_entry(path, entry))


def _read_predictions(files: MatchFiles, path: Path) -> tuple[Action, ...]:
    entry = files.entries.get(path)
    found = next(iter(read_results(path))).actions if entry is None else read_entry(path, entry)
    return _make_finite(found)


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


def _actions_of(systems: Iterable[System]) -> Iterator[Action]:
    return (spot.action for system in systems for spot in system.predictions)


def name_spots(kind: str, actions: Sequence[Action]) -> tuple[Spot, ...]:
    """Give every action an id made of its content; equal actions are told apart by their order.

    Example:
        >>> sure, unsure = Action("Goal", 1, 1000, 0.9), Action("Goal", 1, 1000, 0.4)
        >>> first, second = name_spots("p", [unsure, sure])
        >>> first.id != second.id and first.id == name_spots("p", [sure])[0].id
        True
    """
    seen: dict[str, int] = {}
    spots = []
    for action in actions:
        content = f"{action.label}\x1f{action.period}\x1f{action.position_ms}"
        number = seen.get(content, 0)
        seen[content] = number + 1
        text = f"{content}\x1f{number}".encode("utf-8", "surrogatepass")
        digest = hashlib.blake2s(text, digest_size=ID_BYTES).hexdigest()
        spots.append(Spot(f"{kind}-{digest}", action))
    return tuple(spots)


def order_classes(scored: Sequence[str], labels: Iterable[str]) -> tuple[str, ...]:
    """Lanes: the classes of the scores, then what else occurs, sorted.

    Without scores, the smallest built-in list that holds all labels.

    Example:
        >>> order_classes((), ["Foul", "Goal", "Scuffle"])
        ('Foul', 'Goal', 'Scuffle')
    """
    found = set(labels)
    if scored:
        return (*scored, *sorted(found - set(scored)))
    for classes in sorted(BUILT_IN_CLASSES.values(), key=len):
        if found and found <= set(classes.names):
            return classes.names
    return tuple(sorted(found))


def _measure_periods(
    actions: Sequence[Action], scores: MatchScores | None, videos: dict[int, PeriodVideo]
) -> dict[int, float]:
    """Length of each period: what is longest of its video, its scores and its last action."""
    found: dict[int, float] = {}
    for period, video in videos.items():
        found[period] = video.duration_s
    for period, values in (scores.periods if scores else {}).items():
        found[period] = max(
            found.get(period, 0.0), float(len(values) / scores.frame_rate) if scores else 0.0
        )

    # The last action of each period, and some time after it where nothing else tells the length.
    last_ms: dict[int, int] = {}
    for action in actions:
        if action.position_ms > last_ms.get(action.period, _BEFORE_ALL_MS):
            last_ms[action.period] = action.position_ms
    for period, position_ms in last_ms.items():
        known = period in videos or (scores is not None and period in scores.periods)
        if known and position_ms / 1000 < found[period]:
            continue  # within the video or the scores, whose length is that of the period
        tail_s = 1.0 if known else _SHORTEST_PERIOD_S
        found[period] = max(found.get(period, _SHORTEST_PERIOD_S), position_ms / 1000 + tail_s)
    return {period: round(length, 3) for period, length in sorted(found.items())} or {
        1: _SHORTEST_PERIOD_S
    }


def _find_outside(
    predictions: Sequence[Action], labels: Sequence[Action], videos: dict[int, PeriodVideo]
) -> Iterator[str]:
    """Actions that no frame can show, and confidences that are none."""
    for name, actions in (("spot", predictions), ("label", labels)):
        after = [
            action
            for action in actions
            if action.period in videos and action.position_s >= videos[action.period].duration_s
        ]
        if after:
            last_s = max(action.position_s for action in after)
            yield (
                f"{_count_of(name, after)} after the end of the video, the last one at "
                f"{last_s:.1f} s of its period; is this the video of these {name}s?"
            )
        before = [action for action in actions if action.position_ms < 0]
        if before:
            yield f"{_count_of(name, before)} before the start of the period"
    odd = [
        action
        for action in predictions
        if action.confidence is not None and not 0 <= action.confidence <= 1
    ]
    if odd:
        yield f"{len(odd)} spots have a confidence outside 0 to 1, the first {odd[0].confidence:g}"


def _count_of(name: str, actions: Sequence[Action]) -> str:
    return f"1 {name} lies" if len(actions) == 1 else f"{len(actions):,} {name}s lie"


def _make_finite(actions: Iterable[Action]) -> tuple[Action, ...]:
    """Predictions whose confidence cannot be drawn count as 0."""
    return tuple(
        replace(action, confidence=0.0)
        if action.confidence is not None and not math.isfinite(action.confidence)
        else action
        for action in actions
    )


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
