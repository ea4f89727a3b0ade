"""What can be wrong with the features and videos of a match folder, alone and against its labels."""

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
from spotkick.doctor.findings import Finding, Severity
from spotkick.errors import InputError
from spotkick.features.tracks import FeatureTrack, read_track
from spotkick.timeline import FEATURE_RATE, format_clock
from spotkick.video.probe import VideoInfo, probe

TOLERANCE_S: Final = 2.0
"""Lengths of one half may differ by this much between files: extractors drop a last incomplete
stretch."""

LATE_START_S: Final = 0.5
"""A first picture later than this in the file: tools that count from the file's clock place actions
this much later."""

SHORTEST_HALF_S: Final = 20 * 60
"""Features of a SoccerNet half that last less than this are probably at another rate than
assumed."""

LONGEST_HALF_S: Final = 75 * 60

KNOWN_RATES: Final = (
    Fraction(1),
    Fraction(2),
    Fraction(5),
    Fraction(10),
    Fraction(25),
    Fraction(30),
)
"""Frame rates that features and videos of this field come in."""

_RATE_SLACK: Final = 0.02
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
        >>> assumed_rate("ResNET_5fps_TF2"), assumed_rate("ResNET_TF2_PCA512"), assumed_rate("baidu_soccer_embeddings")
        (Fraction(5, 1), Fraction(2, 1), Fraction(1, 1))
    """
    found = _RATE_NAME.search(feature)
    if found and int(found[1]) > 0:
        return Fraction(int(found[1]))
    return Fraction(1) if feature in _ONE_PER_SECOND else FEATURE_RATE


def check_media(
    folder: MatchFolder, labels: MatchActions | None, feature: str | None = None
) -> Iterator[Finding]:
    """Check the features and videos of a match folder.

    Args:
        folder: the match.
        labels: its labels, None when there are none.
        feature: look at the features of this name only.
    """
    lengths: dict[int, list[MediaLength]] = {}
    names = folder.feature_names() if feature is None else (feature,)
    wanted = {1, 2} if labels is None else {1, 2} & {action.period for action in labels.actions}
    for name in names:
        files = folder.features(name)
        yield from _check_missing(folder.match, f"features {name}", files, wanted)
        for period, path in files.items():
            yield from _check_feature(folder.match, path, period, lengths)
    videos = folder.videos()
    if videos:
        yield from _check_missing(folder.match, "videos", videos.periods, wanted)
    for period, spans in videos.periods.items():
        yield from _check_videos(folder.match, spans, period, lengths)
    for period, found in sorted(lengths.items()):
        yield from _check_lengths(folder.match, period, found)
        if labels is not None:
            actions = [action for action in labels.actions if action.period == period]
            yield from _check_actions(folder.match, period, found, actions)


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
        end_s = info.duration_s if span.end_s is None else min(span.end_s, info.duration_s)
        complete = complete and info.duration_s > 0
        total_s, rate = total_s + end_s - span.start_s, info.frame_rate
        yield from check_video(match, info)
    if complete:
        name = " + ".join(cast("Path", span.file).name for span in spans)
        lengths.setdefault(period, []).append(MediaLength(name, total_s, True, 0, rate))


def check_video(match: str, info: VideoInfo) -> Iterator[Finding]:
    """Check what the header of a video says."""
    if info.start_s > LATE_START_S:
        yield Finding(
            Severity.WARNING,
            "video-starts-late",
            match,
            f"{info.path.name}: its first picture has time {info.start_s:.2f} s, from which spotkick counts; some tools do not",
            f"if actions come {info.start_s:.2f} s late, shift the labels, or write the file anew so that it starts at 0",
        )
    if info.duration_s == 0:
        yield Finding(
            Severity.WARNING,
            "video-length-unknown",
            match,
            f"{info.path.name}: the file does not state its length",
            "remux it: 'ffmpeg -i IN -c copy OUT.mkv'",
        )


def _check_lengths(match: str, period: int, found: list[MediaLength]) -> Iterator[Finding]:
    """Lengths of one half against each other: the video's when there is one, else the median's."""
    videos = [length for length in found if length.is_video]
    reference = (
        videos[0]
        if videos
        else sorted(found, key=lambda length: length.duration_s)[len(found) // 2]
    )
    for length in found:
        if length is reference or abs(length.duration_s - reference.duration_s) <= TOLERANCE_S:
            continue
        lasts = f"half {period}: {length.name} lasts {format_clock(length.duration_s)}"
        against = f"{reference.name} {format_clock(reference.duration_s)}"
        rate = _fitting_rate(length, reference.duration_s)
        if rate is not None:
            yield Finding(
                Severity.ERROR,
                "wrong-frame-rate",
                match,
                f"{lasts} at {length.rate} frames per second, {against}; {length.frames} frames fit {rate} per second",
                f"state the rate: data.frame_rate = '{rate}' in the configuration, or a .source folder beside the features",
            )
        else:
            apart = length.duration_s - reference.duration_s
            yield Finding(
                Severity.ERROR,
                "lengths-disagree",
                match,
                f"{lasts}, {against}: {apart:+.1f} s",
                "they come from different cuts of the video, or one is cut off: extract the features from this video",
            )
    if not videos and not SHORTEST_HALF_S <= reference.duration_s <= LONGEST_HALF_S:
        yield from _check_plausible(match, period, reference)


def _fitting_rate(length: MediaLength, duration_s: float) -> Fraction | None:
    """A known frame rate at which features are as long as they should be."""
    if length.is_video or length.frames == 0:
        return None
    slack_s = max(TOLERANCE_S, _RATE_SLACK * duration_s)
    rates = [
        rate
        for rate in KNOWN_RATES
        if rate != length.rate and abs(length.frames / rate - duration_s) <= slack_s
    ]
    return rates[0] if rates else None


def _check_plausible(match: str, period: int, length: MediaLength) -> Iterator[Finding]:
    fitting = [rate for rate in KNOWN_RATES if 40 * 60 <= length.frames / rate <= 60 * 60]
    guess = (
        f"; at {fitting[0]} per second it would be {format_clock(length.frames / float(fitting[0]))}"
        if fitting
        else ""
    )
    yield Finding(
        Severity.WARNING,
        "unusual-length",
        match,
        f"half {period}: {length.name} lasts {format_clock(length.duration_s)} at {length.rate} frames per second{guess}",
        "check the frame rate of the features; clips and friendly matches may really be this short",
    )


def _check_actions(
    match: str, period: int, found: list[MediaLength], actions: list[Action]
) -> Iterator[Finding]:
    """Labels that lie beyond the end of what was recorded, so at an offset from it or in another cut."""
    if not actions:
        return
    shortest = min(found, key=lambda length: length.duration_s)
    last_s = max(action.position_s for action in actions)
    beyond = sum(action.position_s > shortest.duration_s for action in actions)
    over_s = last_s - shortest.duration_s
    if over_s > TOLERANCE_S:
        yield Finding(
            Severity.ERROR,
            "beyond-end",
            match,
            f"half {period}: {beyond} actions lie up to {over_s:.1f} s after the end of {shortest.name} "
            f"({format_clock(shortest.duration_s)})",
            f"the labels belong to another cut: shift them by at least -{over_s:.0f} s, or get the video that they were made on",
            beyond,
        )
    elif beyond:
        yield Finding(
            Severity.INFO,
            "at-the-end",
            match,
            f"half {period}: {beyond} actions lie up to {over_s:.1f} s after the end of {shortest.name}",
            "nothing to do: they are moved to the last frame",
            beyond,
        )
