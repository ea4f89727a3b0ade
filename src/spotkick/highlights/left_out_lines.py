"""Lines for the terminal about what a reel does not show."""

from collections.abc import Sequence
from typing import Final

from spotkick.highlights.fitting import LeftOut
from spotkick.timeline import format_game_time

_MAX_TIMES: Final = 12


def describe_left_out(left_out: Sequence[LeftOut]) -> list[str]:
    """One line for each title and reason, with the times; the most valuable come first.

    Example:
        >>> from spotkick.highlights.candidates import Candidate
        >>> from spotkick.highlights.clips import Clip
        >>> goal = Candidate("Goal", 1, 75.0, 0.9)
        >>> clip = Clip(1, 60.0, 105.0, (goal,), 0.9, goal)
        >>> describe_left_out([LeftOut(clip, "no room in 5 s")])
        ['left out, no room in 5 s: Goal at 1 - 01:15']
    """
    groups: dict[tuple[str, str], list[LeftOut]] = {}
    for item in sorted(left_out, key=lambda item: -item.clip.value):
        groups.setdefault((item.why, item.clip.title), []).append(item)

    lines = []
    for (why, title), items in groups.items():
        times = sorted(
            (item.clip.period, round(1000 * item.clip.main.position_s)) for item in items
        )
        shown = ", ".join(format_game_time(*time) for time in times[:_MAX_TIMES])
        rest = len(times) - _MAX_TIMES
        more = f" and {rest} more (--json lists all)" if rest > 0 else ""
        count = f" ({len(times)})" if len(times) > 1 else ""
        lines.append(f"left out, {why}: {title}{count} at {shown}{more}")
    return lines
