"""Trees of match folders, on disk or in a zip archive: names of matches and of their label files.

A match is named by its folder relative to the root, with forward slashes: ``league/season/match``.
"""

import re
import zipfile
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Final

from spotkick.errors import InputError
from spotkick.files import MAX_JSON_BYTES, check_archive, open_archive, read_bytes, walk_folders
from spotkick.tasks import LABEL_FILES

__all__ = [
    "LABEL_FILES",
    "MatchTree",
    "clean_match_name",
    "open_match_tree",
    "require_matches",
    "require_visible",
]


_DRIVE_OR_PROTOCOL: Final = re.compile(r"[A-Za-z]:|.*:$")
"""``C:``, ``https:``; a name such as ``20:45_final`` is none of them."""


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
        or _DRIVE_OR_PROTOCOL.match(parts[0])
        or any(ord(letter) < 32 for letter in text)
    ):
        raise InputError(
            f"{where}: a match name must be a relative path such as league/season/match, "
            f"got {name!r}; rename the match in the source"
        )
    return "/".join(parts)


def require_visible(name: str, where: str) -> str:
    """Check that a match folder of this name would be found again: hidden folders are not read.

    Raises:
        InputError: if a part of the name starts with a point.
    """
    if any(part.startswith(".") for part in name.split("/")):
        raise InputError(
            f"{where}: a match folder must not start with a point, got {name!r}: hidden folders "
            "are not read; rename the match in the source"
        )
    return name


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


TREE_NEEDED: Final = "a folder or zip archive of match folders"

ZIP_MAGIC: Final = b"PK"
"""First bytes of a zip archive."""


class MatchTree:
    """Files named ``<match>/<file name>`` in a folder or in a zip archive.

    Made by `open_match_tree`, which closes the archive again. Files that lie directly at the root
    belong to one match that has the name of the root.
    """

    def __init__(
        self, path: Path, archive: zipfile.ZipFile | None, names: Mapping[str, str]
    ) -> None:
        """Hold the files found at ``path``: name with forward slashes -> name as it is stored."""
        self.path = path
        self._archive = archive
        self._names = dict(names)
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
            member = self._archive.getinfo(self._names.get(name, name))
            if member.file_size > MAX_JSON_BYTES:
                raise InputError(
                    f"{self.path}: {name} unpacks to {member.file_size:,} bytes, "
                    f"the limit is {MAX_JSON_BYTES:,}"
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

    Archives made on Windows may separate folders by backslashes; both kinds are read.

    Raises:
        InputError: if the path is neither, or the archive is not safe to read.
    """
    if path.is_dir():
        names = [
            (folder / name).relative_to(path).as_posix()
            for folder in walk_folders(path)
            for name in sorted(entry.name for entry in folder.iterdir())
            if name.endswith(".json") and (folder / name).is_file()
        ]
        yield MatchTree(path, None, {name: name for name in names})
        return
    if not path.exists():
        raise InputError(f"{path}: no such file or folder")
    if not is_archive(path):
        raise InputError(f"{path}: {TREE_NEEDED} is needed, this is neither")
    with open_archive(path) as archive:
        stored = [
            member.filename
            for member in check_archive(archive, str(path))
            if member.filename.endswith(".json")
        ]
        names = [name.replace("\\", "/") for name in stored]
        if len(set(names)) != len(names):
            raise InputError(f"{path}: the archive holds two files of the same name")
        yield MatchTree(path, archive, dict(zip(names, stored, strict=True)))


def is_match_tree(path: Path) -> bool:
    """Whether a path is to be read as match folders: a folder, or a file named as a zip archive."""
    return path.is_dir() or path.suffix.lower() == ".zip"


def is_archive(path: Path) -> bool:
    """Whether a file begins like a zip archive.

    Raises:
        InputError: if it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(len(ZIP_MAGIC)) == ZIP_MAGIC
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from error
