"""The newest features of a stream on disk, so that a restart needs nothing of what went by."""

import os
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from spotkick.errors import StorageError
from spotkick.files import atomic_path

_TYPE: Final = np.dtype("<f4")


class FeatureFile:
    """Rows of a track, appended one by one; old ones are dropped now and then.

    The name of the file states the number of its first frame. A row of which a killed process has
    written a part is cut off.
    """

    def __init__(self, folder: Path, name: str, dim: int, *, kept: int) -> None:
        """Open the file of an earlier run, or a new one.

        Args:
            folder: of the files.
            name: of the features.
            dim: values per row.
            kept: rows that are kept at least.

        Raises:
            StorageError: if it cannot be written.
        """
        self._folder, self._name, self._dim, self._kept = folder, name, dim, kept
        try:
            folder.mkdir(parents=True, exist_ok=True)

            # A killed process may have left two files: the newer one is complete.
            found = sorted((self._number_of(path), path) for path in folder.glob(f"{name}-*.f32"))
            self.first, self.path = found[-1] if found else (0, self._path_of(0))
            for _, old in found[:-1]:
                old.unlink()
            self.path.touch()
            self._count = self.path.stat().st_size // self._row_bytes
            os.truncate(self.path, self._count * self._row_bytes)
        except OSError as error:
            raise self._make_refusal(error) from error

    @property
    def _row_bytes(self) -> int:
        return self._dim * _TYPE.itemsize

    def _path_of(self, first: int) -> Path:
        return self._folder / f"{self._name}-{first:09d}.f32"

    def _number_of(self, path: Path) -> int:
        digits = path.stem.rpartition("-")[2]
        return int(digits) if digits.isdecimal() else -1

    def _make_refusal(self, error: OSError) -> StorageError:
        return StorageError(
            f"cannot write {self._folder}: {error.strerror or error}; free space or choose "
            "another --out"
        )

    @property
    def end(self) -> int:
        """One past the number of the last frame."""
        return self.first + self._count

    def read(self) -> npt.NDArray[np.float32]:
        """All rows: (frames, dim), the first one being `first`."""
        data = self.path.read_bytes()[: self._count * self._row_bytes]
        return np.frombuffer(data, dtype=_TYPE).reshape(-1, self._dim).astype(np.float32)

    def write(self, first: int, rows: npt.NDArray[Any]) -> None:
        """Write rows from a frame on; rows that are there from it on are replaced.

        Raises:
            StorageError: if the system refuses.
        """
        try:
            if first < self.end:
                self._count = max(0, first - self.first)
                os.truncate(self.path, self._count * self._row_bytes)
            new = rows[max(0, self.first - first) :]
            with self.path.open("ab") as file:
                file.write(new.astype(_TYPE).tobytes())
            self._count += len(new)
            if self._count > 2 * self._kept:
                self._drop_old()
        except OSError as error:
            raise self._make_refusal(error) from error

    def _drop_old(self) -> None:
        """Start a file with the newest rows; the former one goes when it is complete."""
        rows = self.read()[-self._kept :]
        former, self.first = self.path, self.end - self._kept
        self.path = self._path_of(self.first)
        with atomic_path(self.path) as temporary:
            temporary.write_bytes(rows.astype(_TYPE).tobytes())
        former.unlink()
        self._count = self._kept
