"""Whether the clock and the position of each action agree, and each file lies in its own folder."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from typing import Final

from spotkick.doctor.findings import Finding, Severity
from spotkick.doctor.raw_rows import RawDocument, StatedTimes, find_stated_times
from spotkick.timeline import format_game_time

CLOCK_S: Final = 1.5
"""``gameTime`` is whole seconds: it may differ from the position by less than this."""

KICK_OFF_S: Final = 45 * 60
"""Second halves that count from the kick-off of the match begin here."""

UNITS: Final = (
    ("seconds", Fraction(1)),
    ("frames at 2 per second", Fraction(2)),
    ("frames at 25 per second", Fraction(25)),
    ("frames at 30 per second", Fraction(30)),
    ("frames at 50 per second", Fraction(50)),
    ("microseconds", Fraction(1_000_000)),
)
"""What positions are counted in by mistake, and how many there are in a second."""

_MOST: Final = 0.8
"""An explanation must hold for this share of the actions."""


def check_clocks(documents: Iterable[RawDocument]) -> Iterator[Finding]:
    """Check every action that states both times.

    Args:
        documents: of `spotkick.doctor.raw_rows.read_raw`.
    """
    by_match: dict[str, list[StatedTimes]] = {}
    for document in documents:
        for times in find_stated_times(document):
            by_match.setdefault(times.where, []).append(times)
    for match, rows in by_match.items():
        apart = [row for row in rows if abs(row.position / 1000 - row.clock_s) > CLOCK_S]
        if apart:
            yield _describe_clash(match, apart)


def _describe_clash(match: str, apart: Sequence[StatedTimes]) -> Finding:
    worst = max(apart, key=lambda row: abs(row.position / 1000 - row.clock_s))
    reason, fix = _explain_clash(apart)
    return Finding(
        Severity.ERROR,
        "clock-disagrees",
        match,
        f"{len(apart)} actions have a gameTime that is not their position, {worst.label} by "
        f"{worst.clock_s - worst.position / 1000:+.0f} s at "
        f"{format_game_time(worst.period, round(worst.position))}{reason}",
        fix,
        len(apart),
    )


def _explain_clash(apart: Sequence[StatedTimes]) -> tuple[str, str]:
    """What most of the contradictions have in common, and what to do."""
    for unit, per_second in UNITS:
        factor = float(per_second)
        slack = max(1.0, CLOCK_S * factor)
        fitting = sum(abs(row.position - row.clock_s * factor) <= slack for row in apart)
        if fitting >= _MOST * len(apart) and any(row.clock_s for row in apart):
            return (
                f"; the positions are {unit}",
                f"write positions in milliseconds: multiply them by {1000 / factor:g}",
            )

    shifts = Counter(round(row.position / 1000 - row.clock_s) for row in apart)
    shift_s, _ = shifts.most_common(1)[0]
    near = sum(count for value, count in shifts.items() if abs(value - shift_s) <= CLOCK_S)
    if near < _MOST * len(apart):
        fix = "decide which is right and correct the other: tools read different ones"
        return "", fix
    if abs(abs(shift_s) - KICK_OFF_S) < KICK_OFF_S / 3 and {row.period for row in apart} == {2}:
        field = "positions" if shift_s > 0 else "gameTime"
        return (
            f"; the {field} of the second half counts from the kick-off of the match",
            f"subtract {abs(shift_s)} s from {field} of the second half",
        )
    return (
        f"; the positions are {shift_s:+d} s from gameTime throughout",
        f"find out which is right in the video, and shift the other by {abs(shift_s)} s",
    )


def check_names(documents: Iterable[RawDocument]) -> Iterator[Finding]:
    """Files that name another match than the folder in which they lie."""
    for document in documents:
        content = document.content
        stated = content.get("UrlLocal") if isinstance(content, dict) else None
        if document.folder is None or not isinstance(stated, str) or not stated.strip():
            continue
        name = stated.replace("\\", "/").strip("/ ")
        folder = document.folder.strip("/")
        if f"/{name}".endswith(f"/{folder}") or f"/{folder}".endswith(f"/{name}"):
            continue
        yield Finding(
            Severity.WARNING,
            "other-match",
            folder,
            f"UrlLocal names another match: {name}",
            "find out which match the file is of: some tools go by the folder, some by UrlLocal",
        )
