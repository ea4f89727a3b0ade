"""CMX3600 edit decision lists, which every editing program reads.

Source timecodes count from the first frame of each video at its own rate, record timecodes from
01:00:00:00, or another start that is chosen, at the rate of the reel; a semicolon before the frames
marks drop-frame. Names and comments are UTF-8, as Resolve and Premiere read them. Source: CMX 3600:
event, reel, channels, transition, source in and out, record in and out; out points are the first
frame not shown.
"""

from typing import Final

from spotkick.errors import InputError
from spotkick.highlights.edit_list import EditEvent, EditList
from spotkick.highlights.edit_list_format import EditListFormat
from spotkick.highlights.timecode import counted_rate, format_timecode

_MAX_EVENTS: Final = 999
_MAX_COUNTED: Final = 60
_CUSTOM_START: Final = "01:00:00:00"


def check_edl(edits: EditList) -> None:
    """Check that an EDL can hold a reel.

    Raises:
        InputError: if there are more events, or more frames a second, than the format can count.
    """
    rates = {edits.rate, *(source.rate for source in edits.sources)}
    if len(edits.events) > _MAX_EVENTS or max(map(counted_rate, rates)) > _MAX_COUNTED:
        raise InputError(
            f"an EDL holds up to {_MAX_EVENTS} events at up to {_MAX_COUNTED} frames per second, "
            f"got {len(edits.events)} at {max(map(counted_rate, rates))}; write OTIO instead"
        )


def write_edl(edits: EditList) -> str:
    """The text of an EDL.

    Raises:
        InputError: see `check_edl`.
    """
    check_edl(edits)
    names = edits.reel_names()
    lines = [
        f"TITLE: {_one_line(edits.title)}",
        f"FCM: {'DROP FRAME' if edits.drop else 'NON-DROP FRAME'}",
        "",
    ]

    for number, event in enumerate(edits.events, start=1):
        source = event.source
        channels = "AA/V" if source.info.has_audio else "V"
        codes = _format_codes(event, edits)
        lines.append(f"{number:03d}  {names[source.path]:<8} {channels:<5} C        {codes}")
        lines.append(f"* FROM CLIP NAME: {_one_line(source.path.name)}")
        lines.append(f"* SOURCE FILE: {_one_line(str(source.path.absolute()))}")
        lines += [f"* COMMENT: {_one_line(text)}" for text in (event.title, event.note) if text]
        lines.append("")
    return "\r\n".join(lines)


def _format_codes(event: EditEvent, edits: EditList) -> str:
    """Source in and out, record in and out."""
    source = event.source
    sources = (
        format_timecode(source.start_frame + frame, source.rate, drop=source.drop)
        for frame in (event.source_in, event.source_out)
    )

    start = edits.start_frame(_CUSTOM_START)
    records = (
        format_timecode(start + frame, edits.rate, drop=edits.drop)
        for frame in (event.record_in, event.record_out)
    )
    return " ".join((*sources, *records))


def _one_line(text: str) -> str:
    return " ".join(text.split())


FORMAT = EditListFormat(
    "edl", "CMX3600 edit decision list", lambda listing: write_edl(listing.edits), check_edl
)
