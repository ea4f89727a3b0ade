from pathlib import Path

import pytest

from spotkick.video_names import VIDEO_SUFFIXES, is_video_name, parse_video_name


@pytest.mark.parametrize(
    ("name", "period"),
    [
        ("1_720p.mkv", 1),
        ("1_HQ.mp4", 1),
        ("2.mp4", 2),
        ("1_anything.ts", 1),
        ("2-720p.mkv", 2),
        ("match_1st_half.mp4", 1),
        ("match_2nd-half_1080p.mov", 2),
        ("First Half.mxf", 1),
        ("secondhalf.avi", 2),
        ("H1.mp4", 1),
        ("cup_H2.mp4", 2),
        ("2H.m2ts", 2),
        ("half 1.vob", 1),
        ("period-3.ogv", 3),
        ("Q4.mpeg", 4),
        ("4th quarter.mp4", 4),
        ("2.Halbzeit.mp4", 2),
        ("extra_time_1.mp4", 3),
        ("1st_half_extra_time.mp4", 3),
        ("ET2.mp4", 4),
        ("penalty_shootout.mp4", 5),
        ("video.mp4", None),
        ("720p.mp4", None),
        ("HQ.mkv", None),
        ("final.mp4", None),
        ("rally 1.mp4", None),
        ("2026-05-02.mp4", None),
        ("20:45_final.mp4", None),
        ("10_final.mp4", None),
        ("first_and_second_half.mp4", None),
        ("H1_H2.mp4", None),
        ("half_time_interview.mp4", None),
        ("behalf1.mp4", None),
    ],
)
def test_parse_video_name_states_the_period(name: str, period: int | None) -> None:
    assert parse_video_name(Path(name)).period == period


@pytest.mark.parametrize(
    ("name", "part", "base"),
    [
        ("1_part1.mp4", 1, ""),
        ("1_720p_pt2.mkv", 2, ""),
        ("1-2.mp4", 2, "#"),
        ("1_2.mp4", 2, "#"),
        ("2_00001.MTS", 1, "#"),
        ("1_GX020034.MP4", 20034, "gx#"),
        ("first_half_part_b.mp4", 2, ""),
        ("final_part2.mp4", 2, "final"),
        ("1_cam2.mp4", None, "cam2"),
        ("1_720p.mkv", None, ""),
        ("final 2.mp4", None, "final 2"),
    ],
)
def test_parse_video_name_states_the_part(name: str, part: int | None, base: str) -> None:
    parsed = parse_video_name(Path(name))
    assert (parsed.part, parsed.base) == (part, base)


@pytest.mark.parametrize(
    ("name", "height_px"),
    [("1_720p.mkv", 720), ("1_1080i50.ts", 1080), ("1920x1080.mp4", 1080), ("4K.mp4", 2160)],
)
def test_parse_video_name_states_the_height(name: str, height_px: int) -> None:
    assert parse_video_name(Path(name)).height_px == height_px


def test_is_video_name_takes_broadcast_suffixes_and_no_hidden_files() -> None:
    assert {".mxf", ".mpeg", ".vob", ".ogv", ".mts", ".3gp"} <= VIDEO_SUFFIXES
    assert is_video_name(Path("1_720p.MXF"))
    assert not is_video_name(Path("._1_720p.mkv"))  # what macOS leaves beside a copied file
    assert not is_video_name(Path("1_720p.npy"))
