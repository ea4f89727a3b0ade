"""Trees of match folders, on disk or in a zip archive: names of matches and of their label files.

A match is named by its folder relative to the root, with forward slashes: ``league/season/match``.
"""

import os
import zipfile
import zlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Final

from spotkick.actions import ActionClasses
from spotkick.errors import InputError
from spotkick.files import MAX_JSON_BYTES, check_archive, open_archive, read_bytes

LABEL_FILES: Final = ("Labels-v2.json", "Labels.json", "Labels-ball.json")
"""Names of label files, in the order in which they are preferred for a class list of unknown
origin."""

_LABEL_FILES_OF: Final = {
    "soccernet-v1": ("Labels.json", "Labels-v2.json"),
    "soccernet-v2": ("Labels-v2.json",),
    "soccernet-ball": ("Labels-ball.json",),
}


def label_file_names(classes: ActionClasses | None = None) -> tuple[str, ...]:
    """Label files that can hold the given classes, the preferred one first."""
    return _LABEL_FILES_OF.get(classes.name, LABEL_FILES) if classes is not None else LABEL_FILES


def clean_match_name(name: str, where: str) -> str:
    """Normalise a match name: forward slashes, none at the ends.

    Raises:
        InputError: if the name is empty, absolute, or steps out of its root with ``..``.
    """
    text = name.strip().replace("\\", "/")
    parts = PurePosixPath(text.rstrip("/")).parts
    if (
        not parts
        or text.startswith("/")
        or ".." in parts
        or ":" in parts[0]
        or any(ord(letter) < 32 for letter in text)
    ):
        raise InputError(
            f"{where}: a match name must be a relative path such as league/season/match, got {name!r}"
        )
    return "/".join(parts)


def require_matches(wanted: Iterable[str], available: Collection[str], where: str) -> None:
    """Check that every wanted match exists.

    Raises:
        InputError: naming the first missing match and counting the others.
    """
    known = available if isinstance(available, set | frozenset | dict) else set(available)
    missing = [match for match in wanted if match not in known]
    if missing:
        others = f" (and {len(missing) - 1} more)" if len(missing) > 1 else ""
        example = f"; it has names such as {min(known)!r}" if known else "; it holds no match"
        raise InputError(f"{where}: nothing for match {missing[0]!r}{others}{example}")


class MatchTree:
    """Files named ``<match>/<file name>`` in a folder or in a zip archive.

    Made by `open_match_tree`, which closes the archive again. Files that lie directly at the root
    belong to one match that has the name of the root.
    """

    def __init__(self, path: Path, archive: zipfile.ZipFile | None, names: Sequence[str]) -> None:
        """Hold the file ``names`` (relative, forward slashes) found at ``path``."""
        self.path = path
        self._archive = archive
        self._names = frozenset(names)
        self._root_match = path.resolve().stem if archive is not None else path.resolve().name

    def matches_with(self, filename: str) -> tuple[str, ...]:
        """Matches that have a file of this name, sorted."""
        folders = (
            name.rpartition("/")[0] for name in self._names if name.rpartition("/")[2] == filename
        )
        return tuple(sorted(folder or self._root_match for folder in folders))

    def file_names(self) -> frozenset[str]:
        """Distinct file names without their folders."""
        return frozenset(name.rpartition("/")[2] for name in self._names)

    def read(self, match: str, filename: str) -> bytes:
        """Content of a file.

        Raises:
            InputError: if it is missing, too large or damaged.
        """
        name = f"{match}/{filename}"
        if name not in self._names and match == self._root_match:
            name = filename
        if self._archive is None:
            return read_bytes(self.path / name)
        try:
            member = self._archive.getinfo(name)
            if member.file_size > MAX_JSON_BYTES:
                raise InputError(
                    f"{self.path}: {name} unpacks to {member.file_size:,} bytes, the limit is {MAX_JSON_BYTES:,}"
                )
            with self._archive.open(member) as file:
                # Not read(): it unpacks whole before it notices that the archive lies about the
                # size.
                return file.read(member.file_size)
        except KeyError as error:
            raise InputError(f"{self.path}: the archive has no {name}") from error
        except (
            OSError,
            EOFError,
            RuntimeError,
            NotImplementedError,
            zipfile.BadZipFile,
            zlib.error,
        ) as error:
            raise InputError(f"{self.path}: {name} cannot be unpacked: {error}") from error


@contextmanager
def open_match_tree(path: Path) -> Iterator[MatchTree]:
    """Open a folder or a zip archive of match folders.

    Raises:
        InputError: if the path is neither, or the archive is not safe to read.
    """
    if path.is_dir():
        names = [
            (Path(folder) / name).relative_to(path).as_posix()
            for folder, _, files in os.walk(path)
            for name in files
            if name.endswith(".json")
        ]
        yield MatchTree(path, None, names)
        return
    if not path.exists():
        raise InputError(f"{path}: no such file or folder")
    with open_archive(path) as archive:
        names = [
            member.filename
            for member in check_archive(archive, str(path))
            if member.filename.endswith(".json")
        ]
        if len(set(names)) != len(names):
            raise InputError(f"{path}: the archive holds two files of the same name")
        yield MatchTree(path, archive, names)
