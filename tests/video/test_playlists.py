import time
from fractions import Fraction
from pathlib import Path

import pytest

from spotkick.errors import InputError, SpotkickWarning
from spotkick.video.decode import sample_video
from spotkick.video.playlists import closed_playlist, has_open_end, is_playlist
from spotkick.video.probe import probe
from support.pattern_video import Pattern, read_number, write_pattern_video


def write_playlist(folder: Path, *, end_mark: bool) -> Path:
    path = folder / "a.m3u8"
    options = (("hls_time", "1"), ("hls_list_size", "0"))
    write_pattern_video(
        path, Pattern(100, size_px=(96, 64), group_frames=25, muxer_options=options)
    )
    if not end_mark:
        path.write_text(path.read_text().replace("#EXT-X-ENDLIST\n", ""))
    return path


@pytest.mark.parametrize("name", ["a.m3u8", "20:45.m3u8"])
def test_sample_video_playlist_without_end_mark_ends_and_warns(tmp_path: Path, name: str) -> None:
    path = write_playlist(tmp_path, end_mark=False).rename(tmp_path / name)
    begin_s = time.monotonic()
    with pytest.warns(SpotkickWarning, match="no end mark; it was read to its last segment"):
        images = [sample.image for sample in sample_video(path, Fraction(2))]
    assert [read_number(image) for image in images] == [0, 12, 25, 37, 50, 62, 75, 87]
    assert time.monotonic() - begin_s < 10
    assert probe(path).duration_s == pytest.approx(4, abs=0.01)


def test_sample_video_playlist_that_has_grown_is_read_anew(tmp_path: Path) -> None:
    path = write_playlist(tmp_path, end_mark=False)
    whole = path.read_text()
    path.write_text(whole[: whole.index("#EXTINF", whole.index("a1.ts"))])
    assert probe(path).duration_s == pytest.approx(2, abs=0.01)
    path.write_text(whole)
    assert probe(path).duration_s == pytest.approx(4, abs=0.01)


def test_has_open_end(tmp_path: Path) -> None:
    path = write_playlist(tmp_path, end_mark=True)
    assert is_playlist(path)
    assert not has_open_end(path)
    path.write_text(path.read_text().replace("#EXT-X-ENDLIST\n", ""))
    assert has_open_end(path)
    path.write_bytes(b"\x00\x01")
    assert not is_playlist(path)


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/a.ts", "tcp://127.0.0.1:9", "udp://h:1"])
def test_open_playlist_without_end_mark_cannot_reach_the_network(
    tmp_path: Path, address: str
) -> None:
    path = tmp_path / "a.m3u8"
    path.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{address}\n")
    with closed_playlist(path) as copy:
        assert address in copy.read_text().splitlines()
    with pytest.raises(InputError):
        probe(path)
