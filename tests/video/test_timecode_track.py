from fractions import Fraction
from pathlib import Path

import pytest

from spotkick.video.probe import probe
from spotkick.video.timecode_track import TimecodeTrack, read_timecode_track
from support.pattern_video import Pattern, write_pattern_video


def write_with_track(
    path: Path, rate: Fraction, *, scale: int, duration: int, frames: int, flags: int
) -> None:
    """A QuickTime file whose timecode track counts in a way of its own."""
    tags = (("timecode", "10:00:00:20"),)
    write_pattern_video(path, Pattern(10, rate=rate, size_px=(96, 64), tags=tags))
    data = bytearray(path.read_bytes())
    place = data.index(b"tmcd", data.index(b"stsd", data.index(b"gmhd"))) + 4
    for offset, value in ((12, flags), (16, scale), (20, duration)):
        data[place + offset : place + offset + 4] = value.to_bytes(4, "big")
    data[place + 24] = frames
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("rate", "scale", "duration", "frames", "flags", "wanted"),
    [
        (50, 25, 1, 25, 0, TimecodeTrack(Fraction(25), drop=False)),
        (50, 50, 1, 50, 0, TimecodeTrack(Fraction(50), drop=False)),
        ("60000/1001", 30000, 1001, 30, 1, TimecodeTrack(Fraction(30000, 1001), drop=True)),
        ("60000/1001", 30000, 1001, 30, 0, TimecodeTrack(Fraction(30000, 1001), drop=False)),
        (25, 0, 0, 25, 0, TimecodeTrack(Fraction(25), drop=False)),
    ],
)
def test_probe_timecode_track_of_other_rate(
    tmp_path: Path,
    rate: int | str,
    scale: int,
    duration: int,
    frames: int,
    flags: int,
    wanted: TimecodeTrack,
) -> None:
    path = tmp_path / "a.mov"
    write_with_track(
        path, Fraction(rate), scale=scale, duration=duration, frames=frames, flags=flags
    )
    assert read_timecode_track(path) == wanted
    info = probe(path)
    assert info.frame_rate == Fraction(rate)
    assert (info.timecode_rate, info.timecode_drop) == (wanted.rate, wanted.drop)


def test_read_timecode_track_of_file_without_one(tmp_path: Path) -> None:
    write_pattern_video(tmp_path / "a.mov", Pattern(10, size_px=(96, 64)))
    assert read_timecode_track(tmp_path / "a.mov") is None
    (tmp_path / "b.mov").write_bytes(b"\x00\x00\x00\x08moov")
    assert read_timecode_track(tmp_path / "b.mov") is None
