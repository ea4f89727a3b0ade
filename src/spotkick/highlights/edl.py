"""CMX3600 edit decision lists, which every editing program reads.

Source timecodes count from the first frame of each video, record timecodes from 01:00:00:00.
Source: CMX 3600 as in SMPTE 258M: event, reel, channels, transition, source in and out, record in
and out; out points are the first frame not shown.
"""

from typing import Final

from spotkick.errors import InputError
from spotkick.highlights.edit_list import EditList
from spotkick.highlights.timecode import can_drop, counted_rate, format_timecode, parse_timecode

_MOST_EVENTS: Final = 999
_MOST_COUNTED: Final = 60


def write_edl(edits: EditList) -> str:
    """The text of an EDL.

    Raises:
        InputError: if there are more events, or more frames a second, than the format can count.
    """
    rate = edits.rate
    if len(edits.edits) > _MOST_EVENTS or counted_rate(rate) > _MOST_COUNTED:
        raise InputError(
            f"an EDL holds up to {_MOST_EVENTS} events at up to {_MOST_COUNTED} frames per second; write OTIO instead"
        )
    lines = [
        f"TITLE: {_plain(edits.title)}",
        f"FCM: {'DROP FRAME' if edits.drop else 'NON-DROP FRAME'}",
        "",
    ]
    hour, _ = parse_timecode("01:00:00;00" if edits.drop else "01:00:00:00", rate)
    for number, edit in enumerate(edits.edits, start=1):
        first = edit.source.start_frame
        source_rate = edit.source.info.frame_rate
        source_drop = edits.drop and can_drop(source_rate)
        codes = " ".join(
            [
                *(
                    format_timecode(first + frame, source_rate, drop=source_drop)
                    for frame in (edit.source_in, edit.source_out)
                ),
                *(
                    format_timecode(hour + frame, rate, drop=edits.drop)
                    for frame in (edit.record_in, edit.record_out)
                ),
            ]
        )
        channels = "AA/V" if edit.source.info.has_audio else "V"
        lines.append(f"{number:03d}  {'AX':<8} {channels:<5} C        {codes}")
        lines.append(f"* FROM CLIP NAME: {_plain(edit.source.path.name)}")
        lines += [f"* COMMENT: {_plain(text)}" for text in (edit.title, edit.reason) if text]
        lines.append("")
    return "\r\n".join(lines)


def _plain(text: str) -> str:
    """One line of characters that old programs read."""
    return " ".join(text.split()).encode("ascii", "replace").decode()
