import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import av
import pytest

from spotkick.errors import InputError
from spotkick.live.addresses import (
    GrowingFile,
    SameServer,
    UnsupportedSourceError,
    has_index_at_end,
    open_source,
    parse_source,
)
from support.streams import write_stream


class Handler(SimpleHTTPRequestHandler):
    missing = 0

    def do_GET(self) -> None:
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/1.ts")
            self.end_headers()
        elif self.path == "/1.ts" and Handler.missing:
            Handler.missing -= 1
            self.send_error(404)
        else:
            super().do_GET()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        del format, args


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    for number in range(3):
        write_stream(tmp_path / f"{number}.ts", 2, first=20 * number, start_s=2 * number)
    served = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(tmp_path)))
    threading.Thread(target=served.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{served.server_port}"
    served.shutdown()
    served.server_close()


def write_playlist(folder: Path, names: list[str]) -> None:
    lines = ["#EXTM3U", "#EXT-X-TARGETDURATION:2", "#EXT-X-MEDIA-SEQUENCE:0"]
    lines += [line for name in names for line in ("#EXTINF:2.0,", name)]
    (folder / "live.m3u8").write_text("\n".join([*lines, "#EXT-X-ENDLIST"]) + "\n")


def count_frames(address: str) -> int:
    with open_source(parse_source(address)) as container:
        return sum(1 for packet in container.demux(video=0) if packet.size)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("-", "stdin"), ("v4l2:/dev/video0", "device"), ("avfoundation:0", "device"),
        ("udp://127.0.0.1:5000", "network"), ("rtmp://host/live", "network"),
        ("srt://host:9000", "network"), ("https://host/a/live.m3u8?x=1", "playlist"),
    ],
)  # fmt: skip
def test_parse_source_known_names_give_their_kind(name: str, kind: str) -> None:
    source = parse_source(name)
    assert source.kind == kind
    assert source.is_live == (kind != "stdin")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("missing.ts", "no such file"),
        ("ftp://host/a.ts", "unknown kind of address"),
        ("http://host/a.ts", "only playlists"),
        ("concat:a|b", "no such file"),
    ],
)
def test_parse_source_other_names_are_one_error(name: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        parse_source(name)


def test_open_source_playlist_is_read_to_its_end(server: str, tmp_path: Path) -> None:
    write_playlist(tmp_path, ["0.ts", "1.ts", f"{server}/2.ts"])
    assert count_frames(f"{server}/live.m3u8") == 60


def test_open_source_segment_that_is_late_is_waited_for(server: str, tmp_path: Path) -> None:
    write_playlist(tmp_path, ["0.ts", "1.ts", "2.ts"])
    Handler.missing = 1
    assert count_frames(f"{server}/live.m3u8") == 60


@pytest.mark.parametrize("other", ["http://127.0.0.1:9/1.ts", "http://localhost:{port}/1.ts"])
def test_open_source_playlist_that_names_another_server_is_refused(
    server: str, tmp_path: Path, other: str
) -> None:
    port = server.rpartition(":")[2]
    write_playlist(tmp_path, ["0.ts", other.format(port=port), "2.ts"])
    with pytest.raises((OSError, InputError), match="not named by the user"):
        count_frames(f"{server}/live.m3u8")


@pytest.mark.parametrize("name", ["srt://127.0.0.1:9", "v4l2:/dev/video0"])
def test_open_source_of_which_the_libraries_know_nothing_is_one_error(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise av.error.ProtocolNotFoundError(1, "Protocol not found")

    monkeypatch.setattr("spotkick.live.addresses.av.open", refuse)
    monkeypatch.setattr("spotkick.live.addresses.av.formats_available", frozenset())
    with pytest.raises(UnsupportedSourceError, match="were built without"):
        open_source(parse_source(name))


def test_same_server_redirection_and_local_file_are_refused(server: str) -> None:
    guard = SameServer(f"{server}/live.m3u8")
    for name in ("moved", "file:///etc/passwd", "ftp://127.0.0.1/x"):
        with pytest.raises(OSError, match=r"302|not named by the user"):
            guard.open(name, 0, {})
    with guard.open("0.ts", 0, {}) as response:
        assert response.read(1) == b"G"


def test_growing_file_is_read_as_it_grows(tmp_path: Path) -> None:
    whole, path = tmp_path / "whole.ts", tmp_path / "growing.ts"
    write_stream(whole, 4)
    data = whole.read_bytes()
    path.write_bytes(data[: len(data) // 2 + 77])

    def grow() -> None:
        for start in range(len(data) // 2 + 77, len(data), 3001):
            time.sleep(0.02)
            with path.open("ab") as file:
                file.write(data[start : start + 3001])

    writer = threading.Thread(target=grow)
    writer.start()
    ended = [False]

    def has_read_all() -> bool:
        # What was read between two calls is complete if the writer had ended at the first one.
        ended.append(not writer.is_alive())
        return ended[-2]

    file = GrowingFile(path, has_read_all, idle_s=60)
    with av.open(file, "r") as container:
        frames = sum(1 for packet in container.demux(video=0) if packet.size)
    writer.join()
    assert frames == 40


def test_open_source_of_an_mp4_with_its_index_at_the_end_gives_its_packets(tmp_path: Path) -> None:
    write_stream(tmp_path / "match.mp4", 1, format="mp4")
    assert has_index_at_end(tmp_path / "match.mp4")
    with open_source(parse_source(str(tmp_path / "match.mp4")), idle_s=0.0) as container:
        assert len(list(container.decode(video=0))) == 10


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x47" * 376,
        b"\0\0\0\x08ftyp\0\0\0\x08moov\0\0\0\x08mdat",
        b"\0\0\0\x08ftyp\0\0\0\0mdat\0\0\0\x08moov",
        b"\0\0\0\x08ftyp\0\0\0\x08mdat",
    ],
    ids=["empty", "transport-stream", "index-first", "without-end", "being-written"],
)
def test_has_index_at_end_of_files_that_are_read_from_the_front_is_false(
    tmp_path: Path, data: bytes
) -> None:
    (tmp_path / "x").write_bytes(data)
    assert not has_index_at_end(tmp_path / "x")


SEND_BY_RTMP = """
import sys, time
import av
for attempt in range(200):
    try:
        target = av.open(sys.argv[2], "w", format="flv")
        break
    except OSError:
        time.sleep(0.05)
with target, av.open(sys.argv[1]) as source:
    video = source.streams.video[0]
    stream = target.add_stream_from_template(video)
    for packet in source.demux(video):
        if packet.dts is not None:
            packet.stream = stream
            target.mux(packet)
"""
"""In a process of its own, since both ends wait for each other."""


def test_open_source_rtmp_that_listens_reads_what_an_encoder_sends(tmp_path: Path) -> None:
    write_stream(tmp_path / "1.mp4", 4, format="mp4")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"rtmp://127.0.0.1:{probe.getsockname()[1]}/live/key"
    command = [sys.executable, "-c", SEND_BY_RTMP, str(tmp_path / "1.mp4"), address]
    with (
        subprocess.Popen(command) as sender,
        open_source(parse_source(f"{address}?listen=1")) as container,
    ):
        frames = 0
        with suppress(OSError):  # an encoder that leaves is an error to FFmpeg's libraries
            for packet in container.demux(video=0):
                frames += bool(packet.size)
        sender.wait(20)
    assert frames >= 39
