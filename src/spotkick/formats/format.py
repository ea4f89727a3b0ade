"""What a file format is: one declaration, from which all that is done with the format follows.

Each format module ends with a `Format`. `spotkick.formats.registry` collects them; detection,
conversion, export menus, help texts and the table in the documentation derive from it.
"""

import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

from spotkick.actions import MatchActions
from spotkick.errors import InputError
from spotkick.files import parse_json
from spotkick.formats.capabilities import Capabilities
from spotkick.formats.json_files import load_json
from spotkick.formats.match_tree import open_match_tree
from spotkick.formats.sample import Certainty, Sample
from spotkick.formats.segments import VideoSegments, matches_of_segments
from spotkick.formats.time_source import TimeSource
from spotkick.tasks import Task

_SURROGATE: Final = re.compile("[\ud800-\udfff]")


class Family(IntEnum):
    """Groups of formats, in the order of menus and documentation."""

    SOCCERNET = 1
    BENCHMARK = 2
    TOOL = 3
    TABLE = 4


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What the user knows of a source that the source may not state.

    Attributes:
        frame_rate: of files that count frames and do not state it.
        task: decides which label file of a match folder is read.
        matches: names of the wanted matches, in this order; all when None. Only trees of match
            folders look at it, so that they open these files only.
        file_name: name of the files in match folders, instead of the choice by ``task``.
        time_source: which time field of SoccerNet labels counts.
        mapping: of the events of a provider to actions, see `spotkick.events.mapping`.
        columns: (field, header) of tables whose headers have other names, see
            `spotkick.formats.table_columns`.
        unread: filled by readers with what a source holds and an action cannot: what it is ->
            how often. Fields of JSON files are counted by `Format.fields`.
    """

    frame_rate: Fraction | None = None
    task: Task | None = None
    matches: tuple[str, ...] | None = None
    file_name: str | None = None
    time_source: TimeSource = TimeSource.POSITION
    mapping: str = "soccernet-v2"
    columns: tuple[tuple[str, str], ...] = ()
    unread: Counter[str] = field(default_factory=Counter, compare=False)


MatchReader = Callable[[Path, ReadOptions], Sequence[MatchActions]]
MatchWriter = Callable[[Path, Sequence[MatchActions], Fraction], object]
SegmentReader = Callable[[Path, ReadOptions], Sequence[VideoSegments]]
SegmentWriter = Callable[[Path, Sequence[VideoSegments], Fraction], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A file format.

    Attributes:
        name: on the command line.
        title: in menus.
        description: in the table of the documentation.
        family: group in menus and documentation.
        capabilities: what it can hold.
        detect: how certain a path has this format.
        writer: path, matches and frame rate -> files; None for formats that are only read.
        reader: path and options -> matches; may be left out where ``segment_reader`` is given.
        segment_reader: likewise -> videos; None for formats of spots.
        segment_writer: path, videos and frame rate -> files.
        suffix: of what is written for one match; empty for a folder.
        own_suffixes: that only files of this format have, so that the name of a target decides.
        file_name: that each file of a set must have; empty where any name does.
        inside: name of the file in a folder that is given in place of it.
        beside: names of further files that are written into the same folder.
        fields: of its JSON files that are read or can be derived, see
            `spotkick.formats.unread_fields`.
        note: what the user should know of a file that was written.
    """

    name: str
    title: str
    description: str
    family: Family
    capabilities: Capabilities
    detect: Callable[[Sample], Certainty]
    writer: MatchWriter | None = None
    reader: MatchReader | None = None
    segment_reader: SegmentReader | None = None
    segment_writer: SegmentWriter | None = None
    suffix: str = ".json"
    own_suffixes: tuple[str, ...] = ()
    file_name: str = ""
    inside: str = ""
    beside: tuple[str, ...] = ()
    fields: frozenset[str] = frozenset()
    note: str = ""

    def read(
        self, path: Path | str, options: ReadOptions | None = None
    ) -> tuple[MatchActions, ...]:
        """Read matches.

        Raises:
            InputError: if the path is not of this format, or damaged.
        """
        path, options = Path(path), options or ReadOptions()
        if self.reader is not None:
            return tuple(self.reader(path, options))
        return matches_of_segments(self.read_segments(path, options))

    def read_segments(
        self, path: Path | str, options: ReadOptions | None = None
    ) -> tuple[VideoSegments, ...]:
        """Read segments with their ends.

        Raises:
            InputError: if the format knows spots only, or the path is not of this format.
        """
        if self.segment_reader is None:
            raise InputError(f"{path}: {self.name} holds spots, which have no end")
        return tuple(self.segment_reader(Path(path), options or ReadOptions()))

    def write(
        self, path: Path | str, matches: Sequence[MatchActions], frame_rate: Fraction
    ) -> None:
        """Write matches that fit, see `spotkick.formats.capabilities.fit`.

        Raises:
            InputError: if a text or number cannot be written to any file.
            StorageError: if a file cannot be written.
        """
        for match in matches:
            for action in match.actions:
                self._require_writable(match.match, action.label, action.team, action.confidence)
        if self.writer is None:
            raise InputError(f"{path}: {self.name} is read, but not written")
        self.writer(Path(path), matches, frame_rate)

    def write_segments(
        self, path: Path | str, videos: Sequence[VideoSegments], frame_rate: Fraction
    ) -> None:
        """Write segments with their ends.

        Raises:
            InputError: if the format knows spots only, or a text or number cannot be written.
            StorageError: if a file cannot be written.
        """
        if self.segment_writer is None:
            raise InputError(f"{path}: {self.name} holds spots, which have no end")
        for video in videos:
            for segment in video.segments:
                self._require_writable(video.video, segment.label, segment.team, segment.score)
        self.segment_writer(Path(path), videos, frame_rate)

    def _require_writable(
        self, match: str, label: str, team: str | None, confidence: float | None
    ) -> None:
        for text in (match, label, team or ""):
            if _SURROGATE.search(text):
                raise InputError(
                    f"{match!a}: {text!a} holds half of a character (a lone surrogate); "
                    "correct the source"
                )
        if confidence is not None and not math.isfinite(confidence):
            raise InputError(
                f"{match}: the confidence of {label!r} must be a finite number, "
                f"found {confidence}; correct the source"
            )
        if not label and not self.capabilities.unlabelled:
            raise InputError(
                f"{match}: a segment has no label; proposals can only be written as "
                "activitynet-results"
            )

    def documents(self, path: Path) -> Iterator[Any]:
        """The decoded JSON files of a source; nothing for formats without JSON fields."""
        if not self.fields:
            return
        if self.inside and path.is_dir():
            yield load_json(path / self.inside)
        elif self.file_name and path.suffix != ".json":
            with open_match_tree(path) as tree:
                for match in tree.matches_with(self.file_name):
                    yield parse_json(tree.read(match, self.file_name), f"{path}/{match}")
        elif path.is_file():
            yield load_json(path)
