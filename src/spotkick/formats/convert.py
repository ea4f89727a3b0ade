"""Conversion between file formats, with a report of everything that the target cannot hold.

Two formats that both know intervals exchange segments; all others exchange actions.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

from spotkick.actions import MatchActions
from spotkick.errors import ConfigError
from spotkick.files import check_outputs
from spotkick.formats.capabilities import Loss, fit
from spotkick.formats.detect import UnknownFormatError, detect_format
from spotkick.formats.fields import require_frame_rate
from spotkick.formats.format import Family, Format, ReadOptions
from spotkick.formats.period_places import (
    join_matches,
    join_videos,
    place_matches,
    place_videos,
)
from spotkick.formats.reading import read_actions
from spotkick.formats.registry import FORMATS, find_format, format_of_target
from spotkick.formats.segment_losses import video_losses
from spotkick.formats.segments import matches_of_segments
from spotkick.formats.unread_fields import unread_fields

__all__ = ["DEFAULT_FRAME_RATE", "ConversionReport", "convert", "read_actions"]

DEFAULT_FRAME_RATE: Final = Fraction(25)
"""Frames per second of frame-based targets, when neither the user nor the source states one."""


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
        head = (
            f"{self.source_format} -> {self.target_format}: {self.actions:,} actions "
            f"of {self.matches:,} matches"
        )
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
    source: Path | str,
    target: Path | str,
    *,
    from_: str | None = None,
    to: str | None = None,
    frame_rate: Fraction | None = None,
    period_starts_s: Mapping[int, float] | None = None,
    columns: Sequence[tuple[str, str]] = (),
    mapping: str = "soccernet-v2",
) -> ConversionReport:
    """Convert a file or folder.

    Args:
        source: what to read.
        target: what to write; a folder for formats of several files.
        from_: name of the source's format; judged by its content when None.
        to: name of the target's format; judged by its name when None.
        frame_rate: of formats that count frames and do not state it; 25 when it is known from
            nowhere.
        period_starts_s: period -> where it starts in a video of the whole match, see
            `spotkick.formats.period_places`.
        columns: (field, header) of a table whose headers have other names, see
            `spotkick.formats.table_columns`.
        mapping: of the events of a provider to actions, see `spotkick.events.mapping`.

    Raises:
        InputError: if the source is damaged or of no known format, the target cannot hold it at
            all, or the target would overwrite the source.
        ConfigError: if a format name is unknown, columns are named of what is no table, or the
            target's format cannot be told from its name.
        StorageError: if the target cannot be written.
    """
    source, target = Path(source), Path(target)
    reader = find_format(from_) if from_ else _detect_reader(source)
    writer = find_format(to, written=True) if to else format_of_target(target)
    _check_paths(source, target, reader, writer)

    # What the source holds: segments where it knows them, and everything that is not read.
    unread, stated = _examine(source, reader)
    if columns and reader.family is not Family.TABLE:
        raise ConfigError(f"--column names columns of tables; {source} is of format {reader.name}")
    options = ReadOptions(
        frame_rate=frame_rate, mapping=mapping, columns=tuple(columns), unread=unread
    )
    rate = frame_rate or stated or DEFAULT_FRAME_RATE
    videos = None if reader.segment_reader is None else reader.read_segments(source, options)
    if videos is not None and period_starts_s:
        videos = place_videos(videos, period_starts_s)
    matches = reader.read(source, options) if videos is None else matches_of_segments(videos)
    if videos is None and period_starts_s:
        matches = place_matches(matches, period_starts_s)

    # Formats of videos that know no periods get the time of the video.
    if period_starts_s and writer.segment_writer and not writer.capabilities.period_starts:
        matches = join_matches(matches)
        videos = None if videos is None else join_videos(videos)

    # What the target can hold of it.
    fitted, losses = fit(matches, writer.capabilities, rate)
    if videos is not None and writer.segment_writer is not None:
        writer.write_segments(target, videos, rate)
    else:
        writer.write(target, fitted, rate)
    return ConversionReport(
        source_format=reader.name,
        target_format=writer.name,
        matches=len(fitted),
        actions=sum(len(match.actions) for match in fitted),
        losses=(
            *losses,
            *video_losses(videos or (), writer.capabilities, rate),
            *(Loss(field, count, "not read") for field, count in sorted((+unread).items())),
        ),
        notes=(
            *_notes(writer, rate, given=frame_rate is not None or stated is not None),
            *_notes_of_places(writer, fitted),
        ),
    )


def _detect_reader(source: Path) -> Format:
    try:
        return FORMATS[detect_format(source)]
    except UnknownFormatError as error:
        raise UnknownFormatError(f"{error}; if it is one of them, name it with --from") from error


def _check_paths(source: Path, target: Path, reader: Format, writer: Format) -> None:
    """No file that is written may replace one that is read, nor may those beside the two."""
    outputs = {"OUT": target} | {name: target.parent / name for name in writer.beside}
    check_outputs(outputs, [source, *(source.parent / name for name in reader.beside)])


def _examine(source: Path, reader: Format) -> tuple[Counter[str], Fraction | None]:
    """Fields that the reader does not use, and the frame rate that the source states throughout."""
    counts: Counter[str] = Counter()
    rates: set[Fraction] = set()
    for document in reader.documents(source):
        found = unread_fields(document, reader.fields)
        counts.update({f"field '{field}' of the source": n for field, n in found.items()})
        rates.update(
            require_frame_rate(value, f"{source}: fps") for value in _stated_rates(document)
        )
    return counts, rates.pop() if len(rates) == 1 else None


def _stated_rates(document: Any) -> Iterator[Any]:
    """Values of ``fps`` beside or above the events of a document."""
    groups = document if isinstance(document, list) else [document]

    # One level down at a time; each level keeps those above it.
    for key in ("videos", "data", "inputs"):
        groups = [
            *groups,
            *(
                item
                for group in groups
                if isinstance(group, dict)
                for item in _items_of(group.get(key))
            ),
        ]
    yield from (
        group["fps"] for group in groups if isinstance(group, dict) and group.get("fps") is not None
    )


def _items_of(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value] if isinstance(value, dict) else []


def _notes_of_places(writer: Format, matches: Sequence[MatchActions]) -> Iterator[str]:
    """Say that periods were laid one after another, where their places are not known."""
    if not writer.capabilities.period_starts:
        return
    periods = {
        (action.period, action.period in dict(match.period_starts_ms))
        for match in matches
        for action in match.actions
    }
    if any(period > 1 and not placed for period, placed in periods):
        yield (
            "where periods start in the video is not known, they are laid one after another; give "
            "--period 1=START: --period 2=START:"
        )


def _notes(writer: Format, rate: Fraction, *, given: bool) -> Iterator[str]:
    if writer.capabilities.frames:
        yield f"positions are counted at {rate} frames per second" + (
            "" if given else ", give the true rate with --rate"
        )
    if writer.note:
        yield writer.note
