"""From match folders to labelled periods."""

import warnings
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Final, NamedTuple

from spotkick.actions import BUILT_IN_CLASSES, ActionClasses, MatchActions
from spotkick.datasets.match_folder import MatchFolder
from spotkick.datasets.splits import match_tracks, read_split_matches
from spotkick.errors import InputError, SpotkickWarning
from spotkick.features.tracks import FeatureSource, FeatureTrack
from spotkick.formats.soccernet import read_label_set
from spotkick.formats.time_source import TimeSource
from spotkick.pipelines.config import DataConfig, ExperimentConfig
from spotkick.tasks import mark_sides
from spotkick.timeline import format_clock
from spotkick.training.labelled_periods import (
    LabelledPeriod,
    check_training_set,
    count_late_actions,
    label_period,
)

COMMON_RATES: Final = tuple(
    Fraction(rate)
    for rate in ("1", "2", "4", "5", "25/4", "8", "10", "25/2", "15", "25", "30", "50")
)
"""Rates at which features are made, for a guess at the right one."""

LONG_FEATURES: Final = 1.5
"""Features of a data set that last this many times as long as its labels, in every period, were
made at another rate."""

_FEWEST_PERIODS: Final = 4
"""Periods with labels from which lengths say something about the rate."""


class _Lengths(NamedTuple):
    """How long the features of a period last, and where its last label lies, in seconds."""

    features_s: float
    labels_s: float


def read_match_labels(
    data: DataConfig, classes: ActionClasses, matches: Sequence[str]
) -> dict[str, MatchActions]:
    """Labels of the matches, by name; their classes also say the team where the data have sides.

    Raises:
        InputError: if a match has no label file, one cannot be read, or none has a side.
    """
    plain = data.plain_task().classes if data.sides else classes
    labels = read_label_set(
        Path(data.root),
        matches,
        classes=plain,
        filename=data.labels or None,
        time_source=TimeSource(data.time_source),
    )
    if not data.sides:
        return {label.match: label for label in labels}

    # Labels without a team say nothing about the sides.
    read = list(labels)
    found = {label.match: mark_sides(label, plain, data.sides) for label in read}
    lost = sum(len(plain.select(label)) - len(found[label.match]) for label in read)
    if lost and not any(map(len, found.values())):
        raise InputError(
            f"{data.root}: no label has a team of data.sides ({', '.join(data.sides)}); give the "
            "words that the labels have"
        )
    if lost:
        sides = ", ".join(data.sides)
        message = f"{data.root}: {lost} labels without a team ({sides}) are left out"
        warnings.warn(message, SpotkickWarning, stacklevel=2)
    return found


def label_training_periods(
    config: ExperimentConfig, *, chunk_frames: int, pad_frames: int
) -> list[LabelledPeriod]:
    """All periods of the training split, encoded.

    Raises:
        InputError: if features or labels are missing or damaged, or come from different sources.
    """
    data, classes = config.data, config.data.class_list()
    matches = read_split_matches(Path(data.root), data.train)
    labels = read_match_labels(data, classes, matches)

    periods: list[LabelledPeriod] = []
    lengths: list[_Lengths] = []
    late = 0
    for match in matches:
        tracks = match_tracks(feature_folder(data, match), data.features, frame_rate=data.rate)
        _warn_about_labels(labels[match], tracks, classes)
        for number, track in sorted(tracks.items()):
            if periods:
                periods[0].track.source.require_compatible(track.source, track.where)
            own = [action for action in labels[match].actions if action.period == number]
            late += count_late_actions(track, classes.select(own))
            last_s = max((action.position_s for action in own), default=0.0)
            if last_s > 0:
                lengths.append(_Lengths(track.duration_s, last_s))

            slicing = config.slicing.slicing(classes, track.source.frame_rate)
            encoded = label_period(
                track,
                own,
                classes,
                slicing=slicing,
                chunk_frames=chunk_frames,
                pad_frames=pad_frames,
                nearest=config.loss.shifts == "nearest",
            )
            periods.append(encoded)

    check_training_set(periods, classes)
    _warn_about_rate(periods[0].track.source, lengths, late)
    return periods


def feature_folder(data: DataConfig, match: str) -> MatchFolder:
    """The folder that holds a match's features."""
    return MatchFolder(Path(data.features_root or data.root), match)


def first_source(data: DataConfig, matches: Iterable[str]) -> FeatureSource:
    """Source of the features of the first match, which decides the width of the network.

    Raises:
        InputError: if it has none.
    """
    match = next(iter(matches))
    tracks = match_tracks(feature_folder(data, match), data.features, frame_rate=data.rate)
    return next(iter(tracks.values())).source


def _warn_about_rate(source: FeatureSource, lengths: Sequence[_Lengths], late: int) -> None:
    """Compare the length of the features with the labels: a wrong rate makes them disagree."""
    is_stated = source.kind != "file" or source.fingerprint != ""
    ratios = [length.features_s / length.labels_s for length in lengths]
    fits = min(ratios, default=1.0)
    longest = max(lengths, key=lambda length: length.labels_s, default=None)
    advice = ""
    if longest is not None and not is_stated:
        advice = _describe_rates(source.frame_rate, longest)

    if late:
        _warn_user(
            f"{late} training labels lie past the end of their features and are moved to the last "
            f"frame{advice}"
        )
    elif advice and len(ratios) >= _FEWEST_PERIODS and fits > LONG_FEATURES:
        _warn_user(
            f"features are at least {fits:.1f} times as long as the labels of their period{advice}"
        )


def _describe_rates(rate: Fraction, longest: _Lengths) -> str:
    """End of a message: what the stated rate means, and a common rate that would fit."""
    frames = longest.features_s * float(rate)
    fitting = [other for other in COMMON_RATES if frames / float(other) >= longest.labels_s]
    guess = f"; {float(max(fitting)):g} would fit" if fitting else ""
    return (
        f": read at data.frame_rate = {float(rate):g} they last "
        f"{format_clock(longest.features_s)}, and the last label lies at "
        f"{format_clock(longest.labels_s)}{guess}"
    )


def _warn_about_labels(
    labels: MatchActions, tracks: Mapping[int, FeatureTrack], classes: ActionClasses
) -> None:
    """Report labels of a match that are not trained on, or are moved."""
    lost = sum(action.period not in tracks for action in classes.select(labels.actions))
    if lost:
        _warn_user(
            f"{labels.match}: {lost} labels lie in periods without features and are not trained on"
        )

    known = [*BUILT_IN_CLASSES.values(), classes]
    found = {action.label for action in labels.actions}
    unknown = sorted(label for label in found if not any(label in listed for listed in known))
    if unknown:
        _warn_user(
            f"{labels.match}: labels of classes that no class list knows are not trained on: "
            f"{', '.join(unknown)}"
        )

    early = sum(action.position_ms < 0 for action in labels.actions)
    if early:
        _warn_user(
            f"{labels.match}: {early} labels have a negative position and are taken as the first "
            "frame"
        )


def _warn_user(message: str) -> None:
    warnings.warn(message, SpotkickWarning, stacklevel=3)
