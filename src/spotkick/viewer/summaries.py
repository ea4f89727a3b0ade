"""What the start page shows of each match, kept until its files or corrections change."""

import hashlib
import json
import threading
from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from spotkick.errors import InputError, StorageError
from spotkick.files import read_json, write_json
from spotkick.viewer.cached_files import cache_folder
from spotkick.viewer.edits import SpotState, Status
from spotkick.viewer.match_data import Match
from spotkick.viewer.match_files import MatchFiles
from spotkick.viewer.match_store import Library
from spotkick.viewer.operating_point import best_f1
from spotkick.viewer.reviewed_labels import corrected_labels, count_decided

_VERSION: Final = 2
_STEPS: Final = tuple(step / 100 for step in range(101))
"""Thresholds that the page of a match can set."""


class SummaryStore:
    """Gives out summaries; what was computed in an earlier run is read from the cache folder.

    Args:
        library: matches that are shown.
        folder: for the kept summaries; None takes one beside the copies of videos.
    """

    def __init__(self, library: Library, folder: Path | None = None) -> None:
        """Read what an earlier run has kept."""
        self._library = library
        self._path = (folder or cache_folder("summaries")) / f"{library.identity}.json"
        self._kept: dict[str, dict[str, Any]] = self._read()
        self._changed = False
        self._lock = threading.Lock()

    def get(self, key: str, files: MatchFiles) -> dict[str, Any]:
        """What the start page shows of a match.

        Raises:
            InputError: if the corrections cannot be read.
        """
        state = self._identify(files)
        with self._lock:
            kept = self._kept.get(key)
        if kept is not None and kept.get("state") == state:
            return dict(kept["summary"])
        summary = summarise(self._library, files)
        with self._lock:
            self._kept[key] = {"state": state, "summary": summary}
            self._changed = True
        return summary

    def keep(self) -> None:
        """Write the summaries for the next run; where that is not possible they are made anew."""
        with self._lock:
            if not self._changed:
                return
            self._changed = False
            document = {"version": _VERSION, "matches": dict(self._kept)}
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_json(self._path, document, indent=None)
        except (OSError, StorageError):
            return

    def _identify(self, files: MatchFiles) -> str:
        """State of the files and of the corrections."""
        stamp = [[str(path), *state] for path, *state in self._library.stamp(files)]
        text = json.dumps([stamp, self._library.journal(files).revision, _VERSION])
        return hashlib.blake2s(text.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()

    def _read(self) -> dict[str, dict[str, Any]]:
        try:
            document = read_json(self._path) if self._path.is_file() else {}
        except InputError:
            return {}
        rows = document.get("matches") if isinstance(document, dict) else None
        if not isinstance(rows, dict) or document.get("version") != _VERSION:
            return {}
        return {
            key: row
            for key, row in rows.items()
            if isinstance(row, dict) and isinstance(row.get("summary"), dict)
        }


def summarise(library: Library, files: MatchFiles) -> dict[str, Any]:
    """Read a match and count what the start page shows of it."""
    match = library.read_outline(files)
    journal = library.journal(files)
    states = journal.states()
    labels, spots = match.labelled, match.predicted

    # An operating point needs both labels and predictions.
    point = best_f1(spots, labels) if labels and spots else None

    # what a person looks for in the table
    codecs = {stretch.info.codec for video in match.videos.values() for stretch in video.stretches}
    return {
        "key": files.key,
        "duration_s": sum(match.durations_s.values()),
        "periods": len(match.durations_s),
        "labels": len(labels),
        "predictions": len(spots),
        "classes": list(match.classes),
        "undecided": _list_undecided(match, states),
        **_count_review(match, states),
        "revision": journal.revision,
        "f1": None if point is None else point.f1,
        "threshold": None if point is None else point.threshold,
        "codecs": sorted(codecs),
        "warnings": len(match.warnings) + len(journal.problems),
    }


def _list_undecided(match: Match, states: Mapping[str, SpotState]) -> dict[str, list[list[int]]]:
    """How many undecided spots of each class have which confidence, in hundredths rounded down.

    The browser adds up those that reach its thresholds, as the page of the match does.
    """
    if states:
        left = [
            spot.action
            for spot in match.predictions
            if spot.id not in states or states[spot.id].status is Status.UNDECIDED
        ]
    else:  # without ids, which take their time
        left = list(match.predicted)
    found: dict[str, Counter[int]] = {}
    for action in left:
        confidence = 1.0 if action.confidence is None else action.confidence
        step = bisect_right(_STEPS, confidence) - 1
        found.setdefault(action.label, Counter())[step] += 1
    return {
        label: [[step, count] for step, count in sorted(counts.items())]
        for label, counts in found.items()
    }


def _count_review(match: Match, states: Mapping[str, SpotState]) -> dict[str, int]:
    """How far the review has come; spots get their ids only where there are corrections."""
    if not states:
        return {"decided": 0, "corrected": len(match.labelled)}
    return {
        "decided": count_decided(match, states),
        "corrected": len(corrected_labels(match, states).actions),
    }
