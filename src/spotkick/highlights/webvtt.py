"""WebVTT: captions of a reel, one per clip, which browsers and players show."""

from fractions import Fraction
from itertools import groupby

from spotkick.highlights.edit_list import EditEvent, EditList
from spotkick.highlights.edit_list_format import EditListFormat


def write_vtt(edits: EditList) -> str:
    """The text of a WebVTT file in the time of the reel."""
    cues = ["WEBVTT", ""]
    for number, group in groupby(edits.events, key=lambda event: event.clip_number):
        events = list(group)
        start, end = (
            _format_time(Fraction(frame) / edits.rate)
            for frame in (events[0].record_in, events[-1].record_out)
        )
        cues += [str(number), f"{start} --> {end}", _escape_text(_title_of(events[0])), ""]
    return "\n".join(cues)


def _title_of(event: EditEvent) -> str:
    return f"{event.clock} · {event.title}" if event.clock else event.title


def _format_time(seconds: Fraction) -> str:
    """Time in hours, minutes, seconds and milliseconds.

    Example:
        >>> _format_time(Fraction(7384567, 2000))
        '01:01:32.284'
    """
    milliseconds = round(seconds * 1000)
    whole, milliseconds = divmod(milliseconds, 1000)
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}.{milliseconds:03d}"


def _escape_text(text: str) -> str:
    line = " ".join(text.split())
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


FORMAT = EditListFormat("vtt", "WebVTT captions", lambda listing: write_vtt(listing.edits))
