"""From match folders to labelled halves."""

import warnings
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from spotkick.actions import BUILT_IN_CLASSES, ActionClasses, MatchActions
from spotkick.datasets.match_folder import MatchFolder
from spotkick.datasets.splits import match_tracks, read_split_matches
from spotkick.errors import SpotkickWarning
from spotkick.features.tracks import FeatureSource, FeatureTrack
from spotkick.formats.soccernet import TimeSource, read_label_set
from spotkick.pipelines.config import DataConfig, ExperimentConfig
from spotkick.training.labelled_periods import (
    LabelledPeriod,
    check_halves,
    label_period,
    past_the_end,
)


def read_match_labels(
    data: DataConfig, classes: ActionClasses, matches: Sequence[str]
) -> dict[str, MatchActions]:
    """Labels of the matches, by name.

    Raises:
        InputError: if a match has no label file, or one cannot be read.
    """
    labels = read_label_set(
        Path(data.root),
        matches,
        classes=classes,
        filename=data.labels or None,
        time_source=TimeSource(data.time_source),
    )
    return {label.match: label for label in labels}


def label_training_periods(
    config: ExperimentConfig, *, chunk_frames: int, pad_frames: int
) -> list[LabelledPeriod]:
    """All halves of the training split, encoded.

    Raises:
        InputError: if features or labels are missing or damaged, or come from different sources.
    """
    data, classes = config.data, config.data.class_list()
    matches = read_split_matches(Path(data.root), data.train)
    labels = read_match_labels(data, classes, matches)
    halves: list[LabelledPeriod] = []
    late = 0
    for match in matches:
        tracks = match_tracks(feature_folder(data, match), data.features, frame_rate=data.rate)
        _warn_about_labels(match, labels[match], tracks, classes)
        for period, track in sorted(tracks.items()):
            if halves:
                halves[0].track.source.require_compatible(track.source, track.where)
            own = [action for action in labels[match].actions if action.period == period]
            late += past_the_end(track, classes.select(own))
            slicing = config.slicing.slicing(classes, track.source.frame_rate)
            halves.append(
                label_period(
                    track, own, classes, slicing, chunk_frames=chunk_frames, pad_frames=pad_frames
                )
            )
    if late:
        message = f"{late} training labels lie past the end of their features and are moved to the last frame"
        warnings.warn(message, SpotkickWarning, stacklevel=2)
    check_halves(halves, classes)
    return halves


def feature_folder(data: DataConfig, match: str) -> MatchFolder:
    """The folder that holds a match's features."""
    return MatchFolder(Path(data.features_root or data.root), match)


def _warn_about_labels(
    match: str, labels: MatchActions, tracks: Mapping[int, FeatureTrack], classes: ActionClasses
) -> None:
    lost = sum(action.period not in tracks for action in classes.select(labels.actions))
    if lost:
        message = f"{match}: {lost} labels lie in periods without features and are not trained on"
        warnings.warn(message, SpotkickWarning, stacklevel=3)
    known = [*BUILT_IN_CLASSES.values(), classes]
    unknown = sorted(
        {
            action.label
            for action in labels.actions
            if not any(action.label in known_list for known_list in known)
        }
    )
    if unknown:
        message = f"{match}: labels of classes that no class list knows are not trained on: {', '.join(unknown)}"
        warnings.warn(message, SpotkickWarning, stacklevel=3)
    early = sum(action.position_ms < 0 for action in labels.actions)
    if early:
        message = (
            f"{match}: {early} labels have a negative position and are taken as the first frame"
        )
        warnings.warn(message, SpotkickWarning, stacklevel=3)


def first_source(data: DataConfig, matches: Iterable[str]) -> FeatureSource:
    """Source of the features of the first match, which decides the width of the network.

    Raises:
        InputError: if it has none.
    """
    match = next(iter(matches))
    tracks = match_tracks(feature_folder(data, match), data.features, frame_rate=data.rate)
    return next(iter(tracks.values())).source
