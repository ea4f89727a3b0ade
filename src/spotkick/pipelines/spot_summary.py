"""What spotting came to: matches, spots and failures, counted and said in lines."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass

from spotkick.errors import InputError, SpotkickWarning, StorageError


@dataclass(frozen=True, slots=True)
class SpottingSummary:
    """What was done.

    Attributes:
        matches: matches spotted.
        actions: spots written.
        footage_s: length of what was spotted.
        wall_s: time that it took.
        failed: match -> why it could not be spotted.
        likely: spots at or above the checkpoint's threshold for their class.
    """

    matches: int
    actions: int
    footage_s: float
    wall_s: float
    failed: dict[str, str]
    likely: int = 0


def report_failures(summary: SpottingSummary, refused: bool = False) -> None:
    """Warn of each match that was left out.

    Args:
        summary: what was done.
        refused: whether the system refused to write.

    Raises:
        InputError: if there is no other match.
        StorageError: the same, where the system refused to write.
    """
    if not summary.matches:
        text = first_failure(summary.failed)
        raise StorageError(text) if refused else InputError(text)
    for match, reason in summary.failed.items():
        warnings.warn(f"{match} was left out: {reason}", SpotkickWarning, stacklevel=3)


def first_failure(failed: Mapping[str, str]) -> str:
    """One line about matches none of which could be spotted.

    It says why the first failed, and how many more did.
    """
    if not failed:
        return "there is nothing to spot"
    match, reason = next(iter(failed.items()))
    return f"{match}: {reason}" + (
        f"; {len(failed) - 1} more could not be spotted either" if len(failed) > 1 else ""
    )


def speed_line(summary: SpottingSummary) -> str:
    """One line for people: how much was spotted, and how fast."""
    times = summary.footage_s / max(summary.wall_s, 1e-9)
    plural = "match" if summary.matches == 1 else "matches"
    spots = describe_count(summary.actions, summary.likely)
    return (
        f"{summary.matches} {plural}, {spots}, {times:,.0f} times real time "
        f"({summary.wall_s:.1f} s)"
    )


def describe_count(spots: int, likely: int) -> str:
    """How many spots, the likely ones first: most of the others only serve the metric."""
    if likely == spots:
        return f"{spots:,} spots"
    return f"{likely:,} likely spots ({spots:,} with weak ones)"
