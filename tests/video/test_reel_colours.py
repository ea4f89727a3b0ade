from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from spotkick.video.cut import ReelPart, write_reel
from spotkick.video.cut_points import plan_cut

PATCHES = ((192, 150, 25), (31, 118, 140), (120, 60, 200), (200, 128, 128))
"""Luma and chroma of four patches."""


def write_patches(path: Path, *, matrix: int, value_range: int, rotation_deg: int) -> None:
    """Four patches side by side, as stored, with tagged colours."""
    with av.open(str(path), "w") as container:
        options = {"preset": "ultrafast", "crf": "1"}
        stream = container.add_stream("libx264", rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = 256, 64, "yuv420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, 25)
        stream.codec_context.colorspace = matrix
        stream.codec_context.color_range = value_range
        if rotation_deg:
            stream.set_display_rotation(rotation_deg)
        for number in range(25):
            frame = av.VideoFrame(256, 64, "yuv420p")
            for index, plane in enumerate(frame.planes):
                lines = np.zeros((plane.height, plane.line_size), dtype=np.uint8)
                for patch, colour in enumerate(PATCHES):
                    width = plane.width // 4
                    lines[:, patch * width : (patch + 1) * width] = colour[index]
                plane.update(lines.tobytes())
            frame.pts, frame.time_base = number, Fraction(1, 25)
            frame.colorspace, frame.color_range = matrix, value_range
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def read_patches(path: Path, turns: int) -> list[tuple[int, int, int]]:
    """The patches of the tenth frame, which is shown turned counterclockwise."""
    with av.open(str(path)) as container:
        frame = next(f for n, f in enumerate(container.decode(video=0)) if n == 10)
    planes = []
    for plane in frame.planes:
        lines = np.frombuffer(plane, dtype=np.uint8).reshape(-1, plane.line_size)
        planes.append(np.rot90(lines[: plane.height, : plane.width], k=-turns))
    return [
        tuple(
            round(float(np.median(plane[:, (2 * n + 1) * plane.shape[1] // 8 - 2 :][:, :4])))
            for plane in planes
        )
        for n in range(4)
    ]


@pytest.mark.parametrize("rotation_deg", [0, 90, 180, 270])
@pytest.mark.parametrize(
    ("matrix", "value_range"), [(1, 1), (1, 2), (5, 1), (6, 1), (9, 1), (2, 1)]
)
def test_write_reel_keeps_luma_and_chroma_of_every_matrix_and_rotation(
    tmp_path: Path, matrix: int, value_range: int, rotation_deg: int
) -> None:
    source, reel = tmp_path / "a.mp4", tmp_path / "reel.mp4"
    write_patches(source, matrix=matrix, value_range=value_range, rotation_deg=rotation_deg)
    write_reel(reel, [ReelPart(plan_cut(source, 0, 0.9))])
    got = read_patches(reel, rotation_deg // 90)
    np.testing.assert_allclose(got, PATCHES, atol=2)
    with av.open(str(source)) as before, av.open(str(reel)) as after:
        first, second = (file.streams.video[0].codec_context for file in (before, after))
        assert (first.colorspace, first.color_range) == (second.colorspace, second.color_range)
