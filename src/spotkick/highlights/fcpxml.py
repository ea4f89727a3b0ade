"""FCPXML 1.8, for Final Cut Pro and DaVinci Resolve.

All times are multiples of the frame duration, written as fractions of a second: 1001/30000s is one
frame at 29.97. Source: Apple, FCPXML reference.
"""

from fractions import Fraction
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree as ET

from spotkick.highlights.edit_list import EditEvent, EditList, Source
from spotkick.highlights.edit_list_format import EditListFormat

_FIELD_ORDERS: Final = {
    "progressive": "progressive",
    "top": "upper first",
    "bottom": "lower first",
}

_COLOUR_SPACES: Final = {"PQ": "9-16-9 (Rec. 2020 PQ)", "HLG": "9-18-9 (Rec. 2020 HLG)"}
"""Names that Final Cut Pro gives to the colours of HDR."""


def write_fcpxml(edits: EditList) -> str:
    """The text of an FCPXML document."""
    root = ET.Element("fcpxml", version="1.8")
    resources = ET.SubElement(root, "resources")

    # Formats and assets that the clips refer to, each once.
    formats: dict[tuple[object, ...], str] = {}
    assets: dict[Path, str] = {}
    for number, source in enumerate(edits.sources, start=1):
        format_id = _add_format(resources, source, formats)
        assets[source.path] = f"a{number}"
        _add_asset(resources, source, f"a{number}", format_id)

    event = ET.SubElement(ET.SubElement(root, "library"), "event", name=edits.title)
    sequence = ET.SubElement(
        ET.SubElement(event, "project", name=edits.title),
        "sequence",
        format=next(iter(formats.values())),
        duration=_format_time(edits.num_frames, edits.rate),
        tcStart=_format_time(edits.start_frame(), edits.rate),
        tcFormat="DF" if edits.drop else "NDF",
    )
    spine = ET.SubElement(sequence, "spine")
    for item in edits.events:
        _add_clip(spine, item, edits, assets[item.source.path])

    ET.indent(root)
    body = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE fcpxml>\n{body}\n'


def _add_format(
    resources: ET.Element, source: Source, formats: dict[tuple[object, ...], str]
) -> str:
    """Give the format of a source, added where no source before has the same."""
    info = source.info
    shape: dict[str, str] = {
        "width": str(info.width_px),
        "height": str(info.height_px),
        "fieldOrder": _FIELD_ORDERS[info.field_order],
    }
    if info.hdr:
        shape["colorSpace"] = _COLOUR_SPACES[info.hdr]
    if info.sample_aspect != 1:
        shape["paspH"] = str(info.sample_aspect.numerator)
        shape["paspV"] = str(info.sample_aspect.denominator)

    key = (source.rate, *shape.items())
    if key not in formats:
        formats[key] = f"r{len(formats) + 1}"
        duration = _format_time(1, source.rate)
        ET.SubElement(resources, "format", {"id": formats[key], "frameDuration": duration, **shape})
    return formats[key]


def _add_asset(resources: ET.Element, source: Source, name: str, format_id: str) -> None:
    info = source.info
    sound: dict[str, Any] = {}
    if info.has_audio:
        sound = {"hasAudio": "1", "audioSources": "1", "audioRate": str(info.audio_rate_hz)}

    ET.SubElement(
        resources,
        "asset",
        id=name,
        name=source.path.stem,
        src=source.path.absolute().as_uri(),
        start=_format_time(source.start_frame, source.rate),
        duration=_format_time(source.num_frames, source.rate),
        hasVideo="1",
        format=format_id,
        **sound,
    )


def _add_clip(spine: ET.Element, event: EditEvent, edits: EditList, asset: str) -> None:
    source = event.source
    clip = ET.SubElement(
        spine,
        "asset-clip",
        ref=asset,
        name=event.title,
        offset=_format_time(edits.start_frame() + event.record_in, edits.rate),
        start=_format_time(source.start_frame + event.source_in, source.rate),
        duration=_format_time(event.record_frames, edits.rate),
        tcFormat="DF" if source.drop else "NDF",
    )
    if event.note:
        ET.SubElement(clip, "note").text = event.note


def _format_time(frames: int, rate: Fraction) -> str:
    """A number of frames as a rational time.

    Example:
        >>> [_format_time(n, r) for n, r in ((30, Fraction(30000, 1001)), (50, Fraction(25)))]
        ['30030/30000s', '50/25s']
        >>> _format_time(0, Fraction(25))
        '0s'
    """
    if frames == 0:
        return "0s"
    return f"{frames * rate.denominator}/{rate.numerator}s"


FORMAT = EditListFormat("fcpxml", "FCPXML 1.8", lambda listing: write_fcpxml(listing.edits))
