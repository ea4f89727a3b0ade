"""How long a period is by its videos, its features and its labels, and whether these agree."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from spotkick.actions import Action
from spotkick.doctor.findings import Finding, Severity
from spotkick.doctor.rates import KNOWN_RATES, TOLERANCE_S, find_rate, find_rate_of_labels
from spotkick.timeline import format_clock

SHORTEST_HALF_S: Final = 20 * 60
"""Features of a SoccerNet half that last less than this are probably at another rate than
assumed."""

LONGEST_HALF_S: Final = 75 * 60
_USUAL_HALF_MIN: Final = 47


@dataclass(frozen=True, slots=True)
class MediaLength:
    """How long one half is according to one file.

    Attributes:
        name: of the file, for messages.
        duration_s: length in seconds.
        is_video: whether it is the video itself.
        frames: of features, 0 for videos.
        rate: frames per second that the duration assumes.
    """

    name: str
    duration_s: float
    is_video: bool
    frames: int
    rate: Fraction


def check_lengths(
    match: str, period: int, found: list[MediaLength], *, is_soccer: bool
) -> Iterator[Finding]:
    """Lengths of one half against each other: the video's when there is one, else the median's."""
    videos = [length for length in found if length.is_video]
    reference = (
        videos[0]
        if videos
        else sorted(found, key=lambda length: length.duration_s)[len(found) // 2]
    )

    # The video is right, as labels are made on it.
    for length in found:
        if length is reference or abs(length.duration_s - reference.duration_s) <= TOLERANCE_S:
            continue
        lasts = f"half {period}: {length.name} lasts {format_clock(length.duration_s)}"
        against = f"{reference.name} {format_clock(reference.duration_s)}"
        rate = (
            None if length.is_video else find_rate(length.frames, reference.duration_s, length.rate)
        )
        if rate is not None:
            yield Finding(
                Severity.ERROR,
                "wrong-frame-rate",
                match,
                f"{lasts} at {length.rate} frames per second, {against}; "
                f"{length.frames} frames fit {rate} per second",
                f"state the rate: data.frame_rate = '{rate}' in the configuration, or a .source "
                "folder beside the features",
            )
        else:
            apart = length.duration_s - reference.duration_s
            yield Finding(
                Severity.ERROR,
                "lengths-disagree",
                match,
                f"{lasts}, {against}: {apart:+.1f} s",
                "they come from different cuts of the video, or one is truncated: extract the "
                "features from this video",
            )

    if is_soccer and not videos and not SHORTEST_HALF_S <= reference.duration_s <= LONGEST_HALF_S:
        yield from _check_plausible(match, period, reference)


def _check_plausible(match: str, period: int, length: MediaLength) -> Iterator[Finding]:
    minutes = {rate: length.frames / rate / 60 for rate in KNOWN_RATES}
    fitting = [rate for rate in KNOWN_RATES if 40 <= minutes[rate] <= 60]
    usual = min(fitting, key=lambda rate: abs(minutes[rate] - _USUAL_HALF_MIN), default=None)
    guess = ""
    if usual is not None:
        would_last = format_clock(float(60 * minutes[usual]))
        guess = f"; at {usual} per second it would be {would_last}"
    yield Finding(
        Severity.WARNING,
        "unusual-length",
        match,
        f"half {period}: {length.name} lasts {format_clock(length.duration_s)} at {length.rate} "
        f"frames per second{guess}",
        "check the frame rate of the features; clips and friendly matches may be this short",
    )


def check_last_actions(
    match: str, period: int, found: list[MediaLength], actions: list[Action]
) -> Iterator[Finding]:
    """Labels beyond the end of what was recorded, so at an offset from it or in another cut."""
    if not actions:
        return

    # The shortest file decides what can be read.
    shortest = min(found, key=lambda length: length.duration_s)
    last_s = max(action.position_s for action in actions)
    beyond = sum(action.position_s > shortest.duration_s for action in actions)
    over_s = last_s - shortest.duration_s
    if over_s > TOLERANCE_S:
        yield Finding(
            Severity.ERROR,
            "beyond-end",
            match,
            f"half {period}: {beyond} actions lie up to {over_s:.1f} s after the end of "
            f"{shortest.name} ({format_clock(shortest.duration_s)})",
            f"the labels belong to another cut: shift them by at least -{over_s:.0f} s, or get the "
            "video that they were made on",
            beyond,
        )
    elif beyond:
        yield Finding(
            Severity.INFO,
            "at-the-end",
            match,
            f"half {period}: {beyond} actions lie up to {over_s:.1f} s after the end of "
            f"{shortest.name}",
            "nothing to do: they are moved to the last frame",
            beyond,
        )


def check_label_reach(
    match: str, period: int, found: list[MediaLength], actions: list[Action]
) -> Iterator[Finding]:
    """Features that go on long after the last label: they are probably at a higher rate."""
    if any(length.is_video for length in found):
        return  # lengths are compared with the video's
    for length in found:
        rate = find_rate_of_labels(
            [action.position_s for action in actions], length.frames, length.rate
        )
        if rate is not None:
            last_s = max(action.position_s for action in actions)
            yield Finding(
                Severity.ERROR,
                "wrong-frame-rate",
                match,
                f"period {period}: {length.name} lasts {format_clock(length.duration_s)} at "
                f"{length.rate} frames per second, the labels end at {format_clock(last_s)}; "
                f"{length.frames} frames fit {rate} per second",
                f"state the rate: data.frame_rate = '{rate}' in the configuration, or a .source "
                "folder beside the features",
            )
