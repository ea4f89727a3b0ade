"""ELAN annotation files (``.eaf``): time-aligned annotations on tiers, one file a video.

The label is the annotation's value, or the tier's name where the value is empty. Annotations of a
tier must not overlap in ELAN, so each label gets a tier of its own when a file is written, and a
second one where its annotations would collide. What has no place in an action (annotations that
refer to others, names of tiers beside a value, participants) is counted.
"""

import re
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Final

from spotkick.actions import MatchActions
from spotkick.errors import InputError, SpotkickWarning
from spotkick.files import write_text
from spotkick.formats.capabilities import Capabilities
from spotkick.formats.elan_document import ROOT, UNITS, ElanDocument, parse_elan
from spotkick.formats.fields import require_integer, require_text
from spotkick.formats.format import Family, Format
from spotkick.formats.match_tree import clean_match_name
from spotkick.formats.recordings import MediaReference, name_recordings
from spotkick.formats.sample import Certainty, Sample
from spotkick.formats.segments import (
    MILLISECONDS,
    Segment,
    VideoSegments,
    matches_of_segments,
    segments_of_matches,
)

SHOWN_MS: Final = 500
"""Length that a spot is given, so that it can be seen and clicked."""

_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _annotation_files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    files = sorted(path.rglob("*.eaf"))
    if not files:
        raise InputError(f"{path}: no .eaf files in this folder")
    return files


def read_elan_segments(
    path: Path | str, *, unread: Counter[str] | None = None
) -> tuple[VideoSegments, ...]:
    """Read the time-aligned annotations of one file, or of all ``.eaf`` files below a folder.

    Videos are named by the path from the annotation file to the video. Where two of a folder would
    have the same name, although they are different files, the folders of the annotation files tell
    them apart.

    Args:
        path: file or folder.
        unread: gets what the files hold beside labels and times.

    Raises:
        InputError: if there is no such file, or one is malformed.
    """
    path = Path(path)
    files = _annotation_files(path)
    documents = [parse_elan(file) for file in files]
    references = [
        _media_reference(document, file, path if path.is_dir() else file.parent)
        for document, file in zip(documents, files, strict=True)
    ]
    if unread is not None:
        for document in documents:
            unread.update(document.count_unread())

    names = name_recordings(references, path.stem)
    return tuple(
        VideoSegments(name, None, _read_annotations(document))
        for name, document in zip(names, documents, strict=True)
    )


def _media_reference(document: ElanDocument, file: Path, root: Path) -> MediaReference:
    media = document.media[0] if document.media else {}
    text = media.get("RELATIVE_MEDIA_URL") or media.get("MEDIA_URL")
    folder = file.parent.relative_to(root).as_posix()
    return MediaReference(
        require_text(text or file.stem, f"{file}: MEDIA_URL"),
        folder="" if folder == "." else folder,
        escaped=bool(text),
    )


def _read_annotations(document: ElanDocument) -> tuple[Segment, ...]:
    path = document.where
    if document.units != UNITS:
        raise InputError(
            f"{path}: TIME_UNITS must be {UNITS}, found {document.units[:40]!r}; "
            "save the file with a current ELAN"
        )
    origins = [media["TIME_ORIGIN"] for media in document.media[:1] if media.get("TIME_ORIGIN")]
    origin_ms = require_integer(origins[0], f"{path}: TIME_ORIGIN") if origins else 0

    # Milliseconds of the media file, which may start before or after the time line.
    segments = []
    unaligned = 0
    for annotation in document.annotations:
        start, end = document.bounds_of(annotation)
        if start is None or end is None:
            unaligned += 1
            continue
        where = f"{path}: annotation {annotation.attributes.get('ANNOTATION_ID', '')[:40]}"
        start_ms, end_ms = (require_integer(bound, where) + origin_ms for bound in (start, end))
        if start_ms > end_ms:
            raise InputError(
                f"{where} must not end before it starts, found {start_ms} to {end_ms} ms"
            )
        label = require_text(annotation.value or annotation.tier, f"{where}: value")
        segments.append(Segment(start_ms / MILLISECONDS, end_ms / MILLISECONDS, label))

    if unaligned:
        warnings.warn(
            f"{path}: {unaligned} annotations have no time of their own and were left out",
            SpotkickWarning,
            stacklevel=3,
        )
    return tuple(segments)


def read_elan(path: Path | str) -> tuple[MatchActions, ...]:
    """Read the starts of time-aligned annotations as actions; see `read_elan_segments`.

    Raises:
        InputError: if there is no such file, or one is malformed.
    """
    return matches_of_segments(read_elan_segments(path))


def write_elan_segments(
    path: Path | str, videos: Sequence[VideoSegments], *, video_suffix: str = ".mp4"
) -> None:
    """Write one file a video.

    Args:
        path: an ``.eaf`` file for one video; otherwise a folder, in which each video's name becomes
            a path.
        videos: what to write; spots become annotations of up to half a second.
        video_suffix: of the video files that the annotations belong to.

    Raises:
        InputError: if several videos are to go into one file, or a name or label cannot be written.
        StorageError: if a file cannot be written.
    """
    path = Path(path)
    if path.suffix.lower() != ".eaf":
        for video in videos:
            write_text(
                path / f"{clean_match_name(video.video, str(path))}.eaf",
                _document_text(video, video_suffix),
            )
        return
    if len(videos) != 1:
        raise InputError(
            f"{path}: an ELAN file holds one video, {len(videos)} were given; name a folder instead"
        )
    write_text(path, _document_text(videos[0], video_suffix))


def _document_text(video: VideoSegments, video_suffix: str) -> str:
    address = f"./{video.video}{video_suffix}".replace("%", "%25")
    url = _escape_text(address)
    tiers = _tiers_of(video.segments)
    slots, slot_of = _time_slots(tiers)

    # Two slots for each annotation, in the order of the annotations.
    body = []
    index = 0
    for name, found in tiers.items():
        body.append(f'    <TIER LINGUISTIC_TYPE_REF="default-lt" TIER_ID="{_escape_text(name)}">\n')
        for _, _, label in found:
            body.append(
                "        <ANNOTATION>\n"
                f'            <ALIGNABLE_ANNOTATION ANNOTATION_ID="a{index // 2 + 1}" '
                f'TIME_SLOT_REF1="ts{slot_of[index]}" TIME_SLOT_REF2="ts{slot_of[index + 1]}">\n'
                f"                <ANNOTATION_VALUE>{_escape_text(label)}</ANNOTATION_VALUE>\n"
                "            </ALIGNABLE_ANNOTATION>\n        </ANNOTATION>\n"
            )
            index += 2
        body.append("    </TIER>\n")

    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<ANNOTATION_DOCUMENT AUTHOR="spotkick" DATE="2000-01-01T00:00:00+00:00" FORMAT="3.0" '
        'VERSION="3.0" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        'xsi:noNamespaceSchemaLocation="http://www.mpi.nl/tools/elan/EAFv3.0.xsd">\n'
        f'    <HEADER MEDIA_FILE="" TIME_UNITS="{UNITS}">\n'
        f'        <MEDIA_DESCRIPTOR MEDIA_URL="{url}" MIME_TYPE="video/mp4" '
        f'RELATIVE_MEDIA_URL="{url}"/>\n'
        "    </HEADER>\n"
        f"    <TIME_ORDER>\n{slots}    </TIME_ORDER>\n"
        f"{''.join(body)}"
        '    <LINGUISTIC_TYPE GRAPHIC_REFERENCES="false" LINGUISTIC_TYPE_ID="default-lt" '
        'TIME_ALIGNABLE="true"/>\n'
        "</ANNOTATION_DOCUMENT>\n"
    )


def _time_slots(tiers: Mapping[str, list[tuple[int, int, str]]]) -> tuple[str, dict[int, int]]:
    """XML of all time slots in order of time, and bound number -> slot number."""
    bounds = [
        bound
        for found in tiers.values()
        for start_ms, end_ms, _ in found
        for bound in (start_ms, end_ms)
    ]
    order = sorted(range(len(bounds)), key=bounds.__getitem__)
    slot_of = {index: number for number, index in enumerate(order, start=1)}
    text = "".join(
        f'        <TIME_SLOT TIME_SLOT_ID="ts{number}" TIME_VALUE="{bounds[index]}"/>\n'
        for index, number in slot_of.items()
    )
    return text, slot_of


def _tiers_of(segments: Sequence[Segment]) -> dict[str, list[tuple[int, int, str]]]:
    """Tier name -> (start_ms, end_ms, label), without overlap inside a tier."""
    tiers: dict[str, list[tuple[int, int, str]]] = {}
    for segment in sorted(segments, key=lambda segment: segment.start_s):
        start_ms, end_ms = (
            max(0, round(seconds * MILLISECONDS)) for seconds in (segment.start_s, segment.end_s)
        )
        if end_ms <= start_ms:
            end_ms = start_ms + SHOWN_MS

        # The first tier of this label on which there is room.
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


def _escape_text(text: str) -> str:
    if _NOT_XML.search(text):
        raise InputError(f"{text!r} holds characters that XML cannot; rename it")
    return escape(text)


def write_elan(path: Path | str, matches: Sequence[MatchActions]) -> None:
    """Write actions as annotations of up to half a second; see `write_elan_segments`.

    Raises:
        InputError: if several videos are to go into one file, or a name or label cannot be written.
        StorageError: if a file cannot be written.
    """
    write_elan_segments(path, segments_of_matches(matches))


def _detect_annotations(sample: Sample) -> Certainty:
    if sample.is_folder:
        held = next(sample.path.rglob("*.eaf"), None) is not None
        return Certainty.MARK if held else Certainty.NO
    if sample.xml_root == ROOT:
        return Certainty.MARK
    return Certainty.NAME if sample.suffix == ".eaf" else Certainty.NO


FORMAT: Final = Format(
    name="elan",
    title="ELAN .eaf, a file or a folder",
    description="`.eaf`, a file or a folder",
    family=Family.TOOL,
    capabilities=Capabilities(
        confidence=False,
        team=False,
        visibility=False,
        negative=False,
        intervals=True,
        needs_length=True,
        one_match=True,
    ),
    detect=_detect_annotations,
    writer=lambda path, matches, _: write_elan(path, matches),
    segment_reader=lambda path, options: read_elan_segments(path, unread=options.unread),
    segment_writer=lambda path, videos, _: write_elan_segments(path, videos),
    suffix="",
    own_suffixes=(".eaf",),
)
