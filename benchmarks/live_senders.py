"""Streams on the loopback address for `live_streams.py`: UDP with loss, playlists that are late."""

import functools
import http.server
import random
import socket
import tempfile
import threading
import time
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

UDP_OPTIONS = "fifo_size=50000&overrun_nonfatal=1"
"""FFmpeg's libraries keep what arrives in a ring of so many packets of 188 bytes (9 MB), all of
which is touched in time: a larger one looks like memory that grows."""


def send_udp(video: Path, port: int, seconds: float) -> None:
    """Send a video in real time, again and again, as one transport stream."""
    with av.open(f"udp://127.0.0.1:{port}?pkt_size=1316", "w", format="mpegts") as out:
        send_packets(video, out, seconds)


def send_pipe(video: Path, pipe: Any, seconds: float) -> None:
    """Send a video again and again into a pipe, as fast as it is read."""
    with suppress(BrokenPipeError), pipe, av.open(pipe, "w", format="mpegts") as out:
        send_packets(video, out, seconds, is_paced=False)


def send_packets(video: Path, out: Any, seconds: float, *, is_paced: bool = True) -> None:
    """Copy packets of a video into a container until a time of the stream.

    Args:
        video: is sent again and again, with times that go on.
        out: container that is written.
        seconds: of the stream.
        is_paced: whether each packet waits until it is due.
    """
    stream = None
    began_s, shift_s, latest = time.monotonic(), Fraction(0), -1
    while shift_s < seconds:
        end_s = shift_s
        with av.open(str(video)) as source:
            own = source.streams.video[0]
            stream = stream or out.add_stream_from_template(own)
            for packet in source.demux(own):
                if packet.dts is None:
                    continue
                shift = round(shift_s / packet.time_base)
                due_s = float((packet.dts + shift) * packet.time_base)
                if is_paced:
                    time.sleep(max(0.0, began_s + due_s - time.monotonic()))
                if due_s >= seconds:
                    return
                packet.pts, packet.dts = (packet.pts or 0) + shift, packet.dts + shift
                length = packet.duration or 0
                end_s = max(end_s, (packet.pts + length) * packet.time_base)
                if packet.dts > latest:
                    latest = packet.dts
                    packet.stream = stream
                    out.mux(packet)
        shift_s, latest = end_s, -1


def relay_with_loss(port_in: int, port_out: int, loss: float, stop: threading.Event) -> None:
    """Pass datagrams on, and lose some."""
    rng = random.Random(0)
    source = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    source.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
    source.bind(("127.0.0.1", port_in))
    source.settimeout(0.2)
    while not stop.is_set():
        try:
            data = source.recv(65536)
        except TimeoutError:
            continue
        if rng.random() >= loss:
            source.sendto(data, ("127.0.0.1", port_out))


class LateServer(http.server.SimpleHTTPRequestHandler):
    """Serves segments; every fifth one is late by two seconds."""

    requests = 0

    def do_GET(self) -> None:
        """Answer, some requests late."""
        if self.path.endswith(".ts"):
            LateServer.requests += 1
            if LateServer.requests % 5 == 0:
                time.sleep(2.0)
        super().do_GET()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Stay silent."""
        del format, args


def serve_hls(video: Path, seconds: float) -> str:
    """Write a playlist that grows, and serve it; its address."""
    folder = tempfile.mkdtemp(prefix="hls-")
    options = {"hls_time": "2", "hls_list_size": "8", "hls_flags": "delete_segments+temp_file"}

    def write() -> None:
        with av.open(f"{folder}/live.m3u8", "w", format="hls", options=options) as out:
            send_packets(video, out, seconds)

    handler = functools.partial(LateServer, directory=folder)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    threading.Thread(target=write, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}/live.m3u8"


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
