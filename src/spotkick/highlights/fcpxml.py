"""FCPXML 1.8, for Final Cut Pro and DaVinci Resolve.

All times are multiples of the frame duration, written as fractions of a second: 1001/30000s is one
frame at 29.97. Source: Apple, FCPXML reference.
"""

from fractions import Fraction
from typing import Any
from xml.etree import ElementTree as ET

from spotkick.highlights.edit_list import EditList, Source


def write_fcpxml(edits: EditList) -> str:
    """The text of an FCPXML document."""
    root = ET.Element("fcpxml", version="1.8")
    resources = ET.SubElement(root, "resources")
    formats: dict[tuple[Fraction, int, int], str] = {}
    assets = {}
    for number, source in enumerate(edits.sources, start=1):
        info = source.info
        key = (info.frame_rate, info.width_px, info.height_px)
        if key not in formats:
            formats[key] = f"r{len(formats) + 1}"
            size: dict[str, Any] = {"width": str(info.width_px), "height": str(info.height_px)}
            ET.SubElement(
                resources,
                "format",
                id=formats[key],
                frameDuration=_time(1, info.frame_rate),
                **size,
            )
        assets[source.path] = f"a{number}"
        _add_asset(resources, source, f"a{number}", formats[key])
    event = ET.SubElement(ET.SubElement(root, "library"), "event", name=edits.title)
    sequence = ET.SubElement(
        ET.SubElement(event, "project", name=edits.title),
        "sequence",
        format=next(iter(formats.values())),
        duration=_time(edits.num_frames, edits.rate),
        tcStart="0s",
        tcFormat="DF" if edits.drop else "NDF",
    )
    spine = ET.SubElement(sequence, "spine")
    for edit in edits.edits:
        rate = edit.source.info.frame_rate
        clip = ET.SubElement(
            spine,
            "asset-clip",
            ref=assets[edit.source.path],
            name=edit.title,
            offset=_time(edit.record_in, edits.rate),
            start=_time(edit.source.start_frame + edit.source_in, rate),
            duration=_time(edit.num_frames, edits.rate),
            tcFormat="DF" if edits.drop else "NDF",
        )
        if edit.reason:
            ET.SubElement(clip, "note").text = edit.reason
    ET.indent(root)
    body = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE fcpxml>\n{body}\n'


def _add_asset(resources: ET.Element, source: Source, name: str, video_format: str) -> None:
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
        start=_time(source.start_frame, info.frame_rate),
        duration=_time(source.num_frames, info.frame_rate),
        hasVideo="1",
        format=video_format,
        **sound,
    )


def _time(frames: int, rate: Fraction) -> str:
    """A number of frames as a rational time.

    Example:
        >>> _time(30, Fraction(30000, 1001)), _time(0, Fraction(25)), _time(50, Fraction(25))
        ('30030/30000s', '0s', '50/25s')
    """
    if frames == 0:
        return "0s"
    return f"{frames * rate.denominator}/{rate.numerator}s"
