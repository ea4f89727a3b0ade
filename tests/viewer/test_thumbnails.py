import io
from fractions import Fraction
from pathlib import Path

import av
import pytest

from spotkick.errors import InputError
from spotkick.viewer.thumbnails import THUMBNAIL_WIDTH_PX, ThumbnailMaker
from support.pattern_video import Pattern, read_number, write_pattern_video


def read_jpeg(data: bytes) -> tuple[int, int | None]:
    with av.open(io.BytesIO(data)) as container:
        (frame,) = container.decode(video=0)
    return frame.width, read_number(frame.to_ndarray(format="rgb24"))


@pytest.mark.parametrize("name", ["a.mp4", "a.ts", "a.mkv"])
def test_thumbnail_at_shows_frame_of_the_time(tmp_path: Path, name: str) -> None:
    pattern = Pattern(400, size_px=(208, 128), start_ticks=500, group_frames=400, b_frames=0)
    write_pattern_video(tmp_path / name, pattern)
    maker = ThumbnailMaker()
    for position_ms, number in ((0, 0), (1499, 37), (12_600, 315), (99_000, 399)):
        width, found = read_jpeg(maker.thumbnail_at(tmp_path / name, position_ms))
        assert (width, found) == (THUMBNAIL_WIDTH_PX, number)


@pytest.mark.parametrize(
    ("aspect", "rotation_deg", "size_px"),
    [
        (Fraction(64, 45), 0, (192, 108)),
        (Fraction(1), 90, (144, 180)),
        (Fraction(64, 45), 90, (144, 256)),
    ],
)
def test_thumbnail_at_is_upright_with_square_pixels(
    tmp_path: Path, aspect: Fraction, rotation_deg: int, size_px: tuple[int, int]
) -> None:
    pattern = Pattern(25, size_px=(180, 144), sample_aspect=aspect, rotation_deg=rotation_deg)
    write_pattern_video(tmp_path / "a.mp4", pattern)
    with av.open(io.BytesIO(ThumbnailMaker().thumbnail_at(tmp_path / "a.mp4", 0))) as container:
        video = container.streams.video[0]
        assert abs(video.width / video.height - size_px[0] / size_px[1]) < 0.02


def test_thumbnail_at_is_kept(tmp_path: Path) -> None:
    write_pattern_video(tmp_path / "a.mp4", Pattern(50))
    maker = ThumbnailMaker()
    first = maker.thumbnail_at(tmp_path / "a.mp4", 1000)
    (tmp_path / "a.mp4").unlink()
    assert maker.thumbnail_at(tmp_path / "a.mp4", 1000) == first
    with pytest.raises(InputError, match="no such video"):
        maker.thumbnail_at(tmp_path / "a.mp4", 0)
