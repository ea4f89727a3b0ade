import csv
import io
import json
import re
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree as ET

import opentimelineio as otio
import pytest

from spotkick.errors import InputError
from spotkick.highlights.candidates import Candidate
from spotkick.highlights.clip_tables import clip_rows, reel_document, write_csv
from spotkick.highlights.clips import Clip
from spotkick.highlights.edit_list import EditList, Stretch, make_edit_list, make_source
from spotkick.highlights.edit_list_format import ReelListing
from spotkick.highlights.edl import write_edl
from spotkick.highlights.fcpxml import write_fcpxml
from spotkick.highlights.fitting import LeftOut
from spotkick.highlights.otio import write_otio
from spotkick.highlights.timecode import parse_timecode
from spotkick.highlights.webvtt import write_vtt
from spotkick.video.probe import VideoInfo

NTSC, NTSC60 = Fraction(30000, 1001), Fraction(60000, 1001)
RATES = [
    (Fraction(25), False),
    (NTSC, True),
    (NTSC, False),
    (Fraction(50), False),
    (NTSC60, True),
    (NTSC60, False),
]
FRAMES = ((1799, 300), (17_982, 125), (40_000, 1))  # first frame and length of each clip


def info(rate: Fraction, *, audio: bool = True, timecode: str = "") -> VideoInfo:
    path = Path("/videos/1 final & cut.mp4")
    return VideoInfo(
        path,
        "mp4",
        "h264",
        0,
        1280,
        720,
        0,
        rate,
        2700.0,
        0.0,
        1 if audio else None,
        48000,
        1,
        timecode,
    )


def edit_list(rate: Fraction, drop: bool, *, timecode: str = "", audio: bool = True) -> EditList:
    source = make_source(info(rate, audio=audio, timecode=timecode), drop=drop)
    titles = ("Goal", "Possible goal <&>", "Yellow->red card")
    stretches = [
        Stretch(source, first / rate, length / rate, title, f"reason for {title}", 0.5)
        for (first, length), title in zip(FRAMES, titles, strict=True)
    ]
    return make_edit_list("Home S - S Away", stretches, drop=drop)


def test_make_edit_list_whole_frames_without_gaps() -> None:
    edits = edit_list(NTSC, drop=True)
    assert [(event.source_in, event.source_frames) for event in edits.events] == list(FRAMES)
    assert [event.record_in for event in edits.events] == [0, 300, 425]
    assert edits.num_frames == 426
    assert not edit_list(Fraction(25), drop=True).drop


EVENT = re.compile(r"(\d{3})  AX\s+(AA/V|V)\s+C\s+(\S+) (\S+) (\S+) (\S+)")


@pytest.mark.parametrize(("rate", "drop"), RATES)
def test_write_edl_any_rate_counts_every_frame(rate: Fraction, drop: bool) -> None:
    text = write_edl(edit_list(rate, drop))
    assert text.startswith(f"TITLE: Home S - S Away\r\nFCM: {'' if drop else 'NON-'}DROP FRAME\r\n")
    events = [match.groups() for match in EVENT.finditer(text)]
    assert [event[0] for event in events] == ["001", "002", "003"]
    codes = [[parse_timecode(code, rate) for code in event[2:]] for event in events]
    assert all(dropped is drop for event in codes for _, dropped in event)
    frames = [[frame for frame, _ in event] for event in codes]
    assert [(event[0], event[1] - event[0]) for event in frames] == list(FRAMES)
    hour = parse_timecode("01:00:00;00" if drop else "01:00:00:00", rate)[0]
    assert [event[2] - hour for event in frames] == [0, 300, 425]
    assert all(event[3] - event[2] == event[1] - event[0] for event in frames)
    assert "* FROM CLIP NAME: 1 final & cut.mp4" in text


def test_write_edl_29_97_drop_frame_known_codes() -> None:
    first = EVENT.search(write_edl(edit_list(NTSC, drop=True)))
    assert first is not None
    assert first.groups() == (
        "001",
        "AA/V",
        "00:00:59;29",
        "00:01:10;01",
        "01:00:00;00",
        "01:00:10;00",
    )


def test_write_edl_source_timecode_is_counted_from() -> None:
    edits = edit_list(Fraction(25), drop=False, timecode="10:00:00:00", audio=False)
    first = EVENT.search(write_edl(edits))
    assert first is not None
    assert first.groups()[1:3] == ("V", "10:01:11:24")


def test_write_edl_too_many_events_or_frames_raises() -> None:
    many = [Stretch(make_source(info(NTSC)), Fraction(0), Fraction(1), "x")] * 1000
    with pytest.raises(InputError, match="999 events"):
        write_edl(make_edit_list("x", many))
    with pytest.raises(InputError, match="60 frames per second"):
        write_edl(edit_list(Fraction(100), drop=False))


@pytest.mark.parametrize(("rate", "drop"), RATES)
def test_write_fcpxml_any_rate_times_are_whole_frames(rate: Fraction, drop: bool) -> None:
    def frames(text: str, at: Fraction = rate) -> int:
        seconds = Fraction(text.removesuffix("s"))
        assert (seconds * at).denominator == 1  # a whole number of frames
        return int(seconds * at)

    text = write_fcpxml(edit_list(rate, drop, timecode="01:00:00:00"))
    assert "<!DOCTYPE fcpxml>" in text
    root = ET.fromstring(text)  # noqa: S314 -- our own text
    video_format, asset = root.find("resources/format"), root.find("resources/asset")
    assert video_format is not None
    assert asset is not None
    assert Fraction(video_format.attrib["frameDuration"].removesuffix("s")) == 1 / rate
    assert asset.attrib["src"] == "file:///videos/1%20final%20%26%20cut.mp4"
    sequence = root.find("library/event/project/sequence")
    assert sequence is not None
    assert sequence.attrib["tcFormat"] == ("DF" if drop else "NDF")
    assert frames(sequence.attrib["duration"]) == 426
    clips = root.findall(".//spine/asset-clip")
    first = frames(asset.attrib["start"])
    assert [
        (frames(clip.attrib["start"]) - first, frames(clip.attrib["duration"])) for clip in clips
    ] == list(FRAMES)
    assert [frames(clip.attrib["offset"]) for clip in clips] == [0, 300, 425]
    assert {clip.attrib["ref"] for clip in clips} == {asset.attrib["id"]}
    assert clips[1].attrib["name"] == "Possible goal <&>"
    assert clips[1].findtext("note") == "reason for Possible goal <&>"


@pytest.mark.parametrize(("rate", "drop"), RATES)
@pytest.mark.parametrize("audio", [True, False])
def test_write_otio_read_by_its_library_gives_same_frames(
    rate: Fraction, drop: bool, audio: bool
) -> None:
    timeline = otio.adapters.read_from_string(
        write_otio(edit_list(rate, drop, audio=audio)), "otio_json"
    )
    tracks = list(timeline.tracks)
    assert [track.kind for track in tracks] == ["Video", "Audio"][: 1 + audio]
    clips = list(tracks[0])
    assert [
        (clip.source_range.start_time.value, clip.source_range.duration.value) for clip in clips
    ] == list(FRAMES)
    assert [clip.range_in_parent().start_time.value for clip in clips] == [0, 300, 425]
    assert clips[0].source_range.start_time.rate == pytest.approx(float(rate))
    assert clips[0].media_reference.target_url.endswith("cut.mp4")
    assert clips[0].metadata["spotkick"]["reason"] == "reason for Goal"


def test_write_vtt_cues_in_reel_time() -> None:
    text = write_vtt(edit_list(Fraction(25), drop=False))
    assert text.splitlines()[:8] == [
        "WEBVTT",
        "",
        "1",
        "00:00:00.000 --> 00:00:12.000",
        "Goal",
        "",
        "2",
        "00:00:12.000 --> 00:00:17.000",
    ]
    assert "Possible goal &lt;&amp;&gt;" in text
    assert text.count("-->") == 3


def test_clip_tables_reason_of_each_clip_and_no_formulas() -> None:
    edits = edit_list(Fraction(25), drop=False)
    odd = Candidate("=cmd()", 1, 720, 0.57, spotted=False)
    candidates = [Candidate("Goal", 1, 75, 0.9), odd, Candidate("Card", 1, 1600, 0.4)]
    clips = [
        Clip(1, item.position_s - 3, item.position_s + 3, (item,), item.score, item)
        for item in candidates
    ]
    listing = ReelListing(edits, tuple(clips), (LeftOut(clips[0], "no room in 5 s"),))
    assert len(clip_rows(listing)) == 3
    back = list(csv.DictReader(io.StringIO(write_csv(listing))))
    assert [row["reel_start_s"] for row in back] == ["0.0", "12.0", "17.0"]
    assert back[1]["label"] == "'=cmd()"
    assert back[0]["reason"] == "Goal spotted at 1 - 01:15 with confidence 0.90"
    value = json.loads(json.dumps(reel_document(listing)))
    assert value["duration_s"] == pytest.approx(17.04)
    assert value["clips"][1]["spotted"] is False
    assert value["left_out"][0]["reason"] == back[0]["reason"]
