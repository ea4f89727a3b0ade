"""FCPXML 1.8, for Final Cut Pro and DaVinci Resolve.

All times are multiples of the frame duration, written as fractions of a second: 1001/30000s is one
frame at 29.97. Source: Apple, FCPXML reference.
"""

from fractions import Fraction
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from spotkick.highlights.edit_list import EditEvent, EditList, Source
from spotkick.highlights.edit_list_format import EditListFormat


def write_fcpxml(edits: EditList) -> str:
    """The text of an FCPXML document."""
    root = ET.Element("fcpxml", version="1.8")
    resources = ET.SubElement(root, "resources")

    # Formats and assets that the clips refer to, each once.
    formats: dict[tuple[Fraction, int, int], str] = {}
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
        tcStart="0s",
        tcFormat="DF" if edits.drop else "NDF",
    )
    spine = ET.SubElement(sequence, "spine")
    for item in edits.events:
        _add_clip(spine, item, edits, assets[item.source.path])

    ET.indent(root)
    body = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE fcpxml>\n{body}\n'


def _add_format(
    resources: ET.Element, source: Source, formats: dict[tuple[Fraction, int, int], str]
) -> str:
    """Give the format of a source, added where no source before has the same."""
    info = source.info
    key = (info.frame_rate, info.width_px, info.height_px)
    if key not in formats:
        formats[key] = f"r{len(formats) + 1}"
        size: dict[str, Any] = {"width": str(info.width_px), "height": str(info.height_px)}
        ET.SubElement(
            resources,
            "format",
            id=formats[key],
            frameDuration=_format_time(1, info.frame_rate),
            **size,
        )
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
        start=_format_time(source.start_frame, info.frame_rate),
        duration=_format_time(source.num_frames, info.frame_rate),
        hasVideo="1",
        format=format_id,
        **sound,
    )


def _add_clip(spine: ET.Element, event: EditEvent, edits: EditList, asset: str) -> None:
    rate = event.source.info.frame_rate
    clip = ET.SubElement(
        spine,
        "asset-clip",
        ref=asset,
        name=event.title,
        offset=_format_time(event.record_in, edits.rate),
        start=_format_time(event.source.start_frame + event.source_in, rate),
        duration=_format_time(event.num_frames, edits.rate),
        tcFormat="DF" if edits.drop else "NDF",
    )
    if event.reason:
        ET.SubElement(clip, "note").text = event.reason


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
