from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pytest

from spotkick.video.cut import write_reel
from spotkick.video.cut_points import plan_cut
from spotkick.video.frame_fitting import FrameFitter, ReelColours
from spotkick.video.probe import FieldOrder, probe
from spotkick.video.reel_parts import ReelPart
from spotkick.video.reel_shape import ReelShape

BT709 = ReelColours(matrix=1, value_range=1, primaries=1, transfer=1)
BASE = Fraction(1, 25)


def yuv_frame(
    luma: npt.NDArray[np.uint8], blue: int = 150, red: int = 25, *, full: bool = False
) -> av.VideoFrame:
    """A frame with given luma and even chroma, tagged BT.709."""
    height, width = luma.shape
    chroma = np.full((height // 2, width), 0, np.uint8)
    planes = np.vstack([luma, chroma])
    flat = planes.reshape(-1)
    flat[width * height : width * height * 5 // 4] = blue
    flat[width * height * 5 // 4 :] = red
    frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
    frame.colorspace, frame.color_range = 1, 2 if full else 1
    return frame


def fit(
    frames: list[av.VideoFrame],
    shape: ReelShape,
    colours: ReelColours = BT709,
    order: FieldOrder = "progressive",
) -> list[tuple[npt.NDArray[np.uint8], int]]:
    fitter = FrameFitter(
        shape, colours, field_order=order, sample_aspect=Fraction(1), time_base=BASE
    )

    def run() -> Iterator[tuple[av.VideoFrame, int]]:
        for number, frame in enumerate(frames):
            yield from fitter.push(frame, number)
        yield from fitter.flush()

    return [(frame.to_ndarray(), ticks) for frame, ticks in run()]


def gradient(height: int = 64, width: int = 96) -> npt.NDArray[np.uint8]:
    return np.tile(np.linspace(20, 230, width).astype(np.uint8), (height, 1))


@pytest.mark.parametrize("full", [False, True])
def test_push_same_size_and_colours_keeps_every_value(full: bool) -> None:
    frame = yuv_frame(gradient(), full=full)
    expected = frame.to_ndarray()
    colours = ReelColours(1, 2 if full else 1, 1, 1)
    ((got, ticks),) = fit([frame], ReelShape(96, 64), colours)
    np.testing.assert_array_equal(got, expected)
    assert ticks == 0


def test_push_other_matrix_is_converted_to_that_of_the_reel() -> None:
    cyan = yuv_frame(np.full((64, 96), 192, np.uint8))
    ((got, _),) = fit([cyan], ReelShape(96, 64), ReelColours(6, 1, 6, 6))
    assert abs(int(got[10, 10]) - 173) <= 2


def test_push_other_size_keeps_times_and_gets_bars() -> None:
    frames = [yuv_frame(np.full((64, 64), 180, np.uint8)) for _ in range(3)]
    got = fit(frames, ReelShape(96, 64))
    assert [ticks for _, ticks in got] == [0, 1, 2]
    luma = got[0][0][:64]
    assert luma[:, :16].max() <= 17
    assert luma[:, 80:].max() <= 17
    assert luma[:, 18:78].min() >= 178


def test_push_size_that_changes_in_the_middle_is_followed() -> None:
    frames = [
        yuv_frame(np.full(size, 100, np.uint8))
        for size in ((64, 96), (64, 96), (32, 48), (128, 192))
    ]
    got = fit(frames, ReelShape(96, 64))
    assert [picture.shape for picture, _ in got] == [(96, 96)] * 4
    assert [ticks for _, ticks in got] == [0, 1, 2, 3]


def write_interlaced(path: Path, options: dict[str, str], codec: str, *, bottom: bool) -> None:
    """A bar that moves 8 pixels from field to field."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = 192, 128, "yuv420p"
        stream.bit_rate = 4_000_000
        for number in range(40):
            image = np.full((128, 192, 3), 40, np.uint8)
            for field in (0, 1):
                first = (2 * number + field) * 4 % 160
                image[field ^ bottom :: 2, first : first + 24] = 220
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def count_combed(path: Path) -> int:
    """Frames whose neighbouring rows differ much more than rows two apart."""
    combed = 0
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            luma = frame.to_ndarray(format="gray").astype(int)[8:-8]
            near, far = np.abs(luma[1:-1] - luma[:-2]), np.abs(luma[2:] - luma[:-2])
            combed += bool(((near > 60) & (far < 30)).sum() > 200)
    return combed


@pytest.mark.parametrize(
    ("name", "codec", "options", "bottom", "order"),
    [
        ("a.ts", "mpeg2video", {"flags": "+ilme+ildct"}, True, "bottom"),
        ("a.mp4", "libx264", {"x264-params": "bff=1", "preset": "ultrafast"}, True, "bottom"),
        ("a.mkv", "libx264", {"x264-params": "tff=1", "preset": "ultrafast"}, False, "top"),
    ],
)
def test_write_reel_interlaced_source_is_deinterlaced_frame_for_frame(
    tmp_path: Path, name: str, codec: str, options: dict[str, str], bottom: bool, order: str
) -> None:
    source, reel = tmp_path / name, tmp_path / "reel.mp4"
    write_interlaced(source, options, codec, bottom=bottom)
    assert probe(source).field_order == order
    assert count_combed(source) > 30
    cut = plan_cut(source, 0.2, 1.2)
    write_reel(reel, [ReelPart(cut)])
    assert count_combed(reel) == 0
    with av.open(str(reel)) as container:
        times = [frame.time for frame in container.decode(video=0)]
    assert times == pytest.approx([n / 25 for n in range(cut.num_frames)], abs=1e-4)
    assert probe(reel).field_order == "progressive"
