"""Lists for editors, read back by the adapters of OpenTimelineIO at the rates of television."""

import csv
import io
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree as ET

import opentimelineio as otio
import pytest

from spotkick.errors import InputError
from spotkick.highlights.ale import write_ale
from spotkick.highlights.candidates import Candidate
from spotkick.highlights.chapters import find_chapters, write_chapters
from spotkick.highlights.clips import Clip
from spotkick.highlights.edit_list import EditList, Stretch, make_edit_list, make_source
from spotkick.highlights.edit_list_files import LIST_FORMATS
from spotkick.highlights.edit_list_format import ReelListing
from spotkick.highlights.edl import write_edl
from spotkick.highlights.fcpxml import write_fcpxml
from spotkick.highlights.markers import (
    make_markers,
    write_premiere_markers,
    write_resolve_markers,
)
from spotkick.highlights.otio import write_otio
from spotkick.highlights.timecode import parse_timecode
from spotkick.highlights.xmeml import write_xmeml
from spotkick.video.probe import VideoInfo
from support.list_readers import READERS, read_clips

RATES = [
    (Fraction(24000, 1001), False),
    (Fraction(25), False),
    (Fraction(30000, 1001), True),
    (Fraction(30000, 1001), False),
    (Fraction(50), False),
    (Fraction(60000, 1001), True),
    (Fraction(60000, 1001), False),
]
FRAMES = ((1799, 600), (17_982, 725), (40_000, 901))
"""First frame and length of each clip, in the source."""


def make_info(rate: Fraction, **fields: object) -> VideoInfo:
    values: dict[str, object] = {
        "path": Path("/videos/1 final & cut.mp4"),
        "container": "mp4",
        "codec": "h264",
        "stream_index": 0,
        "width_px": 1280,
        "height_px": 720,
        "rotation_deg": 0,
        "frame_rate": rate,
        "duration_s": 2700.0,
        "start_s": 0.0,
        "audio_index": 1,
        "audio_rate_hz": 48000,
        "size_bytes": 1,
        "timecode": "10:00:00:00",
    }
    return VideoInfo(**(values | fields))  # type: ignore[arg-type]


def make_edits(rate: Fraction, drop: bool, *, start: str = "") -> EditList:
    source = make_source(make_info(rate), drop=drop)
    source = replace(source, drop=drop)
    titles = ("Goal", "Possible goal <&>", "Yellow->red card")
    stretches = [
        Stretch(source, first / rate, length / rate, title, f"reason for {title}", 0.5)
        for (first, length), title in zip(FRAMES, titles, strict=True)
    ]
    return make_edit_list("Home S - S Away", stretches, drop=drop, start_timecode=start)


def make_listing(rate: Fraction, drop: bool, *, start: str = "") -> ReelListing:
    """Each clip shows an action three seconds after its start, the first one two."""
    edits = make_edits(rate, drop, start=start)
    clips = []
    for event in edits.events:
        start_s = float(event.source_in / rate)
        shown = [Candidate(event.title, 1, start_s + 3.0, 0.9)]
        if event.clip_number == 1:
            shown.append(Candidate("Corner", 1, start_s + 5.5, 0.4))
        end_s = float(event.source_out / rate)
        clips.append(Clip(1, start_s, end_s, tuple(shown), 0.9, shown[0]))
    return ReelListing(edits, tuple(clips))


def frames_of(text: str, adapter: str, rate: Fraction) -> list[tuple[int, int]]:
    """First frame and length of each clip of pictures, as OpenTimelineIO reads them."""
    options = {"rate": float(rate)} if adapter == "cmx_3600" else {}
    timeline = otio.adapters.read_from_string(text, adapter, **options)
    (track,) = timeline.video_tracks()
    ranges = [clip.source_range for clip in track if isinstance(clip, otio.schema.Clip)]
    return [(round(item.start_time.value), round(item.duration.value)) for item in ranges]


@pytest.mark.parametrize(("rate", "drop"), RATES)
def test_write_xmeml_read_by_opentimelineio_has_the_same_frames(rate: Fraction, drop: bool) -> None:
    text = write_xmeml(make_listing(rate, drop))
    source = make_edits(rate, drop).events[0].source
    found = frames_of(text, "fcp_xml", rate)
    assert [(first - source.start_frame, length) for first, length in found] == list(FRAMES)


@pytest.mark.parametrize(("rate", "drop"), RATES)
def test_write_edl_read_by_opentimelineio_has_the_same_frames(rate: Fraction, drop: bool) -> None:
    edits = make_edits(rate, drop)
    start = edits.events[0].source.start_frame
    expected = [(start + first, length) for first, length in FRAMES]
    assert frames_of(write_edl(edits), "cmx_3600", rate) == expected


@pytest.mark.parametrize(("rate", "drop"), RATES)
def test_write_ale_read_by_opentimelineio_has_the_same_frames(rate: Fraction, drop: bool) -> None:
    text = write_ale(make_listing(rate, drop))
    source = make_edits(rate, drop).events[0].source
    clips = otio.adapters.read_from_string(text.replace("\r\n", "\n"), "ale", fps=float(rate))
    found = [
        (round(clip.source_range.start_time.value), round(clip.source_range.duration.value))
        for clip in clips
    ]
    assert [(first - source.start_frame, length) for first, length in found] == list(FRAMES)
    assert next(clip.name for clip in clips) == "Goal"


@pytest.mark.parametrize(("rate", "drop"), RATES)
def test_write_markers_lie_on_the_frames_of_the_actions(rate: Fraction, drop: bool) -> None:
    listing = make_listing(rate, drop)
    frames = [marker.frame for marker in make_markers(listing)]
    starts = [event.record_in for event in listing.edits.events]
    wanted = [
        *(start + round(3 * rate) for start in starts),
        starts[0] + round(Fraction(11, 2) * rate),
    ]
    assert frames == sorted(wanted)

    # The same frames in both lists, counted from the start of each program's timelines.
    rows = list(csv.DictReader(io.StringIO(write_premiere_markers(listing))))
    assert [parse_timecode(row["In"], rate)[0] for row in rows] == frames
    hour = listing.edits.start_frame("01:00:00:00")
    timeline = otio.adapters.read_from_string(
        write_resolve_markers(listing), "cmx_3600", rate=float(rate)
    )
    (track,) = timeline.video_tracks()
    found = [round(clip.source_range.start_time.value) - hour for clip in track.find_clips()]
    assert found == frames


def test_read_clips_readers_are_there_for_every_list() -> None:
    assert READERS.keys() == LIST_FORMATS.keys() - {"json"}


@pytest.mark.parametrize(("rate", "drop"), RATES)
@pytest.mark.parametrize("kind", ["edl", "xmeml", "otio", "ale", "vtt", "csv", "fcpxml"])
def test_lists_read_by_other_programs_have_the_same_reel(
    kind: str, rate: Fraction, drop: bool
) -> None:
    if kind == "fcpxml":
        rate, drop = Fraction(round(rate)), False  # all that its adapter can count
    listing = make_listing(rate, drop)
    clips = read_clips(kind, LIST_FORMATS[kind].write(listing), rate)
    events = listing.edits.events
    assert [(clip.record_in, clip.record_out) for clip in clips] == [
        (event.record_in, event.record_out) for event in events
    ]
    if kind != "edl":  # names the file
        assert [clip.name for clip in clips] == [event.title for event in events]
    if clips[0].source_in is not None:
        first = events[0].source.start_frame
        assert [clip.source_in for clip in clips] == [first + event.source_in for event in events]


def test_write_resolve_markers_name_colour_and_length() -> None:
    text = write_resolve_markers(make_listing(Fraction(25), drop=False))
    first = text.split("\r\n")[3:5]
    assert first[0] == (
        "001  001      V     C        01:00:03:00 01:00:03:01 01:00:03:00 01:00:03:01  "
    )
    assert "|C:ResolveColorBlue |M:Goal |D:1" in first[1]


@pytest.mark.parametrize("start", ["00:00:00:00", "01:00:00:00", "10:00:00:00"])
def test_make_edit_list_record_start_is_that_of_every_list(start: str) -> None:
    rate = Fraction(25)
    listing = make_listing(rate, drop=False, start=start)
    frame = parse_timecode(start, rate)[0]
    first = write_edl(listing.edits).split("\r\n")[3].split()
    assert first[-2] == start
    plain = otio.adapters.read_from_string(write_otio(listing.edits), "otio_json")
    assert round(plain.global_start_time.value) == frame
    sequence = ET.fromstring(write_xmeml(listing)).find("sequence")  # noqa: S314 -- our own text
    assert sequence is not None
    assert sequence.findtext("timecode/string") == start
    fcpxml = write_fcpxml(listing.edits)
    assert f'tcStart="{frame}/25s"' in fcpxml.replace('"0s"', '"0/25s"')


def test_make_edit_list_impossible_record_start_is_refused() -> None:
    with pytest.raises(InputError, match="does not exist at 25 frames"):
        make_edits(Fraction(25), drop=False, start="00:00:00:25")


def test_write_xmeml_describes_interlaced_and_anamorphic_sources() -> None:
    info = make_info(
        Fraction(25),
        width_px=720,
        height_px=576,
        field_order="top",
        sample_aspect=Fraction(64, 45),
    )
    edits = make_edit_list("x", [Stretch(make_source(info), Fraction(0), Fraction(2), "Goal")])
    root = ET.fromstring(write_xmeml(ReelListing(edits)))  # noqa: S314 -- our own text
    media = root.find(".//file/media/video/samplecharacteristics")
    assert media is not None
    values = {child.tag: child.text for child in media}
    assert values["fielddominance"] == "upper"
    assert values["anamorphic"] == "TRUE"
    assert values["pixelaspectratio"] == "PAL-601"


@pytest.mark.parametrize("kind", ["edl", "xmeml", "fcpxml", "ale", "otio", "csv", "json"])
def test_lists_hdr_and_interlaced_sources_are_described(kind: str) -> None:
    plain = make_listing(Fraction(25), drop=False)
    events = tuple(
        replace(
            event,
            source=replace(
                event.source, info=replace(event.source.info, hdr="PQ", field_order="top")
            ),
        )
        for event in plain.edits.events
    )
    listing = replace(plain, edits=replace(plain.edits, events=events))
    text = LIST_FORMATS[kind].write(listing)
    assert "HDR (PQ); interlaced, top field first" in text
    assert "HDR" not in LIST_FORMATS[kind].write(plain)
    assert ("9-16-9 (Rec. 2020 PQ)" in text) == (kind == "fcpxml")


def test_write_ale_sources_of_two_rates_are_refused() -> None:
    stretches = [
        Stretch(
            make_source(make_info(rate, path=Path(f"/{rate.numerator}.mp4"), timecode="")),
            Fraction(0),
            Fraction(2),
            "x",
        )
        for rate in (Fraction(25), Fraction(50))
    ]
    with pytest.raises(InputError, match=r"one frame rate, these sources have 25\.00, 50\.00"):
        write_ale(ReelListing(make_edit_list("x", stretches)))


def test_write_chapters_start_at_zero_and_last_ten_seconds() -> None:
    listing = make_listing(Fraction(25), drop=False)
    assert write_chapters(listing) == "0:00 Goal\n0:24 Possible goal &\n0:53 Yellow→red card\n"
    source = make_source(make_info(Fraction(25)))
    lengths = (12, 4, 30, 15, 5)
    stretches = [Stretch(source, Fraction(0), Fraction(length), f"{length}") for length in lengths]
    found = find_chapters(make_edit_list("x", stretches))
    assert found == [(0, "12"), (12, "4, 30"), (46, "15, 5")]
    with pytest.raises(InputError, match="YouTube shows chapters from 3"):
        write_chapters(ReelListing(make_edit_list("x", stretches[:2])))
