"""A page that follows a run: events as they come, and the newest minutes of the stream again.

Requests pass the same checks as those of the viewer. Files of the ring are addressed by number; no
route takes a path.
"""

import asyncio
import json
import socket
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.resources import files as resource_files
from typing import Any, Final

import av
from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from spotkick.errors import InputError
from spotkick.live.clips import PacketRing, make_browser_video
from spotkick.live.events import LiveEvent
from spotkick.viewer.security import AccessRules, SecurityMiddleware

KEPT_EVENTS: Final = 5_000
"""Events that a page gets when it is opened."""

MAX_FOLLOWERS: Final = 16
"""Pages that may follow at the same time."""

_POLL_S: Final = 0.2
_HEARTBEAT_S: Final = 10.0
_NEVER_STORE: Final = {"cache-control": "no-store"}
_LOOPBACK: Final = "127.0.0.1"


@dataclass(slots=True)
class EventHub:
    """The newest events, for pages that follow.

    Attributes:
        events: as JSON texts, with their numbers.
        followers: pages that follow now.
    """

    events: deque[tuple[int, str]] = field(default_factory=lambda: deque(maxlen=KEPT_EVENTS))
    followers: int = 0
    is_over: bool = False

    def tell(self, event: LiveEvent) -> None:
        """Take an event."""
        self.events.append((event.sequence, json.dumps(event.to_json(), ensure_ascii=False)))

    def after(self, sequence: int) -> list[tuple[int, str]]:
        """Events with larger numbers."""
        return [(number, text) for number, text in tuple(self.events) if number > sequence]

    async def follow(self, sequence: int) -> AsyncIterator[str]:
        """Server-sent events behind a number, then ``over`` when the run is."""
        self.followers += 1
        try:
            silent_s = 0.0
            while True:
                is_over = self.is_over
                new = self.after(sequence)
                for number, text in new:
                    yield f"id: {number}\ndata: {text}\n\n"
                    sequence = number
                if is_over:
                    yield "event: over\ndata: {}\n\n"
                    return
                silent_s = 0.0 if new else silent_s + _POLL_S
                if silent_s >= _HEARTBEAT_S:
                    silent_s = 0.0
                    yield ": the stream goes on\n\n"
                await asyncio.sleep(_POLL_S)
        finally:
            self.followers -= 1


def create_live_app(hub: EventHub, rules: AccessRules, ring: PacketRing | None = None) -> FastAPI:
    """Build the application.

    Args:
        hub: receives the events of the run.
        rules: which requests are answered.
        ring: the newest minutes of the stream; None leaves them out.
    """
    app = FastAPI(title="spotkick live", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(SecurityMiddleware, rules=rules)
    app.include_router(_page_routes())
    app.include_router(_event_routes(hub))
    app.include_router(_stream_routes(ring))
    return app


def _page_routes() -> APIRouter:
    """The page and its files, held in memory: the names are a closed list."""
    router = APIRouter()
    folder = resource_files("spotkick.live") / "static"
    assets = {item.name: item.read_bytes() for item in folder.iterdir() if item.is_file()}
    types = {"html": "text/html", "js": "text/javascript", "css": "text/css"}

    def asset(name: str) -> Response:
        if name not in assets:
            return JSONResponse({"error": "there is no such page"}, 404, headers=_NEVER_STORE)
        media_type = types[name.rpartition(".")[2]]
        return Response(assets[name], media_type=media_type, headers={"cache-control": "no-cache"})

    @router.get("/")
    def page() -> Response:
        return asset("live.html")

    @router.get("/static/{name}")
    def static_file(name: str) -> Response:
        return asset(name)

    return router


def _event_routes(hub: EventHub) -> APIRouter:
    router = APIRouter()

    @router.get("/api/events")
    async def events(request: Request) -> Response:
        if hub.followers >= MAX_FOLLOWERS:
            return JSONResponse({"error": "too many pages follow"}, 503, headers=_NEVER_STORE)
        last = request.headers.get("last-event-id", "")
        sequence = int(last) if last.isascii() and last.isdecimal() and len(last) < 12 else 0
        return StreamingResponse(
            hub.follow(sequence), media_type="text/event-stream", headers=_NEVER_STORE
        )

    return router


def _stream_routes(ring: PacketRing | None) -> APIRouter:
    """Files of the ring, by the start of each."""
    router = APIRouter()

    @router.get("/api/segments")
    def segments() -> Response:
        complete = ring.complete if ring is not None else []
        starts = [segment.start_ms for segment in complete]
        return JSONResponse({"starts_ms": starts}, headers=_NEVER_STORE)

    @router.get("/api/segments/{start_ms}")
    def segment(start_ms: int) -> Response:
        complete = ring.complete if ring is not None else []
        for item in complete:
            if item.start_ms == start_ms:
                with suppress(av.FFmpegError, OSError):
                    data = make_browser_video(item.path)
                    return Response(data, media_type="video/mp4", headers=_NEVER_STORE)
        return JSONResponse({"error": "it is no longer kept"}, 404, headers=_NEVER_STORE)

    return router


@dataclass(slots=True)
class LivePage:
    """Serves the page in a thread of its own, on the loopback address.

    Attributes:
        hub: receives the events of the run.
        ring: the newest minutes of the stream.
        port: 0 takes a free one.
        address: of the page, once it is served.
    """

    hub: EventHub
    ring: PacketRing | None
    port: int = 0
    address: str = ""
    _server: Any = None
    _thread: threading.Thread | None = None

    def start(self, say: Callable[[str], None]) -> None:
        """Begin to serve.

        Args:
            say: called with a line that holds the address.

        Raises:
            InputError: if the port cannot be listened on.
        """
        import uvicorn

        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((_LOOPBACK, self.port))
        except (OSError, OverflowError) as error:
            listener.close()
            raise InputError(
                f"cannot listen on port {self.port}: {error}; choose another --port"
            ) from error
        port = int(listener.getsockname()[1])
        self.address = f"http://{_LOOPBACK}:{port}/"
        config = uvicorn.Config(
            create_live_app(self.hub, AccessRules(port=port), self.ring),
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=2,
            h11_max_incomplete_event_size=64 * 1024,
            http="h11",
            ws="none",
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run,
            kwargs={"sockets": [listener]},
            name="live-page",
            daemon=True,
        )
        self._thread.start()
        say(f"live page: {self.address}")

    def close(self) -> None:
        """Stop serving."""
        self.hub.is_over = True
        if self._server is not None:
            self._server.should_exit = True
        if self._thread is not None:
            self._thread.join(5.0)
