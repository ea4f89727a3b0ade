"""Match folders: which folders of a tree are matches, and which file of them holds what.

A data set is a tree ``<root>/<league>/<season>/<match>/`` with label files, feature files
``<period>_<feature>.npy`` and videos in the last folder. A match is named by its folder relative to
the root, with forward slashes.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from spotkick.errors import InputError
from spotkick.formats.match_tree import LABEL_FILES

_FEATURE_FILE: Final = re.compile(r"^([1-9])_(.+)\.npy$")
_VIDEO_FILE: Final = re.compile(r"^(?:([1-9])_)?(?:\d+p|HQ)\.(?:mkv|mp4)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class MatchFolder:
    """The files of one match in a tree of matches.

    Attributes:
        root: folder of the whole set.
        match: ``league/season/match``, relative to the root.
    """

    root: Path
    match: str

    @property
    def path(self) -> Path:
        """The folder of the match."""
        return self.root / self.match

    def labels(self, filename: str = LABEL_FILES[0]) -> Path:
        """Path of a label file; it need not exist."""
        return self.path / filename

    def features(self, feature: str) -> dict[int, Path]:
        """Existing files ``<period>_<feature>.npy`` by period."""
        return {period: path for period, name, path in self._feature_files() if name == feature}

    def feature_names(self) -> tuple[str, ...]:
        """Names of the features that at least one period has, sorted."""
        return tuple(sorted({name for _, name, _ in self._feature_files()}))

    def videos(self) -> dict[int, Path]:
        """Existing videos by period, of the smallest resolution; a video of the whole match counts as period 1."""
        found: dict[int, Path] = {}
        for path in sorted(self._files(), key=_resolution):
            video = _VIDEO_FILE.match(path.name)
            if video is not None:
                found.setdefault(int(video.group(1) or 1), path)
        return dict(sorted(found.items()))

    def _feature_files(self) -> Iterator[tuple[int, str, Path]]:
        for path in self._files():
            feature = _FEATURE_FILE.match(path.name)
            if feature is not None:
                yield int(feature.group(1)), feature.group(2), path

    def _files(self) -> list[Path]:
        return sorted(self.path.iterdir()) if self.path.is_dir() else []


def _resolution(path: Path) -> tuple[int, str]:
    digits = re.findall(r"(\d+)p", path.name)
    return (int(digits[-1]) if digits else 10**6, path.name)


def find_matches(root: Path) -> tuple[str, ...]:
    """Names of all folders under ``root`` that hold labels, features or videos of a match, sorted.

    Raises:
        InputError: if the root is not a folder.
    """
    if not root.is_dir():
        raise InputError(
            f"{root}: a folder with matches (league/season/match) is needed, " + _what(root)
        )
    found = [
        _relative(Path(folder), root)
        for folder, _, names in os.walk(root)
        if any(
            name in LABEL_FILES or _FEATURE_FILE.match(name) or _VIDEO_FILE.match(name)
            for name in names
        )
    ]
    return tuple(sorted(found))


def _what(path: Path) -> str:
    return "this is a file" if path.exists() else "there is nothing of that name"


def _relative(folder: Path, root: Path) -> str:
    name = folder.relative_to(root).as_posix()
    return root.resolve().name if name == "." else name
