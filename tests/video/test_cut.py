from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from spotkick.errors import InputError, StorageError
from spotkick.video.cut import write_reel
from spotkick.video.cut_points import PlannedCut, plan_cut
from spotkick.video.overlay import Overlay
from spotkick.video.reel_parts import ReelPart, reel_starts
from spotkick.video.stills import frame_at, write_jpeg
from spotkick.video.stream_copy import copy_reel
from support.pattern_video import Pattern, read_number, write_pattern_video

BEEPS = tuple(second + 0.3 for second in range(10))


def numbers_and_times(path: Path) -> tuple[list[int | None], list[float]]:
    with av.open(str(path)) as container:
        frames = [
            (read_number(frame.to_ndarray(format="rgb24")), frame.time)
            for frame in container.decode(video=0)
        ]
    return [number for number, _ in frames], [time for _, time in frames]


def heard(path: Path) -> list[float]:
    """Times at which a tone begins."""
    with av.open(str(path)) as container:
        rate = container.streams.audio[0].rate
        first, parts = None, []
        for frame in container.decode(audio=0):
            first = frame.time if first is None else first
            parts.append(frame.to_ndarray()[0])
    loud = np.flatnonzero(np.abs(np.concatenate(parts)) > 0.1)
    begins = [
        loud[0],
        *(later for earlier, later in pairwise(loud) if later - earlier > 0.05 * rate),
    ]
    return [float(first + begin / rate) for begin in begins]


def wanted_beeps(cuts: list[PlannedCut]) -> list[float]:
    starts = reel_starts([ReelPart(cut) for cut in cuts])
    return [
        float(start + Fraction(beep) - cut.start_s)
        for start, cut in zip(starts, cuts, strict=False)
        for beep in BEEPS
        if cut.start_s <= beep < cut.start_s + cut.duration_s
    ]


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("a.mp4", Pattern(250, beeps_s=BEEPS, size_px=(96, 64), group_frames=40)),
        (
            "a.mkv",
            Pattern(
                300,
                rate=Fraction(30000, 1001),
                beeps_s=BEEPS,
                size_px=(96, 64),
                group_frames=50,
                start_ticks=44,
            ),
        ),
        (
            "a.ts",
            Pattern(
                600,
                rate=Fraction(60000, 1001),
                beeps_s=BEEPS,
                size_px=(96, 64),
                start_ticks=100,
                audio_rate_hz=44100,
            ),
        ),
    ],
    ids=["25 mp4", "29.97 mkv", "59.94 ts"],
)
def test_write_reel_cuts_are_frame_exact_and_sound_in_step(
    tmp_path: Path, name: str, pattern: Pattern
) -> None:
    source, reel = tmp_path / name, tmp_path / "reel.mp4"
    write_pattern_video(source, pattern)
    cuts = [plan_cut(source, 2.01, 4.33), plan_cut(source, 5.0, 6.5), plan_cut(source, 8.7, 99)]
    done: list[float] = []
    write_reel(
        reel, [ReelPart(cut, f"Clip of {cut.num_frames}") for cut in cuts], progress=done.append
    )
    wanted = []
    for cut, start_s, end_s in zip(cuts, (2.01, 5.0, 8.7), (4.33, 6.5, 99), strict=True):
        times = [n / pattern.rate for n in range(pattern.num_frames)]
        end = (
            max((time for time in times if time <= end_s), default=Fraction(0))
            if end_s < 10
            else Fraction(100)
        )
        wanted += [n for n, time in enumerate(times) if start_s <= time < end]
        assert cut.duration_s <= min(end_s, 10.02) - start_s
    got, times_s = numbers_and_times(reel)
    assert got == wanted
    np.testing.assert_allclose(
        times_s, [float(n / pattern.rate) for n in range(len(got))], atol=1e-4
    )
    beeps, expected = heard(reel), wanted_beeps(cuts)
    assert len(beeps) == len(expected) >= 4
    np.testing.assert_allclose(beeps, expected, atol=0.003)
    with av.open(str(reel)) as container:
        marks = container.chapters()
        assert container.streams.video[0].average_rate == pattern.rate
        lengths = [
            float(stream.duration * stream.time_base)
            for stream in (*container.streams.video, *container.streams.audio)
        ]
    assert [mark["metadata"]["title"] for mark in marks] == [
        f"Clip of {cut.num_frames}" for cut in cuts
    ]
    starts = [float(start) for start in reel_starts([ReelPart(cut) for cut in cuts])]
    assert [mark["start"] / 1000 for mark in marks] == pytest.approx(starts[:3], abs=0.001)
    assert lengths[0] == pytest.approx(starts[3], abs=0.001)
    assert lengths[1] == pytest.approx(starts[3], abs=0.03)
    assert done[-1] > 0.99


def test_write_reel_variable_rate_keeps_its_times(tmp_path: Path) -> None:
    ticks = [0, 2, 3, 7, 8, 9, 15, 16, 20, 21]
    write_pattern_video(
        tmp_path / "a.mp4", Pattern(10, rate=Fraction(10), ticks=ticks, size_px=(96, 64))
    )
    cut = plan_cut(tmp_path / "a.mp4", 0.25, 1.55)
    assert (cut.num_frames, cut.rate, cut.duration_s) == (4, None, Fraction(12, 10))
    write_reel(tmp_path / "reel.mkv", [ReelPart(cut), ReelPart(cut)])
    got, times_s = numbers_and_times(tmp_path / "reel.mkv")
    assert got == [2, 3, 4, 5] * 2
    np.testing.assert_allclose(times_s, [0, 0.4, 0.5, 0.6, 1.2, 1.6, 1.7, 1.8], atol=0.002)


def test_write_reel_rotated_odd_and_silent_sources_are_joined(tmp_path: Path) -> None:
    write_pattern_video(tmp_path / "a.mp4", Pattern(20, rotation_deg=90, size_px=(128, 192)))
    odd = Pattern(
        20, codec="libvpx-vp9", size_px=(193, 129), beeps_s=(0.2,), options=(("cpu-used", "8"),)
    )
    write_pattern_video(tmp_path / "b.webm", odd)
    parts = [ReelPart(plan_cut(tmp_path / name, 0, 0.4)) for name in ("a.mp4", "b.webm")]
    write_reel(tmp_path / "reel.mp4", parts)
    with av.open(str(tmp_path / "reel.mp4")) as container:
        images = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert {image.shape for image in images} == {(128, 192, 3)}
    assert [
        read_number(np.ascontiguousarray(np.rot90(image, k=-1))) for image in images[:10]
    ] == list(range(10))
    assert [read_number(image) for image in images[10:]] == list(range(10))
    assert heard(tmp_path / "reel.mp4") == pytest.approx([0.6], abs=0.003)


def test_write_reel_captions_cover_their_place_only(tmp_path: Path) -> None:
    write_pattern_video(tmp_path / "a.mp4", Pattern(10))
    overlay = Overlay(
        np.full((20, 40), 235, dtype=np.uint8), np.full((20, 40), 1, dtype=np.float32), 16, 100
    )
    cut = plan_cut(tmp_path / "a.mp4", 0, 0.4)
    write_reel(tmp_path / "plain.mp4", [ReelPart(cut)])
    write_reel(tmp_path / "reel.mp4", [ReelPart(cut, overlay=overlay)])
    plain, painted = (
        frame_at(tmp_path / name, 0.2).astype(int) for name in ("plain.mp4", "reel.mp4")
    )
    assert painted[102:118, 18:54].min() > 235
    assert np.abs(painted - plain)[:92].max() < 24
    assert np.abs(painted - plain)[:, 70:].max() < 24


def test_copy_reel_begins_at_key_frames_with_sound_in_step(tmp_path: Path) -> None:
    source, reel = tmp_path / "a.mp4", tmp_path / "reel.mp4"
    write_pattern_video(
        source, Pattern(250, beeps_s=BEEPS, size_px=(96, 64), group_frames=25, b_frames=2)
    )
    parts = copy_reel(
        reel, [ReelPart(plan_cut(source, start, end)) for start, end in ((2.2, 4.0), (6.0, 7.5))]
    )
    assert [part.cut.start_s for part in parts] == [2, 6]
    got, times_s = numbers_and_times(reel)
    assert got[:50] == list(range(50, 100))
    join = got.index(150)
    assert got[join : join + 37] == list(range(150, 187))
    assert all(later > earlier for earlier, later in pairwise(times_s))
    starts = reel_starts(parts)
    assert times_s[join] == pytest.approx(float(starts[1]), abs=0.001)
    beeps = heard(reel)
    assert beeps[:2] == pytest.approx([0.3, 1.3], abs=0.02)
    assert float(starts[1]) + 0.3 in [pytest.approx(beep, abs=0.02) for beep in beeps]


def test_copy_reel_different_formats_raise(tmp_path: Path) -> None:
    write_pattern_video(tmp_path / "a.mp4", Pattern(25))
    write_pattern_video(tmp_path / "b.mp4", Pattern(25, size_px=(96, 64)))
    parts = [ReelPart(plan_cut(tmp_path / name, 0, 0.5)) for name in ("a.mp4", "b.mp4")]
    with pytest.raises(InputError, match="different formats"):
        copy_reel(tmp_path / "reel.mp4", parts)


def test_write_reel_failure_leaves_nothing(tmp_path: Path) -> None:
    write_pattern_video(tmp_path / "a.mp4", Pattern(50, size_px=(96, 64)))
    cut = plan_cut(tmp_path / "a.mp4", 0, 1)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(InputError, match="reel is written as"):
        write_reel(tmp_path / "reel.gif", [ReelPart(cut)])
    with pytest.raises(InputError, match="at least one clip"):
        write_reel(tmp_path / "reel.mp4", [])
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="cannot write"):
        write_reel(tmp_path / "file" / "reel.mp4", [ReelPart(cut)])
    (tmp_path / "file").unlink()

    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_reel(tmp_path / "reel.mp4", [ReelPart(cut)], progress=interrupt)
    with pytest.raises(InputError, match="no frame between"):
        plan_cut(tmp_path / "a.mp4", 5, 6)
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    ("time_s", "number"), [(0, 0), (0.5, 12), (1.0, 25), (3.99, 99), (50, 99), (-1, 0)]
)
def test_frame_at_time_gives_frame_that_is_shown(
    tmp_path: Path, time_s: float, number: int
) -> None:
    write_pattern_video(tmp_path / "a.ts", Pattern(100, start_ticks=1000))
    assert read_number(frame_at(tmp_path / "a.ts", time_s)) == number


def test_write_jpeg_number_is_readable(tmp_path: Path) -> None:
    write_pattern_video(tmp_path / "a.mp4", Pattern(50))
    write_jpeg(tmp_path / "poster.jpg", frame_at(tmp_path / "a.mp4", 1.0))
    assert (tmp_path / "poster.jpg").read_bytes()[:3] == b"\xff\xd8\xff"
    assert read_number(frame_at(tmp_path / "poster.jpg", 0)) == 25
