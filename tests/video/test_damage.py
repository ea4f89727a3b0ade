import warnings
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from spotkick.errors import SpotkickWarning
from spotkick.video.clock_reading import measure_clock
from spotkick.video.cut_points import plan_cut
from spotkick.video.decode import sample_video
from spotkick.video.probe import probe
from support.pattern_video import Pattern, write_pattern_video

PATTERN = Pattern(200, size_px=(96, 64), group_frames=25)


def collect_warnings(path: Path) -> str:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        list(sample_video(path, Fraction(5)))
    return " ".join(str(item.message) for item in caught if item.category is SpotkickWarning)


def leave_out_packets(source: Path, target: Path, left_out: set[int]) -> None:
    """Copy a video without some of its packets."""
    with av.open(str(source)) as container, av.open(str(target), "w") as copy:
        stream = copy.add_stream_from_template(container.streams.video[0])
        packets = [packet for packet in container.demux(video=0) if packet.size]
        for number, packet in enumerate(packets):
            if number not in left_out:
                packet.stream = stream
                copy.mux(packet)


@pytest.mark.parametrize("name", ["a.mkv", "a.ts"])
@pytest.mark.parametrize("left_out", [{63}, {60, 61, 62, 110}, set(range(130, 150))])
def test_sample_video_missing_packets_are_counted(
    tmp_path: Path, name: str, left_out: set[int]
) -> None:
    write_pattern_video(tmp_path / "whole.mp4", PATTERN)
    leave_out_packets(tmp_path / "whole.mp4", tmp_path / name, left_out)
    assert f"{len(left_out)} frames are missing" in collect_warnings(tmp_path / name)
    report = measure_clock(tmp_path / name).report
    assert report.missing_frames == len(left_out)
    assert not report.has_variable_rate


def test_plan_cut_counts_missing_frames(tmp_path: Path) -> None:
    write_pattern_video(tmp_path / "whole.mp4", PATTERN)
    leave_out_packets(tmp_path / "whole.mp4", tmp_path / "a.mkv", {60, 61, 62, 110})
    assert plan_cut(tmp_path / "a.mkv", 1.0, 3.5).missing_frames == 3
    assert plan_cut(tmp_path / "a.mkv", 5.0, 7.0).missing_frames == 0


@pytest.mark.parametrize("seed", range(3))
def test_sample_video_noise_in_transport_stream_warns(tmp_path: Path, seed: int) -> None:
    path = tmp_path / "a.ts"
    write_pattern_video(path, PATTERN)
    rng = np.random.default_rng(seed)
    data = np.frombuffer(path.read_bytes(), dtype=np.uint8).reshape(-1, 188).copy()
    for row in rng.choice(np.arange(len(data) // 4, len(data)), len(data) // 25, replace=False):
        data[row] = rng.integers(0, 256, 188)
    path.write_bytes(data.tobytes())
    text = collect_warnings(path)
    assert "frames are missing" in text or "damaged frames" in text or "signal was lost" in text
    report = measure_clock(path).report
    assert report.missing_frames + report.corrupt_packets + len(report.gaps) > 0


@pytest.mark.parametrize("name", ["a.mkv", "a.ts", "a.mp4", "a.flv"])
@pytest.mark.parametrize("rate", [Fraction(25), Fraction(30000, 1001), Fraction(60)])
def test_sample_video_sound_file_gives_no_warning(
    tmp_path: Path, name: str, rate: Fraction
) -> None:
    write_pattern_video(tmp_path / name, Pattern(100, rate=rate, size_px=(96, 64)))
    assert collect_warnings(tmp_path / name) == ""


def test_sample_video_variable_rate_gives_no_warning(tmp_path: Path) -> None:
    ticks = np.cumsum(np.random.default_rng(1).choice([1, 2, 5], 60)).tolist()
    pattern = Pattern(60, ticks=ticks, size_px=(96, 64), b_frames=0)
    write_pattern_video(tmp_path / "a.mkv", pattern)
    assert collect_warnings(tmp_path / "a.mkv") == ""
    assert measure_clock(tmp_path / "a.mkv").report.has_variable_rate


def test_sample_video_damaged_frames_of_mp4_are_counted(tmp_path: Path) -> None:
    write_pattern_video(tmp_path / "a.mp4", PATTERN)
    with av.open(str(tmp_path / "a.mp4")) as container:
        places = [(p.pos, p.size) for p in container.demux(video=0) if p.size]
    data = bytearray((tmp_path / "a.mp4").read_bytes())
    for place, size in places[80:84]:
        data[place + 4 : place + size] = bytes(size - 4)
    (tmp_path / "a.mp4").write_bytes(data)
    assert "damaged frames were replaced" in collect_warnings(tmp_path / "a.mp4")


def test_measure_clock_file_truncated_reads_less_than_stated(tmp_path: Path) -> None:
    write_pattern_video(tmp_path / "whole.mkv", PATTERN)
    data = (tmp_path / "whole.mkv").read_bytes()
    (tmp_path / "a.mkv").write_bytes(data[: len(data) // 2])
    for name, is_truncated in (("a.mkv", True), ("whole.mkv", False)):
        readable_s = float(measure_clock(tmp_path / name).report.readable_s)
        assert (probe(tmp_path / name).duration_s - readable_s > 1) is is_truncated


def test_sample_video_stream_cut_within_a_group_gives_no_warning(tmp_path: Path) -> None:
    write_pattern_video(tmp_path / "whole.ts", PATTERN)
    data = (tmp_path / "whole.ts").read_bytes()
    for share in (0.3, 0.41, 0.55):
        start = int(len(data) * share) // 188 * 188
        (tmp_path / "a.ts").write_bytes(data[start:])
        assert collect_warnings(tmp_path / "a.ts") == ""
