"""The files of one match, and where its corrections are kept."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from spotkick.datasets.periods import PeriodSpan
from spotkick.errors import InputError
from spotkick.formats.match_tree import LABEL_FILES
from spotkick.formats.results import RESULTS_FILE
from spotkick.formats.scores import SCORES_FILE
from spotkick.video_names import parse_video_name
from spotkick.viewer.action_files import ActionEntry

CLIPS_FILE: Final = "clips.json"
"""Clips of a highlight reel, beside the predictions they were chosen from."""

REVIEW_FILE: Final = "review.jsonl"
"""Journal of a person's corrections."""

PREDICTION_FILES: Final = (RESULTS_FILE, "Predictions-v2.json", "Predictions-v1.json")
"""Names of prediction files in match folders."""

NAMED_FILES: Final = frozenset((*LABEL_FILES, *PREDICTION_FILES, SCORES_FILE, CLIPS_FILE))
"""Names that say what a file of a match folder is."""


@dataclass(frozen=True, slots=True)
class SystemFiles:
    """What one system has made of a match.

    Attributes:
        predictions: prediction file.
        scores: ``scores.npz``.
        clips: clips of a reel.
    """

    predictions: Path | None = None
    scores: Path | None = None
    clips: Path | None = None

    @property
    def place(self) -> Path:
        """The folder of its files, or the file itself where its name is not a usual one."""
        file = self.predictions or self.scores or self.clips
        if file is None:
            return Path()
        return file.parent if file.name in NAMED_FILES else file


@dataclass(slots=True)
class MatchFiles:
    """The files of one match; what is None is not there.

    Attributes:
        name: ``league/season/match`` or any other name that is unique among the given paths.
        labels: label file.
        predictions: prediction file of the system that is reviewed.
        scores: ``scores.npz`` of it.
        clips: clips of a reel.
        others: further systems.
        entries: how files are read that are of other formats than those of SoccerNet.
        videos: by period, in the order in which they are played; every span has a file.
        notes: what the choice of videos leaves out, for people.
    """

    name: str
    labels: Path | None = None
    predictions: Path | None = None
    scores: Path | None = None
    clips: Path | None = None
    videos: dict[int, tuple[PeriodSpan, ...]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    others: list[SystemFiles] = field(default_factory=list)
    entries: dict[Path, ActionEntry] = field(default_factory=dict)

    @property
    def systems(self) -> tuple[SystemFiles, ...]:
        """All systems, the one that is reviewed first; empty where there are no predictions."""
        own = SystemFiles(self.predictions, self.scores, self.clips)
        return tuple(system for system in (own, *self.others) if system != SystemFiles())

    @property
    def key(self) -> str:
        """Name of the match in addresses: says nothing about files, and needs no escaping."""
        return hashlib.blake2s(
            self.name.encode("utf-8", "surrogatepass"), digest_size=8
        ).hexdigest()

    @property
    def video_files(self) -> tuple[Path, ...]:
        """All videos, each once, in the order of the periods."""
        spans = (span for own in self.videos.values() for span in own)
        return tuple(dict.fromkeys(span.file for span in spans if span.file is not None))

    def review_path(self, edits: Path | None) -> Path:
        """Where corrections are kept: in the folder ``edits``, else beside the first file.

        A journal that was begun beside another file, before predictions were there, is kept.

        Raises:
            InputError: if the match has no file at all.
        """
        if edits is not None:
            return edits / self.name / REVIEW_FILE
        places = list(self._list_review_paths())
        if not places:
            raise InputError(f"{self.name}: no labels, predictions or video to review")
        return next((place for place in places if place.exists()), places[0])

    def _list_review_paths(self) -> Iterator[Path]:
        """Where a journal may lie, the usual place first."""
        for beside in (self.predictions, self.labels, self.scores):
            if beside is None:
                continue
            named = beside.name in (*PREDICTION_FILES, *LABEL_FILES, SCORES_FILE)
            shared = beside in self.entries and not self.entries[beside].is_only
            own = f"{beside.stem}.{self.key}" if shared else beside.stem
            yield beside.with_name(REVIEW_FILE if named else f"{own}.{REVIEW_FILE}")
        for video in self.video_files:
            named = parse_video_name(video).belongs_to_folder
            yield video.with_name(REVIEW_FILE if named else f"{video.stem}.{REVIEW_FILE}")


def is_within(file: Path, roots: Iterable[Path]) -> bool:
    """Whether the file, links followed, lies in one of the resolved roots or is one of them."""
    target = file.resolve()
    return any(target == root or root in target.parents for root in roots)
