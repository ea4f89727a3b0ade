"""THUMOS14 text files: labels as one file a class, detections as one file for all.

Labels: a folder of ``<Class>_<subset>.txt`` with lines ``video start end`` (seconds). Detections:
one ``.txt`` with lines ``video start end class score``, where the class is a number explained by
``detclasslist.txt`` (lines ``7 BaseballPitch``) in the same folder.
"""

import re
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from spotkick.actions import MatchActions
from spotkick.errors import InputError
from spotkick.files import read_bytes, write_text
from spotkick.formats.capabilities import Capabilities
from spotkick.formats.fields import require_number, require_seconds, require_text
from spotkick.formats.format import Family, Format
from spotkick.formats.sample import Certainty, Sample
from spotkick.formats.segments import (
    ReversedSegments,
    Segment,
    VideoSegments,
    matches_of_segments,
    segments_of_matches,
)

CLASS_FILE: Final = "detclasslist.txt"
"""Class numbers and names, beside a file of detections."""

SUBSETS: Final = {"val": "validation", "test": "test"}
"""Part of the file name -> name of the subset."""

LABEL_FILE: Final = re.compile(r"^(?P<label>.+)_(?P<subset>val|test)\.txt$")

AMBIGUOUS: Final = "Ambiguous"
"""Label of segments that the official evaluation neither rewards nor punishes; read like any other
class."""


def read_thumos_segments(path: Path | str) -> tuple[VideoSegments, ...]:
    """Read labels (a folder) or detections (a file with ``detclasslist.txt`` beside it).

    Raises:
        InputError: if there are no such files, or a line is malformed.
    """
    path = Path(path)
    reversed_segments = ReversedSegments(str(path))
    if path.is_dir():
        rows = [
            row
            for file, found in _label_files(path)
            for row in _read_label_lines(file, found, reversed_segments)
        ]
    else:
        names = _read_class_list_beside(path)
        rows = [
            _read_detection(fields, names, where, reversed_segments=reversed_segments)
            for fields, where in _lines_with_fields(path, 4)
        ]
    reversed_segments.warn()

    # A video may have lines in many files.
    segments: dict[tuple[str, str | None], list[Segment]] = {}
    for video, subset, segment in rows:
        segments.setdefault((video, subset), []).append(segment)
    return tuple(
        VideoSegments(video, None, tuple(found), subset)
        for (video, subset), found in segments.items()
    )


def _read_class_list_beside(path: Path) -> dict[str, str]:
    """Class numbers of a file of detections, from the list in its folder."""
    listed = path.parent / CLASS_FILE
    if zipfile.is_zipfile(path):
        raise InputError(
            f"{path}: THUMOS files are not read from an archive; unpack it, and give the folder of "
            "labels or the file of detections"
        )
    if path.is_file() and not listed.is_file():
        raise InputError(
            f"{path}: THUMOS detections name classes by number; put {CLASS_FILE} (lines such as "
            "'7 BaseballPitch') into the same folder"
        )
    return read_class_list(listed)


def _label_files(folder: Path) -> list[tuple[Path, re.Match[str]]]:
    files = [
        (file, found) for file in sorted(folder.iterdir()) if (found := LABEL_FILE.match(file.name))
    ]
    if not files:
        raise InputError(
            f"{folder}: no THUMOS label files; they are called <Class>_val.txt or <Class>_test.txt"
        )
    return files


def _read_label_lines(
    file: Path, found: re.Match[str], reversed_segments: ReversedSegments
) -> Iterator[tuple[str, str | None, Segment]]:
    for (video, *times), where in _lines_with_fields(file, 2):
        start_s, end_s = (require_seconds(time, where) for time in times)
        end_s = reversed_segments.end_of(start_s, end_s)
        yield video, SUBSETS[found["subset"]], Segment(start_s, end_s, found["label"])


def _read_detection(
    fields: Sequence[str],
    names: dict[str, str],
    where: str,
    *,
    reversed_segments: ReversedSegments,
) -> tuple[str, None, Segment]:
    video, start, end, number, score = fields
    start_s, end_s = (require_seconds(time, where) for time in (start, end))
    if number not in names:
        raise InputError(
            f"{where}: class {number} is not in {CLASS_FILE}, which has {len(names)} classes"
        )
    segment = Segment(
        start_s,
        reversed_segments.end_of(start_s, end_s),
        names[number],
        require_number(score, f"{where}: score"),
    )
    return video, None, segment


def read_class_list(path: Path) -> dict[str, str]:
    """Class number, as text -> name.

    Raises:
        InputError: if the file is missing, or a line is not a number and a name.
    """
    names = {}
    for line, where in _text_lines(path):
        number, _, name = line.partition(" ")
        if not number.isdecimal():
            raise InputError(f"{where}: a class list has lines such as '7 BaseballPitch'")
        names[number] = require_text(name.strip(), f"{where}: class name")
    return names


def _lines_with_fields(path: Path, count: int) -> Iterator[tuple[list[str], str]]:
    """Lines as a name, which may hold spaces, and ``count`` further fields."""
    for line, where in _text_lines(path):
        fields = line.rsplit(None, count)
        if len(fields) != count + 1:
            raise InputError(
                f"{where}: a video name and {count} further fields are needed, "
                f"found {len(fields)} fields"
            )
        yield [require_text(fields[0], f"{where}: video name"), *fields[1:]], where


def _text_lines(path: Path) -> Iterator[tuple[str, str]]:
    try:
        text = read_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path}: not UTF-8 text (byte {error.start}); save the file as UTF-8"
        ) from error
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield line.strip(), f"{path}:{number}"


def read_thumos(path: Path | str) -> tuple[MatchActions, ...]:
    """Read the starts of segments as actions; see `read_thumos_segments`.

    Raises:
        InputError: if there are no such files, or a line is malformed.
    """
    return matches_of_segments(read_thumos_segments(path))


def write_thumos_segments(folder: Path | str, videos: Sequence[VideoSegments]) -> None:
    """Write labels, one file for each class and subset; videos of unknown subset go to ``val``.

    Raises:
        InputError: if a class name cannot be part of a file name.
        StorageError: if a file cannot be written.
    """
    lines: dict[str, list[str]] = {}
    for video in videos:
        subset = "test" if video.subset in ("test", "testing") else "val"
        for segment in video.segments:
            label = segment.label
            if not label or "/" in label or "\\" in label or label.startswith("."):
                raise InputError(f"class {label!r} cannot be part of a THUMOS file name; rename it")
            row = f"{video.video} {segment.start_s!r} {segment.end_s!r}\n"
            lines.setdefault(f"{label}_{subset}.txt", []).append(row)

    # Nothing is written before every label is known to fit.
    for name, rows in lines.items():
        write_text(Path(folder) / name, "".join(rows))


def write_thumos_results(path: Path | str, videos: Sequence[VideoSegments]) -> None:
    """Write detections, with the class list beside them; a missing score is written as 1.

    Raises:
        StorageError: if a file cannot be written.
    """
    labels = sorted({segment.label for video in videos for segment in video.segments})
    numbers = {label: number for number, label in enumerate(labels, start=1)}
    rows = [
        f"{video.video} {segment.start_s!r} {segment.end_s!r} {numbers[segment.label]} "
        f"{1.0 if segment.score is None else segment.score!r}\n"
        for video in videos
        for segment in video.segments
    ]

    # Classes are numbers in the file, and names in the list beside it.
    listed = "".join(f"{number} {label}\n" for label, number in numbers.items())
    write_text(Path(path), "".join(rows))
    write_text(Path(path).parent / CLASS_FILE, listed)


def write_thumos(folder: Path | str, matches: Sequence[MatchActions]) -> None:
    """Write actions as labelled segments of no length.

    Raises:
        InputError: if a class name cannot be part of a file name.
        StorageError: if a file cannot be written.
    """
    write_thumos_segments(folder, segments_of_matches(matches))


def _detect_labels(sample: Sample) -> Certainty:
    if not sample.is_folder:
        return Certainty.NO
    held = any(LABEL_FILE.match(file.name) for file in sample.path.glob("*.txt"))
    return Certainty.MARK if held else Certainty.NO


def _detect_results(sample: Sample) -> Certainty:
    listed = sample.suffix == ".txt" and (sample.path.parent / CLASS_FILE).is_file()
    return Certainty.NAME if listed else Certainty.NO


LABEL_FORMAT: Final = Format(
    name="thumos",
    title="THUMOS14 labels, a folder",
    description="folder of `<Class>_val.txt`",
    family=Family.BENCHMARK,
    capabilities=Capabilities(
        confidence=False,
        team=False,
        visibility=False,
        empty=False,
        intervals=True,
        subsets=True,
    ),
    detect=_detect_labels,
    writer=lambda path, matches, _: write_thumos(path, matches),
    segment_reader=lambda path, _: read_thumos_segments(path),
    segment_writer=lambda path, videos, _: write_thumos_segments(path, videos),
    suffix="",
    note="videos of unknown subset are in the files of 'val'",
)

RESULT_FORMAT: Final = Format(
    name="thumos-results",
    title="THUMOS14 detections",
    description=f"detections `.txt`, with `{CLASS_FILE}`",
    family=Family.BENCHMARK,
    capabilities=Capabilities(
        needs_confidence=True, team=False, visibility=False, empty=False, intervals=True
    ),
    detect=_detect_results,
    writer=lambda path, matches, _: write_thumos_results(path, segments_of_matches(matches)),
    segment_reader=lambda path, _: read_thumos_segments(path),
    segment_writer=lambda path, videos, _: write_thumos_results(path, videos),
    suffix=".txt",
    beside=(CLASS_FILE,),
)
