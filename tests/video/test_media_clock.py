from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from spotkick.video.clock_reading import measure_clock, read_clock
from spotkick.video.media_clock import exact_seconds
from spotkick.video.probe import probe
from spotkick.video.reader import open_media
from support.hard_videos import TRANSPORT, join_backward, lose_signal, write_parts
from support.pattern_video import Pattern, write_pattern_video

BEEPS = (0.5, 1.5)


def find_beeps(path: Path) -> list[float]:
    """Times on the clock at which tones begin, of sound decoded from packets of the clock."""
    levels: list[tuple[float, float]] = []
    with open_media(path) as media:
        assert media.audio is not None
        media.seek(0)
        for packet in media.packets(media.video, media.audio):
            if packet.stream.index != media.audio.index:
                continue
            for frame in packet.decode():
                samples = np.abs(np.asarray(frame.to_ndarray())[0])
                start_s = frame.pts * frame.time_base - media.clock.origin_s
                levels += [
                    (float(start_s) + at / frame.sample_rate, float(samples[at : at + 48].max()))
                    for at in range(0, len(samples), 48)
                ]
    loud = [time for time, level in levels if level > 0.1]
    return [time for n, time in enumerate(loud) if not n or time - loud[n - 1] > 0.3]


@pytest.mark.parametrize("starts_s", [[0, 0], [0, 500], [900, 3, 70]])
def test_packets_of_joined_recordings_keep_sound_in_step(
    tmp_path: Path, starts_s: list[float]
) -> None:
    pattern = Pattern(50, size_px=(96, 64), beeps_s=BEEPS, group_frames=25)
    path = write_parts(tmp_path, "a.ts", starts_s, pattern)
    wanted = [2 * part + beep for part in range(len(starts_s)) for beep in BEEPS]
    assert find_beeps(path) == pytest.approx(wanted, abs=0.04)


def test_seconds_of_video_and_sound_packets_agree(tmp_path: Path) -> None:
    hard = join_backward(tmp_path)
    clock = read_clock(hard.path)
    with open_media(hard.path) as media:
        assert media.audio is not None
        seconds = {media.video.index: [], media.audio.index: []}
        for packet in clock.packets(media.container, media.video, media.audio):
            seconds[packet.stream.index].append(clock.seconds(packet))
    for found in seconds.values():
        assert len(found) == len(set(found))
        assert min(found) == pytest.approx(0, abs=0.1)
        assert max(found) == pytest.approx(4, abs=0.1)


def test_describe_joints_and_gaps(tmp_path: Path) -> None:
    (tmp_path / "gap").mkdir()
    (joint,) = read_clock(join_backward(tmp_path).path).describe().joints
    assert (joint.at_s, joint.jump_s) == (2, -2)
    report = read_clock(lose_signal(tmp_path / "gap").path).describe()
    assert not report.joints
    assert [(gap.start_s, gap.duration_s) for gap in report.gaps] == [(2, 12)]
    assert report.has_display_times
    assert report.is_measured


@pytest.mark.parametrize(("lost_s", "is_joint"), [(5, False), (30, False), (59, False), (90, True)])
def test_describe_jump_forward_is_a_gap_up_to_a_minute(
    tmp_path: Path, lost_s: int, is_joint: bool
) -> None:
    path = write_parts(tmp_path, "a.ts", [10, 12 + lost_s], TRANSPORT)
    report = read_clock(path).describe()
    assert (len(report.joints), len(report.gaps)) == (int(is_joint), int(not is_joint))
    assert probe(path).duration_s == pytest.approx(4 + (0 if is_joint else lost_s), abs=0.01)


def test_read_clock_is_kept_until_the_file_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.ts"
    write_pattern_video(path, Pattern(50, size_px=(96, 64)))
    opened = []
    original = av.open
    monkeypatch.setattr(av, "open", lambda *a, **k: opened.append(a) or original(*a, **k))
    assert read_clock(path).duration_s == 2
    count = len(opened)
    assert read_clock(path).duration_s == measure_clock(path).duration_s == 2
    assert len(opened) == count
    monkeypatch.undo()
    write_pattern_video(path, Pattern(75, size_px=(96, 64)))
    assert read_clock(path).duration_s == 3


def test_read_clock_of_indexed_file_reads_header_only(tmp_path: Path) -> None:
    write_pattern_video(tmp_path / "a.mp4", Pattern(50, size_px=(96, 64)))
    assert not read_clock(tmp_path / "a.mp4").report.is_measured
    assert measure_clock(tmp_path / "a.mp4").report.is_measured
    assert measure_clock(tmp_path / "a.mp4").report.readable_s == 2


def test_ticks_at_forgives_half_of_a_fine_tick(tmp_path: Path) -> None:
    write_pattern_video(tmp_path / "a.mkv", Pattern(50, size_px=(96, 64)))
    clock = read_clock(tmp_path / "a.mkv")
    assert clock.ticks_at(0.0396) == clock.start_ticks + 40
    assert clock.seconds_at(clock.ticks_at(Fraction(1))) == 1
    write_pattern_video(tmp_path / "a.avi", Pattern(50, size_px=(96, 64), b_frames=0))
    assert read_clock(tmp_path / "a.avi").ticks_at(0.0399) == 0
    assert exact_seconds(75.3) == Fraction(753, 10)


@pytest.mark.parametrize(
    ("flags", "interlaced"), [((), False), ((("flags", "+ildct+ilme"),), True)]
)
def test_probe_interlaced_mpeg2(
    tmp_path: Path, flags: tuple[tuple[str, str], ...], interlaced: bool
) -> None:
    write_pattern_video(tmp_path / "a.ts", Pattern(30, codec="mpeg2video", options=flags))
    info = probe(tmp_path / "a.ts")
    assert info.is_interlaced == interlaced
    assert (info.field_order == "progressive") != interlaced


@pytest.mark.parametrize("order", ["tff=1", "bff=1"])
def test_probe_field_order_of_h264(tmp_path: Path, order: str) -> None:
    options = (("x264-params", f"{order}:scenecut=0"),)
    write_pattern_video(tmp_path / "a.mkv", Pattern(30, options=options))
    assert probe(tmp_path / "a.mkv").field_order == ("top" if order == "tff=1" else "bottom")


@pytest.mark.parametrize(
    ("name", "rotation", "wanted"),
    [
        ("a.mp4", 0, Fraction(64, 45)),
        ("a.mkv", 0, Fraction(64, 45)),
        ("a.mp4", 90, Fraction(45, 64)),
    ],
)
def test_probe_sample_aspect_is_that_of_the_frame_as_shown(
    tmp_path: Path, name: str, rotation: int, wanted: Fraction
) -> None:
    pattern = Pattern(10, size_px=(180, 144), sample_aspect=Fraction(64, 45), rotation_deg=rotation)
    write_pattern_video(tmp_path / name, pattern)
    info = probe(tmp_path / name)
    assert info.sample_aspect == wanted
    assert info.display_aspect == (Fraction(16, 9) if not rotation else Fraction(9, 16))
