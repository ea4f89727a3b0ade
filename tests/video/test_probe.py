import os
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from spotkick.errors import InputError
from spotkick.video.probe import probe
from support.pattern_video import Pattern, write_pattern_video


def test_probe_reports_what_file_holds(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    write_pattern_video(
        path,
        Pattern(75, rate=Fraction(30000, 1001), start_ticks=60, rotation_deg=90, beeps_s=(1.0,)),
    )
    info = probe(path)
    assert info.codec == "h264"
    assert (info.width_px, info.height_px, info.rotation_deg) == (128, 192, 90)
    assert info.frame_rate == Fraction(30000, 1001)
    assert info.duration_s == pytest.approx(2.5025)
    assert info.start_s == pytest.approx(2.002)
    assert info.has_audio
    assert info.audio_rate_hz == 48000
    assert info.size_bytes == path.stat().st_size


@pytest.mark.parametrize("name", ["a.mkv", "a.ts"])
def test_probe_late_start_is_not_counted_in_duration(tmp_path: Path, name: str) -> None:
    write_pattern_video(tmp_path / name, Pattern(100, start_ticks=250))
    assert probe(tmp_path / name).duration_s == pytest.approx(4, abs=0.05)


def test_probe_file_without_sound(tmp_path: Path) -> None:
    write_pattern_video(tmp_path / "a.mkv", Pattern(10))
    info = probe(tmp_path / "a.mkv")
    assert not info.has_audio
    assert info.audio_rate_hz == 0


def test_probe_wrong_suffix_does_not_matter(tmp_path: Path) -> None:
    write_pattern_video(tmp_path / "a.mkv", Pattern(10))
    (tmp_path / "a.mkv").rename(tmp_path / "a.jpg")
    assert probe(tmp_path / "a.jpg").codec == "h264"


def write_sound(path: Path) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=48000)
        frame = av.AudioFrame.from_ndarray(
            np.zeros((1, 48000), np.float32), format="fltp", layout="mono"
        )
        frame.rate = 48000
        container.mux([*stream.encode(frame), *stream.encode(None)])


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("missing.mp4", None, "no such video file"),
        ("empty.mp4", b"", r"empty \(0 bytes\)"),
        ("text.mp4", b"this is a text file, not a video\n" * 50, "not a video that can be read"),
        (
            "random.mkv",
            bytes(np.random.default_rng(0).integers(0, 256, 5000, dtype=np.uint8)),
            "not a video that can be read",
        ),
        ("cut.mp4", b"\x00\x00\x00\x20ftypisom" + bytes(3000), "truncated before its index"),
    ],
)
def test_probe_file_that_is_no_video_is_refused_in_one_line(
    tmp_path: Path, name: str, content: bytes | None, message: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=message) as caught:
        probe(tmp_path / name)
    assert "\n" not in str(caught.value)
    assert name in str(caught.value)


def test_probe_sound_only_is_refused(tmp_path: Path) -> None:
    write_sound(tmp_path / "a.m4a")
    with pytest.raises(InputError, match="only sound"):
        probe(tmp_path / "a.m4a")


def test_probe_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="folder"):
        probe(tmp_path)


def test_probe_unreadable_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_pattern_video(tmp_path / "a.mp4", Pattern(3))
    monkeypatch.setattr(
        os, "access", lambda *_: False
    )  # permissions do not bind the superuser, who may run this
    with pytest.raises(InputError, match="permission denied"):
        probe(tmp_path / "a.mp4")


def test_probe_playlist_with_network_address_is_refused(tmp_path: Path) -> None:
    playlist = tmp_path / "a.m3u8"
    playlist.write_text(
        "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n"
    )
    with pytest.raises(InputError):
        probe(playlist)
