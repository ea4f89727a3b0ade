"""Reels of other shapes and codecs, from a video of three stripes."""

import os
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pytest

from spotkick.video.cut import write_reel
from spotkick.video.cut_points import plan_cut
from spotkick.video.probe import probe
from spotkick.video.reel_look import CropBox, ReelLook
from spotkick.video.reel_parts import ReelPart
from spotkick.video.reel_shape import ReelShape

STRIPES = (60, 130, 200)
"""Brightness of the left, the middle and the right third."""


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One second of three stripes, 320 x 180."""
    path = tmp_path_factory.mktemp("look") / "stripes.mp4"
    image: npt.NDArray[np.uint8] = np.zeros((180, 320, 3), np.uint8)
    for number, level in enumerate(STRIPES):
        image[:, round(320 * number / 3) : round(320 * (number + 1) / 3)] = level
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        for _ in range(25):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image)))
        container.mux(stream.encode())
    return path


def first_image(path: Path) -> npt.NDArray[np.uint8]:
    with av.open(str(path)) as container:
        return next(container.decode(video=0)).to_ndarray(format="gray")


@pytest.mark.parametrize(
    ("aspect", "size_px"),
    [
        (Fraction(9, 16), (102, 180)),
        (Fraction(1), (180, 180)),
        (Fraction(16, 9), (320, 180)),
        (Fraction(4), (320, 80)),
    ],
)
def test_write_reel_other_aspects_show_the_middle(
    video: Path, tmp_path: Path, aspect: Fraction, size_px: tuple[int, int]
) -> None:
    part = ReelPart(plan_cut(video, 0.2, 0.8))
    write_reel(tmp_path / "reel.mp4", [part], look=ReelLook(aspect))
    info = probe(tmp_path / "reel.mp4")
    assert (info.width_px, info.height_px) == size_px
    image = first_image(tmp_path / "reel.mp4")
    assert image[40, image.shape[1] // 2] == pytest.approx(STRIPES[1], abs=4)
    if aspect == Fraction(9, 16):
        assert image.min() > STRIPES[0] + 30
        assert image.max() < STRIPES[2] - 30
    with av.open(str(tmp_path / "reel.mp4")) as container:
        assert sum(1 for _ in container.decode(video=0)) == 15


def test_crop_of_pixels_that_are_not_square_counts_what_is_shown() -> None:
    # 720 x 576 shown as 16:9; a square of it is 405 stored pixels wide, made even
    look = ReelLook(Fraction(1))
    assert look.crop_of(ReelShape(720, 576, Fraction(64, 45))) == CropBox(404, 576, 158, 0)
    assert ReelLook().crop_of(ReelShape(720, 576)) == CropBox(720, 576, 0, 0)


@pytest.mark.parametrize(("codec", "name"), [("h265", "hevc"), ("av1", "av1")])
def test_write_reel_codecs_are_those_that_are_asked_for(
    video: Path, tmp_path: Path, codec: str, name: str
) -> None:
    look = ReelLook(codec=codec, quality="small")  # type: ignore[arg-type]
    write_reel(tmp_path / "reel.mp4", [ReelPart(plan_cut(video, 0.2, 0.4))], look=look)
    assert probe(tmp_path / "reel.mp4").codec == name
    assert os.sched_getscheduler(0) == os.SCHED_OTHER  # SVT-AV1 would go ahead of all others


def test_write_reel_quality_decides_the_size(video: Path, tmp_path: Path) -> None:
    sizes = []
    for quality in ("small", "standard", "high"):
        path = tmp_path / f"{quality}.mp4"
        look = ReelLook(quality=quality)  # type: ignore[arg-type]
        write_reel(path, [ReelPart(plan_cut(video, 0.0, 1.0))], look=look)
        sizes.append(path.stat().st_size)
    assert sizes == sorted(sizes)
