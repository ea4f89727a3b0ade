"""Where events go besides the journal."""

import json
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from spotkick.live.delays import DelayStatistics
from spotkick.live.events import EventKind, LiveEvent


def write_line(event: LiveEvent) -> None:
    """Write an event to standard output, as one line that a reader gets at once."""
    sys.stdout.write(json.dumps(event.to_json(), ensure_ascii=False) + "\n")
    sys.stdout.flush()


@dataclass(slots=True)
class EventCounts:
    """How many events of each kind a run has written.

    Attributes:
        counts: by kind.
    """

    counts: Counter[EventKind] = field(default_factory=Counter)

    def tell(self, event: LiveEvent) -> None:
        """Count an event."""
        self.counts[event.kind] += 1

    def describe(self, delays: DelayStatistics, journal: Path) -> str:
        """The closing line of a run.

        Args:
            delays: of what was published.
            journal: file of the events.
        """
        counts = self.counts
        line = (
            f"{counts['publish']} actions published, {counts['revise']} revised, "
            f"{counts['withdraw']} withdrawn"
        )
        if counts["restore"]:
            line += f", {counts['restore']} restored"
        if len(delays):
            line += f"; published after (s): {delays.describe()}"
        return f"{line}; journal: {journal}"
