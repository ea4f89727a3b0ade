"""Formats with one text file a recording: files and names, for several formats alike."""

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from spotkick.errors import InputError
from spotkick.files import read_bytes, write_text
from spotkick.formats.match_tree import clean_match_name
from spotkick.formats.sample import UTF16_MARKS, Certainty, Sample
from spotkick.formats.segments import VideoSegments


def read_tracks(
    path: Path, suffix: str, is_own: Callable[[Sample], bool], what: str
) -> Iterator[tuple[str, Path]]:
    """Names and files of the recordings: the file itself, or those of the format below a folder.

    Raises:
        InputError: if a folder holds none.
    """
    if not path.is_dir():
        yield path.stem, path
        return
    files = [file for file in sorted(path.rglob(f"*{suffix}")) if is_own(Sample(file))]
    if not files:
        raise InputError(f"{path}: no {what} in this folder")
    for file in files:
        yield file.relative_to(path).with_suffix("").as_posix(), file


def read_text_file(path: Path) -> str:
    """The text of a file in UTF-8, or in UTF-16 with its mark.

    Raises:
        InputError: if it is neither.
    """
    data = read_bytes(path)
    encoding = "utf-16" if data[:2] in UTF16_MARKS else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path}: not UTF-8 text (byte {error.start}); save the file as UTF-8"
        ) from error


def one_line(text: str) -> str:
    """A label without the characters that separate fields and lines."""
    return re.sub(r"[\t\r\n\v\f\x1c-\x1e\x85\u2028\u2029]", " ", text)


def write_tracks(
    path: Path,
    suffix: str,
    videos: Sequence[VideoSegments],
    format_track: Callable[[VideoSegments], str],
) -> None:
    """Write one file a recording: into a folder, or into ``path`` where it has the suffix.

    Raises:
        InputError: if several recordings are to go into one file.
        StorageError: if a file cannot be written.
    """
    if path.suffix.lower() == suffix:
        if len(videos) != 1:
            raise InputError(
                f"{path}: one file holds one video, {len(videos)} were given; name a folder instead"
            )
        write_text(path, format_track(videos[0]))
        return
    for video in videos:
        name = clean_match_name(video.video, str(path))
        write_text(path / f"{name}{suffix}", format_track(video))


def detect_tracks(sample: Sample, suffix: str, is_own: Callable[[Sample], bool]) -> Certainty:
    """Whether a file, or a file below a folder, is of the format."""
    if sample.is_folder:
        files = sample.path.rglob(f"*{suffix}")
        held = any(is_own(Sample(file)) for file in files if file.is_file())
        return Certainty.NAME if held else Certainty.NO
    return Certainty.NAME if is_own(sample) else Certainty.NO
