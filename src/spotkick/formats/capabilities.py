"""What each file format can hold of an action, and what is lost when it cannot hold all.

The same statement serves the conversion report and the tests: whatever a format is said to hold
must come back from its file.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

from spotkick.actions import Action, MatchActions
from spotkick.formats.recordings import MAX_PERIOD
from spotkick.timeline import frame_of_position, position_of_frame

SECOND_MS: Final = 1000
"""Milliseconds in the unit of formats that know whole seconds only."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a format can hold; label, match, period and position are held by all.

    Attributes:
        confidence: scores of predictions.
        needs_confidence: every action must have one.
        team: the team of an action.
        visibility: whether the broadcast shows the action.
        details: further facts, such as the player.
        period_starts: where periods start in a video of the whole match.
        frames: positions are frame numbers; finer ones move to the start of their frame.
        whole_seconds: positions are whole seconds.
        negative: positions before the start of the recording.
        empty: matches without actions.
        intervals: segments with an end.
        needs_length: a segment of no length is written with one.
        durations: lengths of videos.
        subsets: which subset a video belongs to.
        unlabelled: proposals, which are segments without a label.
        one_match: a file holds one match or one video.
    """

    confidence: bool = True
    needs_confidence: bool = False
    team: bool = True
    visibility: bool = True
    details: bool = False
    period_starts: bool = False
    frames: bool = False
    whole_seconds: bool = False
    negative: bool = True
    empty: bool = True
    intervals: bool = False
    needs_length: bool = False
    durations: bool = False
    subsets: bool = False
    unlabelled: bool = False
    one_match: bool = False


@dataclass(frozen=True, slots=True)
class Loss:
    """Something of the source that the target does not have.

    Attributes:
        field: what is lost, in words.
        count: how many actions (or matches, or fields of the file) it concerns.
        detail: what became of it.
    """

    field: str
    count: int
    detail: str


_DETAILS: Final[dict[str, str]] = {
    "confidence": "left out",
    "missing confidence": "set to 1",
    "team": "left out",
    "visibility": "left out",
    "position within the frame": "moved to the start of the frame",
    "position within the second": "cut to whole seconds",
    "position before the start": "moved to the start",
    "period outside 1 to 9": "action left out",
    "match without actions": "left out",
    "start of a period in the video": "left out",
}


def fit(
    matches: Sequence[MatchActions], capabilities: Capabilities, frame_rate: Fraction
) -> tuple[tuple[MatchActions, ...], tuple[Loss, ...]]:
    """Reduce matches to what a format can hold.

    Args:
        matches: what is to be written.
        capabilities: of the format.
        frame_rate: of the file, for formats that count frames.

    Returns:
        The matches as they come back from the file (up to the order of a match's periods), and what
        was lost.
    """
    losses: Counter[str] = Counter()
    fitted = []

    # Actions one by one, then the matches that are left.
    for match in matches:
        actions = tuple(
            _fit_action(action, capabilities, frame_rate, losses)
            for action in match.actions
            if _has_period(action, losses)
        )
        starts_ms = match.period_starts_ms if capabilities.period_starts else ()
        losses["start of a period in the video"] += len(match.period_starts_ms) - len(starts_ms)
        if actions or capabilities.empty:
            fitted.append(MatchActions(match.match, actions, starts_ms))
        else:
            losses["match without actions"] += 1

    # Details by their names, after the fields that every action has.
    named = {f"detail '{name}'": "left out" for name in _detail_names(matches)}
    return tuple(fitted), tuple(
        Loss(field, losses[field], detail)
        for field, detail in (_DETAILS | named).items()
        if losses[field]
    )


def _detail_names(matches: Sequence[MatchActions]) -> list[str]:
    return sorted(
        {name for match in matches for action in match.actions for name, _ in action.details}
    )


def _has_period(action: Action, losses: Counter[str]) -> bool:
    held = 1 <= action.period <= MAX_PERIOD
    losses["period outside 1 to 9"] += not held
    return held


def _fit_action(
    action: Action, capabilities: Capabilities, frame_rate: Fraction, losses: Counter[str]
) -> Action:
    # Each field is kept, replaced or left out; whatever changes is counted.
    confidence, team, visibility = action.confidence, action.team, action.visibility
    if confidence is not None and not capabilities.confidence:
        losses["confidence"] += 1
        confidence = None
    elif confidence is None and capabilities.needs_confidence:
        losses["missing confidence"] += 1
        confidence = 1.0
    if team is not None and not capabilities.team:
        losses["team"] += 1
        team = None
    if visibility is not None and not capabilities.visibility:
        losses["visibility"] += 1
        visibility = None
    details = action.details if capabilities.details else ()
    if action.details and not details:
        losses.update(f"detail '{name}'" for name, _ in action.details)

    position_ms = _fit_position(action.position_ms, capabilities, frame_rate, losses)
    return replace(
        action,
        confidence=confidence,
        team=team,
        visibility=visibility,
        position_ms=position_ms,
        details=details,
    )


def _fit_position(
    position_ms: int, capabilities: Capabilities, frame_rate: Fraction, losses: Counter[str]
) -> int:
    if position_ms < 0 and not capabilities.negative:
        losses["position before the start"] += 1
        position_ms = 0
    if capabilities.frames:
        held = position_of_frame(frame_of_position(position_ms, frame_rate), frame_rate)
        losses["position within the frame"] += held != position_ms
    elif capabilities.whole_seconds:
        held = position_ms // SECOND_MS * SECOND_MS
        losses["position within the second"] += held != position_ms
    else:
        held = position_ms
    return held
