"""Labels and predictions in files of any format that `spotkick.formats` reads.

One such file may hold many matches; which of them belongs to a match of the viewer is kept beside
its path. Formats of several files are also read from a zip archive of them, as the page exports
them.
"""

import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Final, Literal

from spotkick.actions import Action, MatchActions
from spotkick.errors import InputError
from spotkick.formats.detect import detect_format
from spotkick.formats.format import Family, ReadOptions
from spotkick.formats.match_tree import clean_match_name
from spotkick.formats.registry import FORMATS
from spotkick.video.probe import probe

ActionKind = Literal["labels", "predictions"]

MAX_UNPACKED_BYTES: Final = 512 * 1024 * 1024
"""Largest archive that is unpacked, and below it the most files."""

MAX_MEMBERS: Final = 20_000

_ANY_RATE: Final = Fraction(25)
"""For looking at files of unknown frame rate."""

_MOST_FILES: Final = 4
"""Files whose content is kept in memory; a file of many matches is read once for all of them."""


@dataclass(frozen=True, slots=True)
class ActionEntry:
    """A match in a file.

    Attributes:
        format: of the file, a name of `spotkick.formats.registry.FORMATS`.
        match: its name in the file.
        frame_rate: for formats that count frames and do not state it; None where none is known.
        is_only: whether the file holds no other match.
    """

    format: str
    match: str
    frame_rate: Fraction | None = None
    is_only: bool = True


@dataclass(frozen=True, slots=True)
class FoundActions:
    """A match that was found in a file.

    Attributes:
        name: of the match in the viewer.
        kind: what the file holds.
        entry: how it is read again.
    """

    name: str
    kind: ActionKind
    entry: ActionEntry


def detect_action_file(path: Path) -> str | None:
    """The format of a file or folder that is read by `read_entry`; None where it is another kind.

    Single files of SoccerNet have their own readers here.

    Raises:
        InputError: if the content is of no known format, with what it is.
    """
    if zipfile.is_zipfile(path) and not _holds_match_folders(path):
        with _unpacked(path) as folder:
            return _find_source(folder, ReadOptions(frame_rate=_ANY_RATE))[1]
    name = detect_format(path)
    is_plain = FORMATS[name].family is Family.SOCCERNET and path.suffix.lower() == ".json"
    return None if is_plain else name


def list_entries(path: Path, form: str, videos: Sequence[Path] = ()) -> tuple[FoundActions, ...]:
    """The matches of a file.

    Args:
        path: file or folder.
        form: its format.
        videos: given with it; the first one states the frame rate of formats that do not.

    Raises:
        InputError: if the file is damaged.
    """
    rate = probe(videos[0]).nominal_rate if videos else None
    matches = _read_matches(path, form, rate)
    scored = any(action.confidence is not None for match in matches for action in match.actions)
    needed = FORMATS[form].capabilities.needs_confidence
    kind: ActionKind = "predictions" if scored or needed else "labels"
    is_only = len(matches) == 1
    return tuple(
        FoundActions(
            _name_match(match.match, path),
            kind,
            ActionEntry(form, match.match, frame_rate=rate, is_only=is_only),
        )
        for match in matches
    )


def read_entry(path: Path, entry: ActionEntry) -> tuple[Action, ...]:
    """Read the actions of one match.

    Raises:
        InputError: if the file is damaged, or holds the match no longer.
    """
    matches = _read_matches(path, entry.format, entry.frame_rate)
    if entry.is_only and len(matches) == 1:
        return matches[0].actions
    found = next((match for match in matches if match.match == entry.match), None)
    if found is None:
        raise InputError(f"{path}: the match {entry.match} is no longer in it")
    return found.actions


def _name_match(name: str, path: Path) -> str:
    """The name in the file, or that of the file where it could not name a folder."""
    try:
        return clean_match_name(name, str(path))
    except InputError:
        return path.stem


def _read_matches(path: Path, form: str, rate: Fraction | None) -> tuple[MatchActions, ...]:
    status = path.stat()
    return _read_state(path, form, rate, state=(status.st_mtime_ns, status.st_size))


@lru_cache(maxsize=_MOST_FILES)
def _read_state(
    path: Path, form: str, rate: Fraction | None, *, state: tuple[int, int]
) -> tuple[MatchActions, ...]:
    """Read a file in the state that it has now; another state is another call."""
    del state
    options = ReadOptions(frame_rate=rate)
    if FORMATS[form].family is Family.SOCCERNET or not zipfile.is_zipfile(path):
        return FORMATS[form].read(path, options)
    with _unpacked(path) as folder:
        return FORMATS[form].read(_find_source(folder, options)[0], options)


def _holds_match_folders(path: Path) -> bool:
    """Whether an archive is one of match folders, which SoccerNet's readers open themselves."""
    try:
        return FORMATS[detect_format(path)].family is Family.SOCCERNET
    except InputError:
        return False


def _find_source(folder: Path, options: ReadOptions) -> tuple[Path, str]:
    """The folder, or the first file in it, that can be read, and the name of its format.

    Raises:
        InputError: if nothing in it is.
    """
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    folders = sorted({path.parent for path in files}) or [folder]
    for candidate in (*folders, *files):
        try:
            name = detect_format(candidate)
            FORMATS[name].read(candidate, options)  # a list of classes beside it cannot be
            return candidate, name
        except InputError:
            continue
    raise InputError("nothing in the archive is of a format that is read; unpack it and look")


@contextmanager
def _unpacked(path: Path) -> Iterator[Path]:
    """The files of an archive in a folder that goes away.

    Raises:
        InputError: if it is damaged, or too large once unpacked.
    """
    with tempfile.TemporaryDirectory(prefix="spotkick-view-") as made:
        folder = Path(made)
        try:
            with zipfile.ZipFile(path) as archive:
                members = archive.infolist()
                size = sum(member.file_size for member in members)
                if size > MAX_UNPACKED_BYTES or len(members) > MAX_MEMBERS:
                    raise InputError(
                        f"{path}: {len(members):,} files and {size:,} bytes once unpacked, more "
                        f"than the limits of {MAX_MEMBERS:,} and {MAX_UNPACKED_BYTES:,}"
                    )
                archive.extractall(folder)  # leaves out '..' and leading slashes itself
        except (zipfile.BadZipFile, zlib.error, OSError, RuntimeError) as error:
            raise InputError(f"{path}: damaged archive ({error}); get the file again") from error
        yield folder
