"""The matches that a running server shows: files, their content, and their corrections."""

import hashlib
import threading
import time
import warnings
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from spotkick.datasets.periods import PeriodSpan
from spotkick.errors import InputError, SpotkickWarning
from spotkick.formats.scores import MatchScores, read_scores, read_scores_outline
from spotkick.viewer.edits import EditJournal
from spotkick.viewer.match_data import Match
from spotkick.viewer.match_files import REVIEW_FILE, MatchFiles, SystemFiles, is_within
from spotkick.viewer.match_finding import find_match_files
from spotkick.viewer.match_loading import load_match
from spotkick.viewer.match_periods import ReadSpotted, place_spotted_periods, state_periods
from spotkick.viewer.shots import SHOTS_FILE, read_shots, write_shots

LOOK_AGAIN_S: Final = 2.0
"""Folders are looked through for new files this often at most ..."""

LOOK_SHARE: Final = 20
"""... and so many times the duration of the last look apart."""

MAX_LOADED: Final = 8
"""Matches kept in memory; a two-hour match with 17 classes takes about 2 MB."""


class Library:
    """Gives out matches by key; reading and corrections are safe between threads.

    Args:
        paths: as the user gave them.
        edits: folder for corrections; None keeps them beside the files of each match.
        periods: which stretches of the only video are which periods, as the user states them.
        read_spotted: gives the periods that predictions were made with.

    Raises:
        InputError: if there is no match, or periods are stated and there is not exactly one video.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        *,
        edits: Path | None = None,
        periods: Sequence[PeriodSpan] = (),
        read_spotted: ReadSpotted | None = None,
    ) -> None:
        """Find the matches; nothing else is read yet."""
        self._paths = tuple(paths)
        self._roots = tuple(path.resolve() for path in paths)
        self._edits = edits
        self._periods = tuple(periods)
        self._read_spotted = read_spotted
        self._files = self._find_files()
        self._next_look_s = time.monotonic() + LOOK_AGAIN_S
        self._loaded: OrderedDict[str, tuple[tuple[tuple[Path, int, int], ...], Match]] = (
            OrderedDict()
        )
        self._journals: dict[str, EditJournal] = {}
        self._lock = threading.RLock()

    def _find_files(self) -> dict[str, MatchFiles]:
        """The matches that the paths hold now, by key."""
        matches = find_match_files(self._paths)
        if self._periods:
            state_periods(matches, self._periods)
        elif self._read_spotted is not None:
            for match in matches:
                place_spotted_periods(match, self._read_spotted)
        return {files.key: files for files in matches}

    def refresh(self) -> None:
        """Look for files that have appeared; matches that are gone stay, with what is missing.

        A look takes a twentieth of the time at most, and happens every few seconds at most.
        """
        with self._lock:
            began_s = time.monotonic()
            if began_s < self._next_look_s:
                return
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", SpotkickWarning)  # they were shown at the start
                try:
                    found = self._find_files()
                except InputError:
                    found = {}
            now_s = time.monotonic()
            self._next_look_s = now_s + max(LOOK_AGAIN_S, LOOK_SHARE * (now_s - began_s))
            every = {**self._files, **found}
            self._files = dict(sorted(every.items(), key=lambda item: item[1].name))

    def states(self, files: MatchFiles) -> dict[str, str]:
        """State of the files of a match, by what they hold; it changes whenever they do."""
        systems = files.systems
        parts: dict[str, list[Path | None]] = {
            "labels": [files.labels],
            "predictions": [system.predictions for system in systems],
            "scores": [system.scores for system in systems],
            "clips": [system.clips for system in systems],
            "videos": list(files.video_files),
        }
        return {name: _digest_state(_identify_paths(paths)) for name, paths in parts.items()}

    @property
    def keys(self) -> tuple[str, ...]:
        """Keys of all matches, in order of their names."""
        return tuple(self._files)

    def find_key(self, name: str) -> str | None:
        """Key of the match of a name; folders before it may be missing, or be more, if it is one.

        ``league/season/match`` finds ``match`` and ``predictions/league/season/match``.
        """
        names = {files.name: key for key, files in self._files.items()}
        if name in names:
            return names[name]
        tails = [
            key
            for other, key in names.items()
            if f"/{other}".endswith(f"/{name}") or f"/{name}".endswith(f"/{other}")
        ]
        return tails[0] if len(tails) == 1 else None

    def files(self, key: str) -> MatchFiles | None:
        """Files of a match, None when there is no such match."""
        return self._files.get(key)

    def match(self, files: MatchFiles) -> Match:
        """The match as its files are now; it is read again when one of them has changed."""
        with self._lock:
            known = (_identify_files(files), self.read(files))
            self._loaded[files.key] = known
            self._loaded.move_to_end(files.key)
            while len(self._loaded) > MAX_LOADED:
                self._loaded.popitem(last=False)
            return known[1]

    def read(self, files: MatchFiles) -> Match:
        """The same as ``match``, without keeping it: reading all matches pushes none out."""
        return self._read(files, read_scores)

    def read_outline(self, files: MatchFiles) -> Match:
        """The match without its scores, of which it has only the length."""
        return self._read(files, read_scores_outline)

    def _read(self, files: MatchFiles, read_scores_of: Callable[[Path, str], MatchScores]) -> Match:
        with self._lock:  # also because collecting warnings changes state of the whole process
            stamp = _identify_files(files)
            known = self._loaded.get(files.key)
            if known is not None and known[0] == stamp:
                return known[1]
            return load_match(self._keep_readable(files), read_scores_of=read_scores_of)

    def journal(self, files: MatchFiles) -> EditJournal:
        """The corrections of a match."""
        with self._lock:
            if files.key not in self._journals:
                roots = self._roots if self._edits is None else (self._edits.resolve(),)
                path = files.review_path(self._edits)
                self._journals[files.key] = EditJournal(path, roots=roots)
            return self._journals[files.key]

    def storage_name(self, files: MatchFiles) -> str:
        """Name under which a browser keeps what it could not save yet.

        It differs between projects that have a match of the same name.
        """
        place = str(files.review_path(self._edits).resolve())
        return hashlib.blake2s(place.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()

    def _keep_readable(self, files: MatchFiles) -> MatchFiles:
        """The match without files that were removed, or replaced by links to other places."""
        kept = replace(files, notes=list(files.notes))

        def check(path: Path | None) -> Path | None:
            if path is None or (path.exists() and is_within(path, self._roots)):
                return path
            gone = "is no longer there" if not path.exists() else "is a link to another place now"
            kept.notes.append(f"{path.name} {gone} and is not shown")
            return None

        # all that one system has made goes or stays file by file
        kept.labels = check(files.labels)
        own, *others = [
            SystemFiles(check(system.predictions), check(system.scores), check(system.clips))
            for system in files.systems
        ] or [SystemFiles()]
        kept.predictions, kept.scores, kept.clips = own.predictions, own.scores, own.clips
        kept.others = others
        # a period is shown only when all of its parts are there
        missing = {path for path in files.video_files if check(path) is None}
        kept.videos = {
            period: spans
            for period, spans in files.videos.items()
            if not missing & {span.file for span in spans}
        }
        return kept

    def shots(self, files: MatchFiles) -> dict[int, tuple[float, ...]]:
        """Shot changes in seconds by period, as far as they have been looked for."""
        videos = self.match(files).videos
        return read_shots(self._shots_path(files), videos) if videos else {}

    def keep_shots(self, files: MatchFiles, found: Mapping[int, Sequence[float]]) -> None:
        """Remember shot changes beside the corrections.

        Raises:
            StorageError: if they cannot be written.
        """
        write_shots(self._shots_path(files), found, self.match(files).videos)

    def _shots_path(self, files: MatchFiles) -> Path:
        review = files.review_path(self._edits)
        return review.with_name(review.name.removesuffix(REVIEW_FILE) + SHOTS_FILE)

    def require_inside(self, path: Path) -> Path:
        """The path, links followed, after checking once more that it lies inside the given paths.

        Raises:
            InputError: if it is gone, or was replaced by a link to elsewhere.
        """
        target = path.resolve()
        if not is_within(target, self._roots):
            raise InputError(f"{path.name} lies outside the folders that are shown")
        if not target.is_file():
            raise InputError(f"{path.name} is no longer there")
        return target

    def row(self, files: MatchFiles) -> dict[str, Any]:
        """A line of the start page, without reading the match."""
        return {
            "key": files.key,
            "name": files.name,
            "has_labels": files.labels is not None,
            "has_predictions": files.predictions is not None,
            "has_scores": files.scores is not None,
            "videos": sorted(files.videos),
        }

    @property
    def identity(self) -> str:
        """Tells this choice of paths and corrections from others."""
        text = "\0".join(map(str, (*self._roots, self._edits and self._edits.resolve())))
        return hashlib.blake2s(text.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()

    def stamp(self, files: MatchFiles) -> tuple[tuple[Path, int, int], ...]:
        """State of the files of a match: it changes whenever one of them does."""
        return _identify_files(files)


def _identify_files(files: MatchFiles) -> tuple[tuple[Path, int, int], ...]:
    """State of all files of a match; one that is gone has a state as well."""
    systems = [
        path
        for system in files.systems
        for path in (system.predictions, system.scores, system.clips)
    ]
    return _identify_paths([files.labels, *systems, *files.video_files])


def _digest_state(state: tuple[tuple[Path, int, int], ...]) -> str:
    text = "\0".join(f"{path}\1{time_ns}\1{size}" for path, time_ns, size in state)
    return hashlib.blake2s(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def _identify_paths(paths: Iterable[Path | None]) -> tuple[tuple[Path, int, int], ...]:
    found = []
    for path in paths:
        if path is not None:
            try:
                status = path.stat()
            except OSError:
                found.append((path, 0, -1))
            else:
                found.append((path.resolve(), status.st_mtime_ns, status.st_size))
    return tuple(found)
