"""The matches of a split, and the features of a match. Without torch."""

import warnings
from fractions import Fraction
from pathlib import Path
from typing import Final

from spotkick.configuration import nearest
from spotkick.datasets.match_folder import MatchFolder
from spotkick.errors import InputError, SpotkickWarning
from spotkick.features.tracks import FeatureSource, FeatureTrack, read_track
from spotkick.formats.soccernet import read_labels
from spotkick.formats.splits import read_split

_USUAL_SPLITS: Final = ("train", "valid", "test")

HALVES: Final = (1, 2)
"""Periods that a match of a data set is expected to have."""

LENGTH_TOLERANCE: Final = 0.5
"""A half that is shorter than this part of the other one is reported."""


def read_split_matches(root: Path, split: str) -> tuple[str, ...]:
    """Match names of a split.

    Args:
        root: of the data set.
        split: a split file, or a name such as ``train`` for ``root/splits/train.txt``,
            ``root/train.txt`` (or ``.json``).

    Raises:
        InputError: if there is no such file.
    """
    candidates = [
        Path(split),
        *(
            folder / f"{split}{end}"
            for folder in (root / "splits", root)
            for end in ("", ".txt", ".json")
        ),
    ]
    for path in candidates:
        if path.is_file():
            return read_split(path)

    # Name the nearest split that there is, else all of them.
    known = _list_splits(root)
    near = nearest(split, known) or next((n for n in known if n.startswith(split[:3])), None)
    hint = (
        f"; did you mean '{near}'?" if near else f"; there are {', '.join(known)}" if known else ""
    )
    raise InputError(
        f"no split file '{split}': looked for it as a file, and in {root / 'splits'} and {root} as "
        f"{split}.txt{hint}"
    )


def _list_splits(root: Path) -> list[str]:
    """Names of the split files of a data set."""
    files = [
        *(root / "splits").glob("*.txt"),
        *(root / "splits").glob("*.json"),
        *(root / f"{name}.txt" for name in _USUAL_SPLITS),
    ]
    return sorted({path.stem for path in files if path.is_file()})


def match_tracks(
    folder: MatchFolder, features: str, *, frame_rate: Fraction, source: FeatureSource | None = None
) -> dict[int, FeatureTrack]:
    """Features of the periods of a match; a missing period is reported and the others used.

    A match has the periods in which it has labels; without labels two halves are expected.

    Raises:
        InputError: if the match has no such features at all, or a file cannot be used.

    Warns:
        SpotkickWarning: if a period is missing, or one half is much shorter than the other.
    """
    paths = folder.features(features)
    if not paths:
        known = folder.feature_names()
        has = f"it has {', '.join(known)}" if known else "it has no features"
        raise InputError(
            f"{folder.path}: no features '{features}' (files 1_{features}.npy, 2_{features}.npy); "
            f"{has}"
        )

    # A part of a match is better than none, and is reported.
    missing = [period for period in _expected_periods(folder) if period not in paths]
    if missing:
        name = "half" if set(missing) <= set(HALVES) else "period"
        numbers = " and ".join(map(str, missing))
        message = (
            f"{folder.path}: features of {name} {numbers} are missing; the match is used without"
        )
        warnings.warn(message, SpotkickWarning, stacklevel=2)
    tracks = {
        period: read_track(path, source=source, frame_rate=frame_rate)
        for period, path in paths.items()
    }

    lengths = {period: len(track) for period, track in tracks.items() if period in HALVES}
    if len(lengths) > 1 and min(lengths.values()) < LENGTH_TOLERANCE * max(lengths.values()):
        message = (
            f"{folder.path}: the halves have {lengths[1]} and {lengths[2]} frames; one of them may "
            "be cut off"
        )
        warnings.warn(message, SpotkickWarning, stacklevel=2)
    return tracks


def _expected_periods(folder: MatchFolder) -> tuple[int, ...]:
    """Periods that a match has, as far as its labels tell; both halves where there are none."""
    labels = [read_labels(path, match=folder.match) for path in folder.label_files()]
    periods = {action.period for match in labels for action in match.actions}
    return tuple(sorted(periods)) or HALVES
