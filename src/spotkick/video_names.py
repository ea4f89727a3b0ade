"""What the name of a video says: its period, its part of a recording, the size of its frames."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

# fmt: off
VIDEO_SUFFIXES: Final = frozenset(
    {
        ".3gp", ".asf", ".avi", ".dav", ".divx", ".dv", ".f4v", ".flv", ".gxf", ".h264",
        ".h265", ".hevc", ".insv", ".lrv", ".m1v", ".m2t", ".m2ts", ".m2v", ".m4v",
        ".mjpeg", ".mkv", ".mod", ".mov", ".mp4", ".mpe", ".mpeg", ".mpg", ".mts", ".mxf",
        ".nut", ".ogm", ".ogv", ".qt", ".rm", ".rmvb", ".tod", ".tp", ".trp", ".ts", ".vob",
        ".webm", ".wmv", ".wtv", ".y4m", ".264", ".265",
    }
)
# fmt: on
"""Suffixes, in lower case, of what is taken for a video in a folder. A file that is named directly
is tried whatever it is called."""

_SEPARATORS: Final = r"[ _\-.]*"
_ORDINALS: Final = {"first": 1, "second": 2, "third": 3, "fourth": 4, "erste": 1, "zweite": 2}
_ORDINAL: Final = rf"[1-9](?:st|nd|rd|th|\.)?|{'|'.join(_ORDINALS)}"
_PERIOD_WORD: Final = r"half(?:time)?|period|quarter|halbzeit|hz"
_START: Final = r"(?<![a-z0-9])"
_END: Final = r"(?![a-z0-9])"

_PREFIX: Final = re.compile(r"([1-9])(?:$|_|(?=[\-. ](?:\d{1,3}$|\d{3,4}p|hq|lq|part|pt)))")
_EXTRA_TIME: Final = re.compile(rf"{_START}(?:extra{_SEPARATORS}time|et)(?={_END}|[12])")
_PENALTIES: Final = re.compile(rf"{_START}(?:penalties|(?:penalty{_SEPARATORS})?shoot-?out){_END}")
_NUMBERED: Final = (
    re.compile(rf"{_START}(?P<n>{_ORDINAL}){_SEPARATORS}(?:{_PERIOD_WORD}){_END}"),
    re.compile(rf"{_START}(?:{_PERIOD_WORD}){_SEPARATORS}(?P<n>[1-9]){_END}"),
    re.compile(rf"{_START}[hpq](?P<n>[1-9]){_END}"),
    re.compile(rf"{_START}(?P<n>[1-9])h{_END}"),
)
_BOTH: Final = re.compile(rf"{_START}(?:{_ORDINAL})[ _.]*(?:and|und|&|\+)[ _.]*(?:{_ORDINAL})")
_HEIGHT: Final = re.compile(
    rf"{_START}(?:\d{{3,4}}x(\d{{3,4}})|(\d{{3,4}})[pi](?:\d{{2,3}})?|([48])k){_END}"
)
_QUALITY: Final = re.compile(rf"{_START}(?:hq|lq|hd|sd|fhd|uhd|\d{{2,3}}fps){_END}")
_PART: Final = re.compile(
    rf"{_START}(?:part|pt|teil|chunk|chapter|split|segment|disc|disk|tape){_SEPARATORS}"
    rf"(\d{{1,4}}|[a-h]){_END}"
)
_COUNTER: Final = re.compile(r"(\d+)(?=\D*$)")
_VIEW: Final = re.compile(r"(?:cam|camera|kamera|angle|view|feed)[ _\-.]*$")
_WHOLE_MATCH: Final = frozenset(
    ("", "video", "match", "game", "full", "whole", "full match", "whole match", "full game")
)


@dataclass(frozen=True, slots=True)
class VideoName:
    """A video file, and what its name says.

    Attributes:
        path: the file.
        period: None where the name states none.
        is_prefix: whether the period is a number at the start, as in ``1_720p.mkv``; such files
            belong to the match of their folder whatever else they are called.
        part: number of a part of a split recording; None where the name states none.
        height_px: of its frames; None where the name states none.
        base: the rest of the name, the same for all parts and sizes of one recording.
    """

    path: Path
    period: int | None
    is_prefix: bool
    part: int | None
    height_px: int | None
    base: str

    @property
    def is_whole_match(self) -> bool:
        """Whether the name says nothing but that this is the video of its folder's match."""
        return self.period is None and self.base in _WHOLE_MATCH

    @property
    def belongs_to_folder(self) -> bool:
        """Whether the name says a period or size alone, so that the folder names the match."""
        return self.is_prefix or self.is_whole_match or (self.period is not None and not self.base)


def is_video_name(path: Path) -> bool:
    """Whether a file of a folder is a video by its suffix; hidden files are not."""
    return path.suffix.lower() in VIDEO_SUFFIXES and not path.name.startswith(".")


def parse_video_name(path: Path) -> VideoName:
    """Read what the name of a video says.

    A period is a number before an underscore (``1_720p.mkv``, ``1_anything.ts``), a number alone
    (``1.mp4``), or words (``match_1st_half.mp4``, ``second half.mkv``, ``H2.mov``,
    ``period-3.mp4``, ``extra_time_1.mp4``). A part is a number after ``part`` or a word like it;
    where the period is a number at the start, any last number of the name (``1_001.mts``).

    Example:
        >>> parse_video_name(Path("2_part1.mkv")).period, parse_video_name(Path("2_part1.mkv")).part
        (2, 1)
        >>> parse_video_name(Path("arsenal_1st_half_1080p.mp4")).base
        'arsenal'
    """
    text = path.stem.lower()
    period, rest = _cut_period_words(text)
    prefix = _PREFIX.match(text) if period is None else None
    if prefix is not None:
        period, rest = int(prefix[1]), text[prefix.end() :]

    # What is left after the period: the size of the frames, the part, then a name.
    height = _HEIGHT.search(rest)
    rest = _QUALITY.sub(" ", _HEIGHT.sub(" ", rest))
    part, rest = _cut_part(rest, counted=prefix is not None)
    return VideoName(
        path,
        period,
        prefix is not None,
        part=part,
        height_px=_height_px(height) if height else None,
        base=" ".join(re.split(r"[ _\-.()\[\]]+", rest)).strip(),
    )


def _cut_period_words(text: str) -> tuple[int | None, str]:
    """The period that words state, and the text without them; None where they state none or two."""
    if _PENALTIES.search(text):
        return 5, _PENALTIES.sub(" ", text)
    if _BOTH.search(text):
        return None, text
    rest, extra = _EXTRA_TIME.subn(" ", text)
    found: set[int] = set()
    for pattern in _NUMBERED:
        for hit in pattern.finditer(rest):
            word = hit["n"]
            found.add(_ORDINALS.get(word) or int(word[0]))
        rest = pattern.sub(" ", rest)

    # "extra time 1" has lost its words by now and begins or ends with the number alone.
    if extra and not found:
        number = re.search(rf"{_START}([12]){_END}", rest)
        found = {int(number[1])} if number else {1}
        rest = rest.replace(number[1], " ", 1) if number else rest
    if len(found) != 1:
        return None, text
    return found.pop() + (2 if extra else 0), rest


def _cut_part(text: str, *, counted: bool) -> tuple[int | None, str]:
    """The part that a name states, and the name without it.

    Args:
        text: name without its period.
        counted: whether any last number counts parts, unless it numbers cameras.
    """
    word = _PART.search(text)
    if word is not None:
        part = int(word[1]) if word[1].isdigit() else ord(word[1]) - ord("a") + 1
        return part, text[: word.start()] + " " + text[word.end() :]
    counter = _COUNTER.search(text) if counted else None
    if counter is None or _VIEW.search(text[: counter.start()]):
        return None, text
    return int(counter[1]), text[: counter.start()] + "#" + text[counter.end() :]


def _height_px(found: re.Match[str]) -> int:
    return {"4": 2160, "8": 4320}[found[3]] if found[3] else int(found[1] or found[2])
