"""Which actions of a stream were published, and what changes them.

An action is published once, under an id that it keeps. Later scores may move it, change its
confidence or withdraw it, until it is settled.
"""

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple, cast

from spotkick.actions import Action
from spotkick.live.events import ACTION_EVENTS, ActionEvent, LiveEvent

MOVED_MS: Final = 1_000
"""A smaller change of the time is not worth an event until the action is settled ..."""

CHANGED_CONFIDENCE: Final = 0.1
"""... nor is a smaller change of the confidence."""

KEPT_SHARE: Final = 0.8
"""An action is withdrawn when its confidence falls below this share of what it needs, so that one
at the border does not come and go."""

_UNLIKELY: Final = "what followed made it unlikely"

_Class = tuple[str, str | None, int]


@dataclass(frozen=True, slots=True)
class Tracked:
    """An action that was published.

    Attributes:
        id: of its events.
        action: as the last event has it.
        stands: whether it is not withdrawn.
        is_settled: whether nothing changes it any more.
    """

    id: str
    action: Action
    stands: bool = True
    is_settled: bool = False


class Change(NamedTuple):
    """What happens to one action."""

    kind: ActionEvent
    id: str
    action: Action
    is_late: bool = False
    reason: str = ""


class Progress(NamedTuple):
    """How far a stream is read.

    Attributes:
        due_ms: an action before this position is late when it is published now.
        settled_ms: actions before this position are settled.
        kept_ms: scores before this position are gone.
    """

    due_ms: int
    settled_ms: int
    kept_ms: int


class Publisher:
    """Compares what is found in a stream with what was published before."""

    def __init__(self, prefix: str, *, same_ms: int) -> None:
        """Nothing is published.

        Args:
            prefix: of the ids.
            same_ms: two actions of a class and team that lie closer are the same one.
        """
        self._prefix, self._same_ms = prefix, same_ms
        self._count = 0
        self._closed_ms = 0
        self._tracked: dict[str, Tracked] = {}

    @property
    def tracked(self) -> tuple[Tracked, ...]:
        """Published actions that are not forgotten yet."""
        return tuple(self._tracked.values())

    def replay(self, event: LiveEvent) -> None:
        """Take over an event of an earlier run."""
        if event.action is not None and event.id is not None and event.kind in ACTION_EVENTS:
            self.take_over(Change(cast("ActionEvent", event.kind), event.id, event.action))

    def take_over(self, change: Change) -> None:
        """Take over a change that an earlier run has published."""
        self._count = max(self._count, int(change.id.rpartition("-")[2]))
        self._apply_change(change)

        # Changes come in order of their positions: all before a settled action is published.
        if change.kind == "settle":
            self._closed_ms = max(self._closed_ms, change.action.position_ms)

    def close_before(self, settled_ms: int) -> None:
        """Go on behind a position before which an earlier run has published everything."""
        self._closed_ms = max(self._closed_ms, settled_ms)

    def update(
        self, found: Sequence[Action], least: Mapping[str, float], progress: Progress
    ) -> list[Change]:
        """What changes now that some actions are found.

        Args:
            found: actions in order of time, those that are only sure enough to keep what was
                published included.
            least: class -> confidence from which an action is published.
            progress: how far the stream is read.

        Returns:
            what happens, in order of the positions.
        """

        def is_sure(action: Action) -> bool:
            return (action.confidence or 0.0) >= least[action.label]

        changes: list[Change] = []
        recent = [action for action in found if action.position_ms >= progress.kept_ms]
        pairs = self._pair_up(recent)
        for item in self.tracked:
            match = pairs.get(item.id)
            followed = [] if item.is_settled else _follow_action(item, match, is_sure, progress)
            changes += followed
            for change in followed:
                self._apply_change(change)
            if self._tracked[item.id].action.position_ms < progress.kept_ms:
                del self._tracked[item.id]

        # What is new; settled actions that are not tracked were published long ago.
        paired = {id(action) for action in pairs.values()}
        for action in recent:
            is_new = id(action) not in paired and action.position_ms >= self._closed_ms
            if is_new and is_sure(action):
                changes += self._publish_action(action, progress)
        self._closed_ms = max(self._closed_ms, progress.settled_ms)
        self._settle_withdrawn(progress.settled_ms)
        return sorted(changes, key=lambda change: change.action.position_ms)

    def _settle_withdrawn(self, settled_ms: int) -> None:
        """Withdrawn actions stay so where all that they could be is settled.

        Where the scores before are gone, what they suppressed would seem to stand again.
        """
        for item in self.tracked:
            is_past = item.action.position_ms <= settled_ms - self._same_ms
            if not item.stands and not item.is_settled and is_past:
                self._tracked[item.id] = replace(item, is_settled=True)

    def take_back(self, labels: frozenset[str], earliest_ms: int, reason: str) -> list[Change]:
        """Withdraw the newest standing action of some classes.

        Args:
            labels: of the classes.
            earliest_ms: an action before this position is not meant.
            reason: for the event.
        """
        standing = [
            item
            for item in self._tracked.values()
            if item.stands
            and item.action.label in labels
            and item.action.position_ms >= earliest_ms
        ]
        if not standing:
            return []

        # It is not looked at again, whatever the scores say.
        item = max(standing, key=lambda other: other.action.position_ms)
        self._tracked[item.id] = replace(item, stands=False, is_settled=True)
        return [Change("withdraw", item.id, item.action, reason=reason)]

    def _pair_up(self, found: Sequence[Action]) -> dict[str, Action]:
        """Id of a published action -> the found one that it is, the nearest pairs first."""
        # (position, index) of the found ones of each class, in order
        places: dict[_Class, list[tuple[int, int]]] = {}
        for index, action in enumerate(found):
            places.setdefault(_class_of(action), []).append((action.position_ms, index))
        for own in places.values():
            own.sort()

        # Only those near each other are compared: there may be hundreds.
        distances = []
        for item in self._tracked.values():
            own, position_ms = places.get(_class_of(item.action), []), item.action.position_ms
            begin = bisect_left(own, (position_ms - self._same_ms, -1))
            for other_ms, index in own[begin:]:
                if other_ms >= position_ms + self._same_ms:
                    break
                distance_ms = abs(other_ms - position_ms)
                distances.append((distance_ms, not item.stands, item.id, index))

        pairs: dict[str, Action] = {}
        taken: set[int] = set()
        for distance_ms, _, name, index in sorted(distances):
            if distance_ms < self._same_ms and name not in pairs and index not in taken:
                pairs[name] = found[index]
                taken.add(index)
        return pairs

    def _publish_action(self, action: Action, progress: Progress) -> list[Change]:
        self._count += 1
        name = f"{self._prefix}-{self._count:06d}"
        is_late = action.position_ms < progress.due_ms
        changes = [Change("publish", name, action, is_late)]
        if action.position_ms < progress.settled_ms:
            changes.append(Change("settle", name, action))
        for change in changes:
            self._apply_change(change)
        return changes

    def _apply_change(self, change: Change) -> None:
        self._tracked[change.id] = Tracked(
            change.id,
            change.action,
            stands=change.kind != "withdraw",
            is_settled=change.kind == "settle",
        )


def _class_of(action: Action) -> _Class:
    """What two actions share that may be the same one: class, team and period."""
    return action.label, action.team, action.period


def _follow_action(
    item: Tracked,
    found: Action | None,
    is_sure: Callable[[Action], bool],
    progress: Progress,
) -> list[Change]:
    """What happens to an action that is not settled, by what is found in its place."""
    if found is None or not (is_sure(found) or item.stands):
        return [Change("withdraw", item.id, item.action, reason=_UNLIKELY)] if item.stands else []

    # The last word: the action needs as much confidence as a new one.
    changes = [] if item.stands else [Change("restore", item.id, found)]
    if found.position_ms < progress.settled_ms:
        if is_sure(found):
            return [*changes, Change("settle", item.id, found)]
        return [Change("withdraw", item.id, found, reason=_UNLIKELY)]

    before = item.action
    has_moved = abs(found.position_ms - before.position_ms) >= MOVED_MS
    shift = abs((found.confidence or 0.0) - (before.confidence or 0.0))
    if item.stands and (has_moved or shift >= CHANGED_CONFIDENCE):
        changes.append(Change("revise", item.id, found))
    return changes
