"""Frames of a source as a reel has them: deinterlaced, upright, in its size, colours and format.

One chain of FFmpeg's filters does all of it on the planes of a frame, so that nothing is converted
to RGB and back.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import av
from av.filter import Graph
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from spotkick.video.probe import FieldOrder, quarter_turns
from spotkick.video.reel_shape import ReelShape, place_frame

_TURNS: Final = {
    0: (),
    1: (("transpose", "dir=cclock"),),
    2: (("hflip", ""), ("vflip", "")),
    3: (("transpose", "dir=clock"),),
}
"""Filters for a number of counterclockwise quarter turns."""

_PARITY: Final = {"top": "tff", "bottom": "bff", "progressive": "auto"}
_MATRICES: Final = {1: "bt709", 5: "bt601", 6: "bt601", 7: "smpte240m", 9: "bt2020"}
"""FFmpeg's codes of colour matrices, and what its scaler calls them."""

_RGB_MATRIX: Final = 0
_FULL_RANGE: Final = 2
_LIMITED_RANGE: Final = 1


@dataclass(frozen=True, slots=True)
class ReelColours:
    """How the colours of a reel are coded, as FFmpeg numbers it.

    Attributes:
        matrix: from RGB to luma and chroma.
        value_range: 1 for limited, 2 for full.
        primaries: of the light.
        transfer: from light to signal.
    """

    matrix: int
    value_range: int
    primaries: int
    transfer: int


def colours_of(stream: VideoStream) -> ReelColours:
    """The colours of a reel whose first video is a stream; RGB is converted to BT.709."""
    context = stream.codec_context
    if context.colorspace == _RGB_MATRIX:
        return ReelColours(1, _LIMITED_RANGE, context.color_primaries, context.color_trc)
    return ReelColours(
        matrix=context.colorspace,
        value_range=context.color_range,
        primaries=context.color_primaries,
        transfer=context.color_trc,
    )


class FrameFitter:
    """Turns the frames of one video into those of a reel, with their times."""

    def __init__(
        self,
        shape: ReelShape,
        colours: ReelColours,
        *,
        field_order: FieldOrder,
        sample_aspect: Fraction,
        time_base: Fraction,
    ) -> None:
        """Prepare for the frames of a video.

        Args:
            shape: of the reel.
            colours: of the reel.
            field_order: of the video; interlaced frames are deinterlaced.
            sample_aspect: of the video as shown.
            time_base: of the ticks that go with the frames.
        """
        self._shape, self._colours = shape, colours
        self._field_order, self._sample_aspect = field_order, sample_aspect
        self._time_base = time_base
        self._graph: Graph | None = None
        self._key: tuple[object, ...] = ()

    def push(self, frame: VideoFrame, ticks: int) -> Iterator[tuple[VideoFrame, int]]:
        """Take a frame; frames that are ready come out, deinterlaced ones a frame later."""
        turns = quarter_turns(frame.rotation)
        key = (frame.width, frame.height, frame.format.name, frame.colorspace, turns)
        if key != self._key:
            yield from self.flush()
            self._graph, self._key = self._make_graph(frame, turns), key

        frame.pts, frame.time_base = ticks, self._time_base
        if self._graph is not None:
            self._graph.vpush(frame)
            yield from self._pull_frames()

    def flush(self) -> Iterator[tuple[VideoFrame, int]]:
        """Frames that are still on their way."""
        if self._graph is not None:
            self._graph.vpush(None)
            yield from self._pull_frames()
            self._graph, self._key = None, ()

    def _pull_frames(self) -> Iterator[tuple[VideoFrame, int]]:
        while self._graph is not None:
            try:
                frame = self._graph.vpull()
            except (av.BlockingIOError, av.EOFError):
                return
            base = frame.time_base or self._time_base
            yield frame, round((frame.pts or 0) * base / self._time_base)

    def _make_graph(self, frame: VideoFrame, turns: int) -> Graph:
        width, height = (frame.height, frame.width) if turns % 2 else (frame.width, frame.height)
        place = place_frame(width, height, self._sample_aspect, self._shape)

        # Fields are taken apart before anything mixes the rows of a frame.
        steps: list[tuple[str, str]] = []
        if self._field_order != "progressive":
            parity = "auto" if frame.interlaced_frame else _PARITY[self._field_order]
            which = "interlaced" if frame.interlaced_frame else "all"
            steps.append(("bwdif", f"mode=send_frame:parity={parity}:deint={which}"))
        steps += _TURNS[turns]
        steps.append(("scale", self._scale_options(frame, place.width_px, place.height_px)))
        steps.append(("format", "pix_fmts=yuv420p"))
        if (place.width_px, place.height_px) != self._shape.size_px:
            size = f"w={self._shape.width_px}:h={self._shape.height_px}"
            steps.append(("pad", f"{size}:x={place.left_px}:y={place.top_px}:color=black"))

        graph = Graph()
        last = graph.add_buffer(
            width=frame.width,
            height=frame.height,
            format=frame.format,
            time_base=self._time_base,
        )
        for name, options in steps:
            following = graph.add(name, options)
            last.link_to(following)
            last = following
        last.link_to(graph.add("buffersink"))
        graph.configure()
        return graph

    def _scale_options(self, frame: VideoFrame, width: int, height: int) -> str:
        """Size and colours; colours of the same kind are left as they are."""
        is_rgb = frame.format.is_rgb
        is_full = frame.color_range == _FULL_RANGE or frame.format.name.startswith("yuvj") or is_rgb
        options = [f"w={width}", f"h={height}", "flags=bicubic"]
        if not is_rgb:
            options.append(f"in_range={'pc' if is_full else 'tv'}")
        options.append(f"out_range={'pc' if self._colours.value_range == _FULL_RANGE else 'tv'}")

        # The filter does not see the matrix of frames and would take them for BT.601: where one is
        # not known, the same for both sides leaves the values as they are.
        source = _MATRICES.get(int(frame.colorspace))
        target = _MATRICES.get(self._colours.matrix)
        if not is_rgb:
            options.append(f"in_color_matrix={source or target or 'bt709'}")
        options.append(f"out_color_matrix={target or source or 'bt709'}")
        return ":".join(options)
