"""Open a video file, with one clear line when it cannot be used."""

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import av
from av.codec.hwaccel import HWAccel
from av.container import InputContainer
from av.stream import Stream
from av.video.stream import VideoStream

from spotkick.errors import InputError, SpotkickWarning
from spotkick.video.hardware import hardware_decoder
from spotkick.video.playlists import closed_playlist, has_open_end, is_playlist
from spotkick.video.streams import choose_video_stream

_OPEN_OPTIONS: Final = {"protocol_whitelist": "file"}
"""A playlist that poses as a video cannot make us open a network address."""

_PLAYLIST_OPTIONS: Final = {"live_start_index": "0"}
"""A playlist of playlists without end mark is read from its first segment."""

_PLAYLIST_TIMEOUT_S: Final = 30.0
_NO_TIMESTAMPS: Final = 0x80
_DISCONTINUOUS: Final = 0x200
"""FFmpeg's flags of container formats: ``AVFMT_NOTIMESTAMPS`` and ``AVFMT_TS_DISCONT``."""

_STREAMS: Final = ("mpegts", "mpeg")
_QUICKTIME_SUFFIXES: Final = frozenset({".mp4", ".mov", ".m4v", ".m4a", ".3gp", ".qt"})
_PERMISSION: Final = "cannot be read: permission denied; make the file readable for this user"


@contextmanager
def open_video(path: Path, *, device: str = "cpu") -> Iterator[tuple[InputContainer, VideoStream]]:
    """Open a file and choose its video stream (see `spotkick.video.streams.choose_video_stream`).

    Args:
        path: video file.
        device: that decodes, see `spotkick.video.hardware.hardware_decoder`.

    Raises:
        InputError: if the file is missing, unreadable, empty, damaged, not a video, or has only
            sound.
    """
    container = open_container(path, device=device)
    with container:
        yield container, choose_video_stream(container, path)


def open_container(path: Path, *, device: str = "cpu") -> InputContainer:
    """Open a media file without choosing a stream.

    The absolute path is opened: FFmpeg takes the part of a relative name before a colon, as in
    ``20:45_final.mp4``, for a protocol.

    Args:
        path: media file.
        device: that decodes; where it has no video unit that starts, the CPU does.

    Raises:
        InputError: see `open_video`.
    """
    _require_file(path)
    hardware = hardware_decoder(device)
    if hardware is not None and not is_playlist(path):
        try:
            return _open_file(path, dict(_OPEN_OPTIONS), timeout_s=None, hardware=hardware)
        except (av.FFmpegError, OSError, ValueError) as error:
            # The file itself may be to blame; then the CPU says so below.
            reason = getattr(error, "strerror", None) or error
            message = f"{path}: decoded on the CPU, since '{device}' cannot decode here ({reason})"
            warnings.warn(message, SpotkickWarning, stacklevel=2)
    try:
        if not is_playlist(path):
            return _open_file(path, dict(_OPEN_OPTIONS), timeout_s=None)
        options = {**_OPEN_OPTIONS, **_PLAYLIST_OPTIONS}
        if not has_open_end(path):
            return _open_file(path, options, timeout_s=_PLAYLIST_TIMEOUT_S)
        with closed_playlist(path) as copy:
            return _open_file(copy, options, timeout_s=_PLAYLIST_TIMEOUT_S)
    except (av.FFmpegError, OSError, ValueError) as error:
        raise InputError(f"{path}: {_explain_failure(path, error)}") from error


def _open_file(
    path: Path,
    options: dict[str, str],
    timeout_s: float | None,
    hardware: HWAccel | None = None,
) -> InputContainer:
    return av.open(
        os.path.abspath(path),  # noqa: PTH100  (Path.absolute keeps '..', resolve follows links)
        mode="r",
        container_options=options,
        metadata_errors="replace",
        timeout=timeout_s,
        hwaccel=hardware,
    )


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
        raise InputError(f"{path}: {_PERMISSION}")


def _explain_failure(path: Path, error: Exception) -> str:
    if isinstance(error, PermissionError):
        return _PERMISSION
    if path.suffix.lower() in _QUICKTIME_SUFFIXES and _lacks_index(path):
        return (
            "the file is truncated before its index ('moov'), so that nothing of it can be played; "
            "copy or record it again"
        )
    return f"not a video that can be read ({getattr(error, 'strerror', None) or error})"


def _lacks_index(path: Path) -> bool:
    """Whether the boxes of a QuickTime or MP4 file end before a whole ``moov``."""
    boxes = list(walk_boxes(path, 0, path.stat().st_size))
    if not boxes or boxes[0][0] != b"ftyp":
        return False
    return not any(kind == b"moov" and end <= path.stat().st_size for kind, _, end in boxes)


def walk_boxes(path: Path, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Boxes of a QuickTime or MP4 file between two offsets: (type, start of its content, end).

    The walk stops at a size that makes no sense, so that a damaged file ends it early.
    """
    with path.open("rb") as file:
        while start + 8 <= end:
            file.seek(start)
            header = file.read(16)
            size, kind = int.from_bytes(header[:4], "big"), header[4:8]

            # size 1 stands for 64 bits that follow, size 0 for the rest of the file
            content = start + 8
            if size == 1:
                size, content = int.from_bytes(header[8:16], "big"), start + 16
            elif size == 0:
                size = end - start
            if start + size < content:
                return
            yield kind, content, start + size
            start += size


def can_seek_bytes(container: InputContainer) -> bool:
    """Whether a container is a stream without index, which can be entered at any byte."""
    return is_raw_stream(container) or container.format.name in _STREAMS


def is_raw_stream(container: InputContainer) -> bool:
    """Whether a file holds no times, but those that FFmpeg counts from where it is entered."""
    return bool(container.format.flags & _NO_TIMESTAMPS)


def can_be_joined(container: InputContainer) -> bool:
    """Whether a container is of a format whose files can be joined byte by byte."""
    return bool(container.format.flags & _DISCONTINUOUS)


def rewind(container: InputContainer) -> None:
    """Go back to the start of a file."""
    if can_seek_bytes(container):
        container.seek(0, unsupported_byte_offset=True)
    elif container.format.name == "hls":
        container.seek(container.start_time or 0)  # it refuses any time before
    else:
        container.seek(0)


def read_until_broken(container: InputContainer, *streams: Stream) -> "Iterator[av.Packet[Stream]]":
    """Packets until the file ends or cannot be read any further."""
    try:
        yield from container.demux(*streams)
    except (av.FFmpegError, OSError):
        return
