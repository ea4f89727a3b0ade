"""Finding and reading files of commentary, under the names and in the forms that people have."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from spotkick.commentary.subtitles import parse_subtitles, parse_table
from spotkick.commentary.transcripts import Transcript, cut_transcript
from spotkick.commentary.whisper_json import parse_json_transcript
from spotkick.datasets.match_folder import is_match_folder
from spotkick.datasets.match_names import name_match_folder
from spotkick.datasets.match_videos import group_by_match, list_videos
from spotkick.datasets.period_files import PeriodFile
from spotkick.datasets.periods import find_periods
from spotkick.errors import InputError
from spotkick.files import parse_json, read_bytes, walk_folders
from spotkick.video_names import VIDEO_SUFFIXES, VideoName, parse_video_name

TRANSCRIPT_SUFFIXES: Final = (".json", ".vtt", ".srt", ".csv", ".tsv")
"""In the order in which they are preferred where a folder holds a period twice: JSON may have times
of words."""

SOUND_SUFFIXES: Final = frozenset(
    (".wav", ".mp3", ".m4a", ".aac", ".flac", ".ogg", ".opus", ".wma", ".mka")
)
"""Suffixes, in lower case, of what is taken for a sound file in a folder."""

_SUBTITLE_SUFFIXES: Final = frozenset((".vtt", ".srt"))
_MARK: Final = re.compile(
    r"(?:^|[_.\- ])(?:asr|whisper|transcript|subtitles|commentary)$", re.IGNORECASE
)
_LANGUAGE: Final = re.compile(r"[.][a-z]{2,3}(?:-[A-Za-z]{2,4})?$")


def read_transcript(path: Path) -> Transcript:
    """Read a transcript: JSON of SoccerNet-Echoes or of the Whisper family, subtitles, or a table.

    Warns:
        SpotkickWarning: once per file, with counts of what was fixed and left out.

    Raises:
        InputError: if the file is missing or is none of these, or if none of its segments can be
            used.
    """
    suffix = path.suffix.lower()
    if suffix not in TRANSCRIPT_SUFFIXES:
        raise InputError(
            f"{path}: '{path.suffix}' is no transcript; known are {', '.join(TRANSCRIPT_SUFFIXES)}"
        )
    data = read_bytes(path)
    if suffix == ".json":
        return parse_json_transcript(parse_json(data, str(path)), str(path))
    text = _decode_text(data, str(path))
    if suffix in _SUBTITLE_SUFFIXES:
        return parse_subtitles(text, str(path))
    return parse_table(text, str(path))


def _decode_text(data: bytes, where: str) -> str:
    """UTF-8 or UTF-16 with or without a mark; older programs for subtitles write Windows-1252."""
    encodings = ["utf-16"] if data[:2] in (b"\xff\xfe", b"\xfe\xff") else ["utf-8-sig", "cp1252"]
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise InputError(f"{where}: not text; save the file as UTF-8")


def is_json_transcript(path: Path) -> bool:
    """Whether a JSON file looks like a transcript by its keys; a split file does not.

    A file that is no JSON counts, as one that was cut off: reading it says what is wrong.
    """
    if path.suffix.lower() != ".json":
        return False
    try:
        document = parse_json(read_bytes(path), str(path))
    except InputError:
        return True
    keys = {"segments", "transcription", "chunks"}
    return isinstance(document, dict) and not keys.isdisjoint(document)


def read_period(file: PeriodFile) -> Transcript:
    """Read what is said in one period; of a transcript of a whole match, the part of the period.

    Raises:
        InputError: as `read_transcript`.
    """
    transcript = read_transcript(file.path)
    for span in file.spans[:1]:
        transcript = cut_transcript(transcript, span.start_s, span.end_s)
    return transcript


def find_transcripts(root: Path) -> tuple[PeriodFile, ...]:
    """Transcripts below a folder, or a single file.

    Subtitles count under any name. Other files count when their name is a period (``1.json``), ends
    in a word such as ``asr``, ``whisper`` or ``transcript`` (``1_asr.json``), or is that of a video
    or sound file beside them; all may state a language (``1_224p.en.json``). Matches and periods
    are named as those of videos: a transcript of the whole match is cut into the periods that
    ``periods.json`` states for the video beside it. Of several files of one period the first in the
    order of `TRANSCRIPT_SUFFIXES` is taken, ``asr`` before others.

    Raises:
        InputError: if the root holds no transcript.
    """
    if root.is_file():
        name = _parse_name(root)
        match = name_match_folder(root.parent) if name.is_prefix else _plain_stem(root)
        return tuple(_split_periods(match, name, list_videos(root.parent)))

    # The preferred file of each period comes first.
    found: dict[tuple[str, int], PeriodFile] = {}
    for folder in walk_folders(root) if root.is_dir() else ():
        for file in _find_in_folder(root, folder):
            found.setdefault((file.match, file.period), file)
    if not found:
        raise InputError(
            f"{root}: no commentary below it; files such as <match>/1_asr.json, <match>/1.srt or "
            "<match>/match.vtt are needed"
        )
    return tuple(found[key] for key in sorted(found))


def holds_transcripts(root: Path) -> bool:
    """Whether there is a transcript below a folder."""
    return any(_list_transcripts(folder) for folder in walk_folders(root))


def _find_in_folder(root: Path, folder: Path) -> Iterator[PeriodFile]:
    """Transcripts that lie directly in a folder of a tree, the preferred ones first."""
    names = [_parse_name(path) for path in _list_transcripts(folder)]
    if not names:
        return
    videos = list_videos(folder)
    relative = folder.relative_to(root).as_posix()
    own = name_match_folder(root) if relative == "." else relative

    # Transcripts and videos together tell whether the folder holds one match or several.
    is_match = is_match_folder(folder)
    if "" in group_by_match([*names, *videos], is_match=is_match):
        for name in names:
            yield from _split_periods(own, name, videos)
        return
    titles = {
        group[0].base: title for title, group in group_by_match(videos, is_match=False).items()
    }
    for name in names:
        title = titles.get(name.base) or _plain_stem(name.path)
        match = title if relative == "." else f"{relative}/{title}"
        yield from _split_periods(match, name, videos)


def _split_periods(
    match: str, name: VideoName, videos: Sequence[VideoName]
) -> Iterator[PeriodFile]:
    """The periods of one transcript: of its name, or those that are stated for its video."""
    if name.period is not None:
        yield PeriodFile(match, name.period, name.path)
        return
    video = next((video.path for video in videos if video.base == name.base), None)
    spans = () if video is None else find_periods(video)
    if not spans:
        yield PeriodFile(match, 1, name.path)
    for span in spans:
        yield PeriodFile(match, span.period, name.path, (span,))


def _list_transcripts(folder: Path) -> list[Path]:
    """Files of a folder that are transcripts by their names, the preferred ones first."""
    files = [path for path in folder.iterdir() if not path.name.startswith(".") and path.is_file()]
    media = {path.stem for path in files if path.suffix.lower() in VIDEO_SUFFIXES | SOUND_SUFFIXES}
    return sorted((path for path in files if _names_transcript(path, media)), key=_preference)


def _names_transcript(path: Path, media: set[str]) -> bool:
    suffix, stem = path.suffix.lower(), _LANGUAGE.sub("", path.stem)
    if suffix in _SUBTITLE_SUFFIXES:
        return True
    named = stem in "123456789" or _MARK.search(stem) is not None
    return suffix in TRANSCRIPT_SUFFIXES and (named or path.stem in media or stem in media)


def _preference(path: Path) -> tuple[int, bool, str]:
    is_asr = path.stem.lower().endswith("asr")
    return TRANSCRIPT_SUFFIXES.index(path.suffix.lower()), not is_asr, path.name


def _plain_stem(path: Path) -> str:
    """Name without its language and a mark such as ``asr``."""
    return _MARK.sub("", _LANGUAGE.sub("", path.stem)) or "match"


def _parse_name(path: Path) -> VideoName:
    """What the name says, as that of a video would."""
    name = parse_video_name(path.with_name(_plain_stem(path) + ".mp4"))
    return VideoName(
        path,
        name.period,
        name.is_prefix,
        part=name.part,
        height_px=name.height_px,
        base=name.base,
    )
