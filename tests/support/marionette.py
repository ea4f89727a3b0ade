"""Firefox without a window, by its own protocol: JSON over a socket, each message with its length.

Mozilla's client of it does not run on Python 3.13, and Playwright sends no fingers to Firefox.
"""

import contextlib
import json
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_START_S = 200
_READ_BYTES = 65_536


class Marionette:
    """A session with a running Firefox."""

    def __init__(self, connection: socket.socket) -> None:
        """Begin a session; Firefox speaks first."""
        self._connection = connection
        self._rest = b""
        self._number = 0
        self._read()
        self.send("WebDriver:NewSession", {"capabilities": {}})

    def send(self, command: str, parameters: Mapping[str, Any] | None = None) -> Any:
        """Value that a command returns.

        Raises:
            RuntimeError: with what Firefox says, if the command fails.
        """
        self._number += 1
        message = json.dumps([0, self._number, command, parameters or {}]).encode()
        self._connection.sendall(b"%d:%s" % (len(message), message))
        _, _, error, result = self._read()
        if error is not None:
            raise RuntimeError(f"{command}: {error['error']}: {error['message']}")
        return result.get("value") if isinstance(result, dict) else result

    def _read(self) -> Any:
        while b":" not in self._rest:
            self._receive()
        length, _, self._rest = self._rest.partition(b":")
        while len(self._rest) < int(length):
            self._receive()
        message, self._rest = self._rest[: int(length)], self._rest[int(length) :]
        return json.loads(message)

    def _receive(self) -> None:
        received = self._connection.recv(_READ_BYTES)
        if not received:
            raise RuntimeError("Firefox has ended")
        self._rest += received


@contextmanager
def run_firefox(
    program: Path, profile: Path, preferences: Mapping[str, str | int | bool]
) -> Iterator[Marionette]:
    """Start Firefox with a profile of its own; it ends with the block."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    lines = [
        f"user_pref({json.dumps(name)}, {json.dumps(value)});"
        for name, value in {**preferences, "marionette.port": port}.items()
    ]
    (profile / "user.js").write_text("\n".join(lines))
    options = ["--headless", "--marionette", "--remote-allow-system-access", "--no-remote"]
    with subprocess.Popen(
        [program, *options, "--profile", profile],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            with _connect(port) as connection:
                yield Marionette(connection)
        finally:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(10)
            process.kill()


def _connect(port: int) -> socket.socket:
    end = time.monotonic() + _START_S
    while True:
        try:
            connection = socket.create_connection(("127.0.0.1", port))
        except OSError:
            assert time.monotonic() < end, "Firefox did not start"
            time.sleep(0.05)
        else:
            connection.settimeout(_START_S)
            return connection
