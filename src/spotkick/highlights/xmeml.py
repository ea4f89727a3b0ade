"""Final Cut Pro 7 XML (xmeml 5), which Premiere, Resolve, Avid and Vegas import.

Frames of a clip are counted at the rate of its source, from the first frame of the file; frames of
the sequence at the rate of the reel. A rate is a whole timebase, and ``ntsc`` for 1000/1001 of it.
Interlaced and anamorphic sources are described as they are; the format has no words for HDR.
Source: Apple, Final Cut Pro XML Interchange Format.
"""

from fractions import Fraction
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET

from spotkick.highlights.edit_list import EditEvent, EditList, Source
from spotkick.highlights.edit_list_format import EditListFormat, ReelListing
from spotkick.highlights.markers import ReelMarker, make_markers
from spotkick.highlights.timecode import counted_rate, format_timecode

_FIELDS: Final = {"progressive": "none", "top": "upper", "bottom": "lower"}
_WIDE: Final = Fraction(3, 2)
"""Pictures that are shown wider than this from narrow pixels are anamorphic."""

_NARROW_WIDTHS: Final = (704, 720)
_PIXEL_ASPECTS: Final = {480: "NTSC-601", 486: "NTSC-601", 576: "PAL-601"}


def write_xmeml(listing: ReelListing) -> str:
    """The text of an xmeml document: one sequence with pictures, sound and markers."""
    edits = listing.edits
    root = ET.Element("xmeml", version="5")
    sequence = ET.SubElement(root, "sequence", id="sequence-1")
    ET.SubElement(sequence, "name").text = edits.title
    ET.SubElement(sequence, "duration").text = str(edits.num_frames)
    _add_rate(sequence, edits.rate)
    _add_timecode(sequence, edits.start_frame(), edits.rate, drop=edits.drop)

    # One track of pictures; one of sound where any source has it, linked by the same order.
    media = ET.SubElement(sequence, "media")
    files: dict[Path, str] = {}
    video = ET.SubElement(media, "video")
    if edits.events:
        _add_characteristics(ET.SubElement(video, "format"), edits.events[0].source, edits.rate)
    _add_track(ET.SubElement(video, "track"), edits, files, kind="video")
    if any(source.info.has_audio for source in edits.sources):
        _add_track(
            ET.SubElement(ET.SubElement(media, "audio"), "track"), edits, files, kind="audio"
        )

    for marker in make_markers(listing):
        _add_marker(sequence, marker)
    ET.indent(root)
    body = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE xmeml>\n{body}\n'


def _add_rate(parent: ET.Element, rate: Fraction) -> None:
    element = ET.SubElement(parent, "rate")
    ET.SubElement(element, "timebase").text = str(counted_rate(rate))
    ET.SubElement(element, "ntsc").text = "FALSE" if rate.denominator == 1 else "TRUE"


def _add_timecode(parent: ET.Element, start: int, rate: Fraction, *, drop: bool) -> None:
    element = ET.SubElement(parent, "timecode")
    _add_rate(element, rate)
    ET.SubElement(element, "string").text = format_timecode(start, rate, drop=drop)
    ET.SubElement(element, "frame").text = str(start)
    ET.SubElement(element, "displayformat").text = "DF" if drop else "NDF"


def _add_track(track: ET.Element, edits: EditList, files: dict[Path, str], *, kind: str) -> None:
    for number, event in enumerate(edits.events, start=1):
        if kind == "audio" and not event.source.info.has_audio:
            continue
        clip = ET.SubElement(track, "clipitem", id=f"{kind}-{number}")
        ET.SubElement(clip, "name").text = event.title
        ET.SubElement(clip, "duration").text = str(event.source.num_frames)
        _add_rate(clip, event.source.rate)
        _add_range(clip, event)
        _add_file(clip, event.source, files)
        if kind == "audio":
            source_track = ET.SubElement(clip, "sourcetrack")
            ET.SubElement(source_track, "mediatype").text = "audio"
            ET.SubElement(source_track, "trackindex").text = "1"

        # Pictures and sound of an event move together.
        if event.source.info.has_audio:
            for other in ("video", "audio"):
                link = ET.SubElement(clip, "link")
                ET.SubElement(link, "linkclipref").text = f"{other}-{number}"
        if event.note:
            ET.SubElement(ET.SubElement(clip, "comments"), "mastercomment1").text = event.note


def _add_range(clip: ET.Element, event: EditEvent) -> None:
    for name, frame in (
        ("start", event.record_in),
        ("end", event.record_out),
        ("in", event.source_in),
        ("out", event.source_out),
    ):
        ET.SubElement(clip, name).text = str(frame)


def _add_file(clip: ET.Element, source: Source, files: dict[Path, str]) -> None:
    """The file of a clip: described where it comes first, referred to afterwards."""
    if source.path in files:
        ET.SubElement(clip, "file", id=files[source.path])
        return
    files[source.path] = f"file-{len(files) + 1}"
    file = ET.SubElement(clip, "file", id=files[source.path])
    ET.SubElement(file, "name").text = source.path.name
    ET.SubElement(file, "pathurl").text = source.path.absolute().as_uri()
    _add_rate(file, source.rate)
    ET.SubElement(file, "duration").text = str(source.num_frames)
    _add_timecode(file, source.start_frame, source.rate, drop=source.drop)

    media = ET.SubElement(file, "media")
    _add_characteristics(ET.SubElement(media, "video"), source, source.rate)
    if source.info.has_audio:
        audio = ET.SubElement(media, "audio")
        samples = ET.SubElement(audio, "samplecharacteristics")
        ET.SubElement(samples, "samplerate").text = str(source.info.audio_rate_hz)


def _add_characteristics(parent: ET.Element, source: Source, rate: Fraction) -> None:
    info = source.info
    element = ET.SubElement(parent, "samplecharacteristics")
    _add_rate(element, rate)
    ET.SubElement(element, "width").text = str(info.width_px)
    ET.SubElement(element, "height").text = str(info.height_px)
    is_wide = info.sample_aspect != 1 and info.display_aspect > _WIDE
    ET.SubElement(element, "anamorphic").text = "TRUE" if is_wide else "FALSE"
    ET.SubElement(element, "pixelaspectratio").text = _pixel_aspect(source)
    ET.SubElement(element, "fielddominance").text = _FIELDS[info.field_order]


def _pixel_aspect(source: Source) -> str:
    """Name of the pixel aspect ratio; the format knows those of tape formats only."""
    info = source.info
    if info.sample_aspect == 1:
        return "square"
    if info.width_px in _NARROW_WIDTHS and info.height_px in _PIXEL_ASPECTS:
        return _PIXEL_ASPECTS[info.height_px]
    names = {(1440, 1080): "HD-(1440x1080)", (1280, 1080): "HD-(1280x1080)"}
    return names.get((info.width_px, info.height_px), "square")


def _add_marker(sequence: ET.Element, marker: ReelMarker) -> None:
    element = ET.SubElement(sequence, "marker")
    ET.SubElement(element, "name").text = marker.name
    ET.SubElement(element, "comment").text = marker.comment
    ET.SubElement(element, "in").text = str(marker.frame)
    ET.SubElement(element, "out").text = "-1"


FORMAT = EditListFormat("xmeml", "Final Cut Pro 7 XML", write_xmeml, suffix="xml")
