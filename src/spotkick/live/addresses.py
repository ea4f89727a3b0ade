"""What the user named as the source of a stream, and how it is opened without any other address."""

import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any, BinaryIO, Final, Literal
from urllib.error import HTTPError
from urllib.parse import urljoin, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

import av
from av.container import InputContainer

from spotkick.errors import InputError

Kind = Literal["file", "stdin", "device", "network", "playlist"]

DEVICES: Final = ("v4l2", "avfoundation", "dshow", "x11grab", "gdigrab", "decklink")
"""Formats of FFmpeg's libraries that are capture devices; which of them are there depends on the
system."""

_NETWORK: Final = {
    "udp": "udp",
    "rtp": "rtp,udp",
    "srt": "srt",
    "rtmp": "rtmp,tcp",
    "rtmps": "rtmps,tls,tcp",
    "tcp": "tcp",
}
"""Scheme -> protocols that FFmpeg's libraries may open for it."""

OPEN_TIMEOUT_S: Final = 20.0
READ_TIMEOUT_S: Final = 10.0
"""A stream of which nothing arrives for so long has lost its signal."""

IDLE_FILE_S: Final = 20.0
"""A file that has not grown for so long is complete."""

LATE_SEGMENT_S: Final = 8.0
"""A playlist may name a segment a little before its server has it."""

_LATE_CODES: Final = frozenset({404, 408, 425, 429, 500, 502, 503, 504})
_MOST_BOXES: Final = 64
_RETRY_S: Final = 0.25
_POLL_S: Final = 0.1
_LOW_DELAY: Final = {"fflags": "discardcorrupt", "analyzeduration": "1000000"}


class UnsupportedSourceError(InputError):
    """FFmpeg's libraries here cannot open such a source, now or later."""


@dataclass(frozen=True, slots=True)
class Source:
    """A stream as the user named it.

    Attributes:
        name: as it was given.
        kind: what it is.
        format: of a capture device; empty for others.
    """

    name: str
    kind: Kind
    format: str = ""

    @property
    def is_live(self) -> bool:
        """Whether it goes on while it is not read, so that frames are lost where reading waits."""
        return self.kind in ("device", "network", "playlist")


def parse_source(name: str) -> Source:
    """What a name on the command line means.

    Args:
        name: path of a file, ``-`` for standard input, ``v4l2:/dev/video0`` and the like for a
            capture device, or an address.

    Raises:
        InputError: if it is none of these.

    Example:
        >>> parse_source("udp://127.0.0.1:5000").kind, parse_source("v4l2:/dev/video0").kind
        ('network', 'device')
    """
    if name == "-":
        return Source(name, "stdin")
    scheme, separator, rest = name.partition(":")
    if separator and scheme.lower() in DEVICES and not rest.startswith("//"):
        return Source(name, "device", scheme.lower())
    if not rest.startswith("//"):
        if not Path(name).is_file():
            raise InputError(f"{name}: no such file")
        return Source(name, "file")

    # An address: of a stream, or of a playlist of one.
    scheme = scheme.lower()
    if scheme in ("http", "https"):
        if not urlsplit(name).path.lower().endswith((".m3u8", ".m3u")):
            raise InputError(f"{name}: of {scheme} addresses only playlists (.m3u8) are read")
        return Source(name, "playlist")
    if scheme not in _NETWORK:
        known = ", ".join(f"{key}://" for key in (*_NETWORK, "http", "https"))
        raise InputError(f"{name}: unknown kind of address {scheme}://; known are {known}")
    return Source(name, "network")


def open_source(
    source: Source, *, should_stop: Callable[[], bool] = lambda: False, idle_s: float = IDLE_FILE_S
) -> InputContainer:
    """Open a stream.

    Args:
        source: what the user named.
        should_stop: asked while waiting for a file to grow.
        idle_s: see `IDLE_FILE_S`.

    Raises:
        UnsupportedSourceError: if FFmpeg's libraries were built without what it needs.
        InputError: if it cannot be opened.
    """
    if source.kind == "device" and source.format not in av.formats_available:
        raise _make_refusal(source, f"{source.format} devices")
    try:
        return _open_container(source, should_stop, idle_s)
    except av.error.ProtocolNotFoundError as error:
        raise _make_refusal(source, f"{urlsplit(source.name).scheme}://") from error
    except (av.FFmpegError, OSError, ValueError, HTTPException) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise InputError(f"{source.name}: cannot be opened ({reason})") from error


def _make_refusal(source: Source, lacking: str) -> UnsupportedSourceError:
    return UnsupportedSourceError(
        f"{source.name}: cannot be opened: FFmpeg's libraries of this PyAV were built without "
        f"{lacking}; pipe the stream in (spotkick live -), or install PyAV from source against an "
        "FFmpeg that has it"
    )


def _open_container(
    source: Source, should_stop: Callable[[], bool], idle_s: float
) -> InputContainer:
    timeout = (OPEN_TIMEOUT_S, READ_TIMEOUT_S)

    # Files are read through an object of ours: FFmpeg opens nothing that they name.
    if source.kind == "stdin":
        return av.open(sys.stdin.buffer, "r", metadata_errors="replace")
    if source.kind == "file":
        path = Path(source.name)
        kind = IndexedFile if has_index_at_end(path) else GrowingFile
        return av.open(kind(path, should_stop, idle_s=idle_s), "r", metadata_errors="replace")
    if source.kind == "device":
        device = source.name.partition(":")[2]
        return av.open(device, "r", format=source.format, timeout=timeout)

    # Addresses, each with the protocols that it needs and no other.
    if source.kind == "network":
        scheme = urlsplit(source.name).scheme.lower()
        address, listening = split_listen(source.name)
        options = {"protocol_whitelist": _NETWORK[scheme], **_LOW_DELAY, **listening}
        return av.open(
            address, "r", container_options=options, timeout=timeout, metadata_errors="replace"
        )
    options = {
        "protocol_whitelist": "http,https,tcp,tls,crypto",
        "http_persistent": "0",
        "http_multiple": "0",
        "live_start_index": "-2",
        "max_reload": "1000",
        "m3u8_hold_counters": "1000",
    }
    return av.open(
        source.name,
        "r",
        format="hls",
        container_options=options,
        io_open=SameServer(source.name).open,
        timeout=(OPEN_TIMEOUT_S, None),
        metadata_errors="replace",
    )


def split_listen(address: str) -> tuple[str, dict[str, str]]:
    """An RTMP address without ``listen=1``, and the option that it stands for.

    With it an encoder sends to this machine, without a server between them. FFmpeg's libraries read
    the option from the addresses of TCP alone.

    Example:
        >>> split_listen("rtmp://0.0.0.0:1935/live/key?listen=1")
        ('rtmp://0.0.0.0:1935/live/key', {'listen': '1'})
    """
    place, _, query = address.partition("?")
    parts = query.split("&")
    if not address.lower().startswith("rtmp://") or "listen=1" not in parts:
        return address, {}
    left = "&".join(part for part in parts if part != "listen=1")
    return f"{place}?{left}" if left else place, {"listen": "1"}


class GrowingFile:
    """A file that another program still writes; reading waits at its end until it grows."""

    def __init__(
        self, path: Path, should_stop: Callable[[], bool], *, idle_s: float = IDLE_FILE_S
    ) -> None:
        """Open a file.

        Args:
            path: of the file.
            should_stop: asked while waiting.
            idle_s: the file ends when it has not grown for so long.

        Raises:
            InputError: if it cannot be read.
        """
        self.name = str(path)
        self._path, self._should_stop, self._idle_s = path, should_stop, idle_s
        self._place = 0
        self.read(1)
        self._place = 0

    def read(self, size: int) -> bytes:
        """The next bytes; none at the end of the file.

        Raises:
            InputError: if it cannot be read.
        """
        last_growth_s = time.monotonic()
        while True:
            data = self._read_there(size)
            if data:
                self._place += len(data)
                return data

            # The program that writes may be slow.
            waited_s = time.monotonic() - last_growth_s
            if self._should_stop() or waited_s >= self._idle_s:
                return b""
            time.sleep(min(_POLL_S, self._idle_s))

    def _read_there(self, size: int) -> bytes:
        try:
            with self._path.open("rb") as file:
                file.seek(self._place)
                return file.read(size)
        except OSError as error:
            raise InputError(f"{self._path}: cannot be read: {error.strerror or error}") from error


class IndexedFile(GrowingFile):
    """A complete file that cannot be read from front to back."""

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place; where that is."""
        starts = {
            os.SEEK_SET: 0,
            os.SEEK_CUR: self._place,
            os.SEEK_END: self._path.stat().st_size,
        }
        self._place = max(0, starts[whence] + offset)
        return self._place

    def tell(self) -> int:
        """The place of the next byte."""
        return self._place


def has_index_at_end(path: Path) -> bool:
    """Whether a file is an MP4 whose ``moov`` box lies behind its frames, as most writers do it.

    Source: ISO/IEC 14496-12, 4.2 (boxes with sizes of 32 and 64 bits).
    """
    names: list[bytes] = []
    with suppress(OSError), path.open("rb") as file:
        end, place = path.stat().st_size, 0
        while place + 8 <= end and len(names) < _MOST_BOXES:
            file.seek(place)
            header = file.read(16)
            size, name = int.from_bytes(header[:4], "big"), header[4:8]
            if not names and name != b"ftyp":
                return False
            if size == 1:
                size = int.from_bytes(header[8:16], "big")
            names.append(name)
            if name == b"moov" or size < 8:
                break
            place += size
    return b"mdat" in names and names[-1] == b"moov"


class _NoRedirect(HTTPRedirectHandler):
    """Addresses that a server names are not those that the user named."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Refuse every redirection."""


class SameServer:
    """Opens what a playlist names, as long as it lies on the server that the user named."""

    def __init__(self, address: str) -> None:
        """Remember the server of an address."""
        self._address = address
        self._server = _server_of(address)
        self._opener = build_opener(_NoRedirect)

    def open(self, url: str, flags: int, options: Any) -> BinaryIO:
        """Open an address for FFmpeg's libraries.

        Args:
            url: that the playlist names, absolute or relative.
            flags: not looked at; nothing is written.
            options: not looked at.

        Raises:
            OSError: if it lies elsewhere, or cannot be read.
        """
        del flags, options
        address = urljoin(self._address, url)
        if _server_of(address) != self._server:
            raise PermissionError(
                f"{self._address} names {_server_of(address)}, which was not named by the user; "
                "it is not opened"
            )

        # A segment may be named a little before it is there.
        request = Request(address, headers={"User-Agent": "spotkick"})  # noqa: S310 - checked above
        deadline_s = time.monotonic() + LATE_SEGMENT_S
        while True:
            try:
                response: BinaryIO = self._opener.open(request, timeout=READ_TIMEOUT_S)
            except HTTPError as error:
                if error.code not in _LATE_CODES or time.monotonic() > deadline_s:
                    raise FileNotFoundError(f"{address}: {error}") from error
                time.sleep(_RETRY_S)
            else:
                return response


def _server_of(address: str) -> tuple[str, str, int | None]:
    """Scheme, host and port."""
    parts = urlsplit(address)
    default = {"http": 80, "https": 443}.get(parts.scheme.lower())
    return parts.scheme.lower(), (parts.hostname or "").lower(), parts.port or default
