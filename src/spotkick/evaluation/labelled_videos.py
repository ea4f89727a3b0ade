"""Which videos and segments count in the metrics of segments, and whether names fit."""

import warnings
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import Final

from spotkick.configuration import nearest
from spotkick.errors import InputError, SpotkickWarning
from spotkick.formats.segments import VideoSegments

AMBIGUOUS: Final = "Ambiguous"
"""Label of THUMOS14's segments that are neither an action nor none: no class of its own."""


def choose_labelled(
    labels: Iterable[VideoSegments], *, subset: str | None, blocked: Collection[str]
) -> tuple[VideoSegments, ...]:
    """Label videos of a subset that are not blocked.

    Raises:
        InputError: if none of them has a segment.
    """
    every = tuple(labels)
    chosen = tuple(
        video
        for video in every
        if (subset is None or video.subset == subset) and video.video not in blocked
    )
    if any(segment.label != AMBIGUOUS for video in chosen for segment in video.segments):
        return chosen

    # Nothing to score: the subset may have another name in this file.
    if subset is None or any(video.subset == subset for video in every):
        raise InputError("there are no labels to score against")
    counts = Counter(video.subset for video in every if video.segments)
    known = ", ".join(
        f"{'none' if name is None else repr(name)} ({count:,} videos)"
        for name, count in counts.most_common()
    )
    raise InputError(
        f"there are no labels in the subset {subset!r}; subsets of the labels: {known or 'none'}; "
        'choose one of them, or all videos with an empty subset (--subset "")'
    )


def without_ambiguous(videos: Iterable[VideoSegments]) -> tuple[VideoSegments, ...]:
    """Videos without their ambiguous segments."""
    return tuple(
        replace(video, segments=tuple(part for part in video.segments if part.label != AMBIGUOUS))
        for video in videos
    )


def warn_about_names(
    found: Sequence[VideoSegments],
    labelled: Sequence[VideoSegments],
    every_label: Sequence[VideoSegments],
    *,
    kind: str,
    effect: str,
) -> None:
    """Warn about segments in videos that are not among the labelled ones, and name the nearest.

    Args:
        found: detections or proposals.
        labelled: label videos that count.
        every_label: all videos of the label file, also those of other subsets.
        kind: what the segments are called in the message.
        effect: what becomes of them.
    """
    names = {video.video for video in labelled}
    extra = [video for video in found if video.video not in names and video.segments]
    if not extra:
        return

    # The reason is another subset, or another spelling.
    first = extra[0].video
    elsewhere = next((video for video in every_label if video.video == first), None)
    near = nearest(first, names)
    if elsewhere is not None:
        reason = f"which is of the subset {elsewhere.subset!r}"
    elif near is not None:
        reason = f"the nearest labelled video is {near!r}"
    else:
        reason = f"labelled videos have names such as {min(names)!r}"
    outside, total = (sum(len(video.segments) for video in videos) for videos in (extra, found))
    warnings.warn(
        f"{outside:,} of {total:,} {kind} lie in videos that are not among the {len(names):,} "
        f"labelled ones, {effect}; the first is {first!r}, {reason}",
        SpotkickWarning,
        stacklevel=3,
    )
