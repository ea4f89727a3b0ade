import warnings
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from spotkick.errors import InputError, SpotkickWarning
from spotkick.video.decode import sample_video
from support.pattern_video import Pattern, draw_number, read_number, write_pattern_video

NTSC = Fraction(30000, 1001)


def numbers(path: Path, rate: Fraction | int, **options: object) -> list[int | None]:
    return [read_number(sample.image) for sample in sample_video(path, Fraction(rate), **options)]  # type: ignore[arg-type]


def expected(num_frames: int, video_rate: Fraction, rate: Fraction) -> list[int]:
    """Which frame is on at k / rate, by walking along the frames."""
    wanted, k = [], 0
    while k / rate < num_frames / video_rate:
        wanted.append(max(n for n in range(num_frames) if n / video_rate <= k / rate))
        k += 1
    return wanted


@pytest.mark.parametrize("rate", [Fraction(2), Fraction(1, 2), Fraction(10), Fraction(60)])
@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("a.mp4", Pattern(90, b_frames=2)),
        ("a.mp4", Pattern(90, rate=NTSC, b_frames=3, group_frames=30, beeps_s=(0.5,))),
        ("a.mp4", Pattern(150, rate=2 * NTSC, b_frames=0, group_frames=60)),
        ("a.mp4", Pattern(60, rate=Fraction(50), start_ticks=140, group_frames=10)),
        ("a.mov", Pattern(50, codec="mpeg4", b_frames=2, size_px=(96, 64))),
        ("a.mkv", Pattern(75, b_frames=2, beeps_s=(1.0,))),
        ("a.ts", Pattern(75, start_ticks=2500, beeps_s=())),
        ("a.ts", Pattern(75, rate=NTSC, codec="mpeg2video")),
        ("a.avi", Pattern(50, codec="mpeg4", b_frames=0)),
        (
            "a.webm",
            Pattern(
                40, codec="libvpx-vp9", b_frames=0, size_px=(96, 64), options=(("cpu-used", "8"),)
            ),
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_sample_video_shows_frame_that_is_on(
    tmp_path: Path, name: str, pattern: Pattern, rate: Fraction
) -> None:
    write_pattern_video(tmp_path / name, pattern)
    assert numbers(tmp_path / name, rate) == expected(pattern.num_frames, pattern.rate, rate)


@pytest.mark.parametrize(("name", "video_rate"), [("a.mp4", Fraction(25)), ("a.mkv", NTSC)])
@pytest.mark.parametrize(
    ("start_s", "end_s"), [(0.3, None), (0.74, 2.05), (1.0, 2.0), (2.98, 99.0), (1.3, 1.3)]
)
def test_sample_video_of_a_stretch_starts_exactly_and_ends_before(
    tmp_path: Path, name: str, video_rate: Fraction, start_s: float, end_s: float | None
) -> None:
    write_pattern_video(tmp_path / name, Pattern(75, rate=video_rate, b_frames=2))
    wanted, time_s, length_s = [], Fraction(str(start_s)), 75 / video_rate
    while time_s < min(length_s, Fraction(str(end_s)) if end_s else length_s):
        wanted.append(max(n for n in range(75) if n / video_rate <= time_s + Fraction(1, 2500)))
        time_s += Fraction(1, 10)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert numbers(tmp_path / name, 10, start_s=start_s, end_s=end_s) == wanted


def test_sample_video_start_after_the_end_gives_nothing(tmp_path: Path) -> None:
    write_pattern_video(tmp_path / "a.mp4", Pattern(25))
    assert numbers(tmp_path / "a.mp4", 2, start_s=1.5) == []


def test_sample_video_rounded_times_at_own_rate_gives_every_frame_once(tmp_path: Path) -> None:
    write_pattern_video(tmp_path / "a.mkv", Pattern(90, rate=NTSC))
    assert numbers(tmp_path / "a.mkv", NTSC) == list(range(90))


def test_sample_video_variable_rate_repeats_frame_in_pause(tmp_path: Path) -> None:
    ticks = [0, 1, 3, 4, 9, 10, 11, 60, 61, 90]  # at 10 ticks per second
    write_pattern_video(
        tmp_path / "a.mp4", Pattern(len(ticks), rate=Fraction(10), ticks=ticks, b_frames=1)
    )
    samples = list(sample_video(tmp_path / "a.mp4", Fraction(2)))
    got = [read_number(sample.image) for sample in samples]
    assert got == [max(n for n, tick in enumerate(ticks) if tick <= 5 * k) for k in range(len(got))]
    assert len(got) >= 19
    assert [sample.index for sample in samples] == list(range(len(got)))
    assert [sample.frame_s for sample in samples] == [
        pytest.approx(ticks[number or 0] / 10) for number in got
    ]


def test_sample_video_skipped_frames_change_no_pixel(tmp_path: Path) -> None:
    path = tmp_path / "noise.mp4"
    rng = np.random.default_rng(1)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(
            "libx264", rate=25, options={"x264-params": "bframes=3:keyint=40:scenecut=0"}
        )
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        base = rng.integers(0, 255, (64, 196, 3), dtype=np.uint8)
        for n in range(100):
            frame = av.VideoFrame.from_ndarray(
                np.ascontiguousarray(base[:, n : n + 96]), format="rgb24"
            )
            frame.pts = n
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with av.open(str(path)) as container:
        whole = [
            frame.to_ndarray(format="rgb24", interpolation="BILINEAR")
            for frame in container.decode(video=0)
        ]
    for rate in (Fraction(2), Fraction(5), Fraction(1, 2)):
        for sample in sample_video(path, rate):
            np.testing.assert_array_equal(sample.image, whole[int(sample.index / rate * 25)])


@pytest.mark.parametrize("interlaced", [(("flags", "+ildct+ilme"), ("field_order", "tt"))])
def test_sample_video_interlaced_frames_are_whole(
    tmp_path: Path, interlaced: tuple[tuple[str, str], ...]
) -> None:
    pattern = Pattern(50, codec="mpeg2video", options=interlaced)
    write_pattern_video(tmp_path / "a.ts", pattern)
    assert numbers(tmp_path / "a.ts", 2) == expected(50, Fraction(25), Fraction(2))


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_sample_video_rotated_is_upright(tmp_path: Path, rotation: int) -> None:
    write_pattern_video(tmp_path / "a.mp4", Pattern(5, rotation_deg=rotation))
    (sample,) = sample_video(tmp_path / "a.mp4", Fraction(2))
    stored = np.rot90(sample.image, k=-rotation // 90)
    assert stored.shape == (128, 192, 3)
    assert read_number(np.ascontiguousarray(stored)) == 0
    small = next(iter(sample_video(tmp_path / "a.mp4", Fraction(2), size_px=(60, 40))))
    assert small.image.shape == (40, 60, 3)
    assert small.image.flags.c_contiguous


def test_sample_video_odd_size_is_kept(tmp_path: Path) -> None:
    write_pattern_video(
        tmp_path / "a.webm",
        Pattern(12, codec="libvpx-vp9", size_px=(101, 67), options=(("cpu-used", "8"),)),
    )
    samples = list(sample_video(tmp_path / "a.webm", Fraction(25)))
    assert samples[0].image.shape == (67, 101, 3)
    assert [read_number(sample.image) for sample in samples] == list(range(12))


def test_sample_video_fit_stretches_or_crops(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    write_pattern_video(path, Pattern(1))
    whole = next(iter(sample_video(path, Fraction(1), size_px=(60, 60)))).image
    centre = next(iter(sample_video(path, Fraction(1), size_px=(60, 60), fit="crop"))).image
    assert whole.shape == centre.shape == (60, 60, 3)
    assert read_number(whole) == 0
    with av.open(str(path)) as container:
        full = next(iter(container.decode(video=0))).to_ndarray(
            format="rgb24", width=90, height=60, interpolation="BILINEAR"
        )
    np.testing.assert_array_equal(centre, full[:, 15:75])


def test_sample_video_several_streams_shows_largest(tmp_path: Path) -> None:
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w") as container:
        streams = []
        for width in (96, 192, 48):
            stream = container.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
            stream.width, stream.height, stream.pix_fmt = width, 64, "yuv420p"
            streams.append(stream)
        for n in range(25):
            for which, stream in enumerate(streams):
                frame = av.VideoFrame.from_ndarray(
                    draw_number(1000 * which + n, (stream.width, 64)), format="rgb24"
                )
                frame.pts = n
                container.mux(stream.encode(frame))
        for stream in streams:
            container.mux(stream.encode(None))
    assert numbers(path, 5) == [1000, 1005, 1010, 1015, 1020]


def truncate(path: Path, share: float) -> Path:
    data = path.read_bytes()
    short = path.with_name(f"short{path.suffix}")
    short.write_bytes(data[: int(len(data) * share)])
    return short


@pytest.mark.parametrize("name", ["a.mkv", "a.mp4"])
def test_sample_video_file_truncated_gives_readable_part_and_warns(
    tmp_path: Path, name: str
) -> None:
    path = tmp_path / name
    write_pattern_video(path, Pattern(250, group_frames=25))
    if name == "a.mp4":  # with its index in front, as for streaming
        with (
            av.open(str(path)) as source,
            av.open(str(tmp_path / "f.mp4"), "w", options={"movflags": "faststart"}) as target,
        ):
            stream = target.add_stream_from_template(source.streams.video[0])
            for packet in source.demux(video=0):
                if packet.dts is not None:
                    packet.stream = stream
                    target.mux(packet)
        path = tmp_path / "f.mp4"
    short = truncate(path, 0.6)
    with pytest.warns(SpotkickWarning, match=r"truncated: \d\.\d of 10\.\d seconds are readable"):
        got = numbers(short, 5)
    assert 10 < len(got) < 45
    assert got[:-1] == list(range(0, 5 * len(got) - 5, 5))


def test_sample_video_transport_stream_truncated_is_read_to_its_end(tmp_path: Path) -> None:
    write_pattern_video(tmp_path / "a.ts", Pattern(100, group_frames=25))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SpotkickWarning)
        got = numbers(truncate(tmp_path / "a.ts", 0.7), 5)
    assert len(got) > 5
    assert got[:-1] == list(range(0, 5 * len(got) - 5, 5))


def test_sample_video_damaged_bytes_do_not_stop_reading(tmp_path: Path) -> None:
    path = tmp_path / "a.ts"
    write_pattern_video(path, Pattern(200, group_frames=10))
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 3000] = bytes(3000)
    path.write_bytes(data)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SpotkickWarning)
        got = numbers(path, 5)
    assert len(got) == 40
    assert got[:15] == list(range(0, 75, 5))
    assert got[-15:] == list(range(125, 200, 5))


def test_sample_video_joined_recordings_are_read_as_one(tmp_path: Path) -> None:
    for name, start in (("a.ts", 10_000), ("b.ts", 500)):
        write_pattern_video(tmp_path / name, Pattern(50, start_ticks=start))
    joined = tmp_path / "joined.ts"
    joined.write_bytes((tmp_path / "a.ts").read_bytes() + (tmp_path / "b.ts").read_bytes())
    with pytest.warns(SpotkickWarning, match="timestamps jump 1 times"):
        got = numbers(joined, 5)
    assert len(got) in (19, 20, 21)
    assert got[:9] == list(range(0, 45, 5))
    assert 45 in [number for number in got[11:] if number is not None]


def test_sample_video_errors_name_the_fault(tmp_path: Path) -> None:
    write_pattern_video(tmp_path / "a.mp4", Pattern(30))
    with pytest.raises(InputError, match="rate must be positive"):
        numbers(tmp_path / "a.mp4", 0)
    with pytest.raises(InputError, match="before its index"):
        numbers(truncate(tmp_path / "a.mp4", 0.9), 2)
