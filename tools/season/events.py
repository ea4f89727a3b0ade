"""Turns the states of a simulated football match into a list of timed events.

The engine tells whether the ball is in play, which set piece is being taken, the score and who
holds a card; an event is a change of one of these. All functions are pure, so that the labels of a
rendered match can be tested without the engine.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

Team = Literal["left", "right"]
Mode = Literal["normal", "kick_off", "goal_kick", "free_kick", "corner", "throw_in", "penalty"]

TEAMS: tuple[Team, Team] = ("left", "right")
OPPONENT: dict[Team, Team] = {"left": "right", "right": "left"}
RESTART_LABELS: dict[Mode, str] = {
    "kick_off": "Kick-off",
    "goal_kick": "Goal kick",
    "free_kick": "Free-kick",
    "corner": "Corner",
    "throw_in": "Throw-in",
    "penalty": "Penalty",
}
FOUL_MODES: frozenset[Mode] = frozenset({"free_kick", "penalty"})

# The engine cuts to the spot 1 s after the referee's gesture ends, and whistles 2 s later: the
# gesture ends 3.0 s before the whistle, and the frames show the card well up 0.6 s before that.
CARD_BEFORE_WHISTLE_MS = 3600


@dataclass(frozen=True)
class MatchState:
    """What the engine reports at one instant.

    Attributes:
        time_ms: Time since the start of the video.
        in_play: Whether the clock of the match runs: false from a whistle to the next restart.
        mode: The set piece that a player is about to take, `normal` otherwise.
        score: Goals of the left and the right team.
        ball: Position of the ball, x within [-1, 1] and y within [-0.42, 0.42] on the pitch.
        nearest_team: Team of the player nearest to the ball.
        cards: For each team, which players hold a card.
        active: For each team, which players are on the pitch.
    """

    time_ms: int
    in_play: bool
    mode: Mode
    score: tuple[int, int]
    ball: tuple[float, float]
    nearest_team: Team
    cards: tuple[tuple[bool, ...], tuple[bool, ...]]
    active: tuple[tuple[bool, ...], tuple[bool, ...]]


@dataclass(frozen=True)
class MatchEvent:
    """One labelled instant.

    Attributes:
        time_ms: Time since the start of the video.
        label: Class of the event.
        team: The team that acts: it scores, restarts, puts the ball out, commits the foul or is
            cautioned.
        whistle_ms: For cards, when the foul was whistled.
    """

    time_ms: int
    label: str
    team: Team
    whistle_ms: int | None = None


@dataclass(frozen=True)
class Stoppage:
    """A span in which the ball is out of play.

    Attributes:
        stop: First state after the stop.
        whistle: First state in which play is on again; None when the video ends before.
        restart: First state after the ball is kicked or thrown; None when the video ends before.
        mode: Set piece of the restart; `kick_off` when there is none; None when the video ends
            before.
        goal_team: Team that scored, when a goal caused the stop.
    """

    stop: MatchState
    whistle: MatchState | None
    restart: MatchState | None
    mode: Mode | None
    goal_team: Team | None


def scoring_team(before: tuple[int, int], after: tuple[int, int]) -> Team | None:
    """The team whose score rose, None when neither did."""
    if after[0] > before[0]:
        return "left"
    return "right" if after[1] > before[1] else None


def find_stoppages(states: Sequence[MatchState]) -> list[Stoppage]:
    """Splits a match into its stoppages; the wait for the first kick-off is one of them.

    Args:
        states: States in time order, at a constant rate.

    Returns:
        Stoppages in time order.
    """
    stoppages: list[Stoppage] = []
    starts = [0] if states and not states[0].in_play else []
    starts += [
        i for i, (a, b) in enumerate(pairwise(states), start=1) if a.in_play and not b.in_play
    ]
    for start in starts:
        whistle = next((i for i in range(start, len(states)) if states[i].in_play), None)
        # The score rises in the instant of the stop, or one instant before the engine stops play.
        earlier = states[max(0, start - 2)].score
        goal_team = scoring_team(earlier, states[start].score)
        if whistle is None:
            stoppages.append(Stoppage(states[start], None, None, None, goal_team))
            continue
        mode = states[whistle].mode
        # A kick-off starts play without a set piece that lasts.
        kick = (
            next((i for i in range(whistle, len(states)) if states[i].mode != mode), None)
            if mode != "normal"
            else whistle
        )
        stoppages.append(
            Stoppage(
                stop=states[start],
                whistle=states[whistle],
                restart=None if kick is None else states[kick],
                mode="kick_off" if mode == "normal" else mode,
                goal_team=goal_team,
            )
        )
    return stoppages


def stop_label(stoppage: Stoppage) -> str | None:
    """Why play stopped: a goal, a foul or an offside, or the ball over a line.

    The engine does not tell fouls and offsides apart.

    Args:
        stoppage: A stoppage.

    Returns:
        The label; None for the wait before the match.
    """
    if stoppage.goal_team is not None:
        return "Goal"
    if stoppage.mode == "kick_off":
        return None
    if stoppage.mode is None:
        x, y = stoppage.stop.ball
        return "Ball out of play" if abs(x) > 1.0 or abs(y) > 0.42 else "Foul or offside"
    return "Foul or offside" if stoppage.mode in FOUL_MODES else "Ball out of play"


def find_cards(states: Sequence[MatchState], stoppages: Sequence[Stoppage]) -> list[MatchEvent]:
    """Finds cautions and dismissals.

    The engine books a first caution at the whistle of the foul, and takes a dismissed player off
    some seconds later; both are put where the referee holds up the card. A card whose restart is
    not in the video is left out, because then that instant is unknown.

    Args:
        states: States in time order.
        stoppages: Their stoppages.

    Returns:
        Card events in time order.
    """
    events: list[MatchEvent] = []
    for before, after in pairwise(states):
        for side, team in enumerate(TEAMS):
            # A dismissal may come a moment after the restart, so the stoppage is the last one that
            # began.
            label = card_label(before, after, side)
            stoppage = (
                next((s for s in reversed(stoppages) if s.stop.time_ms <= after.time_ms), None)
                if label
                else None
            )
            if label is None or stoppage is None or stoppage.whistle is None:
                continue
            time_ms = max(stoppage.stop.time_ms, stoppage.whistle.time_ms - CARD_BEFORE_WHISTLE_MS)
            events.append(MatchEvent(time_ms, label, team, stoppage.stop.time_ms))
    return merge_straight_red_cards(events)


def card_label(before: MatchState, after: MatchState, side: int) -> str | None:
    """The card that a team got between two states, None when it got none."""
    if any(
        old and not new for old, new in zip(before.active[side], after.active[side], strict=True)
    ):
        return "Yellow->red card"
    if any(new and not old for old, new in zip(before.cards[side], after.cards[side], strict=True)):
        return "Yellow card"
    return None


def merge_straight_red_cards(events: Sequence[MatchEvent]) -> list[MatchEvent]:
    """A player booked and taken off in one stoppage saw a straight red card, not two cards."""
    merged: list[MatchEvent] = []
    for event in events:
        previous = merged[-1] if merged else None
        if (
            previous is not None
            and previous.label == "Yellow card"
            and event.label == "Yellow->red card"
            and (previous.team, previous.whistle_ms) == (event.team, event.whistle_ms)
        ):
            merged[-1] = MatchEvent(event.time_ms, "Red card", event.team, event.whistle_ms)
        else:
            merged.append(event)
    return merged


def find_events(states: Sequence[MatchState]) -> list[MatchEvent]:
    """Finds all events of a match.

    Restarts are timed when the ball is kicked or thrown, stops when the engine stops play.

    Args:
        states: States in time order, at a constant rate.

    Returns:
        Events in time order; of two at the same instant, the one that caused the other comes first.
    """
    stoppages = find_stoppages(states)
    events = find_cards(states, stoppages)
    for stoppage in stoppages:
        label = stop_label(stoppage)
        if label == "Goal" and stoppage.goal_team is not None:
            events.append(MatchEvent(stoppage.stop.time_ms, label, stoppage.goal_team))
        elif label is not None:
            # The opponent of the team that restarts has put the ball out, or committed the foul.
            taker = (
                stoppage.restart.nearest_team if stoppage.restart else stoppage.stop.nearest_team
            )
            events.append(MatchEvent(stoppage.stop.time_ms, label, OPPONENT[taker]))
        if stoppage.restart is not None and stoppage.mode is not None:
            events.append(
                MatchEvent(
                    stoppage.restart.time_ms,
                    RESTART_LABELS[stoppage.mode],
                    stoppage.restart.nearest_team,
                )
            )
    return sorted(events, key=lambda event: event.time_ms)


def to_labels_v2(events: Sequence[MatchEvent], match: str) -> dict[str, Any]:
    """Events in the layout of SoccerNet's `Labels-v2.json`; left is home, the match is one half.

    Args:
        events: Events of one match.
        match: Name of the match.

    Returns:
        A JSON object.
    """
    side = {"left": "home", "right": "away"}
    annotations = [
        {
            "gameTime": f"1 - {event.time_ms // 60000:02d}:{event.time_ms // 1000 % 60:02d}",
            "label": event.label,
            "position": str(event.time_ms),
            "team": side[event.team],
            "visibility": "visible",
        }
        for event in events
    ]
    return {"UrlLocal": match, "annotations": annotations}
