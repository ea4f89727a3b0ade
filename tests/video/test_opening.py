from fractions import Fraction
from pathlib import Path

import pytest

from spotkick.errors import InputError
from spotkick.video.cut_points import plan_cut
from spotkick.video.decode import sample_video
from spotkick.video.opening import open_video, walk_boxes
from spotkick.video.probe import probe
from spotkick.video.stills import frame_at
from support.pattern_video import Pattern, read_number, write_pattern_video


@pytest.mark.parametrize(
    "name", ["20:45_final.mp4", "2026-05-02T20:45.mkv", "concat:a.mp4", "pipe:0.ts", "-i.mp4"]
)
def test_open_video_relative_name_with_colon_is_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    write_pattern_video(tmp_path / name, Pattern(50, size_px=(96, 64)))
    monkeypatch.chdir(tmp_path)
    path = Path(name)
    assert probe(path).duration_s == pytest.approx(2)
    assert len(list(sample_video(path, Fraction(2)))) == 4
    assert read_number(frame_at(path, 1.0)) == 25
    assert plan_cut(path, 0.4, 1.4).num_frames == 25


def test_open_video_link_and_parent_folder_are_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "inner").mkdir()
    write_pattern_video(tmp_path / "a.mp4", Pattern(5, size_px=(96, 64)))
    (tmp_path / "inner" / "b.mp4").symlink_to(tmp_path / "a.mp4")
    monkeypatch.chdir(tmp_path / "inner")
    for path in (Path("b.mp4"), Path("../a.mp4")):
        with open_video(path) as (_, stream):
            assert stream.width == 96


def write_without_index(path: Path, share: float) -> None:
    write_pattern_video(path, Pattern(30, size_px=(96, 64)))
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_open_video_file_cut_before_its_index_names_the_index(tmp_path: Path, share: float) -> None:
    write_without_index(tmp_path / "a.mp4", share)
    with pytest.raises(InputError, match="truncated before its index"):
        probe(tmp_path / "a.mp4")


def test_open_video_failure_with_index_does_not_blame_it(tmp_path: Path) -> None:
    write_pattern_video(tmp_path / "a.mp4", Pattern(30, size_px=(96, 64)))
    data = bytearray((tmp_path / "a.mp4").read_bytes())
    kind, start, end = next(
        box for box in walk_boxes(tmp_path / "a.mp4", 0, len(data)) if box[0] == b"moov"
    )
    data[start:end] = bytes(end - start)
    (tmp_path / "a.mp4").write_bytes(data)
    assert kind == b"moov"
    with pytest.raises(InputError) as caught:
        probe(tmp_path / "a.mp4")
    assert "moov" not in str(caught.value)


def test_walk_boxes_stops_at_a_size_that_makes_no_sense(tmp_path: Path) -> None:
    large = (1).to_bytes(4, "big") + b"mdat" + (20).to_bytes(8, "big") + bytes(4)
    data = (8).to_bytes(4, "big") + b"free" + large + (3).to_bytes(4, "big") + b"junk"
    (tmp_path / "a").write_bytes(data)
    found = list(walk_boxes(tmp_path / "a", 0, len(data)))
    assert found == [(b"free", 8, 8), (b"mdat", 24, 28)]
