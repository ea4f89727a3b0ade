"""Avid Log Exchange: the clips of a reel as a log, one line a clip, in source timecode.

A log has one rate for all its clips. Source: Avid, Avid Log Exchange format.
"""

from typing import Final

from spotkick.errors import InputError
from spotkick.highlights.edit_list import EditEvent, EditList
from spotkick.highlights.edit_list_format import EditListFormat, ReelListing
from spotkick.highlights.timecode import format_timecode

_COLUMNS: Final = (
    *("Name", "Tracks", "Start", "End", "Duration", "Tape", "Source File", "FPS"),
    *("Comments", "Match Clock"),
)


def check_ale(edits: EditList) -> None:
    """Check that a log can hold a reel.

    Raises:
        InputError: if its sources have different rates.
    """
    rates = sorted({source.rate for source in edits.sources})
    if len(rates) > 1:
        shown = ", ".join(f"{float(rate):.2f}" for rate in rates)
        raise InputError(
            f"an Avid log has one frame rate, these sources have {shown}; write EDL or OTIO"
        )


def write_ale(listing: ReelListing) -> str:
    """The text of a log.

    Raises:
        InputError: see `check_ale`.
    """
    edits = listing.edits
    check_ale(edits)
    height_px = edits.sources[0].info.height_px if edits.sources else 1080
    rate = edits.sources[0].rate if edits.sources else edits.rate
    lines = [
        "Heading",
        "FIELD_DELIM\tTABS",
        f"VIDEO_FORMAT\t{_video_format(height_px)}",
        "AUDIO_FORMAT\t48khz",
        f"FPS\t{_format_rate(float(rate))}",
        "",
        "Column",
        "\t".join(_COLUMNS),
        "",
        "Data",
        *("\t".join(_row_of(event, edits)) for event in edits.events),
    ]
    return "\r\n".join(lines) + "\r\n"


def _row_of(event: EditEvent, edits: EditList) -> list[str]:
    source = event.source
    first, last, length = (
        format_timecode(frame, source.rate, drop=source.drop)
        for frame in (
            source.start_frame + event.source_in,
            source.start_frame + event.source_out,
            event.source_frames,
        )
    )
    cells = (
        event.title,
        "VA1A2" if source.info.has_audio else "V",
        first,
        last,
        length,
        edits.reel_names()[source.path],
        source.path.name,
        _format_rate(float(source.rate)),
        event.note,
        event.clock,
    )
    return [" ".join(cell.split()) for cell in cells]


def _format_rate(rate: float) -> str:
    """Frames per second as Avid writes them.

    Example:
        >>> _format_rate(25.0), _format_rate(30000 / 1001), _format_rate(24000 / 1001)
        ('25', '29.97', '23.976')
    """
    if rate == round(rate):
        return str(round(rate))
    return f"{rate:.3f}" if rate < 24 else f"{rate:.2f}"


def _video_format(height_px: int) -> str:
    for height, name in ((486, "NTSC"), (576, "PAL"), (720, "720"), (1080, "1080")):
        if height_px <= height:
            return name
    return "CUSTOM"


FORMAT = EditListFormat("ale", "Avid log", write_ale, check_ale)
