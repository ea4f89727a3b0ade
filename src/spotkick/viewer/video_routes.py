"""Routes of the video of a match: file, times of its frames, still images, copy, sound wave."""

from pathlib import Path
from typing import Annotated, Final

from fastapi import APIRouter, Query
from fastapi.responses import FileResponse, JSONResponse, Response

from spotkick.datasets.period_video import PeriodVideo
from spotkick.viewer.match_store import Library
from spotkick.viewer.playback import MEDIA_TYPES, FrameTimesReader
from spotkick.viewer.proxies import ProxyMaker
from spotkick.viewer.responses import NEVER_STORE, NotHereError, require_files
from spotkick.viewer.sound_wave import WaveMaker
from spotkick.viewer.thumbnails import STILL_WIDTH_PX, THUMBNAIL_STEP_MS, ThumbnailMaker

_LAST_THUMBNAIL_MS: Final = 100
"""The last thumbnail lies this long before the end of a period."""

_STILLS_KEPT: Final = 60
_KEEP_AN_HOUR: Final = {"cache-control": "private, max-age=3600"}
_LATEST_MS: Final = 100_000_000

Part = Annotated[int, Query(ge=0)]
TimeMs = Annotated[int, Query(ge=0, le=_LATEST_MS)]


def video_routes(library: Library, proxies: ProxyMaker) -> APIRouter:
    """Routes that give out videos: the file, its frames' times, a copy."""
    router = APIRouter(prefix="/api/matches/{key}")
    times = FrameTimesReader()

    def require_video(key: str, period: int, part: int) -> Path:
        return _require_video(library, key, period, part)

    @router.api_route("/video/{period}", methods=["GET", "HEAD"])
    def video(key: str, period: int, part: Part = 0, proxy: bool = False) -> Response:
        target = require_video(key, period, part)
        media_type = MEDIA_TYPES.get(target.suffix.lower(), "application/octet-stream")
        if proxy:
            copy = proxies.find(target)
            if copy is None:
                raise NotHereError("there is no copy of this video yet")
            target, media_type = copy, "video/mp4"
        return FileResponse(
            target,
            media_type=media_type,
            stat_result=target.stat(),
            headers={"cache-control": "no-cache"},
        )

    @router.get("/video/{period}/frames")
    def frames(key: str, period: int, part: Part = 0) -> Response:
        document = times.read(require_video(key, period, part)).document()
        return JSONResponse(document, headers=NEVER_STORE)

    @router.get("/video/{period}/proxy")
    def proxy_state(key: str, period: int, part: Part = 0) -> Response:
        state = proxies.state(require_video(key, period, part))
        return JSONResponse(state.document(), headers=NEVER_STORE)

    @router.post("/video/{period}/proxy")
    def request_proxy(key: str, period: int, part: Part = 0) -> Response:
        state = proxies.request(require_video(key, period, part))
        return JSONResponse(state.document(), 202, headers=NEVER_STORE)

    return router


def sound_routes(library: Library, waves: WaveMaker) -> APIRouter:
    """Routes of the sound wave: have it measured, how far that is, and its values."""
    router = APIRouter(prefix="/api/matches/{key}/video/{period}/sound")

    @router.get("")
    def state(key: str, period: int, part: Part = 0) -> Response:
        found = waves.state(_require_video(library, key, period, part))
        return JSONResponse(found.document(), headers=NEVER_STORE)

    @router.post("")
    def request(key: str, period: int, part: Part = 0) -> Response:
        found = waves.request(_require_video(library, key, period, part))
        return JSONResponse(found.document(), 202, headers=NEVER_STORE)

    @router.get("/values")
    def values(key: str, period: int, part: Part = 0) -> Response:
        found = waves.find(_require_video(library, key, period, part))
        if found is None:
            raise NotHereError("the sound of this video has not been measured yet")
        return Response(
            found.read_bytes(), media_type="application/octet-stream", headers=NEVER_STORE
        )

    return router


def image_routes(library: Library) -> APIRouter:
    """Routes that give out single frames: still images and thumbnails."""
    router = APIRouter(prefix="/api/matches/{key}")
    thumbnails = ThumbnailMaker()
    stills = ThumbnailMaker(STILL_WIDTH_PX, _STILLS_KEPT)

    @router.get("/still/{period}")
    def still(key: str, period: int, t_ms: TimeMs) -> Response:
        path, time_ms = _locate_image(_require_period(library, key, period), t_ms, step_ms=1)
        image = stills.thumbnail_at(library.require_inside(path), time_ms)
        return Response(image, media_type="image/jpeg", headers=_KEEP_AN_HOUR)

    @router.get("/thumbnail/{period}")
    def thumbnail(key: str, period: int, t_ms: TimeMs) -> Response:
        video = _require_period(library, key, period)
        latest_ms = max(0, int(video.duration_s * 1000) - _LAST_THUMBNAIL_MS)
        path, time_ms = _locate_image(video, min(t_ms, latest_ms), step_ms=THUMBNAIL_STEP_MS)
        image = thumbnails.thumbnail_at(library.require_inside(path), time_ms)
        return Response(image, media_type="image/jpeg", headers=_KEEP_AN_HOUR)

    return router


def _require_video(library: Library, key: str, period: int, part: int) -> Path:
    """The file that shows a part of a period, as it was found on the disk."""
    spans = require_files(library, key).videos.get(period, ())
    path = spans[part].file if part < len(spans) else None
    if path is None:
        raise NotHereError("this period has no such video")
    return library.require_inside(path)


def _require_period(library: Library, key: str, period: int) -> PeriodVideo:
    video = library.match(require_files(library, key)).videos.get(period)
    if video is None:
        raise NotHereError("this period has no video")
    return video


def _locate_image(video: PeriodVideo, position_ms: int, *, step_ms: int) -> tuple[Path, int]:
    """The file that shows a time of a period, and the millisecond in it.

    Raises:
        NotHereError: if the file begins later.
    """
    if position_ms / 1000 < video.begin_s:
        raise NotHereError("the video of this period begins later")
    rounded_s = position_ms // step_ms * step_ms / 1000
    info, time_s = video.locate(max(rounded_s, video.begin_s))
    return info.path, round(time_s * 1000)
