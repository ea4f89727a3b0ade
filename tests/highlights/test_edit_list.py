"""Counting in frames: each side at its own rate and in its own way."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from spotkick.errors import InputError
from spotkick.highlights.edit_list import EditList, Source, Stretch, make_edit_list, make_source
from spotkick.highlights.edl import check_edl, write_edl
from spotkick.highlights.fcpxml import write_fcpxml
from spotkick.highlights.otio import write_otio
from spotkick.highlights.webvtt import write_vtt
from spotkick.video.probe import VideoInfo

NTSC, NTSC60 = Fraction(30000, 1001), Fraction(60000, 1001)


def info(name: str = "1_first.mp4", rate: Fraction = Fraction(25)) -> VideoInfo:
    return VideoInfo(
        path=Path("/videos") / name,
        container="mp4",
        codec="h264",
        stream_index=0,
        width_px=1280,
        height_px=720,
        rotation_deg=0,
        frame_rate=rate,
        duration_s=2700.0,
        start_s=0.0,
        audio_index=1,
        audio_rate_hz=48000,
        size_bytes=1,
    )


def seven_seconds(*rates: Fraction) -> EditList:
    """Seven seconds from second 17 of a video of each rate."""
    stretches = [
        Stretch(make_source(info(f"{n}_video.mp4", rate)), Fraction(17), Fraction(7), "Goal")
        for n, rate in enumerate(rates, start=1)
    ]
    return make_edit_list("match", stretches)


def codes_of(edits: EditList) -> list[list[str]]:
    return [line.split()[4:] for line in write_edl(edits).splitlines() if line[:1].isdigit()]


@pytest.mark.parametrize(
    "rates",
    [
        (Fraction(25), Fraction(50)),
        (Fraction(50), Fraction(25)),
        (NTSC, Fraction(25)),
        (Fraction(25), NTSC60, Fraction(24)),
    ],
)
def test_make_edit_list_mixed_rates_each_side_lasts_seven_seconds(
    rates: tuple[Fraction, ...],
) -> None:
    edits = seven_seconds(*rates)
    for event, rate in zip(edits.events, rates, strict=True):
        assert abs(event.source_frames / rate - 7) <= 1 / rate
        assert abs(event.record_frames / edits.rate - 7) <= 1 / edits.rate
        assert event.source_in == round(17 * rate)
    ends = [event.record_out for event in edits.events]
    assert ends == [round(7 * n * edits.rate) for n in range(1, len(rates) + 1)]


def test_write_edl_mixed_rates_source_out_is_in_frames_of_the_source() -> None:
    assert codes_of(seven_seconds(Fraction(25), Fraction(50))) == [
        ["00:00:17:00", "00:00:24:00", "01:00:00:00", "01:00:07:00"],
        ["00:00:17:00", "00:00:24:00", "01:00:07:00", "01:00:14:00"],
    ]


def test_write_otio_mixed_rates_durations_are_in_frames_of_the_source() -> None:
    import opentimelineio as otio

    text = write_otio(seven_seconds(Fraction(25), Fraction(50)))
    track = otio.adapters.read_from_string(text, "otio_json").tracks[0]
    assert [clip.source_range.duration.value for clip in track] == [175, 350]
    assert [clip.source_range.duration.to_seconds() for clip in track] == [7, 7]


@pytest.mark.parametrize(
    ("timecode", "drop", "source_in", "source_drop"),
    [
        ("01:00:00:00", None, "01:00:17:00", False),
        ("01:00:00;00", None, "01:00:17;00", True),
        ("01:00:00;00", False, "01:00:17;00", True),
        ("10:00:00:00", True, "10:00:17:00", False),
        ("", None, "00:00:17;00", True),
        ("", False, "00:00:17:00", False),
    ],
)
@pytest.mark.parametrize("rate", [NTSC, NTSC60])
def test_make_source_counting_is_that_of_the_recorder(
    rate: Fraction, timecode: str, drop: bool | None, source_in: str, source_drop: bool
) -> None:
    source = make_source(replace(info(rate=rate), timecode=timecode), drop=drop)
    stretch = Stretch(source, 510 * 1001 / Fraction(30000), Fraction(2), "Goal")
    edits = make_edit_list("match", [stretch], drop=drop)
    assert source.drop is source_drop
    assert codes_of(edits)[0][0] == source_in
    assert edits.drop is (source_drop if drop is None else drop)
    assert (";" in codes_of(edits)[0][2]) is edits.drop
    clip = ET.fromstring(write_fcpxml(edits)).find(".//asset-clip")  # noqa: S314 -- our own text
    assert clip is not None
    assert clip.attrib["tcFormat"] == ("DF" if source_drop else "NDF")


@pytest.mark.parametrize(
    ("rate", "timecode_rate", "timecode", "frame"),
    [
        (Fraction(50), Fraction(25), "10:00:00:20", 1_800_040),
        (NTSC60, NTSC, "00:00:10:15", 630),
        (NTSC60, NTSC, "00:01:00;02", 3600),
        (Fraction(100), Fraction(25), "00:00:01:01", 104),
    ],
)
def test_make_source_timecode_of_half_the_rate_is_converted(
    rate: Fraction, timecode_rate: Fraction, timecode: str, frame: int
) -> None:
    known = replace(info(rate=rate), timecode=timecode, timecode_rate=timecode_rate)
    assert make_source(known).start_frame == frame


@pytest.mark.parametrize(
    ("average", "nominal"),
    [
        (Fraction(269700, 8999), NTSC),
        (Fraction(989, 33), NTSC),
        (Fraction(38400000, 1536041), Fraction(25)),
        (Fraction(53385000, 899899), NTSC60),
    ],
)
def test_lists_uneven_rate_is_counted_at_a_rate_of_editing_programs(
    average: Fraction, nominal: Fraction
) -> None:
    edits = seven_seconds(average)
    assert edits.rate == nominal
    assert f'frameDuration="{nominal.denominator}/{nominal.numerator}s"' in write_fcpxml(edits)
    assert edits.events[0].source_in == round(17 * nominal)


def test_write_fcpxml_fields_and_pixels_of_each_source_are_stated() -> None:
    shapes = (
        replace(info("a.ts"), field_order="top", sample_aspect=Fraction(64, 45), width_px=720),
        replace(info("b.avi"), field_order="bottom"),
        info("c.mp4"),
    )
    stretches = [Stretch(Source(item), Fraction(0), Fraction(1), "Goal") for item in shapes]
    root = ET.fromstring(write_fcpxml(make_edit_list("m", stretches)))  # noqa: S314 -- own text
    found = [
        (item.get("fieldOrder"), item.get("paspH"), item.get("paspV"))
        for item in root.findall("resources/format")
    ]
    assert found == [
        ("upper first", "64", "45"),
        ("lower first", None, None),
        ("progressive", None, None),
    ]


def test_write_edl_names_of_any_script_stay_and_reels_are_unique() -> None:
    names = ("試合.mp4", "матч.mp4", "Köln.mp4")
    stretches = [
        Stretch(make_source(info(name)), Fraction(0), Fraction(1), "ゴール") for name in names
    ]
    text = write_edl(make_edit_list("Ñandú 試合", stretches))
    assert "TITLE: Ñandú 試合" in text
    assert all(f"* FROM CLIP NAME: {name}" in text for name in names)
    assert "* SOURCE FILE: /videos/матч.mp4" in text
    assert "?" not in text
    reels = [line.split()[1] for line in text.splitlines() if line[:1].isdigit()]
    assert reels == ["REEL1", "REEL2", "KOLN"]


@pytest.mark.parametrize("rates", [(Fraction(120),), (Fraction(25), Fraction(120))])
def test_check_edl_rate_of_reel_or_source_too_high_raises(rates: tuple[Fraction, ...]) -> None:
    with pytest.raises(InputError, match=r"60 frames per second, got .* at 120"):
        check_edl(seven_seconds(*rates))


def test_write_vtt_clip_in_two_files_is_one_cue_with_match_clock() -> None:
    first, second = make_source(info("1_part1.mp4")), make_source(info("1_part2.mp4"))
    stretches = [
        Stretch(first, Fraction(36), Fraction(4), "Goal", clip_number=1, clock="45:20"),
        Stretch(second, Fraction(0), Fraction(3), "Goal", clip_number=1, clock="45:20"),
        Stretch(second, Fraction(9), Fraction(3), "Foul", clip_number=2, clock="46:00"),
    ]
    text = write_vtt(make_edit_list("m", stretches))
    assert text.count("-->") == 2
    assert "00:00:00.000 --> 00:00:07.000\n45:20 · Goal" in text
