"""Chapters as YouTube reads them from a description: ``m:ss`` or ``h:mm:ss`` and a title a line.

The first chapter has to be at 0:00, so that a line for the start of the video is written where no
action is there. YouTube shows chapters from three of ten seconds on.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from spotkick.errors import InputError
from spotkick.formats.capabilities import Capabilities
from spotkick.formats.fields import require_label
from spotkick.formats.format import Family, Format
from spotkick.formats.sample import Certainty, Sample
from spotkick.formats.segments import Segment, VideoSegments, segments_of_matches
from spotkick.formats.text_tracks import (
    detect_tracks,
    one_line,
    read_text_file,
    read_tracks,
    write_tracks,
)
from spotkick.timeline import format_clock, parse_clock

START_TITLE: Final = "Start of the video"
"""Title of the first chapter where no action lies at 0:00; no action when it is read."""

_SUFFIX: Final = ".txt"
_WHAT: Final = "lists of chapters"
_LINE: Final = re.compile(
    r"\s*[(\[]?((?:\d{1,2}:)?\d{1,3}:\d{2})[)\]]?\s*(?:[-\u2013\u2014|:]\s+)?(\S.*)"
)
_START: Final = re.compile(r"\(?\[?(?:\d{1,2}:)?\d{1,3}:\d\d[)\]]?[ \t]+\S")


def read_chapters(path: Path | str) -> tuple[VideoSegments, ...]:
    """Read a list of chapters, or all of them below a folder; other lines are no chapters.

    Raises:
        InputError: if there is no such file, or it holds no chapter.
    """
    return tuple(
        VideoSegments(name, None, _read_list(file))
        for name, file in read_tracks(Path(path), _SUFFIX, _is_chapter_list, _WHAT)
    )


def _read_list(path: Path) -> tuple[Segment, ...]:
    lines = [_LINE.fullmatch(line) for line in read_text_file(path).splitlines()]
    found = [line.groups() for line in lines if line is not None]
    if not found:
        raise InputError(f"{path}: no line such as '12:34 Goal' in it")
    segments = []
    for clock, title in found:
        at_s = parse_clock(clock)
        if not (at_s == 0 and title.strip() == START_TITLE):
            label = require_label(title.strip(), f"{path}: title at {clock}")
            segments.append(Segment(at_s, at_s, label))
    return tuple(segments)


def write_chapters(path: Path | str, videos: Sequence[VideoSegments]) -> None:
    """Write one list a video, in order of time.

    Raises:
        InputError: if several videos are to go into one file.
        StorageError: if a file cannot be written.
    """
    write_tracks(Path(path), _SUFFIX, videos, _format_list)


def _format_list(video: VideoSegments) -> str:
    rows = sorted(
        ((max(0, int(segment.start_s)), segment.label) for segment in video.segments),
        key=lambda row: row[0],
    )
    if not rows or rows[0][0] > 0:
        rows.insert(0, (0, START_TITLE))
    return "".join(f"{format_clock(at_s)} {one_line(label)}\n" for at_s, label in rows)


def _is_chapter_list(sample: Sample) -> bool:
    return sample.suffix == _SUFFIX and _START.match(sample.text) is not None


def _detect_chapters(sample: Sample) -> Certainty:
    return detect_tracks(sample, _SUFFIX, _is_chapter_list)


FORMAT: Final = Format(
    name="chapters",
    title="Chapters for YouTube",
    description="list of chapters `.txt`, as YouTube reads it from a description",
    family=Family.TOOL,
    capabilities=Capabilities(
        confidence=False,
        team=False,
        visibility=False,
        negative=False,
        whole_seconds=True,
        one_match=True,
    ),
    detect=_detect_chapters,
    writer=lambda path, matches, _: write_chapters(path, segments_of_matches(matches)),
    segment_reader=lambda path, _: read_chapters(path),
    segment_writer=lambda path, videos, _: write_chapters(path, videos),
    suffix="",
    note="YouTube shows chapters where there are three or more, of ten seconds or more",
)
