"""Data sets of temporal localization: labels, features and lengths of videos."""

import warnings
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np

from spotkick.configuration import FrozenConfig
from spotkick.errors import InputError, SpotkickWarning
from spotkick.features.tracks import read_track
from spotkick.files import read_json
from spotkick.formats.activitynet import read_activitynet_segments
from spotkick.formats.segments import VideoSegments
from spotkick.formats.thumos import read_thumos_segments
from spotkick.localization.features import (
    LocalizationVideo,
    find_video_features,
    read_video_features,
    rescale_features,
)
from spotkick.localization.targets import check_segments
from spotkick.timeline import FEATURE_RATE


class LocalizationData(FrozenConfig):
    """Where the data are.

    Attributes:
        labels: ActivityNet JSON, or a folder of THUMOS label files.
        features: folder with one ``.npy`` or ``.csv`` per video.
        coverage: JSON of BMN's authors (``anet_anno_action.json``) with ``duration_second``,
            ``duration_frame`` and ``feature_frame`` of each video: features of ActivityNet do not
            cover the last frames. Empty: they cover all.
        train: subset of the labels to train on.
        valid: subset to make proposals for.
    """

    labels: str
    features: str
    coverage: str = ""
    train: str = "training"
    valid: str = "validation"


def read_localization_labels(path: Path) -> tuple[VideoSegments, ...]:
    """Read an ActivityNet JSON, or a folder or file of THUMOS.

    Raises:
        InputError: if it is neither.
    """
    return (
        read_thumos_segments(path)
        if path.is_dir() or path.suffix == ".txt"
        else read_activitynet_segments(path)
    )


def load_videos(
    data: LocalizationData, subset: str, num_steps: int
) -> tuple[LocalizationVideo, ...]:
    """Features and segments of the videos of a subset.

    Args:
        data: where they are.
        subset: of the label file.
        num_steps: features of other lengths are rescaled to it.

    Raises:
        InputError: if a file is malformed, no video is left, or the length of a video is not stated
            anywhere.

    Warns:
        SpotkickWarning: for videos without features, which are left out.
    """
    coverage = read_coverage(Path(data.coverage)) if data.coverage else {}
    folder = Path(data.features)
    found, missing = [], []

    for video in read_localization_labels(Path(data.labels)):
        if video.subset != subset:
            continue
        try:
            path = find_video_features(folder, video.video)
        except InputError:
            missing.append(video.video)
            continue
        found.append(_make_video(video, path, coverage.get(video.video), num_steps))

    # Some missing videos are usual: not all of them are online any more.
    if not found:
        raise InputError(
            f"{data.labels}: no video of the subset '{subset}' has features in {folder}"
        )
    if missing:
        warnings.warn(
            f"{len(missing)} of {len(missing) + len(found)} videos have no features, such as "
            f"'{missing[0]}'; left out",
            SpotkickWarning,
            stacklevel=2,
        )
    return tuple(found)


def _make_video(
    labels: VideoSegments, path: Path, covered_s: float | None, num_steps: int
) -> LocalizationVideo:
    covered_s = covered_s or labels.duration_s
    if not covered_s:
        raise InputError(
            f"the length of video '{labels.video}' is not stated; give a coverage file"
        )

    # (instances, 2) in normalised time
    times_s = np.array([(s.start_s, s.end_s) for s in labels.segments], dtype=np.float64)
    segments = times_s.reshape(-1, 2) / covered_s
    return LocalizationVideo(
        labels.video,
        covered_s,
        rescale_features(read_video_features(path), num_steps),
        segments=check_segments(segments, labels.video),
        labels=tuple(segment.label for segment in labels.segments),
    )


def read_coverage(path: Path) -> dict[str, float]:
    """Seconds of each video that its features cover; names are cut after ``v_``.

    Raises:
        InputError: if a value is missing or is no positive number.

    Source: the training code of BMN; its post-processing rounds the number of frames down to a
    multiple of 16 instead, which is the same for features that cover every whole snippet of 16
    frames.
    """
    document = read_json(path)
    covered = {}

    for name, video in document.items() if isinstance(document, dict) else ():
        try:
            values = [
                float(video[key]) for key in ("duration_second", "feature_frame", "duration_frame")
            ]
        except (KeyError, TypeError, ValueError):
            values = []

        if not values or not all(0 < value < float("inf") for value in values):
            raise InputError(
                f"{path}: {name}: duration_second, feature_frame and duration_frame must be "
                "positive numbers"
            )
        covered[name.removeprefix("v_")] = values[0] * values[1] / values[2]
    return covered


def feature_videos(
    paths: Sequence[Path], num_steps: int, frame_rate: Fraction = FEATURE_RATE
) -> tuple[LocalizationVideo, ...]:
    """Videos without labels from ``.npy`` files; their length follows from the frame rate.

    Args:
        paths: feature files.
        num_steps: features of other lengths are rescaled to it.
        frame_rate: feature frames per second, for files without a source description.

    Raises:
        InputError: if a file is malformed, or two have the same name.
    """
    tracks = {path.stem: read_track(path, frame_rate=frame_rate) for path in paths}
    if len(tracks) < len(paths):
        raise InputError("two feature files have the same name; results are written by name")
    return tuple(
        LocalizationVideo(
            name, track.duration_s, rescale_features(np.asarray(track.values), num_steps)
        )
        for name, track in tracks.items()
    )
