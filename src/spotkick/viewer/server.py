"""Runs the application: finds a port, prints the address, opens the browser."""

import asyncio
import gc
import ipaddress
import secrets
import socket
import threading
import webbrowser
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from spotkick.datasets.periods import PeriodSpan
from spotkick.errors import ConfigError, InputError, require_extra
from spotkick.viewer.match_periods import ReadSpotted
from spotkick.viewer.match_store import Library
from spotkick.viewer.reels import ReelMaker

if TYPE_CHECKING:
    from uvicorn.protocols.http.h11_impl import H11Protocol

LOOPBACK: Final = "127.0.0.1"
"""Address that only this machine reaches."""

SHORTEST_TOKEN: Final = 16
"""Characters; a shorter token could be guessed."""

LONGEST_REQUEST_S: Final = 20.0
"""Seconds in which the head of the first request of a connection must have arrived."""

_PORTS: Final = range(8765, 8785)
_TOKEN_BYTES: Final = 24


@dataclass(frozen=True, slots=True)
class ViewerOptions:
    """How the viewer runs.

    Attributes:
        host: address to listen on.
        port: None takes the first free one from 8765 on.
        token: required for other addresses than loopback; ``auto`` makes one.
        browser: open the page.
        edits: folder for corrections; None keeps them beside the files of each match.
        periods: which stretches of the only video are which periods; none leaves it to names and
            ``periods.json``.
    """

    host: str = LOOPBACK
    port: int | None = None
    token: str | None = None
    browser: bool = True
    edits: Path | None = None
    periods: tuple[PeriodSpan, ...] = ()


def serve(
    paths: Sequence[Path],
    options: ViewerOptions,
    *,
    reel_maker: ReelMaker | None = None,
    read_spotted: ReadSpotted | None = None,
    say: Callable[[str], None] = print,
) -> None:
    """Serve the matches of the given paths until interrupted.

    Raises:
        InputError: if there is no match, or the address cannot be listened on.
        ConfigError: if another address than loopback is asked for without a token.
        MissingExtraError: if FastAPI or uvicorn is not installed.
    """
    for package in ("fastapi", "uvicorn"):
        require_extra(package, "view", "the viewer")
    import uvicorn

    from spotkick.viewer.app import create_app
    from spotkick.viewer.security import AccessRules

    token = checked_token(options.host, options.token)
    library = Library(
        paths, edits=options.edits, periods=options.periods, read_spotted=read_spotted
    )
    listener = _bind_socket(options.host, options.port)
    port = int(listener.getsockname()[1])
    shown = f"[{options.host}]" if ":" in options.host else options.host
    wildcard = (
        ipaddress.ip_address(options.host).is_unspecified if _is_address(options.host) else False
    )
    rules = AccessRules(
        port=port,
        hosts=frozenset({"127.0.0.1", "localhost", "[::1]", shown.lower()}),
        any_address=wildcard,
        token=token,
    )
    count = len(library.keys)
    place = f"?token={token}" if token else f"match?id={library.keys[0]}" if count == 1 else ""
    page = f"http://{'127.0.0.1' if wildcard else shown}:{port}/{place}"
    say(f"{count} match{'es' if count != 1 else ''} at {page} (stop with Ctrl-C)")
    if options.browser:
        threading.Timer(0.5, webbrowser.open, (page,)).start()
    config = uvicorn.Config(
        create_app(library, rules, reel_maker),
        http=make_impatient_protocol(),
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=2,
        h11_max_incomplete_event_size=64 * 1024,
        ws="none",
    )
    # What is loaded by now stays: else a collection of garbage looks through all of it, and a seek
    # waits for up to 100 ms.
    gc.collect()
    gc.freeze()
    uvicorn.Server(config).run(sockets=[listener])


def make_impatient_protocol() -> "type[H11Protocol]":
    """HTTP that closes connections whose request has not begun to be complete in time."""
    from uvicorn.protocols.http.h11_impl import H11Protocol

    class ImpatientProtocol(H11Protocol):
        """Requests come from a browser at once; what sends them bit by bit holds a connection."""

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            self.loop.call_later(LONGEST_REQUEST_S, self._close_unless_answered)

        def _close_unless_answered(self) -> None:
            has_begun = getattr(self, "cycle", None) is not None
            if not has_begun and not self.transport.is_closing():
                self.transport.close()

    return ImpatientProtocol


def checked_token(host: str, token: str | None) -> str | None:
    """The token that requests must carry.

    Raises:
        ConfigError: if it is missing where it is needed, or short.
    """
    if token is None:
        if not is_loopback(host):
            raise ConfigError(
                f"listening on {host} lets other machines in: give a token with --token, or "
                "'--token auto'"
            )
        return None
    if token == "auto":  # noqa: S105 - the word that asks for a token, not a secret
        return secrets.token_urlsafe(_TOKEN_BYTES)
    if (
        len(token) < SHORTEST_TOKEN
        or not token.isascii()
        or not token.replace("-", "").replace("_", "").isalnum()
    ):
        raise ConfigError(
            f"a token must have at least {SHORTEST_TOKEN} letters, digits, '-' or '_'; '--token "
            "auto' makes one"
        )
    return token


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach the address.

    Example:
        >>> [is_loopback(host) for host in ("127.0.0.1", "::1", "localhost")]
        [True, True, True]
        >>> [is_loopback(host) for host in ("0.0.0.0", "example.org")]
        [False, False]
    """
    return host == "localhost" or (_is_address(host) and ipaddress.ip_address(host).is_loopback)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _bind_socket(host: str, port: int | None) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    last: OSError | None = None
    for candidate in _PORTS if port is None else (port,):
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, candidate))
        except (OSError, OverflowError) as error:
            listener.close()
            last = error if isinstance(error, OSError) else OSError(str(error))
            continue
        return listener
    where = f"port {port}" if port is not None else f"ports {_PORTS.start} to {_PORTS.stop - 1}"
    raise InputError(
        f"cannot listen on {host}, {where}: {last.strerror or last if last else 'none is free'}; "
        "choose another --port"
    )
