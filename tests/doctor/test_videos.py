from fractions import Fraction
from pathlib import Path

import pytest

from spotkick.doctor.examine import examine
from spotkick.doctor.videos import check_header, check_packets
from spotkick.video.probe import VideoInfo
from support.pattern_video import Pattern, write_pattern_video


def header(**changes: object) -> list[str]:
    values: dict[str, object] = {
        "path": Path("1_224p.ts"), "container": "mpegts", "codec": "h264", "stream_index": 0,
        "width_px": 398, "height_px": 224, "rotation_deg": 0, "frame_rate": Fraction(25),
        "duration_s": 60.0, "start_s": 0.0, "audio_index": None, "audio_rate_hz": 0,
        "size_bytes": 1, "nominal_rate": Fraction(25),
    }  # fmt: skip
    info = VideoInfo(**{**values, **changes})  # type: ignore[arg-type]
    return [finding.check for finding in check_header("m", info)]


@pytest.mark.parametrize(
    ("changes", "checks"),
    [
        ({}, []),
        ({"start_s": 1.4}, ["video-starts-late"]),
        ({"duration_s": 0}, ["video-length-unknown"]),
        ({"field_order": "top field first"}, ["interlaced"]),
        ({"frame_rate": Fraction(57)}, ["uneven-rate"]),
        ({"timecode": "10:00:00:00", "timecode_rate": Fraction(50)}, ["timecode-rate"]),
    ],
)
def test_check_header_unusual_value_is_found(changes: dict[str, object], checks: list[str]) -> None:
    assert header(**changes) == checks


def test_check_packets_joined_recordings_are_found(tmp_path: Path) -> None:
    for name, start in (("a.ts", 900), ("b.ts", 100)):
        write_pattern_video(tmp_path / name, Pattern(50, size_px=(96, 64), start_ticks=start))
    joined = tmp_path / "joined.ts"
    joined.write_bytes((tmp_path / "a.ts").read_bytes() + (tmp_path / "b.ts").read_bytes())
    assert "video-joints" in [finding.check for finding in check_packets("m", joined)]
    assert list(check_packets("m", tmp_path / "a.ts")) == []


def test_examine_single_video_is_looked_at_as_such(tmp_path: Path) -> None:
    write_pattern_video(tmp_path / "final.mp4", Pattern(50, size_px=(96, 64), beeps_s=()))
    report = examine(tmp_path / "final.mp4")
    assert (report.kind, report.matches) == ("video", 1)
    assert [finding.check for finding in report.findings] == ["silent-sound"]
    write_pattern_video(tmp_path / "loud.mp4", Pattern(50, size_px=(96, 64), beeps_s=(0.1, 1.0)))
    assert examine(tmp_path / "loud.mp4").lines()[-1] == "nothing wrong was found"
