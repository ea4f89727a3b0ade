"""Small streams for live tests: numbered frames, a tone, and a checkpoint that reads them."""

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt

from spotkick.commentary.speech import RecognisedSegment

RATE = 10
SIZE_PX = (64, 48)
GREY_STEP = 8


def write_stream(
    path: Path,
    seconds: float,
    *,
    first: int = 0,
    start_s: float = 0.0,
    sound: bool = False,
    format: str = "mpegts",  # noqa: A002 - FFmpeg's word
) -> None:
    """A transport stream of frames whose grey tells their number, with a tone if asked for.

    Args:
        path: of the file.
        seconds: length.
        first: number of the first frame.
        start_s: on the clock of the stream.
        sound: with a tone.
        format: of the container.
    """
    with av.open(str(path), "w", format=format) as container:
        video = container.add_stream(
            "libx264", rate=RATE, options={"preset": "ultrafast", "tune": "zerolatency"}
        )
        video.width, video.height, video.pix_fmt, video.gop_size = (*SIZE_PX, "yuv420p", RATE)
        audio = container.add_stream("aac", rate=16_000, layout="mono") if sound else None
        for number in range(round(seconds * RATE)):
            frame = av.VideoFrame.from_ndarray(draw_grey(first + number), format="rgb24")
            frame.pts, frame.time_base = round(start_s * RATE) + number, Fraction(1, RATE)
            container.mux(video.encode(frame))
            if audio is not None:
                wave = 0.3 * np.sin(np.arange(1600) / 8, dtype=np.float32)
                tone = av.AudioFrame.from_ndarray(wave[None], format="fltp", layout="mono")
                tone.rate, tone.time_base = 16_000, Fraction(1, 16_000)
                tone.pts = round(start_s * 16_000) + 1600 * number
                container.mux(audio.encode(tone))
        container.mux(video.encode(None))
        if audio is not None:
            container.mux(audio.encode(None))


def draw_grey(number: int) -> npt.NDArray[np.uint8]:
    """A frame whose grey tells its number; levels lie further apart than coding moves them."""
    level = 24 + GREY_STEP * (number % 13 + (13 if number // RATE % 7 == 3 else 0))
    return np.full((SIZE_PX[1], SIZE_PX[0], 3), level, dtype=np.uint8)


class RepeatingRecogniser:
    """Hears one sentence in the middle of each window."""

    name, is_multilingual = "test", False

    def recognise(
        self, samples: npt.NDArray[np.float32], *, language: str | None, translate: bool
    ) -> tuple[Iterator[RecognisedSegment], str]:
        del language, translate
        middle_s = len(samples) / 16_000 / 2
        text = f"Goal number {len(samples) % 97} for the home side."
        return iter([RecognisedSegment(middle_s, middle_s + 2, text)]), "en"


def play_packets(paths: list[Path]) -> Callable[..., Any]:
    """Opens the files one after the other, a connection each; then nothing can be opened."""
    waiting = list(paths)

    def open_next(*_: object, **__: object) -> Any:
        from spotkick.errors import InputError

        if not waiting:
            raise InputError("stream: cannot be opened (gone)")
        return av.open(str(waiting.pop(0)))

    return open_next
