"""How a reel is encoded, and which part of its frames it shows: publishing needs shapes and codecs.

A narrower or wider reel shows the middle of its frames, or the part where most moves
(`spotkick.video.action_crop`). At 9:16 that is a third of the width of a 16:9 frame.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Literal

import av
from av.filter import Graph
from av.video.frame import VideoFrame

from spotkick.errors import InputError
from spotkick.video.reel_shape import ReelShape

Codec = Literal["h264", "h265", "av1"]
Quality = Literal["small", "standard", "high"]

CODECS: Final = ("h264", "h265", "av1")
QUALITIES: Final = ("small", "standard", "high")

Encoder = tuple[str, dict[str, str]]

_QUIET: Final = {"x265-params": "log-level=error"}

_ENCODERS: Final[dict[str, dict[str, tuple[Encoder, ...]]]] = {
    "h264": {
        "small": (
            ("libx264", {"preset": "veryfast", "crf": "28"}),
            ("libopenh264", {"b": "2000000"}),
            ("mpeg4", {"qscale": "8"}),
        ),
        "standard": (
            ("libx264", {"preset": "veryfast", "crf": "20"}),
            ("libopenh264", {"b": "4000000"}),
            ("mpeg4", {"qscale": "3"}),
        ),
        "high": (
            ("libx264", {"preset": "medium", "crf": "16"}),
            ("libopenh264", {"b": "12000000"}),
            ("mpeg4", {"qscale": "2"}),
        ),
    },
    "h265": {
        "small": (("libx265", {"preset": "veryfast", "crf": "30"} | _QUIET),),
        "standard": (("libx265", {"preset": "veryfast", "crf": "24"} | _QUIET),),
        "high": (("libx265", {"preset": "medium", "crf": "19"} | _QUIET),),
    },
    "av1": {
        "small": (("libsvtav1", {"preset": "10", "crf": "42"}),),
        "standard": (("libsvtav1", {"preset": "8", "crf": "32"}),),
        "high": (("libsvtav1", {"preset": "6", "crf": "24"}),),
    },
}
"""Codec and quality -> encoders with their options, the preferred one first."""

_LEAST_SIDE_PX: Final = 16


@dataclass(frozen=True, slots=True)
class CropBox:
    """The part of a frame that is shown; all even, as the chroma of 4:2:0 frames needs."""

    width_px: int
    height_px: int
    left_px: int
    top_px: int

    @property
    def size_px(self) -> tuple[int, int]:
        """(width, height)."""
        return self.width_px, self.height_px


@dataclass(frozen=True, slots=True)
class ReelLook:
    """How a reel looks.

    Attributes:
        aspect: width divided by height as shown; None for that of the first video.
        codec: of the video.
        quality: small for messages, high for archives.
        follow: whether a narrower reel follows the action instead of showing the middle.
    """

    aspect: Fraction | None = None
    codec: Codec = "h264"
    quality: Quality = "standard"
    follow: bool = False

    def crop_of(self, shape: ReelShape) -> CropBox:
        """The middle of frames of a shape, in the aspect of the reel.

        Example:
            >>> ReelLook(Fraction(9, 16)).crop_of(ReelShape(1920, 1080))
            CropBox(width_px=608, height_px=1080, left_px=656, top_px=0)
        """
        if self.aspect is None:
            return CropBox(shape.width_px, shape.height_px, 0, 0)

        # Sides in stored pixels, whose shape may be other than square.
        wanted = self.aspect / shape.sample_aspect
        width = min(shape.width_px, _even(shape.height_px * wanted))
        height = min(shape.height_px, _even(shape.width_px / wanted))
        left, top = (shape.width_px - width) // 4 * 2, (shape.height_px - height) // 4 * 2
        return CropBox(width, height, left, top)

    def find_encoder(self) -> Encoder:
        """Name and options of an encoder that is installed.

        Raises:
            InputError: if there is none for the codec.
        """
        for name, options in _ENCODERS[self.codec][self.quality]:
            if name in av.codecs_available:
                return name, dict(options)
        raise InputError(f"no encoder for {self.codec} is installed; choose h264")


def _even(length: Fraction) -> int:
    return max(_LEAST_SIDE_PX, round(length / 2) * 2)


class FrameCropper:
    """Cuts one box out of frames of one size."""

    def __init__(self, box: CropBox, size_px: tuple[int, int]) -> None:
        """Prepare the filter for frames of a size in yuv420p."""
        self._box, self._is_whole = box, box.size_px == size_px
        self._graph: Graph | None = None

    def crop(self, frame: VideoFrame) -> VideoFrame:
        """The box of a frame; the frame itself where the box is all of it."""
        if self._is_whole:
            return frame
        if self._graph is None:
            self._graph = self._make_graph(frame)
        self._graph.vpush(frame)
        return self._graph.vpull()

    def _make_graph(self, frame: VideoFrame) -> Graph:
        box, graph = self._box, Graph()
        source = graph.add_buffer(
            width=frame.width,
            height=frame.height,
            format=frame.format,
            time_base=frame.time_base or Fraction(1, 1000),
        )
        crop = graph.add(
            "crop", f"{box.width_px}:{box.height_px}:{box.left_px}:{box.top_px}:exact=1"
        )
        sink = graph.add("buffersink")
        source.link_to(crop)
        crop.link_to(sink)
        graph.configure()
        return graph
