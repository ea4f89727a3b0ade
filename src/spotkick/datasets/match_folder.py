"""Match folders: which folders of a tree are matches, and which file of them holds what.

A data set is a tree ``<root>/<league>/<season>/<match>/`` with label files, feature files
``<period>_<feature>.npy`` and videos in the last folder. A match is named by its folder relative to
the root, with forward slashes. A folder of recordings with names of their own holds a match for
each of them. Every command that is given a folder asks here.
"""

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from spotkick.datasets.match_names import name_match_folder
from spotkick.datasets.match_videos import (
    MatchVideos,
    choose_videos,
    group_by_match,
    list_videos,
    read_stated_periods,
)
from spotkick.errors import InputError
from spotkick.files import walk_folders
from spotkick.tasks import LABEL_FILES

_FEATURE_FILE: Final = re.compile(r"^([1-9])_(.+)\.npy$")


@dataclass(frozen=True, slots=True)
class MatchFolder:
    """The files of one match in a tree of matches.

    Attributes:
        root: folder of the whole set.
        match: ``league/season/match``, relative to the root; or a recording in that folder.
        recording: name of the recording, where the folder holds several matches; else empty.
    """

    root: Path
    match: str
    recording: str = ""

    @property
    def path(self) -> Path:
        """The folder of the match."""
        if not self.recording:
            return self.root / self.match
        return (self.root / self.match).parent if "/" in self.match else self.root

    def labels(self, filename: str = LABEL_FILES[0]) -> Path:
        """Path of a label file; it need not exist."""
        return self.path / filename

    def label_files(self, names: Sequence[str] = LABEL_FILES) -> tuple[Path, ...]:
        """Label files that exist, in the order of ``names``."""
        if self.recording:
            return ()
        return tuple(path for path in map(self.labels, names) if path.is_file())

    def features(self, feature: str) -> dict[int, Path]:
        """Existing files ``<period>_<feature>.npy`` by period."""
        return {period: path for period, name, path in self._feature_files() if name == feature}

    def feature_names(self) -> tuple[str, ...]:
        """Names of the features that at least one period has, sorted."""
        return tuple(sorted({name for _, name, _ in self._feature_files()}))

    def videos(self) -> MatchVideos:
        """The videos of the match, by period, and which of the folder's are left out.

        A video that states no period counts as period 1, unless ``periods.json`` says more.

        Raises:
            InputError: if ``periods.json`` is damaged.
        """
        groups = group_by_match(list_videos(self.path), is_match=not self.recording)
        return choose_videos(groups.get(self.recording, ()), read_stated_periods(self.path))

    def _feature_files(self) -> Iterator[tuple[int, str, Path]]:
        for path in self._list_files():
            feature = _FEATURE_FILE.match(path.name)
            if feature is not None and not self.recording:
                yield int(feature.group(1)), feature.group(2), path

    def _list_files(self) -> list[Path]:
        return sorted(self.path.iterdir()) if self.path.is_dir() else []


def is_match_folder(folder: Path) -> bool:
    """Whether labels, features or videos of one match lie directly in a folder."""
    return any(not found.recording for found in matches_in(folder.parent, folder))


def open_folder(path: Path) -> tuple[MatchFolder, ...]:
    """The matches of a folder that a user names: itself when it is one, else those below.

    Raises:
        InputError: if it is not a folder.
    """
    absolute = path.absolute()
    if path.is_dir() and is_match_folder(absolute):
        name = name_match_folder(path)
        return (MatchFolder(absolute.parents[name.count("/")], name),)
    return find_match_folders(path)


def find_matches(root: Path) -> tuple[str, ...]:
    """Names of all matches below a folder that have labels, features or videos, sorted.

    Raises:
        InputError: if the root is not a folder.
    """
    return tuple(found.match for found in find_match_folders(root))


def find_match_folders(root: Path) -> tuple[MatchFolder, ...]:
    """All matches below a folder, sorted by name.

    Links to folders are followed, each folder once.

    Raises:
        InputError: if the root is not a folder.
    """
    if not root.is_dir():
        kind = "this is a file" if root.exists() else "there is nothing of that name"
        raise InputError(f"{root}: a folder with matches (league/season/match) is needed, {kind}")
    found = [match for folder in walk_folders(root) for match in matches_in(root, folder)]
    return tuple(sorted(found, key=lambda match: match.match))


def matches_in(root: Path, folder: Path) -> Iterator[MatchFolder]:
    """The matches whose files lie directly in one folder of a tree."""
    names = {entry.name for entry in os.scandir(folder) if entry.is_file()}
    relative = folder.relative_to(root).as_posix()
    own = root.resolve().name if relative == "." else relative
    is_match = any(name in LABEL_FILES or _FEATURE_FILE.match(name) for name in names)
    if is_match:
        yield MatchFolder(root, own)
        return
    for recording in group_by_match(list_videos(folder), is_match=False):
        if not recording:
            yield MatchFolder(root, own)
        else:
            match = recording if relative == "." else f"{relative}/{recording}"
            yield MatchFolder(root, match, recording)
