"""The matches that a running server shows: files, their content, and their corrections."""

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from spotkick.datasets.periods import PeriodSpan
from spotkick.errors import InputError
from spotkick.viewer.edits import EditJournal
from spotkick.viewer.match_data import Match, load_match
from spotkick.viewer.match_files import REVIEW_FILE, MatchFiles, find_match_files, is_within
from spotkick.viewer.match_periods import ReadSpotted, place_spotted_periods, state_periods
from spotkick.viewer.operating_point import best_f1
from spotkick.viewer.reviewed_labels import corrected_labels, count_decided
from spotkick.viewer.shots import SHOTS_FILE, read_shots, write_shots

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
        matches = find_match_files(paths)
        if periods:
            state_periods(matches, periods)
        elif read_spotted is not None:
            for match in matches:
                place_spotted_periods(match, read_spotted)
        self._files = {files.key: files for files in matches}
        self._loaded: OrderedDict[str, tuple[tuple[tuple[Path, int, int], ...], Match]] = (
            OrderedDict()
        )
        self._journals: dict[str, EditJournal] = {}
        self._lock = threading.RLock()

    @property
    def keys(self) -> tuple[str, ...]:
        """Keys of all matches, in order of their names."""
        return tuple(self._files)

    def files(self, key: str) -> MatchFiles | None:
        """Files of a match, None when there is no such match."""
        return self._files.get(key)

    def match(self, files: MatchFiles) -> Match:
        """The match as its files are now; it is read again when one of them has changed."""
        with self._lock:  # also because collecting warnings changes state of the whole process
            stamp = _identify_files(files)
            known = self._loaded.get(files.key)
            if known is None or known[0] != stamp:
                known = (stamp, load_match(files))
                self._loaded[files.key] = known
            self._loaded.move_to_end(files.key)
            while len(self._loaded) > MAX_LOADED:
                self._loaded.popitem(last=False)
            return known[1]

    def journal(self, files: MatchFiles) -> EditJournal:
        """The corrections of a match."""
        with self._lock:
            if files.key not in self._journals:
                self._journals[files.key] = EditJournal(files.review_path(self._edits))
            return self._journals[files.key]

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

    def summary(self, files: MatchFiles) -> dict[str, Any]:
        """What the start page shows of a match after reading it."""
        match = self.match(files)
        journal = self.journal(files)
        states = journal.states()
        labels = [spot.action for spot in match.labels]

        # An operating point needs both labels and predictions.
        point = (
            best_f1([spot.action for spot in match.predictions], labels)
            if labels and match.predictions
            else None
        )

        return {
            "key": files.key,
            "duration_s": sum(match.durations_s.values()),
            "periods": len(match.durations_s),
            "labels": len(match.labels),
            "predictions": len(match.predictions),
            "decided": count_decided(match, states),
            "corrected": len(corrected_labels(match, states).actions),
            "revision": journal.revision,
            "f1": None if point is None else point.f1,
            "threshold": None if point is None else point.threshold,
            "warnings": len(match.warnings),
        }


def _identify_files(files: MatchFiles) -> tuple[tuple[Path, int, int], ...]:
    paths = (files.labels, files.predictions, files.scores, files.clips, *files.video_files)
    found = []
    for path in paths:
        if path is not None:
            try:
                status = path.stat()
            except OSError as error:
                raise InputError(f"{path}: no longer there ({error.strerror})") from error
            found.append((path, status.st_mtime_ns, status.st_size))
    return tuple(found)
