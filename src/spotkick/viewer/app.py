"""The web application: pages, matches, media, corrections and reels as HTTP routes.

Matches are addressed by key and periods by number; no route takes a path, so that none can be
forged.
"""

import mimetypes
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib.resources import files as resource_files
from urllib.parse import urlencode

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response

from spotkick.errors import SpotkickError, StorageError
from spotkick.viewer.change_routes import change_routes
from spotkick.viewer.jobs import JobRunner
from spotkick.viewer.match_routes import match_routes
from spotkick.viewer.match_store import Library
from spotkick.viewer.proxies import ProxyMaker
from spotkick.viewer.reel_routes import job_routes, reel_routes, several_reel_routes
from spotkick.viewer.reels import ReelMaker
from spotkick.viewer.responses import NEVER_STORE, NotHereError
from spotkick.viewer.review_routes import review_routes
from spotkick.viewer.security import AccessRules, SecurityMiddleware
from spotkick.viewer.shot_routes import shot_routes
from spotkick.viewer.sound_wave import WaveMaker
from spotkick.viewer.video_routes import image_routes, sound_routes, video_routes


def create_app(
    library: Library,
    rules: AccessRules,
    reel_maker: ReelMaker | None = None,
    proxies: ProxyMaker | None = None,
) -> FastAPI:
    """Build the application.

    Args:
        library: matches to show.
        rules: which requests are answered.
        reel_maker: proposes and renders highlights; None leaves them out.
        proxies: makes copies of videos that browsers cannot play; None keeps them in the cache
            folder of the user.
    """
    jobs = JobRunner()
    copies = proxies or ProxyMaker()
    waves = WaveMaker()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        jobs.close()
        copies.close()
        waves.close()

    app = FastAPI(
        title="spotkick", docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan
    )
    app.add_middleware(SecurityMiddleware, rules=rules)
    app.add_exception_handler(NotHereError, _make_handler(404))
    app.add_exception_handler(SpotkickError, _make_handler(422))
    app.add_exception_handler(StorageError, _make_handler(507))
    app.add_exception_handler(RequestValidationError, _answer_invalid)
    app.include_router(_page_routes(library))
    app.include_router(match_routes(library))
    app.include_router(change_routes(library))
    app.include_router(video_routes(library, copies))
    app.include_router(sound_routes(library, waves))
    app.include_router(image_routes(library))
    app.include_router(review_routes(library))
    app.include_router(reel_routes(library, jobs, reel_maker))
    app.include_router(several_reel_routes(library, jobs, reel_maker))
    app.include_router(shot_routes(library, jobs, reel_maker))
    app.include_router(job_routes(library, jobs))
    return app


def _make_handler(status: int) -> Callable[[Request, Exception], Response]:
    def reply(_: Request, error: Exception) -> Response:
        return JSONResponse({"error": " ".join(str(error).split())}, status, headers=NEVER_STORE)

    return reply


def _answer_invalid(_: Request, error: Exception) -> Response:
    """Name the first fault; what was sent is not repeated."""
    faults = error.errors() if isinstance(error, RequestValidationError) else []
    first = faults[0] if faults else {"loc": (), "msg": "malformed"}
    where = ".".join(str(part) for part in first["loc"][1:])
    return JSONResponse(
        {"error": f"the request is not valid: {where}: {first['msg']}"}, 422, headers=NEVER_STORE
    )


def _page_routes(library: Library) -> APIRouter:
    """Pages and their scripts, held in memory: the names are a closed list."""
    router = APIRouter()
    folder = resource_files("spotkick.viewer") / "static"
    assets = {item.name: item.read_bytes() for item in folder.iterdir() if item.is_file()}

    def asset(name: str) -> Response:
        if name not in assets:
            raise NotHereError("there is no such page")
        media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
        return Response(assets[name], media_type=media_type, headers={"cache-control": "no-cache"})

    @router.get("/")
    def start_page() -> Response:
        return asset("start.html")

    @router.get("/match")
    def match_page(request: Request, name: str = "") -> Response:
        key = library.find_key(name) if name else None
        if key is None:
            return asset("match.html")

        # A link by name, as reports have it, leads to the match of that name.
        query = {**request.query_params, "id": key}
        del query["name"]
        return RedirectResponse(f"/match?{urlencode(query, safe=':')}", 303, headers=NEVER_STORE)

    @router.get("/reel")
    def reel_page() -> Response:
        return asset("reel.html")

    @router.get("/static/{name}")
    def static_file(name: str) -> Response:
        return asset(name)

    return router
