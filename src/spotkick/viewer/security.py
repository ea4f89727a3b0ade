"""Who may talk to the server: checks of every request before any route sees it.

The server shows local files, so a web page opened in the same browser must not reach it. A page
that rebinds its own host name to 127.0.0.1 still sends that name as ``Host``; a form or script of
another site sends its own ``Origin``; neither is answered.
"""

import hmac
import ipaddress
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qs, quote, urlencode

from starlette.exceptions import HTTPException

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

MAX_BODY_BYTES: Final = 1_000_000
"""Largest request body; a thousand edits take about 200 kB."""

ACCESS_COOKIE: Final = "spotkick_access"
"""Start of the name of the cookie that carries the token; the port follows, since cookies are
shared by all ports of a host."""

_TOO_LARGE: Final = f"the body must be at most {MAX_BODY_BYTES:,} bytes"
_SAFE_METHODS: Final = ("GET", "HEAD")
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; media-src "
    "'self' blob:; connect-src 'self'; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = (
    (b"content-security-policy", _POLICY.encode()),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
)


@dataclass(frozen=True, slots=True)
class AccessRules:
    """What a request must show to be answered.

    Attributes:
        port: that the server listens on; part of every ``Host`` and ``Origin``.
        hosts: names and addresses, in lower case, under which the server may be called.
        any_address: also answer calls to any IP address. Rebinding needs a name, so an address
            proves that there is none.
        token: secret that every request must carry in a cookie, or once in the address; None on the
            loopback interface.
    """

    port: int
    hosts: frozenset[str] = frozenset({"127.0.0.1", "localhost", "[::1]"})
    any_address: bool = False
    token: str | None = None

    @property
    def cookie_name(self) -> str:
        """Name of the cookie that carries the token."""
        return f"{ACCESS_COOKIE}_{self.port}"

    def allows_authority(self, authority: str) -> bool:
        """Whether ``host:port`` names this server."""
        host, separator, port = authority.strip().lower().rpartition(":")
        if not separator or "]" in port:
            host, port = authority.strip().lower(), "80"
        return port == str(self.port) and (
            host in self.hosts or (self.any_address and _is_address(host))
        )


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return True


class SecurityMiddleware:
    """Refuses requests that another site may have sent; its headers keep other pages out.

    Refused are: a foreign or missing ``Host``; a foreign ``Origin``; sub-resource requests that the
    browser marks as cross-site; changing requests without ``Content-Type: application/json`` (a
    form cannot send it) or without any proof that they come from our own page; bodies over
    `MAX_BODY_BYTES`; and, when there is a token, requests that do not carry it.
    """

    def __init__(self, app: App, rules: AccessRules) -> None:
        """Guard ``app`` with ``rules``."""
        self._app = app
        self._rules = rules

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        headers: dict[str, list[str]] = {}
        for name, value in scope["headers"]:
            headers.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
        reason = self._find_fault(scope, headers)
        if reason is not None:
            await _refuse_request(send, *reason)
            return
        if self._token_in_query(scope):
            await self._set_cookie(scope, send)
            return
        await self._answer_request(scope, receive, send)

    def _find_fault(self, scope: Scope, headers: dict[str, list[str]]) -> tuple[int, str] | None:
        rules = self._rules

        # Another name for this computer could be one that another site controls.
        host = headers.get("host", [])
        if len(host) != 1 or not rules.allows_authority(host[0]):
            return (
                403,
                "this server answers only to its own address; open the address that it printed",
            )

        # Requests that a page of another site made.
        if any(not _same_origin(origin, host[0]) for origin in headers.get("origin", [])):
            return 403, "requests from other sites are not answered"
        site = headers.get("sec-fetch-site", ["none"])[0]
        is_page = not scope["path"].startswith("/api/")
        navigates = scope["method"] in _SAFE_METHODS and headers.get("sec-fetch-mode") == [
            "navigate"
        ]
        navigates = navigates and is_page
        if site not in ("same-origin", "none") and not navigates:
            return 403, "requests from other sites are not answered"

        # A token is asked for last, so that its absence says nothing to other sites.
        if rules.token is not None and not self._has_token(scope, headers):
            return (
                401,
                "a token is needed; open the address that this server printed, with its token",
            )
        if scope["method"] not in _SAFE_METHODS:
            return _change_fault(headers)
        return None

    def _has_token(self, scope: Scope, headers: dict[str, list[str]]) -> bool:
        return self._token_in_query(scope) or any(
            _is_token(value, self._rules.token)
            for value in _list_cookies(headers, self._rules.cookie_name)
        )

    def _token_in_query(self, scope: Scope) -> bool:
        values = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("token", [])
        return self._rules.token is not None and any(
            _is_token(value, self._rules.token) for value in values
        )

    async def _set_cookie(self, scope: Scope, send: Send) -> None:
        """Move the token from the address into a cookie, out of the history and of copied links."""
        cookie = f"{self._rules.cookie_name}={self._rules.token}; Path=/; HttpOnly; SameSite=Strict"
        query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
        query.pop("token", None)

        # Only a path of this server: two slashes would begin the name of another one.
        path = "/" + quote(scope["path"].lstrip("/\\"))
        place = path + (f"?{urlencode(query, doseq=True)}" if query else "")
        headers = [
            (b"location", place.encode("latin-1")),
            (b"set-cookie", cookie.encode("latin-1")),
            (b"content-length", b"0"),
            *_HEADERS,
        ]
        await send({"type": "http.response.start", "status": 303, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    async def _answer_request(self, scope: Scope, receive: Receive, send: Send) -> None:
        received = 0

        async def limited() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > MAX_BODY_BYTES:
                raise HTTPException(413, _TOO_LARGE)
            return message

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                present = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [
                    *message["headers"],
                    *((name, text) for name, text in _HEADERS if name not in present),
                ]
            await send(message)

        await self._app(scope, limited, with_headers)


def _change_fault(headers: dict[str, list[str]]) -> tuple[int, str] | None:
    if "origin" not in headers and headers.get("sec-fetch-site") != ["same-origin"]:
        return 403, "a change must come from this server's own page"
    if headers.get("content-type", [""])[0].partition(";")[0].strip().lower() != "application/json":
        return 415, "a change must be sent as application/json"
    length = headers.get("content-length", ["0"])[0]
    if not length.isascii() or not length.isdecimal() or len(length) > 15:
        return 400, "Content-Length must be a number"
    if int(length) > MAX_BODY_BYTES:
        return 413, _TOO_LARGE
    return None


def _same_origin(origin: str, host: str) -> bool:
    return origin.strip().lower() == f"http://{host.strip().lower()}"


def _is_token(given: str, token: str | None) -> bool:
    return token is not None and hmac.compare_digest(given.encode(), token.encode())


def _list_cookies(headers: dict[str, list[str]], name: str) -> list[str]:
    """Values of a cookie; those of other programs may be of any form."""
    pairs = [pair.partition("=") for line in headers.get("cookie", []) for pair in line.split(";")]
    return [value.strip().strip('"') for key, _, value in pairs if key.strip() == name]


async def _refuse_request(send: Send, status: int, reason: str) -> None:
    body = reason.encode()
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        *_HEADERS,
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
