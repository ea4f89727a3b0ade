"""Temporal localization from end to end: a TOML file, features and labels in; a checkpoint, proposals, detections, scores out."""

import warnings
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import numpy as np

from spotkick.configuration import FrozenConfig, read_toml, with_overrides
from spotkick.errors import InputError, SpotkickWarning
from spotkick.evaluation.detection import evaluate_detection
from spotkick.evaluation.proposals import evaluate_proposals
from spotkick.features.tracks import read_track
from spotkick.files import read_json
from spotkick.formats.activitynet import read_activitynet_segments, write_activitynet_results
from spotkick.formats.segments import VideoSegments
from spotkick.formats.thumos import read_thumos_segments
from spotkick.localization.checkpoint import read_localizer
from spotkick.localization.features import (
    LocalizationVideo,
    find_video_features,
    read_video_features,
    rescale_features,
)
from spotkick.localization.proposals import detect_segments, proposal_segments, propose
from spotkick.localization.targets import check_segments
from spotkick.timeline import FEATURE_RATE
from spotkick.training.tune_config import take_tune_table

EXPERIMENT_KEY: Final = "experiment"
"""Where a localizer's ``config.json`` keeps the experiment that it was trained with."""


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
        found.append(_video(video, path, coverage.get(video.video), num_steps))
    if not found:
        raise InputError(
            f"{data.labels}: no video of the subset '{subset}' has features in {folder}"
        )
    if missing:
        message = f"{len(missing)} of {len(missing) + len(found)} videos have no features, such as '{missing[0]}'; left out"
        warnings.warn(message, SpotkickWarning, stacklevel=2)
    return tuple(found)


def _video(
    labels: VideoSegments, path: Path, covered_s: float | None, num_steps: int
) -> LocalizationVideo:
    covered_s = covered_s or labels.duration_s
    if not covered_s:
        raise InputError(
            f"the length of video '{labels.video}' is not stated; give a coverage file"
        )
    segments = (
        np.array([(s.start_s, s.end_s) for s in labels.segments], dtype=np.float64).reshape(-1, 2)
        / covered_s
    )
    return LocalizationVideo(
        labels.video,
        covered_s,
        rescale_features(read_video_features(path), num_steps),
        check_segments(segments, labels.video),
        tuple(segment.label for segment in labels.segments),
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
                f"{path}: {name}: duration_second, feature_frame and duration_frame must be positive numbers"
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


def read_localization_toml(path: Path, assignments: Sequence[str] = ()) -> dict[str, Any]:
    """A TOML file with ``section.key=value`` replacements, not validated yet but for the ``[tune]`` table, which is left out.

    Raises:
        InputError: if it cannot be read.
        ConfigError: if it is not TOML, or an assignment is malformed.
    """
    values, _ = take_tune_table(with_overrides(read_toml(path), assignments), str(path))
    return values


def make_proposals(
    checkpoint: Path,
    out: Path,
    *,
    data: Mapping[str, str] | None = None,
    inputs: Sequence[Path] = (),
    frame_rate: Fraction = FEATURE_RATE,
    threads: int = 0,
) -> tuple[VideoSegments, ...]:
    """Propose segments and write them as an ActivityNet results file.

    Args:
        checkpoint: folder of a trained localizer.
        out: file to write.
        data: values that replace those of the data that it was trained with; the subset ``valid``
            is used.
        inputs: feature files to use instead of a data set.
        frame_rate: of the feature files.
        threads: CPU threads; 0 takes what ONNX Runtime finds.

    Raises:
        CheckpointError: if the checkpoint is damaged, or the features are not of its length.
        InputError: if data are missing or malformed.
        StorageError: if the file cannot be written.
    """
    localizer, config = read_localizer(checkpoint, threads=threads)
    if inputs:
        videos = feature_videos(inputs, localizer.num_steps, frame_rate)
    else:
        trained = config.training.get(EXPERIMENT_KEY, {}).get("data", {})
        described = LocalizationData.parse({**trained, **(data or {})}, "data")
        videos = load_videos(described, described.valid, localizer.num_steps)
    for video in videos:
        if video.features.shape[1] != localizer.feature_dim:
            dim = video.features.shape[1]
            raise InputError(
                f"{video.name}: features have {dim} values per frame, the checkpoint needs {localizer.feature_dim}"
            )
    found = proposal_segments(propose(localizer, videos, config.proposals))
    write_activitynet_results(out, found)
    return found


def read_class_scores(path: Path) -> dict[str, dict[str, float]]:
    """Read scores of classes in whole videos.

    Args:
        path: ``{"results": {video: [{"label", "score"}]}}`` as the ActivityNet classification task
            has it, or ``{video: {class: score}}``.

    Raises:
        InputError: if it is neither.
    """
    document = read_json(path)
    results = document.get("results", document) if isinstance(document, dict) else None
    if not isinstance(results, dict) or not results:
        raise InputError(f"{path}: class scores of videos are a JSON object, by video")
    return {video: _class_scores(scores, f"{path}: {video}") for video, scores in results.items()}


def _class_scores(scores: Any, where: str) -> dict[str, float]:
    try:
        pairs = (
            scores.items()
            if isinstance(scores, dict)
            else [(row["label"], row["score"]) for row in scores]
        )
        found = {str(label): float(score) for label, score in pairs}
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"{where}: rows with 'label' and 'score', or an object of scores, are needed"
        ) from error
    if not np.isfinite(list(found.values())).all():
        raise InputError(f"{where}: a score is not a finite number")
    return found


def make_detections(
    proposals: Path, classes: Path, out: Path, *, top_classes: int = 1
) -> tuple[VideoSegments, ...]:
    """Give proposals the best classes of their videos and write them as an ActivityNet results file.

    Raises:
        InputError: if a file is malformed.
        StorageError: if the file cannot be written.

    Warns:
        SpotkickWarning: for videos without class scores, which get no detections.
    """
    found, scores = read_activitynet_segments(proposals), read_class_scores(classes)
    lost = [video.video for video in found if video.video not in scores]
    if lost:
        message = f"{classes}: no class scores of {len(lost)} of {len(found)} videos, such as '{lost[0]}'; no detections there"
        warnings.warn(message, SpotkickWarning, stacklevel=2)
    detections = detect_segments(found, scores, top_classes=top_classes)
    write_activitynet_results(out, detections)
    return detections


def evaluate_activitynet(
    predictions: Path, labels: Path, *, subset: str | None = "validation"
) -> dict[str, Any]:
    """Score proposals (results without labels) or detections (with labels) as ActivityNet does.

    Args:
        predictions: results file.
        labels: label file.
        subset: of the label file that counts; None counts all.

    Returns:
        ``{"task": "proposals", "auc", "ar_at", ...}``, or ``{"task": "detection", "average_map",
        "map_at", "per_class"}``; values between 0 and 1.

    Raises:
        InputError: if a file is malformed, or there is nothing to score.
    """
    found, truth = read_localization_labels(predictions), read_localization_labels(labels)
    if any(segment.label for video in found for segment in video.segments):
        score = evaluate_detection(found, truth, subset=subset)
        map_at = {f"{overlap:g}": value for overlap, value in score.map_at.items()}
        return {
            "task": "detection",
            "average_map": score.average_map,
            "map_at": map_at,
            "per_class": dict(score.per_class),
        }
    return {"task": "proposals", **evaluate_proposals(found, truth, subset=subset).to_json()}


def activitynet_summary(score: Mapping[str, Any]) -> str:
    """The lines that people read of what `evaluate_activitynet` returns, in percent."""
    if score["task"] == "detection":
        rows = [(f"mAP@{overlap}", value) for overlap, value in score["map_at"].items()]
        rows.append(("mean mAP", score["average_map"]))
    else:
        rows = [(f"AR@{number}", value) for number, value in score["ar_at"].items()]
        rows.append(("AUC", score["auc"]))
    return "\n".join(f"{name:<10}{100 * value:6.2f}" for name, value in rows)
