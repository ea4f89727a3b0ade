"""What can be wrong with features and videos of a match folder, alone and against labels."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final, cast

import numpy as np

from spotkick.actions import Action, MatchActions
from spotkick.datasets.match_folder import MatchFolder
from spotkick.datasets.periods import PeriodSpan
from spotkick.datasets.video_names import parse_video_name
from spotkick.doctor.findings import Finding, Severity
from spotkick.doctor.rates import KNOWN_RATES, find_rate, find_rate_of_labels
from spotkick.doctor.videos import check_header, check_packets, check_sound
from spotkick.errors import InputError
from spotkick.features.tracks import FeatureTrack, read_track
from spotkick.timeline import FEATURE_RATE, format_clock
from spotkick.video.probe import probe

TOLERANCE_S: Final = 2.0
"""Lengths of one half may differ by this much between files: extractors drop a last incomplete
stretch."""

SHORTEST_HALF_S: Final = 20 * 60
"""Features of a SoccerNet half that last less than this are probably at another rate than
assumed."""

LONGEST_HALF_S: Final = 75 * 60
_USUAL_HALF_MIN: Final = 47

_SAMPLED_FRAMES: Final = 400
_RATE_NAME: Final = re.compile(r"_(\d+)fps_", re.IGNORECASE)
_ONE_PER_SECOND: Final = ("baidu_soccer_embeddings",)


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


def assumed_rate(feature: str) -> Fraction:
    """Frames per second of features without a source description, from their name.

    Example:
        >>> assumed_rate("ResNET_5fps_TF2"), assumed_rate("baidu_soccer_embeddings")
        (Fraction(5, 1), Fraction(1, 1))
    """
    found = _RATE_NAME.search(feature)
    if found and int(found[1]) > 0:
        return Fraction(int(found[1]))
    return Fraction(1) if feature in _ONE_PER_SECOND else FEATURE_RATE


def check_media(
    folder: MatchFolder,
    labels: MatchActions | None,
    feature: str | None = None,
    *,
    is_soccer: bool = True,
) -> Iterator[Finding]:
    """Check the features and videos of a match folder.

    Args:
        folder: the match.
        labels: its labels, None when there are none.
        feature: look at the features of this name only.
        is_soccer: whether two halves of usual length are expected.
    """
    lengths: dict[int, list[MediaLength]] = {}
    names = folder.feature_names() if feature is None else (feature,)
    halves = {1, 2} if is_soccer else set[int]()
    stated = set[int]() if labels is None else {action.period for action in labels.actions}
    wanted = halves if labels is None else stated & (halves or stated)

    # Each file alone, then all files of a period against each other and the labels.
    for name in names:
        files = folder.features(name)
        yield from _check_missing(folder.match, f"features {name}", files, wanted)
        for period, path in files.items():
            yield from _check_feature(folder.match, path, period, lengths)
    videos = folder.videos()
    if videos and any(parse_video_name(path).period for path in videos.files):
        yield from _check_missing(folder.match, "videos", videos.periods, wanted)
    for item in videos.left_out:
        yield Finding(
            Severity.INFO,
            "video-left-out",
            folder.match,
            f"{item.path.name}: {item.reason}",
            "nothing to do when this is what you want; periods.json decides otherwise",
        )
    for period, spans in videos.periods.items():
        yield from _check_videos(folder.match, spans, period, lengths)
    for period, found in sorted(lengths.items()):
        yield from _check_lengths(folder.match, period, found, is_soccer=is_soccer)
        if labels is not None:
            actions = [action for action in labels.actions if action.period == period]
            yield from _check_actions(folder.match, period, found, actions)
            yield from _check_reach(folder.match, period, found, actions)


def _check_missing(
    match: str, what: str, files: Collection[int], wanted: set[int]
) -> Iterator[Finding]:
    missing = sorted((wanted or {1}) - set(files))
    if missing:
        halves = " and ".join(str(period) for period in missing)
        yield Finding(
            Severity.ERROR,
            "missing-half",
            match,
            f"{what}: no file of half {halves}",
            "download or extract it again, or leave the match out of the split",
        )


def _check_feature(
    match: str, path: Path, period: int, lengths: dict[int, list[MediaLength]]
) -> Iterator[Finding]:
    try:
        track = read_track(path, frame_rate=assumed_rate(path.stem.partition("_")[2]))
    except InputError as error:
        yield Finding(
            Severity.ERROR,
            "unreadable-features",
            match,
            str(error),
            "download or extract the file again",
        )
        return
    rate = track.source.frame_rate
    lengths.setdefault(period, []).append(
        MediaLength(path.name, track.duration_s, False, len(track), rate)
    )
    yield from _check_values(match, path.name, track)


def _check_values(match: str, name: str, track: FeatureTrack) -> Iterator[Finding]:
    """A sample of frames: values that are no numbers, and frames that are all alike."""
    chosen = np.unique(np.linspace(0, len(track) - 1, _SAMPLED_FRAMES).astype(np.intp))
    values = np.asarray(track.values[chosen], dtype=np.float32)
    track.release()

    # Values that are no numbers, then frames that repeat.
    broken = int((~np.isfinite(values).all(axis=1)).sum())
    if broken:
        yield Finding(
            Severity.ERROR,
            "broken-values",
            match,
            f"{name}: {broken} of {len(chosen)} sampled frames hold NaN or infinity",
            "extract the features again",
            broken,
        )
    still = int((np.diff(values, axis=0) == 0).all(axis=1).sum())
    if len(values) > 10 and still > len(values) // 20:
        yield Finding(
            Severity.WARNING,
            "still-features",
            match,
            f"{name}: {still} of {len(chosen)} sampled frames equal the one sampled before",
            "look at the video there: it may be black or frozen; extract the features again",
            still,
        )


def _check_videos(
    match: str,
    spans: Sequence[PeriodSpan],
    period: int,
    lengths: dict[int, list[MediaLength]],
) -> Iterator[Finding]:
    """Check the videos of one period, and note how long it is in all of them together."""
    total_s, rate, complete = 0.0, FEATURE_RATE, True
    for span in spans:
        path = cast("Path", span.file)
        try:
            info = probe(path)
        except InputError as error:
            complete = False
            yield Finding(
                Severity.ERROR,
                "unreadable-video",
                match,
                str(error),
                "download or record the video again",
            )
            continue

        # What the stretch adds to the period, then the file by itself.
        end_s = info.duration_s if span.end_s is None else min(span.end_s, info.duration_s)
        complete = complete and info.duration_s > 0
        total_s, rate = total_s + end_s - span.start_s, info.frame_rate
        yield from check_header(match, info)
        yield from check_packets(match, path)
        yield from check_sound(match, info)

    if complete:
        name = " + ".join(cast("Path", span.file).name for span in spans)
        lengths.setdefault(period, []).append(MediaLength(name, total_s, True, 0, rate))


def _check_lengths(
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
                "they come from different cuts of the video, or one is cut off: extract the "
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


def _check_actions(
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


def _check_reach(
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
