"""WebVTT: captions of a reel, one per clip, which browsers and players show."""

from fractions import Fraction

from spotkick.highlights.edit_list import EditList


def write_vtt(edits: EditList) -> str:
    """The text of a WebVTT file in the time of the reel."""
    cues = ["WEBVTT", ""]
    for number, edit in enumerate(edits.edits, start=1):
        start, end = (
            _clock(Fraction(frame) / edits.rate) for frame in (edit.record_in, edit.record_out)
        )
        cues += [str(number), f"{start} --> {end}", _escaped(edit.title), ""]
    return "\n".join(cues)


def _clock(seconds: Fraction) -> str:
    """Time in hours, minutes, seconds and milliseconds.

    Example:
        >>> _clock(Fraction(7384567, 2000))
        '01:01:32.284'
    """
    milliseconds = round(seconds * 1000)
    whole, milliseconds = divmod(milliseconds, 1000)
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}.{milliseconds:03d}"


def _escaped(text: str) -> str:
    line = " ".join(text.split())
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
