"""Test videos whose frames carry their own number, and whose sound beeps at known times.

A frame is a grid of bright and dark cells: three rows of six hold the number in binary, the
fourth row holds the parity of each column, so that a blend of two frames or a damaged one is
noticed. Tests, benchmarks and anyone who wants to check a video chain to the frame can read the
number back from what comes out at the other end.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
import numpy as np
import numpy.typing as npt
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.stream import VideoStream

from spotkick.video.scheduling import keep_scheduling

_COLUMNS: Final = 6
_NUMBER_ROWS: Final = 3
_ROWS: Final = _NUMBER_ROWS + 1
_DARK: Final = 32
_BRIGHT: Final = 220
_BEEP_S: Final = 0.1
_BEEP_HZ: Final = 1000
_AUDIO_CHUNK: Final = 1024

MAX_NUMBER: Final = 2 ** (_COLUMNS * _NUMBER_ROWS) - 1
"""Largest number that a frame can carry."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """How a test video is made.

    Attributes:
        num_frames: number of frames, numbered from 0.
        rate: frames per second.
        size_px: (width, height) as stored.
        codec: video encoder.
        group_frames: distance of key frames.
        b_frames: consecutive frames that are predicted from both sides.
        ticks: timestamp of each frame in units of 1 / ``rate``; None for a constant rate.
        start_ticks: added to the timestamp of every frame and sample, in units of 1 / ``rate``.
        rotation_deg: turn, counterclockwise, that a player has to apply.
        beeps_s: times at which the sound beeps; None for a silent file.
        audio_rate_hz: samples per second.
        options: further encoder options.
        first_number: number of the first frame.
        muxer_options: options of the container.
        sample_aspect: width of a pixel divided by its height.
        tags: metadata of the container and of the video stream.
    """

    num_frames: int
    rate: Fraction = Fraction(25)
    size_px: tuple[int, int] = (192, 128)
    codec: str = "libx264"
    group_frames: int = 12
    b_frames: int = 2
    ticks: Sequence[int] | None = None
    start_ticks: int = 0
    rotation_deg: int = 0
    beeps_s: Sequence[float] | None = None
    audio_rate_hz: int = 48000
    options: tuple[tuple[str, str], ...] = ()
    first_number: int = 0
    muxer_options: tuple[tuple[str, str], ...] = ()
    sample_aspect: Fraction = Fraction(1)
    tags: tuple[tuple[str, str], ...] = ()


def draw_number(number: int, size_px: tuple[int, int]) -> npt.NDArray[np.uint8]:
    """RGB image (height, width, 3) that carries ``number``."""
    bits = (number >> np.arange(_COLUMNS * _NUMBER_ROWS)) & 1
    cells = bits.reshape(_NUMBER_ROWS, _COLUMNS)
    cells = np.vstack([cells, cells.sum(axis=0) % 2])
    width, height = size_px
    rows = np.arange(height) * _ROWS // height
    columns = np.arange(width) * _COLUMNS // width
    luma = np.where(cells[rows][:, columns] == 1, _BRIGHT, _DARK).astype(np.uint8)
    return np.repeat(luma[:, :, None], 3, axis=2)


def read_number(image: npt.NDArray[np.uint8]) -> int | None:
    """Number that an image (height, width, 3) carries, None when it carries none that is intact."""
    height, width = image.shape[:2]
    rows = (np.arange(_ROWS) * 2 + 1) * height // (2 * _ROWS)
    columns = (np.arange(_COLUMNS) * 2 + 1) * width // (2 * _COLUMNS)
    luma = image[rows][:, columns].mean(axis=2)
    cells = luma > (_DARK + _BRIGHT) / 2
    clear = np.abs(np.where(cells, _BRIGHT, _DARK) - luma).max() < (_BRIGHT - _DARK) / 4
    if not clear or (cells[:_NUMBER_ROWS].sum(axis=0) % 2 != cells[_NUMBER_ROWS]).any():
        return None
    return int((cells[:_NUMBER_ROWS].ravel() << np.arange(_COLUMNS * _NUMBER_ROWS)).sum())


def beep_samples(
    beeps_s: Sequence[float], num_samples: int, rate_hz: int
) -> npt.NDArray[np.float32]:
    """Silence with a 1 kHz tone of a tenth of a second at each of the times."""
    samples = np.zeros(num_samples, dtype=np.float32)
    tone = 0.5 * np.sin(2 * np.pi * _BEEP_HZ * np.arange(int(_BEEP_S * rate_hz)) / rate_hz)
    for time_s in beeps_s:
        first = round(time_s * rate_hz)
        room = samples[first : first + len(tone)]
        room[:] = tone[: len(room)]
    return samples


def write_pattern_video(path: Path, pattern: Pattern) -> None:
    """Write a test video; the suffix of ``path`` decides the container."""
    options = dict(pattern.muxer_options)
    with keep_scheduling(), av.open(str(path), mode="w", options=options) as container:
        video = container.add_stream(
            pattern.codec, rate=pattern.rate, options=_encoder_options(pattern)
        )
        if not isinstance(video, VideoStream):
            raise TypeError(f"{pattern.codec} encodes no frames")
        video.width, video.height = pattern.size_px
        video.pix_fmt = "yuv420p"
        video.gop_size = pattern.group_frames
        video.max_b_frames = pattern.b_frames
        video.time_base = video.codec_context.time_base = 1 / pattern.rate
        if pattern.sample_aspect != 1:
            video.codec_context.sample_aspect_ratio = pattern.sample_aspect
        container.metadata.update(pattern.tags)
        video.metadata.update(pattern.tags)
        if pattern.rotation_deg:
            video.set_display_rotation(pattern.rotation_deg)
        audio = _add_audio(container, path) if pattern.beeps_s is not None else None
        if audio is not None:
            audio.rate = pattern.audio_rate_hz
        for frame in _draw_frames(pattern):
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        if audio is not None:
            for sound in _make_sounds(pattern):
                container.mux(audio.encode(sound))
            container.mux(audio.encode(None))


def _encoder_options(pattern: Pattern) -> dict[str, str]:
    fast = (
        {"preset": "ultrafast", "x264-params": "scenecut=0"} if pattern.codec == "libx264" else {}
    )
    return {**fast, **dict(pattern.options)}


def _add_audio(container: OutputContainer, path: Path) -> AudioStream:
    codec: Any = "libopus" if path.suffix == ".webm" else "aac"
    audio = container.add_stream(codec)
    if not isinstance(audio, AudioStream):
        raise TypeError(f"{codec} encodes no sound")
    audio.layout = "mono"
    return audio


def _draw_frames(pattern: Pattern) -> Iterator[av.VideoFrame]:
    ticks = range(pattern.num_frames) if pattern.ticks is None else pattern.ticks
    for number, tick in zip(range(pattern.num_frames), ticks, strict=True):
        frame = av.VideoFrame.from_ndarray(
            draw_number(pattern.first_number + number, pattern.size_px), format="rgb24"
        )
        frame.pts = pattern.start_ticks + tick
        frame.time_base = 1 / pattern.rate
        yield frame


def _make_sounds(pattern: Pattern) -> Iterator[av.AudioFrame]:
    rate = pattern.audio_rate_hz
    ticks = pattern.num_frames if pattern.ticks is None else pattern.ticks[-1] + 1
    samples = beep_samples(pattern.beeps_s or (), int(ticks / pattern.rate * rate), rate)
    for first in range(0, len(samples), _AUDIO_CHUNK):
        sound = av.AudioFrame.from_ndarray(
            samples[None, first : first + _AUDIO_CHUNK].copy(), format="fltp", layout="mono"
        )
        sound.rate = rate
        sound.pts = first + round(pattern.start_ticks / pattern.rate * rate)
        sound.time_base = Fraction(1, rate)
        yield sound
