"""What the browser needs to know about a match: its spots, labels, scores, videos and clips."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from spotkick.actions import BUILT_IN_CLASSES, Action
from spotkick.datasets.period_video import PeriodVideo
from spotkick.formats.scores import MatchScores
from spotkick.viewer.match_files import MatchFiles

ID_BYTES: Final = 6
"""Length of a spot's id; made from its content, so that corrections still fit after 'spotkick spot'
ran again."""

_SHORTEST_PERIOD_S: Final = 60.0
_BEFORE_ALL_MS: Final = -(10**15)


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


def measure_periods(
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


def find_outside(
    predictions: Sequence[Action], labels: Sequence[Action], videos: dict[int, PeriodVideo]
) -> Iterator[str]:
    """Lines about actions that no frame can show, and about confidences that are none."""
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
