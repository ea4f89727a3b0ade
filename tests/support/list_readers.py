"""Lists for editors, read back by programs that are not ours.

The adapter for FCPXML counts frames at whole rates (23 for 23.976), so that its frames are those of
the list at whole rates only.
"""

import html
import io
import warnings
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import opentimelineio as otio
import pandas as pd
import webvtt


@dataclass(frozen=True)
class ListedClip:
    """A clip as a list has it, in frames.

    Attributes:
        name: as it is shown.
        record_in: first frame in the reel, counted from the start of the list.
        record_out: first frame after it.
        source_in: first frame in the source, as its timecode counts; None in lists without.
    """

    name: str
    record_in: int
    record_out: int
    source_in: int | None = None


READERS = {
    "edl": "otio-cmx3600-adapter",
    "xmeml": "otio-fcp-adapter",
    "fcpxml": "otio-fcpx-xml-adapter",
    "ale": "otio-ale-adapter",
    "otio": "OpenTimelineIO",
    "resolve-markers": "otio-cmx3600-adapter",
    "premiere-markers": "pandas",
    "vtt": "webvtt-py",
    "csv": "pandas",
    "chapters": "lines of text",
}
"""Kind of list -> the package that reads it here."""

_ADAPTERS = {
    "edl": "cmx_3600",
    "xmeml": "fcp_xml",
    "fcpxml": "fcpx_xml",
    "otio": "otio_json",
}


def read_clips(kind: str, text: str, rate: Fraction) -> list[ListedClip]:
    """The clips of a list; those of an Avid log, which has no reel, follow each other."""
    if kind == "resolve-markers":
        return _read_resolve_markers(text, rate)
    if kind in _ADAPTERS:
        return _read_timeline(_ADAPTERS[kind], text, rate)
    if kind == "ale":
        clips = otio.adapters.read_from_string(text.replace("\r\n", "\n"), "ale", fps=float(rate))
        return _in_sequence(list(clips))
    if kind == "vtt":
        captions: Any = webvtt.from_buffer(io.BytesIO(text.encode()))
        return [
            ListedClip(
                html.unescape(caption.text),
                _frame(caption.start, rate),
                _frame(caption.end, rate),
            )
            for caption in captions
        ]
    if kind == "chapters":
        rows = [line.split(" ", 1) for line in text.splitlines()]
        starts = [_frame(clock, rate) for clock, _ in rows]
        return [ListedClip(name, at, at) for at, (_, name) in zip(starts, rows, strict=True)]
    return _read_table(kind, text, rate)


def _read_timeline(adapter: str, text: str, rate: Fraction) -> list[ListedClip]:
    options = {"rate": float(rate)} if adapter == "cmx_3600" else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found: Any = otio.adapters.read_from_string(text, adapter, **options)
    kind = otio.schema.Timeline
    timeline = found if isinstance(found, kind) else found.find_children(kind)[0]
    (track,) = timeline.video_tracks()
    return [
        ListedClip(
            clip.name,
            round(place.start_time.rescaled_to(float(rate)).value),
            round(place.end_time_exclusive().rescaled_to(float(rate)).value),
            round(clip.source_range.start_time.value),
        )
        for clip in track.find_clips()
        for place in [clip.range_in_parent()]
    ]


def _read_resolve_markers(text: str, rate: Fraction) -> list[ListedClip]:
    """Markers lie on the frames of their source side, counted from one hour."""
    timeline: Any = otio.adapters.read_from_string(text, "cmx_3600", rate=float(rate))
    hour = round(otio.opentime.from_timecode("01:00:00:00", float(rate)).value)
    found = []
    for clip in timeline.find_clips():
        comment = " ".join(map(str, clip.metadata["cmx_3600"]["comments"]))
        name = comment.partition("|M:")[2].partition("|D:")[0].strip()
        frame = round(clip.source_range.start_time.value) - hour
        found.append(ListedClip(name, frame, frame))
    return found


def _in_sequence(clips: list[Any]) -> list[ListedClip]:
    listed: list[ListedClip] = []
    for clip in clips:
        start = listed[-1].record_out if listed else 0
        place = clip.source_range
        end = start + round(place.duration.value)
        listed.append(ListedClip(clip.name, start, end, round(place.start_time.value)))
    return listed


def _read_table(kind: str, text: str, rate: Fraction) -> list[ListedClip]:
    rows = pd.read_csv(io.StringIO(text), keep_default_na=False).to_dict("records")
    if kind == "csv":
        ends = [(row["reel_start_s"], row["reel_end_s"]) for row in rows]
        frames = [tuple(round(float(at_s) * rate) for at_s in pair) for pair in ends]
        names = [row["title"] for row in rows]
    else:
        codes = [otio.opentime.from_timecode(row["In"], float(rate)) for row in rows]
        frames = [(round(code.value),) * 2 for code in codes]
        names = [row["Marker Name"] for row in rows]
    return [ListedClip(str(name), *pair) for name, pair in zip(names, frames, strict=True)]


def _frame(clock: str, rate: Fraction) -> int:
    """Clocks of hours, minutes and seconds, as far as they are given."""
    parts = [Fraction(part) for part in clock.split(":")]
    seconds = sum((part * 60**power for power, part in enumerate(reversed(parts))), Fraction(0))
    return round(seconds * rate)
