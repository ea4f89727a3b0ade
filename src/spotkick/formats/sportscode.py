"""SportsCode XML: instances of codes, as Hudl, Nacsport, LongoMatch and Dartfish exchange them.

The code is the label; a label of the group ``Team`` is the team, those of ``Confidence`` and
``Visibility`` are what they say, and all others are details (``Player``, ``Zone``). A file covers
one video. Where it shows a whole match, an instance marks the start of each period (``Start 1st
Half``, ``2nd Half``); positions then count from it, and each instance that is written has its
period as a label.
"""

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from spotkick.actions import MatchActions, Visibility
from spotkick.errors import InputError
from spotkick.files import write_text
from spotkick.formats.capabilities import Capabilities
from spotkick.formats.fields import require_number, require_text
from spotkick.formats.format import Family, Format
from spotkick.formats.match_tree import clean_match_name
from spotkick.formats.period_names import parse_period_name, parse_period_start
from spotkick.formats.recordings import MAX_PERIOD, parse_recording
from spotkick.formats.sample import Certainty, Sample
from spotkick.formats.segments import (
    ReversedSegments,
    Segment,
    VideoSegments,
    segments_of_matches,
)
from spotkick.formats.sportscode_document import (
    ROOT,
    Instance,
    SportsCodeFile,
    format_sportscode_file,
    read_sportscode_file,
    rows_of_codes,
)

SHOWN_S: Final = 0.5
"""Length that a spot is given, so that it can be seen and clicked."""

_TEAM: Final = "Team"
_PERIOD: Final = "Half"
_CONFIDENCE: Final = "Confidence"
_VISIBILITY: Final = "Visibility"
_FREE_TEXT: Final = "free text"
_NO_GROUP: Final = "label"
_PERIOD_GROUPS: Final = ("half", "period")
_AT_START_S: Final = 1.0
"""An instance that starts this shortly before a period belongs to it, as its kick-off."""


def read_sportscode_segments(
    path: Path | str, *, unread: Counter[str] | None = None
) -> tuple[VideoSegments, ...]:
    """Read one file, or all ``.xml`` files of this format below a folder.

    Args:
        path: file or folder; matches are named by the files.
        unread: gets what the files hold beside codes, labels and times.

    Raises:
        InputError: if there is no such file, or one is malformed.
    """
    path = Path(path)
    videos: list[VideoSegments] = []
    for file in _instance_files(path):
        name = file.stem if file == path else file.relative_to(path).with_suffix("").as_posix()
        document = read_sportscode_file(file)
        if unread is not None:
            unread.update(document.unread)
            unread["colour of a row"] += sum(row.colour is not None for row in document.rows)
            unread["start of the session"] += bool(document.session_start)
            unread["ID of an instance"] += sum(
                not item.number.isdecimal() for item in document.instances if item.number
            )
        videos += _read_videos(document, name, str(file))
    return tuple(videos)


def _instance_files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    files = [file for file in sorted(path.rglob("*.xml")) if _is_instance_file(Sample(file))]
    if not files:
        raise InputError(f"{path}: no SportsCode .xml files in this folder")
    return files


def _read_videos(document: SportsCodeFile, name: str, where: str) -> list[VideoSegments]:
    """The periods of a match, or one video where the file marks no start of a period."""
    starts = find_period_starts(document)
    ends = ReversedSegments(where)
    if not starts:
        segments = tuple(_read_segment(item, 0.0, ends, where) for item in document.instances)
        ends.warn()
        return [VideoSegments(name, None, segments)]

    # Each instance counts from the start of its period.
    grouped: dict[int, list[Segment]] = {period: [] for period in starts}
    marks = set(starts.values())
    for item in document.instances:
        if item not in marks:
            period = _period_of(item, starts)
            start_s = starts[period].start_s
            grouped[period].append(_read_segment(item, start_s, ends, where, periods=True))
    ends.warn()
    return [
        VideoSegments(
            f"{name}/{period}",
            None,
            tuple(grouped[period]),
            start_in_match_s=starts[period].start_s,
        )
        for period in sorted(starts)
    ]


def find_period_starts(document: SportsCodeFile) -> dict[int, Instance]:
    """The instance that marks the start of each period, by period.

    A code that names a period counts where one instance has it. Where codes speak of a start, those
    that do not are no marks.
    """
    explicit: dict[int, list[Instance]] = {}
    bare: dict[int, list[Instance]] = {}
    for instance in document.instances:
        period, is_start = parse_period_start(instance.code) or (0, False)
        if 1 <= period <= MAX_PERIOD:
            (explicit if is_start else bare).setdefault(period, []).append(instance)
    found = explicit or bare
    return {period: items[0] for period, items in found.items() if len(items) == 1}


def _period_of(instance: Instance, starts: dict[int, Instance]) -> int:
    """The period that a label states, or that the instance lies in."""
    for group, text in instance.labels:
        stated = parse_period_name(text) if group.lower() in _PERIOD_GROUPS else None
        if stated in starts:
            return int(stated or 0)
    begun = [
        period for period, mark in starts.items() if mark.start_s <= instance.start_s + _AT_START_S
    ]
    latest = max(begun, key=lambda period: starts[period].start_s, default=None)
    return latest or min(starts, key=lambda period: starts[period].start_s)


@dataclass(slots=True)
class _Labels:
    """The labels of an instance, sorted into what they mean."""

    team: str | None = None
    score: float | None = None
    visibility: Visibility | None = None
    details: tuple[tuple[str, str], ...] = ()


def _read_segment(
    instance: Instance,
    origin_s: float,
    ends: ReversedSegments,
    where: str,
    *,
    periods: bool = False,
) -> Segment:
    place = f"{where}: instance {instance.number}"
    labels = _read_labels(instance, place, periods=periods)
    end_s = ends.end_of(instance.start_s, instance.end_s)
    return Segment(
        start_s=round(instance.start_s - origin_s, 6),
        end_s=round(end_s - origin_s, 6),
        label=require_text(instance.code, f"{place}: code"),
        score=labels.score,
        team=labels.team,
        visibility=labels.visibility,
        details=labels.details,
    )


def _read_labels(instance: Instance, where: str, *, periods: bool) -> _Labels:
    found = _Labels()
    details = []
    for group, text in instance.labels:
        name = group.lower()
        if name == _TEAM.lower() and text and found.team is None:
            found.team = text
        elif name == _CONFIDENCE.lower() and found.score is None:
            found.score = require_number(text.replace(",", "."), f"{where}: {group}")
        elif name == _VISIBILITY.lower() and text.lower() in set(Visibility):
            found.visibility = Visibility(text.lower())
        elif not (periods and name in _PERIOD_GROUPS and parse_period_name(text) is not None):
            details.append((group or _NO_GROUP, text))
    if instance.free_text:
        details.append((_FREE_TEXT, instance.free_text))
    found.details = tuple(details)
    return found


def write_sportscode_segments(path: Path | str, videos: Sequence[VideoSegments]) -> None:
    """Write one file a match.

    Args:
        path: an ``.xml`` file for one match; otherwise a folder, in which the name of each match
            becomes a path.
        videos: what to write; spots become instances of half a second. Where periods of a match
            lie in its video is taken from them; where it is not known, they are laid one after
            another.

    Raises:
        InputError: if several matches are to go into one file, or a text cannot be written.
        StorageError: if a file cannot be written.
    """
    path = Path(path)
    matches: dict[str, list[tuple[int | None, VideoSegments]]] = {}
    for video in videos:
        name, period = parse_recording(video.video)
        matches.setdefault(name, []).append((period, video))

    if path.suffix.lower() == ".xml" and len(matches) != 1:
        raise InputError(
            f"{path}: a SportsCode file holds one match, {len(matches)} were given; "
            "name a folder instead"
        )
    for name, periods in matches.items():
        file = path
        if path.suffix.lower() != ".xml":
            file = path / f"{clean_match_name(name, str(path))}.xml"
        write_text(file, format_sportscode_file(_make_document(periods)))


def _make_document(periods: Sequence[tuple[int | None, VideoSegments]]) -> SportsCodeFile:
    instances: list[Instance] = []
    end_s = 0.0
    for period, video in sorted(periods, key=lambda pair: pair[0] or 0):
        start_s = _find_start(video, end_s)
        if period is not None:
            begun_s = max(0.0, start_s)
            mark = Instance(f"Start period {period}", begun_s, begun_s + SHOWN_S)
            instances.append(mark)
        made = [_make_instance(segment, start_s, period) for segment in video.segments]
        instances += made
        end_s = max([end_s, start_s + SHOWN_S, *(instance.end_s for instance in made)])
    return SportsCodeFile(tuple(instances), rows_of_codes(item.code for item in instances))


def _find_start(video: VideoSegments, end_s: float) -> float:
    if video.start_in_match_s is not None:
        return video.start_in_match_s
    return float(math.ceil(end_s))


def _make_instance(segment: Segment, origin_s: float, period: int | None) -> Instance:
    labels = []
    if segment.team is not None:
        labels.append((_TEAM, segment.team))
    if segment.score is not None:
        labels.append((_CONFIDENCE, repr(segment.score)))
    if segment.visibility is not None:
        labels.append((_VISIBILITY, str(segment.visibility)))
    if period is not None:
        labels.append((_PERIOD, str(period)))
    labels += [("" if name == _NO_GROUP else name, text) for name, text in segment.details]

    start_s = max(0.0, origin_s + segment.start_s)
    end_s = origin_s + segment.end_s
    return Instance(
        code=segment.label,
        start_s=start_s,
        end_s=end_s if segment.length_s > 0 and end_s > start_s else start_s + SHOWN_S,
        labels=tuple(label for label in labels if label[0] != _FREE_TEXT),
        free_text="\n".join(text for name, text in segment.details if name == _FREE_TEXT),
    )


def write_sportscode(path: Path | str, matches: Sequence[MatchActions]) -> None:
    """Write actions as instances of half a second; see `write_sportscode_segments`.

    Raises:
        InputError: if several matches are to go into one file, or a text cannot be written.
        StorageError: if a file cannot be written.
    """
    write_sportscode_segments(path, segments_of_matches(matches))


def _is_instance_file(sample: Sample) -> bool:
    marks = re.search(r"<(?:ALL_INSTANCES|SORT_INFO|SESSION_INFO)\b", sample.text, re.IGNORECASE)
    return sample.xml_root.lower() == ROOT and marks is not None


def _detect_instances(sample: Sample) -> Certainty:
    if sample.is_folder:
        files = sample.path.rglob("*.xml")
        held = any(_is_instance_file(Sample(file)) for file in files if file.is_file())
        return Certainty.MARK if held else Certainty.NO
    return Certainty.MARK if _is_instance_file(sample) else Certainty.NO


FORMAT: Final = Format(
    name="sportscode",
    title="SportsCode XML (Hudl, Nacsport, LongoMatch)",
    description="SportsCode `.xml` of instances: Hudl, Nacsport, LongoMatch; a file or a folder",
    family=Family.TOOL,
    capabilities=Capabilities(
        details=True,
        period_starts=True,
        negative=False,
        intervals=True,
        needs_length=True,
        one_match=True,
    ),
    detect=_detect_instances,
    writer=lambda path, matches, _: write_sportscode(path, matches),
    segment_reader=lambda path, options: read_sportscode_segments(path, unread=options.unread),
    segment_writer=lambda path, videos, _: write_sportscode_segments(path, videos),
    suffix="",
    own_suffixes=(".xml",),
)
