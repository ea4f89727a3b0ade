"""What can be wrong with features and videos of a match folder, alone and against labels."""

import re
from collections.abc import Collection, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Final, cast

import numpy as np

from spotkick.actions import MatchActions
from spotkick.datasets.match_folder import MatchFolder
from spotkick.datasets.periods import PeriodSpan
from spotkick.doctor.findings import Finding, Severity
from spotkick.doctor.lengths import (
    MediaLength,
    check_label_reach,
    check_last_actions,
    check_lengths,
)
from spotkick.doctor.videos import check_header, check_packets, check_sound
from spotkick.errors import InputError
from spotkick.features.tracks import FeatureTrack, read_track
from spotkick.timeline import FEATURE_RATE
from spotkick.video.probe import probe
from spotkick.video_names import parse_video_name

_SAMPLED_FRAMES: Final = 400
_RATE_NAME: Final = re.compile(r"_(\d+)fps_", re.IGNORECASE)
_ONE_PER_SECOND: Final = ("baidu_soccer_embeddings",)


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
        yield from check_lengths(folder.match, period, found, is_soccer=is_soccer)
        if labels is not None:
            actions = [action for action in labels.actions if action.period == period]
            yield from check_last_actions(folder.match, period, found, actions)
            yield from check_label_reach(folder.match, period, found, actions)


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
