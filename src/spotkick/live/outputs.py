"""Where events go besides the journal."""

import json
import sys

from spotkick.live.events import LiveEvent


def write_line(event: LiveEvent) -> None:
    """Write an event to standard output, as one line that a reader gets at once."""
    sys.stdout.write(json.dumps(event.to_json(), ensure_ascii=False) + "\n")
    sys.stdout.flush()
