"""Audacity label tracks: a text file with start, end and label of each line, separated by tabs.

Lines that begin with a backslash hold the frequencies of the label before; they are counted.
"""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from spotkick.errors import InputError
from spotkick.formats.capabilities import Capabilities
from spotkick.formats.fields import require_label, require_seconds
from spotkick.formats.format import Family, Format
from spotkick.formats.sample import Certainty, Sample
from spotkick.formats.segments import (
    ReversedSegments,
    Segment,
    VideoSegments,
    segments_of_matches,
)
from spotkick.formats.text_tracks import (
    detect_tracks,
    one_line,
    read_text_file,
    read_tracks,
    write_tracks,
)

_SUFFIX: Final = ".txt"
_WHAT: Final = "Audacity label tracks"
_FIRST_LINE: Final = re.compile(r"-?\d+([.,]\d+)?\t-?\d+([.,]\d+)?(\t|\r?\n|$)")


def read_audacity_segments(
    path: Path | str, *, unread: Counter[str] | None = None
) -> tuple[VideoSegments, ...]:
    """Read a label track, or all of them below a folder.

    Args:
        path: file or folder; recordings are named by the files.
        unread: gets what the files hold beside labels and times.

    Raises:
        InputError: if there is no such file, or a line is malformed.
    """
    found: Counter[str] = Counter()
    videos = tuple(
        VideoSegments(name, None, _read_track(file, found))
        for name, file in read_tracks(Path(path), _SUFFIX, _is_label_track, _WHAT)
    )
    if unread is not None:
        unread.update(found)
    return videos


def _read_track(path: Path, unread: Counter[str]) -> tuple[Segment, ...]:
    segments = []
    ends = ReversedSegments(str(path))
    for number, line in enumerate(read_text_file(path).splitlines(), start=1):
        where = f"{path}:{number}"
        if line.startswith("\\"):
            unread["frequencies of a label"] += 1
            continue
        if not line.strip():
            continue

        # Two times and a label, which may be missing.
        fields = line.split("\t", maxsplit=2)
        if len(fields) < 2:
            raise InputError(f"{where}: start, end and label are needed, found {line[:40]!r}")
        start_s, end_s = (require_seconds(text.replace(",", "."), where) for text in fields[:2])
        label = require_label("".join(fields[2:]) or None, f"{where}: label").strip()
        segments.append(Segment(start_s, ends.end_of(start_s, end_s), label))
    ends.warn()
    if not segments:
        raise InputError(f"{path}: no label in it")
    return tuple(segments)


def write_audacity_segments(path: Path | str, videos: Sequence[VideoSegments]) -> None:
    """Write one label track a video.

    Raises:
        InputError: if several videos are to go into one file.
        StorageError: if a file cannot be written.
    """
    write_tracks(Path(path), _SUFFIX, videos, _format_track)


def _format_track(video: VideoSegments) -> str:
    return "".join(
        f"{max(0.0, segment.start_s):.6f}\t{max(0.0, segment.end_s):.6f}\t"
        f"{one_line(segment.label)}\n"
        for segment in video.segments
    )


def _is_label_track(sample: Sample) -> bool:
    return sample.suffix == _SUFFIX and _FIRST_LINE.match(sample.text) is not None


def _detect_label_track(sample: Sample) -> Certainty:
    return detect_tracks(sample, _SUFFIX, _is_label_track)


FORMAT: Final = Format(
    name="audacity",
    title="Audacity label tracks",
    description="label track `.txt`, a file or a folder",
    family=Family.TOOL,
    capabilities=Capabilities(
        confidence=False,
        team=False,
        visibility=False,
        negative=False,
        empty=False,
        intervals=True,
        one_match=True,
    ),
    detect=_detect_label_track,
    writer=lambda path, matches, _: write_audacity_segments(path, segments_of_matches(matches)),
    segment_reader=lambda path, options: read_audacity_segments(path, unread=options.unread),
    segment_writer=lambda path, videos, _: write_audacity_segments(path, videos),
    suffix="",
)
