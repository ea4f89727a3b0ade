"""Feature tracks: one vector per frame of a period, with their frame rate and source.

A track stays on disk and is mapped into memory, so that hundreds of matches train on a small
machine. Pages that were read are given back by `FeatureTrack.release`; without it the resident size
would grow to the size of the data set.
"""

import hashlib
import mmap
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from spotkick.errors import CheckpointError, InputError
from spotkick.features.token_rows import check_rows
from spotkick.files import atomic_path, read_json, write_json
from spotkick.timeline import FEATURE_RATE, parse_frame_rate

_VECTOR_TYPES: Final = (np.float16, np.float32)
_TOKEN_TYPES: Final = (np.int16,)
"""Types of the values in files; float16 does not hold every token id."""

SOURCE_SUFFIX: Final = ".source"
"""A folder ``NAME.source`` at the root of a feature set describes the features called NAME."""


COMMENTARY_KINDS: Final = ("commentary", "tokens", "sentences")
"""Kinds of sources whose features are made from transcripts."""


@dataclass(frozen=True, slots=True)
class FeatureSource:
    """Where the vectors of a track come from; tracks are mixed only when their sources agree.

    Attributes:
        name: the part of the file name after the period, such as ``ResNET_TF2_PCA512`` or
            ``commentary``.
        dim: length of a vector.
        frame_rate: vectors per second.
        kind: ``file`` (made elsewhere), ``commentary``, ``tokens``, ``sentences`` or ``backbone``.
        fingerprint: SHA-256 of everything that decides the values (model, projection,
            preprocessing); empty when not known.
        num_ids: ``tokens``: size of the vocabulary, whose ids the values are; else 0.
    """

    name: str
    dim: int
    frame_rate: Fraction = FEATURE_RATE
    kind: str = "file"
    fingerprint: str = ""
    num_ids: int = 0

    @property
    def is_commentary(self) -> bool:
        """Whether the features are made from what is said."""
        return self.kind in COMMENTARY_KINDS

    def to_json(self) -> dict[str, Any]:
        """Plain values for a JSON file."""
        described: dict[str, Any] = {
            "name": self.name,
            "dim": self.dim,
            "frame_rate": str(self.frame_rate),
            "kind": self.kind,
            "fingerprint": self.fingerprint,
        }
        return {**described, "num_ids": self.num_ids} if self.num_ids else described

    @classmethod
    def from_json(cls, value: Mapping[str, Any], where: str) -> "FeatureSource":
        """Read back what `to_json` wrote; ``where`` names the file in messages.

        Raises:
            InputError: if a field is missing or has the wrong type.
        """
        try:
            return cls(
                name=str(value["name"]),
                dim=int(value["dim"]),
                frame_rate=parse_frame_rate(value["frame_rate"]),
                kind=str(value["kind"]),
                fingerprint=str(value["fingerprint"]),
                num_ids=int(value.get("num_ids", 0)),
            )
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise InputError(
                f"{where}: not a feature source description: {type(error).__name__} {error}"
            ) from error

    def require_compatible(self, other: "FeatureSource", where: str) -> None:
        """Refuse features that a network trained on this source cannot read.

        Raises:
            CheckpointError: if the dimension, the frame rate, or a known fingerprint differs.
        """
        if other.dim != self.dim:
            raise CheckpointError(
                f"{where}: features have {other.dim} values per frame, the checkpoint needs "
                f"{self.dim} ({self.name}); make them from the same source"
            )
        if other.frame_rate != self.frame_rate:
            raise CheckpointError(
                f"{where}: features have {other.frame_rate} frames per second, the checkpoint "
                f"needs {self.frame_rate}; extract them at --rate {self.frame_rate}"
            )

        # Features made elsewhere have no fingerprint.
        if self.fingerprint and other.fingerprint and self.fingerprint != other.fingerprint:
            raise CheckpointError(
                f"{where}: features come from another source ({other.kind} '{other.name}') than "
                f"the checkpoint's ({self.kind} '{self.name}'): extract them again with "
                "'spotkick features --source CHECKPOINT'"
            )


@dataclass(frozen=True, slots=True)
class FeatureTrack:
    """The features of one period (or one video).

    Attributes:
        values: (frames, dim), float16 or float32, int16 for token ids; usually mapped from a file.
        source: where they come from, with their frame rate.
        where: file name for messages.
    """

    values: npt.NDArray[np.floating[Any] | np.integer[Any]]
    source: FeatureSource
    where: str = "features"

    def __len__(self) -> int:
        """Number of frames."""
        return len(self.values)

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return float(len(self.values) / self.source.frame_rate)

    def rows(self, frames: npt.NDArray[np.intp]) -> npt.NDArray[np.floating[Any] | np.integer[Any]]:
        """The vectors of frames in any order.

        Beyond both ends vectors are those of the end frames; of token ids, there are none.

        Args:
            frames: any shape, may lie before the first and behind the last frame.

        Returns:
            the shape of ``frames``, and dim.
        """
        values: npt.NDArray[np.floating[Any] | np.integer[Any]] = self.values[
            frames.clip(0, len(self) - 1)
        ]
        if self.source.num_ids:
            values[(frames < 0) | (frames >= len(self))] = 0
        return values

    def release(self) -> None:
        """Give the pages that were read back to the system; the next read maps them again."""
        mapped = getattr(self.values, "_mmap", None)
        if mapped is not None and hasattr(mmap, "MADV_DONTNEED"):
            mapped.madvise(mmap.MADV_DONTNEED)

    def require_finite(self) -> None:
        """Check every value.

        Raises:
            InputError: naming the first frame that holds NaN or infinity, or no token ids where
                these are expected.
        """
        bad = ~np.isfinite(self.values).all(axis=1)
        if bad.any():
            raise InputError(
                f"{self.where}: frame {int(np.argmax(bad))} holds NaN or infinity "
                f"({int(bad.sum())} of {len(bad)} frames do); extract the features again"
            )

        if self.source.num_ids:
            check_rows(self.values, self.source.num_ids, self.where)


def read_track(
    path: Path, *, source: FeatureSource | None = None, frame_rate: Fraction = FEATURE_RATE
) -> FeatureTrack:
    """Map a ``.npy`` feature file; nothing but its header is read.

    Args:
        path: file ``{period}_{name}.npy`` or any other ``.npy`` of shape (frames, dim).
        source: what the features are; when None, a ``NAME.source`` folder beside or above the file
            is used, and without one the source is taken from the file name, shape and
            ``frame_rate``.
        frame_rate: frames per second of files that have no source description.

    Raises:
        InputError: if the file is missing, empty, truncated, of another type or shape, or disagrees
            with its source.
    """
    described = source or find_source(path)
    values = _map_array(path, _TOKEN_TYPES if described and described.num_ids else _VECTOR_TYPES)
    source = described or FeatureSource(
        name=feature_name(path), dim=values.shape[1], frame_rate=frame_rate
    )
    if values.shape[1] != source.dim:
        raise InputError(
            f"{path}: {values.shape[1]} values per frame, but '{source.name}' features have "
            f"{source.dim}; extract it again"
        )
    return FeatureTrack(values=values, source=source, where=str(path))


def _map_array(
    path: Path, types: tuple[type[np.generic], ...]
) -> npt.NDArray[np.floating[Any] | np.integer[Any]]:
    if not path.is_file():
        raise InputError(
            f"{path}: no such feature file; make it with 'spotkick features' or download it"
        )

    # Arrays of Python objects are pickles and cannot be mapped.
    try:
        values = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        signs = ("allow_pickle", "Array can't be memory-mapped")
        has_objects = any(sign in str(error) for sign in signs)
        raise InputError(
            f"{path}: not a readable .npy feature file "
            f"({'it holds Python objects' if has_objects else error}); "
            "it may be empty or cut off, get it again"
        ) from error

    # numpy opens archives of arrays under the same name.
    if not isinstance(values, np.ndarray):
        raise _wrong_array(path, "an archive of arrays", types)
    if values.ndim != 2 or values.dtype not in types:
        raise _wrong_array(path, f"{values.dtype} of shape {values.shape}", types)
    if 0 in values.shape:
        raise InputError(
            f"{path}: no frames or no values per frame (shape {values.shape}); "
            "extract the features again"
        )
    return values


def _wrong_array(path: Path, found: str, types: tuple[type[np.generic], ...]) -> InputError:
    names = [wanted.__name__ for wanted in types]
    return InputError(
        f"{path}: features must be {' or '.join(names)} of shape (frames, dim), found {found}; "
        f"write them with np.save(path, values.astype(np.{names[-1]}))"
    )


def feature_name(path: Path) -> str:
    """Name of the features in ``1_NAME.npy``, or the whole stem of other files.

    Example:
        >>> feature_name(Path("game/1_ResNET_TF2_PCA512.npy"))
        'ResNET_TF2_PCA512'
    """
    head, _, name = path.stem.partition("_")
    return name if head.isdigit() and name else path.stem


def find_source(path: Path) -> FeatureSource | None:
    """Look for ``NAME.source/source.json`` beside a feature file or up to four folders above it.

    Raises:
        InputError: if one is found and is malformed.
    """
    folder = f"{feature_name(path)}{SOURCE_SUFFIX}"
    for parent in list(path.absolute().parents)[:5]:
        described = parent / folder / "source.json"
        if described.is_file():
            return FeatureSource.from_json(read_json(described), str(described))
    return None


def write_source(source: FeatureSource, root: Path) -> None:
    """Describe the features called ``source.name`` below ``root``, for `find_source`.

    Raises:
        StorageError: if it cannot be written.
    """
    write_json(root / f"{source.name}{SOURCE_SUFFIX}" / "source.json", source.to_json())


def write_track(values: npt.NDArray[np.floating[Any] | np.integer[Any]], path: Path) -> None:
    """Write a track atomically as ``.npy``, keeping its type.

    Raises:
        StorageError: if it cannot be written.
    """
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        np.save(file, values, allow_pickle=False)


def fingerprint(*parts: bytes | str) -> str:
    """SHA-256 over the parts that decide a feature's values.

    Each is preceded by its length, so that two lists of parts never look alike.
    """
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "little"))
        digest.update(data)
    return digest.hexdigest()
