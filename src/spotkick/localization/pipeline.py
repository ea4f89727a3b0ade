"""Temporal localization from files to files: proposals, detections, scores."""

import warnings
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import numpy as np

from spotkick.configuration import read_toml, with_overrides
from spotkick.errors import InputError, SpotkickWarning
from spotkick.files import read_json
from spotkick.formats.activitynet import read_activitynet_segments, write_activitynet_results
from spotkick.formats.segments import VideoSegments
from spotkick.localization.checkpoint import read_localizer
from spotkick.localization.proposals import detect_segments, proposal_segments, propose
from spotkick.localization.videos import (
    LocalizationData,
    feature_videos,
    load_videos,
)
from spotkick.timeline import FEATURE_RATE
from spotkick.training.tune_config import take_tune_table

EXPERIMENT_KEY: Final = "experiment"
"""Where a localizer's ``config.json`` keeps the experiment that it was trained with."""


def read_localization_toml(path: Path, assignments: Sequence[str] = ()) -> dict[str, Any]:
    """A TOML file with ``section.key=value`` replacements, not validated yet.

    Only the ``[tune]`` table is checked and left out.

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

    # The data set that it was trained with, unless files are given
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
                f"{video.name}: features have {dim} values per frame, "
                f"the checkpoint needs {localizer.feature_dim}"
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
    return {
        video: _parse_class_scores(scores, f"{path}: {video}") for video, scores in results.items()
    }


def _parse_class_scores(scores: Any, where: str) -> dict[str, float]:
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
    """Give proposals the best classes of their videos, as an ActivityNet results file.

    Raises:
        InputError: if a file is malformed.
        StorageError: if the file cannot be written.

    Warns:
        SpotkickWarning: for videos without class scores, which get no detections.
    """
    found, scores = read_activitynet_segments(proposals), read_class_scores(classes)
    lost = [video.video for video in found if video.video not in scores]
    if lost:
        warnings.warn(
            f"{classes}: no class scores of {len(lost)} of {len(found)} videos, such as "
            f"'{lost[0]}'; no detections there",
            SpotkickWarning,
            stacklevel=2,
        )
    detections = detect_segments(found, scores, top_classes=top_classes)
    write_activitynet_results(out, detections)
    return detections
