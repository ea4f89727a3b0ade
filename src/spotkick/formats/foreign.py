"""Files of other tools that no reader knows: what they are, and what can be done with them.

A message that names the kind of a file helps more than one that it is not JSON.
"""

import re
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from spotkick.errors import InputError
from spotkick.formats.json_files import GZIP_MAGIC
from spotkick.formats.match_tree import ZIP_MAGIC
from spotkick.formats.sample import UTF16_MARKS, Sample

_CSV_ADVICE: Final = "export it as CSV with a column for the label and one for the time"


@dataclass(frozen=True, slots=True)
class ForeignKind:
    """A kind of file that is recognised and not read.

    Attributes:
        title: what it is, with its article.
        advice: what to do instead.
    """

    title: str
    advice: str = _CSV_ADVICE

    def message(self, formats: Iterable[str]) -> str:
        """What is wrong, and what helps."""
        readable = ", ".join(formats)
        return f"this is {self.title}, which is not read; {self.advice}; {readable} are read"


_SUBTITLES: Final = (
    "labels or predictions are needed; commentary is read by 'spotkick features --kind commentary'"
)

_TEXTS: Final = (
    (r"\d+\s*\r?\n\d+:\d\d:\d\d[,.]\d+\s*-->", ForeignKind("an SRT subtitle file", _SUBTITLES)),
    (r"WEBVTT", ForeignKind("a WebVTT subtitle file", _SUBTITLES)),
    (r"\[Script Info\]", ForeignKind("an ASS or SSA subtitle file", _SUBTITLES)),
    (r"TITLE:.*\r?\n", ForeignKind("an edit decision list (EDL)")),
    (r"(?i)observation id[,;\t]", ForeignKind("a table of BORIS events")),
    (r"#EXTM3U", ForeignKind("a playlist (M3U)")),
)
"""Regular expression that the start of a text file matches -> kind."""

_ROOTS: Final = {
    "SoccerFeed": ForeignKind("an Opta F7 match feed"),
    "SoccerDocument": ForeignKind("an Opta F7 match feed"),
    "annotation": ForeignKind("an Anvil or Pascal VOC annotation"),
    "Trans": ForeignKind("a Transcriber transcript"),
    "tt": ForeignKind("a TTML subtitle file", _SUBTITLES),
    "xmeml": ForeignKind("a Final Cut Pro 7 XML (timeline)"),
    "fcpxml": ForeignKind("a Final Cut Pro XML (timeline)"),
    "html": ForeignKind("a web page"),
    "HTML": ForeignKind("a web page"),
}
"""Root element of an XML file -> kind."""

_ZIPPED: Final = {
    "xl/workbook.xml": ForeignKind("an Excel workbook", "save the sheet as 'CSV UTF-8'"),
    "content.xml": ForeignKind("an OpenDocument file", "save the sheet as CSV"),
    "word/document.xml": ForeignKind("a Word document"),
}
"""Member of a zip archive -> kind."""

_MAGICS: Final = (
    (
        b"\xd0\xcf\x11\xe0",
        ForeignKind("an old Excel or Word file", "save the sheet as 'CSV UTF-8'"),
    ),
    (b"%PDF", ForeignKind("a PDF document")),
    (b"\x1aE\xdf\xa3", ForeignKind("a Matroska or WebM video", "spot it with 'spotkick spot'")),
    (b"\x93NUMPY", ForeignKind("a NumPy array", "features are read by 'spotkick spot'")),
    (b"\x89HDF", ForeignKind("an HDF5 file", "weights are read by 'spotkick import-weights'")),
    (b"SQLite format 3", ForeignKind("an SQLite database")),
    (b"\x80\x04", ForeignKind("a Python pickle", "pickles are never read; save the data as JSON")),
    (b"\x80\x05", ForeignKind("a Python pickle", "pickles are never read; save the data as JSON")),
)
"""First bytes -> kind."""

_VIDEO: Final = ForeignKind("a video", "spot it with 'spotkick spot'")


def foreign_kind(sample: Sample) -> ForeignKind | None:
    """The kind of a file that no format knows; None where it is not known, either.

    Raises:
        InputError: if the file is missing or cannot be read.
    """
    if sample.is_folder:
        return None
    for find in (_kind_by_magic, _kind_in_archive, _kind_of_xml, _kind_of_text, _kind_of_json):
        kind = find(sample)
        if kind is not None:
            return kind
    return None


def _kind_by_magic(sample: Sample) -> ForeignKind | None:
    if sample.head[4:8] == b"ftyp" or sample.head.startswith(b"RIFF"):
        return _VIDEO
    return next((kind for magic, kind in _MAGICS if sample.head.startswith(magic)), None)


def _kind_in_archive(sample: Sample) -> ForeignKind | None:
    if not sample.head.startswith(ZIP_MAGIC):
        return None
    try:
        with zipfile.ZipFile(sample.path) as archive:
            members = set(archive.namelist())
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError):
        return ForeignKind("a damaged zip archive", "get the file again")
    return next((kind for member, kind in _ZIPPED.items() if member in members), None)


def _kind_of_xml(sample: Sample) -> ForeignKind | None:
    if not sample.text.startswith("<") or not sample.xml_root:
        return None
    root = sample.xml_root.rpartition(":")[2]
    other = ForeignKind(f"an XML file with the root element {root[:40]!r}")
    return _ROOTS.get(root, other)


def _kind_of_text(sample: Sample) -> ForeignKind | None:
    if sample.head[:1] in (b"{",) or sample.head.startswith(GZIP_MAGIC):
        return None
    found = next((kind for rule, kind in _TEXTS if re.match(rule, sample.text)), None)
    if found is None and sample.head[:2] in UTF16_MARKS:
        return ForeignKind("a text in UTF-16", "save it as UTF-8")
    if found is None and sample.suffix in (".txt", ".tsv", ".csv") and sample.text:
        return ForeignKind("a text file")
    return found


def _has_keys(*keys: str) -> Callable[[Sample], bool]:
    return lambda sample: sample.has_keys(*keys)


def _is_timed_text(sample: Sample) -> bool:
    segments = sample.json_object.get("segments")
    rows = segments if isinstance(segments, list) else []
    return any(isinstance(row, dict) and "text" in row for row in rows[:3])


_DOCUMENTS: Final[tuple[tuple[Callable[[Sample], bool], ForeignKind], ...]] = (
    (_is_timed_text, ForeignKind("a transcript of Whisper", _SUBTITLES)),
    (_has_keys("transcription", "params"), ForeignKind("a transcript of whisper.cpp", _SUBTITLES)),
    (_has_keys("transcription", "model"), ForeignKind("a transcript of whisper.cpp", _SUBTITLES)),
    (_has_keys("annotations", "categories"), ForeignKind("a COCO file (images or videos)")),
    (_has_keys("tags", "shapes", "tracks"), ForeignKind("a CVAT JSON export")),
    (_has_keys("observations", "behaviors_conf"), ForeignKind("a BORIS project")),
    (_has_keys("events", "meta"), ForeignKind("an event file of Wyscout")),
    (_has_keys("_via_settings"), ForeignKind("a VIA2 project", "open and save it with VIA 3")),
    (
        _has_keys("average_map"),
        ForeignKind("a report of 'spotkick evaluate'", "give the predictions that it was made of"),
    ),
    (
        _has_keys("architecture"),
        ForeignKind("a configuration of a checkpoint", "give labels or predictions"),
    ),
)
"""What a JSON document is like -> kind."""


def _kind_of_json(sample: Sample) -> ForeignKind | None:
    try:
        found = sample.document
    except InputError:
        return None
    if not found:
        return None
    return next((kind for rule, kind in _DOCUMENTS if rule(sample)), None)
