"""Per-frame segmentation scores of a match, kept beside its predictions.

One compressed ``.npz``: ``classes``, ``frame_rate`` as [numerator, denominator], float16
``scores_<period>`` (frames, classes). Of a network that tells teams apart, ``sides`` holds the
words for the teams, and ``classes`` has each class once for every team, such as ``PASS (left)``.
"""

import io
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final, TypeAlias, cast

import numpy as np
import numpy.typing as npt

from spotkick.errors import InputError
from spotkick.files import check_archive, read_bytes, reading_arrays, write_bytes
from spotkick.tasks import merge_side_names, split_side_name

SCORES_FILE: Final = "scores.npz"
"""Name of the file in a match folder of predictions."""

_PREFIX: Final = "scores_"


@dataclass(frozen=True, slots=True)
class MatchScores:
    """Scores of every frame of a match.

    Attributes:
        match: as in `spotkick.actions.MatchActions`.
        classes: names of the columns.
        frame_rate: frames per second.
        periods: period -> (frames, classes) float32, between 0 and 1, high where the action is.
        sides: words for the teams that ``classes`` tell apart; empty where they do not.
    """

    match: str
    classes: tuple[str, ...]
    frame_rate: Fraction
    periods: Mapping[int, npt.NDArray[np.float32]]
    sides: tuple[str, ...] = ()

    def merge_sides(self) -> "MatchScores":
        """Scores of the classes whatever the team: of the team that scores more, in each frame."""
        if not self.sides:
            return self
        plain = [split_side_name(name, self.sides)[0] for name in self.classes]
        classes = merge_side_names(self.classes, self.sides)

        # (classes, its columns): one for each team
        columns = [[n for n, name in enumerate(plain) if name == label] for label in classes]
        periods = {
            period: np.stack([values[:, group].max(axis=1) for group in columns], axis=1)
            for period, values in self.periods.items()
        }
        return MatchScores(self.match, classes, self.frame_rate, periods)


def write_scores(path: Path | str, scores: MatchScores) -> None:
    """Write scores atomically; float16 keeps three digits, which is what plots need.

    Raises:
        StorageError: if the file cannot be written.
    """
    buffer = io.BytesIO()
    arrays: dict[str, Any] = {
        f"{_PREFIX}{period}": values.astype(np.float16) for period, values in scores.periods.items()
    }
    arrays["frame_rate"] = np.array(
        [scores.frame_rate.numerator, scores.frame_rate.denominator], dtype=np.int64
    )
    if scores.sides:
        arrays["sides"] = np.array(scores.sides)
    np.savez_compressed(buffer, classes=np.array(scores.classes), **arrays)
    write_bytes(Path(path), buffer.getvalue())


def read_scores(path: Path | str, match: str = "", *, keep_sides: bool = False) -> MatchScores:
    """Read scores.

    Args:
        path: the ``.npz``.
        match: name to give the match; the name of the folder when empty.
        keep_sides: keep the columns of each team apart; of the team that scores more otherwise.

    Raises:
        InputError: if the file is not such an archive, or its arrays do not fit each other.
    """
    scores = _read_archive(Path(path), match, _read_values)
    return scores if keep_sides else scores.merge_sides()


def read_scores_outline(path: Path | str, match: str = "") -> MatchScores:
    """Read how long the scores of each period are, without unpacking them: every score is zero.

    Args:
        path: the ``.npz``.
        match: name to give the match; the name of the folder when empty.

    Raises:
        InputError: if the file is not such an archive, or its arrays do not fit each other.
    """
    return _read_archive(Path(path), match, _read_shape).merge_sides()


_Values: TypeAlias = "npt.NDArray[np.float32]"


def _read_values(arrays: "np.lib.npyio.NpzFile", name: str) -> _Values:
    values: _Values = arrays[name].astype(np.float32)
    return values


def _read_shape(arrays: "np.lib.npyio.NpzFile", name: str) -> _Values:
    archive = cast(zipfile.ZipFile, arrays.zip)  # it is None only after closing
    with archive.open(f"{name}.npy") as member:
        first = np.lib.format.read_magic(member) == (1, 0)
        read = np.lib.format.read_array_header_1_0 if first else np.lib.format.read_array_header_2_0
        shape = read(member)[0]
    return np.broadcast_to(np.float32(0), shape)


def _read_archive(
    path: Path, match: str, read_period: Callable[["np.lib.npyio.NpzFile", str], _Values]
) -> MatchScores:
    with reading_arrays(
        path, "a file of segmentation scores", "write it again with 'spotkick spot'"
    ):
        data = io.BytesIO(read_bytes(path))
        with zipfile.ZipFile(data) as archive:
            check_archive(archive, str(path))
        data.seek(0)
        with np.load(data, allow_pickle=False) as arrays:
            classes = tuple(str(name) for name in arrays["classes"])
            frame_rate = Fraction(*(int(part) for part in arrays["frame_rate"]))
            sides = tuple(str(side) for side in arrays["sides"]) if "sides" in arrays else ()
            names = [name for name in arrays.files if name.startswith(_PREFIX)]
            periods = {int(name.removeprefix(_PREFIX)): read_period(arrays, name) for name in names}

    # One row for each frame, one column for each class.
    for period, values in periods.items():
        if values.ndim != 2 or values.shape[1] != len(classes):
            raise InputError(
                f"{path}: scores of period {period} have shape {values.shape}, "
                f"expected (frames, {len(classes)})"
            )
    if frame_rate <= 0:
        raise InputError(f"{path}: frame_rate must be positive, got {frame_rate}")
    ordered = dict(sorted(periods.items()))
    return MatchScores(match or path.parent.name, classes, frame_rate, ordered, sides)
