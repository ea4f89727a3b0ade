"""Open a video file and say what it holds, with one clear line when it cannot be used.

Time zero of a video is its first picture: files that start at a late timestamp (MPEG transport
streams, recordings cut from a longer one) and files whose sound begins earlier are all counted from
there.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
from av.container import InputContainer
from av.stream import Disposition
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from spotkick.errors import InputError

_OPEN_OPTIONS: Final = {"protocol_whitelist": "file"}
"""A playlist that poses as a video cannot make us open a network address."""

_FALLBACK_RATE: Final = Fraction(25)
_CLOCK: Final = re.compile(r"(\d+):(\d+):(\d+(?:\.\d+)?)")
_NO_PICTURE: Final = (
    Disposition.attached_pic | Disposition.still_image | Disposition.timed_thumbnails
)


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """What a video file holds, as its header tells.

    Attributes:
        path: the file.
        container: name of the container format, such as ``mov,mp4,m4a,3gp,3g2,mj2``.
        codec: name of the picture codec, such as ``h264``.
        stream_index: which stream of the file the pictures are in.
        width_px: width as shown, so after rotation.
        height_px: height as shown, so after rotation.
        rotation_deg: quarter turns by which decoded pictures are turned counterclockwise before
            they are shown: 0, 90, 180, 270.
        frame_rate: pictures per second; the average one when the rate varies.
        duration_s: length of the pictures in seconds as declared, 0 when the file does not say.
        start_s: timestamp of the first picture inside the file, in seconds.
        audio_index: which stream the sound is in, None for a silent file.
        audio_rate_hz: samples per second, 0 for a silent file.
        size_bytes: size of the file.
        timecode: of the first picture as the recorder wrote it, empty when it did not.
    """

    path: Path
    container: str
    codec: str
    stream_index: int
    width_px: int
    height_px: int
    rotation_deg: int
    frame_rate: Fraction
    duration_s: float
    start_s: float
    audio_index: int | None
    audio_rate_hz: int
    size_bytes: int
    timecode: str = ""

    @property
    def has_audio(self) -> bool:
        """Whether the file has sound."""
        return self.audio_index is not None


@contextmanager
def open_video(path: Path) -> Iterator[tuple[InputContainer, VideoStream]]:
    """Open a file and choose its picture stream: the largest, the first one when several are equal.

    Raises:
        InputError: if the file is missing, unreadable, empty, damaged, not a video, or has only
            sound.
    """
    _require_file(path)
    try:
        container = av.open(
            str(path), mode="r", container_options=_OPEN_OPTIONS, metadata_errors="replace"
        )
    except (av.FFmpegError, OSError, ValueError) as error:
        raise InputError(f"{path}: {_why_not_opened(path, error)}") from error
    with container:
        yield container, _choose_stream(container, path)


def _require_file(path: Path) -> None:
    try:
        if not path.exists():
            raise InputError(f"{path}: no such video file")
        if not path.is_file():
            raise InputError(f"{path}: a video file is needed, this is a folder or a device")
        if path.stat().st_size == 0:
            raise InputError(f"{path}: the file is empty (0 bytes); copy or download it again")
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from error
    if not os.access(path, os.R_OK):
        raise InputError(
            f"{path}: cannot be read: permission denied; make the file readable for this user"
        )


def _why_not_opened(path: Path, error: Exception) -> str:
    if isinstance(error, PermissionError):
        return "cannot be read: permission denied; make the file readable for this user"
    if path.suffix.lower() in {".mp4", ".mov", ".m4v"} and _is_quicktime(path):
        return "the file is cut off before its index ('moov'), so that nothing of it can be played; copy or record it again"
    return f"not a video that can be read ({getattr(error, 'strerror', None) or error})"


def _is_quicktime(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(8)[4:] == b"ftyp"


def _choose_stream(container: InputContainer, path: Path) -> VideoStream:
    streams = [stream for stream in container.streams.video if not stream.disposition & _NO_PICTURE]
    if not streams:
        if container.streams.audio:
            raise InputError(f"{path}: the file holds only sound; a video with pictures is needed")
        raise InputError(
            f"{path}: the file holds no pictures that can be read; it is no video, damaged, or cut off inside its index"
        )
    chosen = max(streams, key=_area)
    if not _area(chosen):
        raise InputError(
            f"{path}: the format of the pictures cannot be found; the file is damaged, cut off inside its index, or of a "
            f"codec that is not supported"
        )
    return chosen


def _area(stream: VideoStream) -> int:
    """Number of pixels; 0 when the header does not lead to a decoder."""
    context: VideoCodecContext | None = stream.codec_context  # None for a codec that is not known
    return 0 if context is None else context.width * context.height


def frame_rate_of(stream: VideoStream) -> Fraction:
    """Pictures per second of a stream; 25 when the file gives no clue."""
    rate = stream.average_rate or stream.guessed_rate or stream.base_rate
    return Fraction(rate) if rate else _FALLBACK_RATE


def start_ticks_of(stream: VideoStream) -> int:
    """Timestamp of the first picture, in units of the stream's time base."""
    return stream.start_time or 0


def time_base_of(stream: VideoStream) -> Fraction:
    """Length of one unit of a stream's timestamps, in seconds."""
    return Fraction(stream.time_base) if stream.time_base else 1 / frame_rate_of(stream)


def declared_duration_s(container: InputContainer, stream: VideoStream) -> tuple[Fraction, bool]:
    """Length of the pictures as the header declares it.

    Returns:
        the length in seconds, 0 when it is not declared; and whether it is that of the pictures
        alone, not of the whole file.
    """
    start_s = start_ticks_of(stream) * time_base_of(stream)
    if stream.duration:
        return stream.duration * time_base_of(stream), True
    tag = _CLOCK.fullmatch(stream.metadata.get("DURATION", ""))
    if tag:  # Matroska counts from zero, whatever the first timestamp is
        hours, minutes, seconds = (Fraction(part) for part in tag.groups())
        return max(Fraction(0), 3600 * hours + 60 * minutes + seconds - start_s), True
    if container.duration:
        first = 0 if container.format.name.startswith("matroska") else container.start_time or 0
        return max(Fraction(0), Fraction(container.duration + first, av.time_base) - start_s), False
    return Fraction(0), False


def probe(path: Path) -> VideoInfo:
    """Say what a video file holds. One picture is decoded, to find its rotation.

    Raises:
        InputError: see `open_video`; also when no picture can be decoded.
    """
    with open_video(path) as (container, stream):
        duration_s = float(declared_duration_s(container, stream)[0])
        rotation_deg = _first_rotation_deg(container, stream, path)
        turned = rotation_deg % 180 == 90
        audio = container.streams.audio[0] if container.streams.audio else None
        return VideoInfo(
            path=path,
            container=container.format.name,
            codec=stream.codec_context.name,
            stream_index=stream.index,
            width_px=stream.height if turned else stream.width,
            height_px=stream.width if turned else stream.height,
            rotation_deg=rotation_deg,
            frame_rate=frame_rate_of(stream),
            duration_s=duration_s,
            start_s=float(start_ticks_of(stream) * time_base_of(stream)),
            audio_index=audio.index if audio else None,
            audio_rate_hz=audio.rate or 0 if audio else 0,
            size_bytes=path.stat().st_size,
            timecode=stream.metadata.get("timecode") or container.metadata.get("timecode", ""),
        )


def _first_rotation_deg(container: InputContainer, stream: VideoStream, path: Path) -> int:
    try:
        for frame in container.decode(stream):
            return quarter_turns(frame.rotation) * 90
    except av.FFmpegError as error:
        raise InputError(
            f"{path}: no picture can be decoded ({error.strerror}); the file is damaged"
        ) from error
    raise InputError(
        f"{path}: the file holds no picture; it is damaged, or cut off after its header"
    )


def quarter_turns(rotation_deg: float) -> int:
    """Number of counterclockwise quarter turns, 0 to 3, that show a picture upright.

    Example:
        >>> quarter_turns(-90)
        3
    """
    return round(rotation_deg / 90) % 4
