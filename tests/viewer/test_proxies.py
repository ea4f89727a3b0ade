"""Copies for browsers show each frame at its time after the first one."""

import os
from pathlib import Path

import pytest

from spotkick.errors import InputError
from spotkick.video.images import to_image
from spotkick.video.probe import probe
from spotkick.video.reader import open_media
from spotkick.viewer.proxies import ProxyMaker, write_proxy
from support.pattern_video import Pattern, read_number, write_pattern_video


def frames_of(path: Path) -> list[tuple[float, int | None]]:
    with open_media(path) as media:
        return [(float(at_s), read_number(to_image(frame, None))) for frame, at_s in media.frames()]


def join(target: Path, first: Pattern, second: Pattern) -> None:
    parts = []
    for number, pattern in enumerate((first, second)):
        part = target.with_name(f"{number}{target.suffix}")
        write_pattern_video(part, pattern)
        parts.append(part.read_bytes())
    target.write_bytes(b"".join(parts))


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("sound.ts", Pattern(60, codec="mpeg2video", beeps_s=(1.0,), start_ticks=35)),
        ("late.mkv", Pattern(50, start_ticks=125)),
        ("uneven.mp4", Pattern(50, ticks=[n + 3 * (n // 10) for n in range(50)])),
        ("old.avi", Pattern(50, codec="mpeg4", b_frames=0)),
        ("tape.mxf", Pattern(25, codec="mpeg2video", b_frames=0)),
    ],
)
def test_write_proxy_frames_keep_number_and_time(
    tmp_path: Path, name: str, pattern: Pattern
) -> None:
    source, copy = tmp_path / name, tmp_path / "copy.mp4"
    write_pattern_video(source, pattern)
    shares: list[float] = []
    write_proxy(source, copy, progress=shares.append)
    expected, found = frames_of(source), frames_of(copy)
    assert [number for _, number in found] == list(range(pattern.num_frames))
    assert [at_s for at_s, _ in found] == pytest.approx([at_s for at_s, _ in expected], abs=1e-4)
    info = probe(copy)
    assert (info.codec, info.start_s) == ("h264", 0)
    assert info.has_audio == (pattern.beeps_s is not None)
    assert shares == sorted(shares)


def test_write_proxy_of_joined_recordings_is_on_the_common_clock(tmp_path: Path) -> None:
    joined = tmp_path / "joined.ts"
    first = Pattern(50, b_frames=0, start_ticks=5000)
    join(joined, first, Pattern(50, b_frames=0, first_number=50))
    write_proxy(joined, tmp_path / "copy.mp4")
    found = frames_of(tmp_path / "copy.mp4")
    assert [number for _, number in found] == list(range(100))
    assert [at_s for at_s, _ in found] == pytest.approx([n / 25 for n in range(100)], abs=1e-4)


def test_write_proxy_rotated_and_large_frames_are_upright_and_smaller(tmp_path: Path) -> None:
    phone = Pattern(3, size_px=(1920, 1080), rotation_deg=90, b_frames=0)
    write_pattern_video(tmp_path / "phone.mp4", phone)
    write_proxy(tmp_path / "phone.mp4", tmp_path / "copy.mp4")
    info = probe(tmp_path / "copy.mp4")
    assert (info.width_px, info.height_px, info.rotation_deg) == (404, 720, 0)


def test_proxy_maker_keeps_copies_until_the_video_changes(tmp_path: Path) -> None:
    video = tmp_path / "a.avi"
    write_pattern_video(video, Pattern(10, codec="mpeg4", b_frames=0))
    maker = ProxyMaker(tmp_path / "cache")
    assert maker.state(video).state == "none"
    maker.request(video)
    while maker.state(video).state in ("waiting", "running"):
        pass
    assert maker.state(video).state == "done"
    assert ProxyMaker(tmp_path / "cache").find(video) is not None
    os.utime(video, (1, 1))
    assert maker.find(video) is None


def test_proxy_maker_says_why_a_copy_failed(tmp_path: Path) -> None:
    video = tmp_path / "a.avi"
    video.write_bytes(b"no video at all")
    maker = ProxyMaker(tmp_path / "cache")
    maker.request(video)
    while maker.state(video).state in ("waiting", "running"):
        pass
    assert maker.state(video).state == "failed"
    assert "a.avi" in maker.state(video).message
    with pytest.raises(InputError):
        write_proxy(video, tmp_path / "copy.mp4")
    assert not list(tmp_path.rglob("*.mp4"))
