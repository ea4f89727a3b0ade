"""Markers on the timeline of a reel: one at each action that it shows, for Resolve and Premiere.

Resolve imports markers of a timeline from an EDL whose comments hold their colour, name and length
in frames. Premiere lists markers as a table with timecodes.
"""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from spotkick.highlights.clips import Clip
from spotkick.highlights.edit_list import EditEvent, EditList
from spotkick.highlights.edit_list_format import EditListFormat, ReelListing
from spotkick.highlights.edl import check_edl
from spotkick.highlights.timecode import format_timecode

_RESOLVE_COLOURS: Final = ("Blue", "Cyan", "Green", "Yellow", "Red", "Pink", "Purple", "Fuchsia")
_PREMIERE_COLUMNS: Final = ("Marker Name", "Description", "In", "Out", "Duration", "Marker Type")
_CUSTOM_START: Final = "01:00:00:00"
"""Timelines of Resolve start here unless told otherwise, as our EDL does."""


@dataclass(frozen=True, slots=True)
class ReelMarker:
    """A point of the reel.

    Attributes:
        frame: of the reel, counted from 0.
        name: what happens.
        comment: why it is shown.
        label: class of the action.
    """

    frame: int
    name: str
    comment: str
    label: str


def make_markers(listing: ReelListing) -> tuple[ReelMarker, ...]:
    """A marker at each action that the reel shows, in order.

    Events whose clip is not known get one marker at their start.
    """
    edits = listing.edits
    markers: list[ReelMarker] = []
    begun_s: dict[int, float] = {}
    for event in edits.events:
        if event.clip_number > len(listing.clips):
            markers.append(ReelMarker(event.record_in, event.title, event.reason, event.title))
            continue

        # An event shows the next stretch of its clip.
        clip = listing.clips[event.clip_number - 1]
        start_s = begun_s.get(event.clip_number, clip.start_s)
        length_s = float(event.record_frames / edits.rate)
        begun_s[event.clip_number] = start_s + length_s
        markers += _mark_candidates(event, clip, start_s, edits)
    return tuple(sorted(markers, key=lambda marker: marker.frame))


def _mark_candidates(
    event: EditEvent, clip: Clip, start_s: float, edits: EditList
) -> Iterator[ReelMarker]:
    for candidate in clip.candidates:
        frame = event.record_in + round((candidate.position_s - start_s) * edits.rate)
        if event.record_in <= frame < event.record_out:
            yield ReelMarker(frame, candidate.title, candidate.reason, candidate.label)


def write_resolve_markers(listing: ReelListing) -> str:
    """The text of an EDL of markers, as Resolve imports it."""
    edits = listing.edits
    check_edl(edits)
    start = edits.start_frame(_CUSTOM_START)
    lines = [
        f"TITLE: {_one_line(edits.title)}",
        f"FCM: {'DROP FRAME' if edits.drop else 'NON-DROP FRAME'}",
        "",
    ]
    markers = make_markers(listing)
    labels = list(dict.fromkeys(marker.label for marker in markers))
    for number, marker in enumerate(markers, start=1):
        frames = (start + marker.frame, start + marker.frame + 1)
        first, last = (format_timecode(frame, edits.rate, drop=edits.drop) for frame in frames)
        colour = _RESOLVE_COLOURS[labels.index(marker.label) % len(_RESOLVE_COLOURS)]
        lines += [
            f"{number:03d}  001      V     C        {first} {last} {first} {last}  ",
            f"{_one_line(marker.comment)} |C:ResolveColor{colour} |M:{_one_line(marker.name)} |D:1",
            "",
        ]
    return "\r\n".join(lines)


def write_premiere_markers(listing: ReelListing) -> str:
    """The text of a table of markers, as Premiere writes it."""
    edits = listing.edits
    start = edits.start_frame()
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(_PREMIERE_COLUMNS)
    none = format_timecode(0, edits.rate, drop=edits.drop)
    for marker in make_markers(listing):
        at = format_timecode(start + marker.frame, edits.rate, drop=edits.drop)
        writer.writerow((marker.name, marker.comment, at, at, none, "Comment"))
    return text.getvalue()


def _one_line(text: str) -> str:
    return " ".join(text.replace("|", "/").split())


RESOLVE_FORMAT = EditListFormat(
    "resolve-markers",
    "markers for DaVinci Resolve",
    write_resolve_markers,
    check_edl,
    suffix="markers.edl",
)
PREMIERE_FORMAT = EditListFormat(
    "premiere-markers", "markers for Premiere", write_premiere_markers, suffix="markers.csv"
)
