"""Recordings: how a match with periods becomes one or several videos, and back.

SoccerNet keeps the halves of a match under one name; most other formats know videos only. A
recording is named ``match/1``, ``match/2`` and so on, as E2E-Spot does for SoccerNet, or ``match``
alone when the whole set has first periods only.
"""

import re
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from spotkick.actions import Action, MatchActions
from spotkick.errors import InputError, SpotkickWarning

MAX_PERIOD: Final = 9
"""Largest period that a recording's name can state, with one digit."""

_MEDIA_SUFFIX: Final = re.compile(
    r"\.(?:mp4|mkv|avi|mov|webm|m4v|ts|mpg|mpeg|npy|parquet|h5)$", re.IGNORECASE
)
_PERIOD_NAME: Final = re.compile(r"^(?P<match>.+)/(?P<period>[1-9])$", re.DOTALL)
_PERIOD_VIDEO: Final = re.compile(r"^(?P<match>.+)/(?P<period>[1-9])(?:_(?:\d+p|HQ))?$", re.DOTALL)
_PERIOD_FEATURES: Final = re.compile(r"^(?P<match>.+)/(?P<period>[1-9])(?:_[^/]*)?$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class RecordedActions:
    """The actions of one video; their periods are set when recordings are grouped into matches.

    Attributes:
        name: of the video, without a file suffix.
        actions: in file order.
    """

    name: str
    actions: tuple[Action, ...]


def parse_recording(name: str) -> tuple[str, int | None]:
    """Split ``match/2`` into the match and the period; the period is None when the name states none.

    Example:
        >>> parse_recording("league/season/match/2"), parse_recording("video_test_0000004")
        (('league/season/match', 2), ('video_test_0000004', None))
    """
    found = _PERIOD_NAME.match(name)
    return (found["match"], int(found["period"])) if found else (name, None)


def recording_of_path(path: str) -> str:
    """Name of the recording that a video or feature file holds: no suffix, no resolution.

    Example:
        >>> recording_of_path("league/season/match/1_720p.mkv"), recording_of_path("clips/rally 3.mp4")
        ('league/season/match/1', 'clips/rally 3')
    """
    path = path.replace("\\", "/")
    suffix = _MEDIA_SUFFIX.search(path)
    if suffix is None:
        return path
    stem = path[: suffix.start()]
    found = (_PERIOD_FEATURES if suffix[0].lower() == ".npy" else _PERIOD_VIDEO).match(stem)
    return f"{found['match']}/{found['period']}" if found else stem


def split_periods(matches: Sequence[MatchActions]) -> tuple[RecordedActions, ...]:
    """Cut each match into its recordings.

    When no match of the set needs periods in its name, recordings are called as the matches are.
    Otherwise each match has recordings ``/1`` and ``/2``, even when one is empty, and those of
    further periods that have actions.

    Raises:
        InputError: if an action's period is not within 1 and 9.
    """
    if not any(_needs_periods(match) for match in matches):
        return tuple(RecordedActions(match.match, match.actions) for match in matches)
    recordings = []
    for match in matches:
        for period in sorted({1, 2} | {action.period for action in match.actions}):
            if not 1 <= period <= MAX_PERIOD:
                raise InputError(
                    f"{match.match}: a period must lie within 1 and {MAX_PERIOD} to be part of a video name, got {period}"
                )
            actions = tuple(action for action in match.actions if action.period == period)
            recordings.append(RecordedActions(f"{match.match}/{period}", actions))
    return tuple(recordings)


def _needs_periods(match: MatchActions) -> bool:
    named = (
        parse_recording(match.match)[1] is not None
        or recording_of_path(f"{match.match}.mp4") != match.match
    )
    return named or any(action.period != 1 for action in match.actions)


def group_recordings(recordings: Iterable[RecordedActions]) -> tuple[MatchActions, ...]:
    """Join recordings into matches, in order of first appearance; a period in the name replaces the one of the actions.

    A recording that is listed twice is kept once with the actions of both, with a warning.
    """
    actions: dict[str, list[Action]] = {}
    seen: set[str] = set()
    repeated = 0
    for recording in recordings:
        match, period = parse_recording(recording.name)
        repeated += recording.name in seen
        seen.add(recording.name)
        found = (
            recording.actions
            if period is None
            else tuple(replace(action, period=period) for action in recording.actions)
        )
        actions.setdefault(match, []).extend(found)
    if repeated:
        warnings.warn(
            f"{repeated} videos are listed more than once; their actions were joined",
            SpotkickWarning,
            stacklevel=2,
        )
    return tuple(MatchActions(match, tuple(found)) for match, found in actions.items())
