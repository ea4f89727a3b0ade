"""Conversion between file formats, with a report of everything that the target cannot hold.

Two formats that both know intervals exchange segments; all others exchange actions.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

from spotkick.actions import MatchActions
from spotkick.errors import ConfigError, InputError
from spotkick.files import parse_json
from spotkick.formats.capabilities import Loss, fit
from spotkick.formats.detect import detect_format
from spotkick.formats.e2e_spot import load_json
from spotkick.formats.fields import require_frame_rate
from spotkick.formats.match_tree import open_match_tree
from spotkick.formats.registry import FORMATS, Format
from spotkick.formats.segments import VideoSegments, matches_of_segments
from spotkick.formats.tables import unread_columns
from spotkick.formats.unread_fields import unread_fields

DEFAULT_FRAME_RATE: Final = Fraction(25)
"""Frames per second of frame-based targets, when neither the user nor the source states one."""

_NAMES: Final = {
    "Labels.json": "soccernet-v1",
    "Labels-v2.json": "soccernet-v2",
    "Labels-ball.json": "soccernet-ball",
    "results_spotting.json": "soccernet-results",
}
_SUFFIXES: Final = {
    ".csv": "csv",
    ".parquet": "parquet",
    ".eaf": "elan",
    ".zip": "soccernet-results",
}
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_TREES: Final = {
    "soccernet-v1": "Labels.json",
    "soccernet-v2": "Labels-v2.json",
    "soccernet-ball": "Labels-ball.json",
    "soccernet-results": "results_spotting.json",
}


@dataclass(frozen=True, slots=True)
class ConversionReport:
    """What a conversion did.

    Attributes:
        source_format: name in `spotkick.formats.registry.FORMATS`.
        target_format: likewise.
        matches: number of matches (or videos) written.
        actions: number of actions (or segments) written.
        losses: what the target does not have, with counts.
        notes: what the target states although the source does not.
    """

    source_format: str
    target_format: str
    matches: int
    actions: int
    losses: tuple[Loss, ...]
    notes: tuple[str, ...]

    def lines(self) -> list[str]:
        """The report for people, one statement a line."""
        head = f"{self.source_format} -> {self.target_format}: {self.actions:,} actions of {self.matches:,} matches"
        lost = [
            f"  lost: {loss.field}, {loss.count:,} times ({loss.detail})" for loss in self.losses
        ]
        return [
            head,
            *lost,
            *(f"  note: {note}" for note in self.notes),
            *([] if lost else ["  nothing was lost"]),
        ]

    def to_json(self) -> dict[str, Any]:
        """The report as plain values for a JSON file."""
        return asdict(self)


def convert(
    source: Path,
    target: Path,
    *,
    from_: str | None = None,
    to: str | None = None,
    frame_rate: Fraction | None = None,
) -> ConversionReport:
    """Convert a file or folder.

    Args:
        source: what to read.
        target: what to write; a folder for formats of several files.
        from_: name of the source's format; judged by its content when None.
        to: name of the target's format; judged by its name when None.
        frame_rate: of formats that count frames and do not state it; 25 when nobody states one.

    Raises:
        InputError: if the source is damaged or of no known format, or the target cannot hold it at
            all.
        ConfigError: if a format name is unknown, or the target's format cannot be told from its
            name.
        StorageError: if the target cannot be written.
    """
    source_format = _known(from_) if from_ else detect_format(source)
    target_format = _known(to) if to else _format_of_name(target)
    reader, writer = FORMATS[source_format], FORMATS[target_format]
    unread, stated = _examine(source, source_format)
    rate = frame_rate or stated or DEFAULT_FRAME_RATE
    videos = (
        None if reader.read_segments is None else tuple(reader.read_segments(source, frame_rate))
    )
    matches = (
        tuple(reader.read(source, frame_rate)) if videos is None else matches_of_segments(videos)
    )
    _require_writable(matches, target_format)
    fitted, losses = fit(matches, writer.capacity, rate)
    if videos is not None and writer.write_segments is not None:
        writer.write_segments(target, videos, rate)
    else:
        writer.write(target, fitted, rate)
    return ConversionReport(
        source_format=source_format,
        target_format=target_format,
        matches=len(fitted),
        actions=sum(len(match.actions) for match in fitted),
        losses=(*losses, *_video_losses(videos or (), writer, target_format), *unread),
        notes=tuple(
            _notes(writer, target_format, rate, given=frame_rate is not None or stated is not None)
        ),
    )


def read_actions(
    path: Path, *, from_: str | None = None, frame_rate: Fraction | None = None
) -> tuple[MatchActions, ...]:
    """Read labels or predictions of any format.

    Args:
        path: file, folder or archive.
        from_: name of the format; judged by the content when None.
        frame_rate: for formats that count frames and do not state it.

    Raises:
        InputError: if the path is damaged or of no known format.
        ConfigError: if the format name is unknown.
    """
    return tuple(FORMATS[_known(from_) if from_ else detect_format(path)].read(path, frame_rate))


def _known(name: str) -> str:
    if name not in FORMATS:
        raise ConfigError(f"unknown format '{name}', valid: {', '.join(FORMATS)}")
    return name


def _format_of_name(target: Path) -> str:
    name = _NAMES.get(target.name) or _SUFFIXES.get(target.suffix.lower())
    if name is None:
        raise ConfigError(
            f"the format of {target} cannot be told from its name, give --to with one of: {', '.join(FORMATS)}"
        )
    return name


def _examine(source: Path, name: str) -> tuple[tuple[Loss, ...], Fraction | None]:
    """Fields of the source that no reader uses, and the frame rate that it states throughout."""
    counts: Counter[str] = Counter()
    rates: set[Fraction] = set()
    if name in ("csv", "parquet"):
        counts.update(unread_columns(source))
    elif FORMATS[name].fields:
        for document in _documents(source, name):
            counts.update(unread_fields(document, FORMATS[name].fields))
            rates.update(
                require_frame_rate(value, f"{source}: fps") for value in _stated_rates(document)
            )
    losses = tuple(
        Loss(f"field '{field}' of the source", count, "not read")
        for field, count in sorted(counts.items())
    )
    return losses, rates.pop() if len(rates) == 1 else None


def _documents(source: Path, name: str) -> Iterator[Any]:
    if name in _TREES and source.suffix != ".json":
        with open_match_tree(source) as tree:
            for match in tree.matches_with(_TREES[name]):
                yield parse_json(tree.read(match, _TREES[name]), f"{source}/{match}")
        return
    yield load_json(source / "labels.json" if source.is_dir() else source)


def _stated_rates(document: Any) -> Iterator[Any]:
    """Values of ``fps`` beside or above the events of a document."""
    groups = document if isinstance(document, list) else [document]
    for key in ("videos", "data", "inputs"):
        groups = [
            *groups,
            *(
                item
                for group in groups
                if isinstance(group, dict)
                for item in _list(group.get(key))
            ),
        ]
    yield from (
        group["fps"] for group in groups if isinstance(group, dict) and group.get("fps") is not None
    )


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value] if isinstance(value, dict) else []


def _require_writable(matches: Sequence[MatchActions], target_format: str) -> None:
    for match in matches:
        for text in (
            match.match,
            *(text for action in match.actions for text in (action.label, action.team or "")),
        ):
            if _SURROGATE.search(text):
                raise InputError(
                    f"{match.match!a}: {text!a} holds half of a character (a lone surrogate); correct the source"
                )
    unnamed = sum(not action.label for match in matches for action in match.actions)
    if unnamed and target_format != "activitynet-results":
        raise InputError(
            f"{unnamed} segments have no label; proposals can only be written as activitynet-results"
        )


def _video_losses(
    videos: Sequence[VideoSegments], writer: Format, target_format: str
) -> Iterator[Loss]:
    ended = sum(segment.length_s > 0 for video in videos for segment in video.segments)
    if ended and writer.write_segments is None:
        yield Loss("end of the segment", ended, "left out, its start is kept")
    timed = sum(video.duration_s is not None for video in videos)
    if timed and target_format != "activitynet":
        yield Loss("duration of the video", timed, "left out")
    grouped = sum(video.subset is not None for video in videos)
    if grouped and target_format not in ("activitynet", "thumos"):
        yield Loss("subset of the video", grouped, "left out")


def _notes(writer: Format, target_format: str, rate: Fraction, *, given: bool) -> Iterator[str]:
    if writer.capacity.frames:
        yield f"positions are counted at {rate} frames per second" + (
            "" if given else ", give the true rate with --rate"
        )
    if target_format == "e2e-spot":
        yield "num_frames ends with the last action of each video; set it to the true number of frames"
    if target_format == "activitynet":
        yield "duration ends with the last segment where the source does not state it"
    if target_format == "thumos":
        yield "videos of unknown subset are in the files of 'val'"
