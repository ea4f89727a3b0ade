"""ELAN annotation files (``.eaf``): time-aligned annotations on tiers, one file a video.

The label is the annotation's value, or the tier's name where the value is empty. Annotations of a
tier must not overlap in ELAN, so each label gets a tier of its own when a file is written, and a
second one where its annotations would collide.
"""

import re
import warnings
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any, Final
from xml.parsers import expat

from spotkick.actions import MatchActions
from spotkick.errors import InputError, SpotkickWarning
from spotkick.files import read_bytes, write_text
from spotkick.formats.capabilities import Capabilities
from spotkick.formats.fields import require_integer, require_text
from spotkick.formats.match_tree import clean_match_name
from spotkick.formats.recordings import recording_of_path
from spotkick.formats.segments import (
    MILLISECONDS,
    Segment,
    VideoSegments,
    matches_of_segments,
    segments_of_matches,
)

CAPACITY: Final = Capabilities(
    confidence=False, team=False, visibility=False, negative=False, intervals=True, one_match=True
)

SHOWN_MS: Final = 500
"""Length that a moment is given, so that it can be seen and clicked."""

MAX_XML_BYTES: Final = 64 * 1024 * 1024
"""Largest file that is read; hours of dense annotation take a few megabytes."""

_MAX_DEPTH: Final = 32
_UNITS: Final = "milliseconds"
_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class _Document:
    """What the elements of a file say, filled in while it is parsed."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.units = _UNITS
        self.media: list[dict[str, str]] = []
        self.slots: dict[str, str | None] = {}
        self.annotations: list[tuple[str, dict[str, str], str]] = []
        self._path: list[str] = []
        self._tier = ""
        self._open: dict[str, str] | None = None
        self._text: list[str] = []

    def refuse(self, *_: Any) -> None:
        """Called for a document type or an entity: they can blow up a small file, and ELAN writes none."""
        raise InputError(
            f"{self.where}: XML with a document type or entities is not read; ELAN files have none"
        )

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """An element opens."""
        self._path.append(name)
        if len(self._path) > _MAX_DEPTH:
            raise InputError(
                f"{self.where}: XML nested deeper than {_MAX_DEPTH} elements; this is no ELAN file"
            )
        if len(self._path) == 1 and name != "ANNOTATION_DOCUMENT":
            raise InputError(
                f"{self.where}: an ELAN file starts with ANNOTATION_DOCUMENT, found {name[:40]!r}"
            )
        if name == "HEADER":
            self.units = attributes.get("TIME_UNITS", _UNITS)
        elif name == "MEDIA_DESCRIPTOR":
            self.media.append(attributes)
        elif name == "TIME_SLOT":
            self.slots[attributes.get("TIME_SLOT_ID", "")] = attributes.get("TIME_VALUE")
        elif name == "TIER":
            self._tier = attributes.get("TIER_ID", "")
        elif name == "ALIGNABLE_ANNOTATION":
            self._open, self._text = attributes, []

    def text(self, data: str) -> None:
        """Characters of the innermost element."""
        if self._path[-1:] == ["ANNOTATION_VALUE"]:
            self._text.append(data)

    def end(self, name: str) -> None:
        """An element closes."""
        self._path.pop()
        if name == "ALIGNABLE_ANNOTATION" and self._open is not None:
            self.annotations.append((self._tier, self._open, "".join(self._text).strip()))
            self._open = None


def _parse(path: Path) -> _Document:
    document = _Document(str(path))
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = document.start
    parser.EndElementHandler = document.end
    parser.CharacterDataHandler = document.text
    parser.StartDoctypeDeclHandler = document.refuse
    parser.EntityDeclHandler = document.refuse
    data = read_bytes(path, limit=MAX_XML_BYTES)
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise InputError(f"{path}: not readable XML: {error}") from error
    return document


def read_elan_segments(path: Path) -> tuple[VideoSegments, ...]:
    """Read the time-aligned annotations of one file, or of all ``.eaf`` files below a folder.

    Raises:
        InputError: if there is no such file, or one is malformed.
    """
    if not path.is_dir():
        return (_read_file(path),)
    files = sorted(path.rglob("*.eaf"))
    if not files:
        raise InputError(f"{path}: no .eaf files in this folder")
    return tuple(_read_file(file) for file in files)


def _read_file(path: Path) -> VideoSegments:
    document = _parse(path)
    if document.units != _UNITS:
        raise InputError(
            f"{path}: TIME_UNITS must be {_UNITS}, found {document.units[:40]!r}; save the file with a current ELAN"
        )
    origins = [media["TIME_ORIGIN"] for media in document.media[:1] if media.get("TIME_ORIGIN")]
    origin_ms = require_integer(origins[0], f"{path}: TIME_ORIGIN") if origins else 0
    segments = []
    unaligned = 0
    for tier, attributes, value in document.annotations:
        bounds = [
            document.slots.get(attributes.get(f"TIME_SLOT_REF{number}", "")) for number in (1, 2)
        ]
        start, end = bounds
        if start is None or end is None:
            unaligned += 1
            continue
        where = f"{path}: annotation {attributes.get('ANNOTATION_ID', '')[:40]}"
        start_ms, end_ms = (require_integer(bound, where) + origin_ms for bound in (start, end))
        if start_ms > end_ms:
            raise InputError(
                f"{where} must not end before it starts, found {start_ms} to {end_ms} ms"
            )
        label = require_text(value or tier, f"{where}: value")
        segments.append(Segment(start_ms / MILLISECONDS, end_ms / MILLISECONDS, label))
    if unaligned:
        warnings.warn(
            f"{path}: {unaligned} annotations have no time of their own and were left out",
            SpotkickWarning,
            stacklevel=2,
        )
    return VideoSegments(_video_name(document, path), None, tuple(segments))


def _video_name(document: _Document, path: Path) -> str:
    media = document.media[0] if document.media else {}
    relative = media.get("RELATIVE_MEDIA_URL", "").removeprefix("./")
    absolute = media.get("MEDIA_URL", "").rpartition("/")[2]
    return recording_of_path(require_text(relative or absolute or path.stem, f"{path}: MEDIA_URL"))


def read_elan(path: Path) -> tuple[MatchActions, ...]:
    """Read the starts of time-aligned annotations as actions; see `read_elan_segments`.

    Raises:
        InputError: if there is no such file, or one is malformed.
    """
    return matches_of_segments(read_elan_segments(path))


def write_elan_segments(
    path: Path, videos: Sequence[VideoSegments], *, video_suffix: str = ".mp4"
) -> None:
    """Write one file a video.

    Args:
        path: an ``.eaf`` file for one video; otherwise a folder, in which each video's name becomes
            a path.
        videos: what to write; moments become annotations of up to half a second.
        video_suffix: of the video files that the annotations belong to.

    Raises:
        InputError: if several videos are to go into one file, or a name or label cannot be written.
        StorageError: if a file cannot be written.
    """
    if path.suffix.lower() != ".eaf":
        for video in videos:
            write_text(
                path / f"{clean_match_name(video.video, str(path))}.eaf",
                _document(video, video_suffix),
            )
        return
    if len(videos) != 1:
        raise InputError(
            f"{path}: an ELAN file holds one video, {len(videos)} were given; name a folder instead"
        )
    write_text(path, _document(videos[0], video_suffix))


def _document(video: VideoSegments, video_suffix: str) -> str:
    url = _text(f"./{video.video}{video_suffix}")
    tiers = _tiers(video.segments)
    bounds = [
        bound
        for found in tiers.values()
        for start_ms, end_ms, _ in found
        for bound in (start_ms, end_ms)
    ]
    order = {
        index: number
        for number, index in enumerate(sorted(range(len(bounds)), key=bounds.__getitem__), start=1)
    }
    slots = "".join(
        f'        <TIME_SLOT TIME_SLOT_ID="ts{number}" TIME_VALUE="{bounds[index]}"/>\n'
        for index, number in order.items()
    )
    body = []
    index = 0
    for name, found in tiers.items():
        body.append(f'    <TIER LINGUISTIC_TYPE_REF="default-lt" TIER_ID="{_text(name)}">\n')
        for _, _, label in found:
            first, last = order[index], order[index + 1]
            body.append(
                f'        <ANNOTATION>\n            <ALIGNABLE_ANNOTATION ANNOTATION_ID="a{index // 2 + 1}" '
                f'TIME_SLOT_REF1="ts{first}" TIME_SLOT_REF2="ts{last}">\n'
                f"                <ANNOTATION_VALUE>{_text(label)}</ANNOTATION_VALUE>\n"
                f"            </ALIGNABLE_ANNOTATION>\n        </ANNOTATION>\n"
            )
            index += 2
        body.append("    </TIER>\n")
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<ANNOTATION_DOCUMENT AUTHOR="spotkick" DATE="2000-01-01T00:00:00+00:00" FORMAT="3.0" VERSION="3.0" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        'xsi:noNamespaceSchemaLocation="http://www.mpi.nl/tools/elan/EAFv3.0.xsd">\n'
        f'    <HEADER MEDIA_FILE="" TIME_UNITS="{_UNITS}">\n'
        f'        <MEDIA_DESCRIPTOR MEDIA_URL="{url}" MIME_TYPE="video/mp4" RELATIVE_MEDIA_URL="{url}"/>\n'
        "    </HEADER>\n"
        f"    <TIME_ORDER>\n{slots}    </TIME_ORDER>\n"
        f"{''.join(body)}"
        '    <LINGUISTIC_TYPE GRAPHIC_REFERENCES="false" LINGUISTIC_TYPE_ID="default-lt" TIME_ALIGNABLE="true"/>\n'
        "</ANNOTATION_DOCUMENT>\n"
    )


def _tiers(segments: Sequence[Segment]) -> dict[str, list[tuple[int, int, str]]]:
    """Tier name -> (start_ms, end_ms, label), without overlap inside a tier."""
    tiers: dict[str, list[tuple[int, int, str]]] = {}
    for segment in sorted(segments, key=lambda segment: segment.start_s):
        start_ms, end_ms = (
            max(0, round(seconds * MILLISECONDS)) for seconds in (segment.start_s, segment.end_s)
        )
        if end_ms <= start_ms:
            end_ms = start_ms + SHOWN_MS
        number = 1
        while True:
            found = tiers.setdefault(
                segment.label if number == 1 else f"{segment.label} #{number}", []
            )
            if not found or found[-1][1] <= start_ms:
                break
            number += 1
        found.append((start_ms, end_ms, segment.label))
    return tiers


def _text(text: str) -> str:
    if _NOT_XML.search(text):
        raise InputError(f"{text!r} holds characters that XML cannot; rename it")
    return escape(text)


def write_elan(path: Path, matches: Sequence[MatchActions]) -> None:
    """Write actions as annotations of up to half a second; see `write_elan_segments`.

    Raises:
        InputError: if several videos are to go into one file, or a name or label cannot be written.
        StorageError: if a file cannot be written.
    """
    write_elan_segments(path, segments_of_matches(matches))
