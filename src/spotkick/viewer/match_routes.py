"""Routes that show matches: the table, one match, scores, video and thumbnails."""

from pathlib import Path
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from fastapi.responses import FileResponse, JSONResponse, Response

from spotkick.datasets.period_video import PeriodVideo
from spotkick.errors import InputError
from spotkick.viewer.match_documents import match_document, scores_bytes
from spotkick.viewer.match_store import Library
from spotkick.viewer.responses import NEVER_STORE, NotHereError, require_files
from spotkick.viewer.thumbnails import THUMBNAIL_STEP_MS, ThumbnailMaker

MAX_ROWS: Final = 50
"""Matches summarised in one reply."""

_LAST_THUMBNAIL_MS: Final = 100
"""The last thumbnail lies this long before the end of a period."""

_MEDIA_TYPES: Final = {
    ".mp4": "video/mp4",
    ".m4v": "video/mp4",
    ".mov": "video/mp4",
    ".webm": "video/webm",
    ".mkv": "video/x-matroska",
}


def match_routes(library: Library) -> APIRouter:
    """Routes that only read."""
    router = APIRouter(prefix="/api")
    thumbnails = ThumbnailMaker()

    @router.get("/matches")
    def matches() -> Response:
        rows = [library.row(require_files(library, key)) for key in library.keys]
        return JSONResponse({"matches": rows}, headers=NEVER_STORE)

    @router.get("/summaries")
    def summaries(
        start: Annotated[int, Query(ge=0)] = 0,
        count: Annotated[int, Query(ge=1, le=MAX_ROWS)] = MAX_ROWS,
    ) -> Response:
        rows = [_summarise_match(library, key) for key in library.keys[start : start + count]]
        return JSONResponse({"summaries": rows}, headers=NEVER_STORE)

    @router.get("/matches/{key}")
    def match(key: str) -> Response:
        files = require_files(library, key)
        document = match_document(library.match(files), f"/api/matches/{key}", library.shots(files))
        return JSONResponse(document, headers=NEVER_STORE)

    @router.get("/matches/{key}/scores")
    def scores(key: str) -> Response:
        found = library.match(require_files(library, key)).scores
        if found is None:
            raise NotHereError("this match has no scores")
        return Response(
            scores_bytes(found), media_type="application/octet-stream", headers=NEVER_STORE
        )

    @router.api_route("/matches/{key}/video/{period}", methods=["GET", "HEAD"])
    def video(key: str, period: int, part: Annotated[int, Query(ge=0)] = 0) -> Response:
        spans = require_files(library, key).videos.get(period, ())
        path = spans[part].file if part < len(spans) else None
        if path is None:
            raise NotHereError("this period has no such video")
        target = library.require_inside(path)
        status = target.stat()
        media_type = _MEDIA_TYPES[path.suffix.lower()]
        return FileResponse(
            target, media_type=media_type, stat_result=status, headers={"cache-control": "no-cache"}
        )

    @router.get("/matches/{key}/thumbnail/{period}")
    def thumbnail(
        key: str, period: int, t_ms: Annotated[int, Query(ge=0, le=100_000_000)]
    ) -> Response:
        video = library.match(require_files(library, key)).videos.get(period)
        if video is None:
            raise NotHereError("this period has no video")
        path, time_ms = _locate_thumbnail(video, t_ms)
        image = thumbnails.thumbnail_at(library.require_inside(path), time_ms)
        return Response(
            image, media_type="image/jpeg", headers={"cache-control": "private, max-age=3600"}
        )

    return router


def _locate_thumbnail(video: PeriodVideo, position_ms: int) -> tuple[Path, int]:
    """The file that shows a time of a period, and the millisecond in it.

    Raises:
        NotHereError: if the file begins later.
    """
    latest_ms = max(0, int(video.duration_s * 1000) - _LAST_THUMBNAIL_MS)
    position_ms = min(position_ms, latest_ms)
    if position_ms / 1000 < video.begin_s:
        raise NotHereError("the video of this period begins later")
    rounded_s = position_ms // THUMBNAIL_STEP_MS * THUMBNAIL_STEP_MS / 1000
    info, time_s = video.locate(max(rounded_s, video.begin_s))
    return info.path, round(time_s * 1000)


def _summarise_match(library: Library, key: str) -> dict[str, Any]:
    """A match that cannot be read keeps its line, with the reason."""
    try:
        return library.summary(require_files(library, key))
    except InputError as error:
        return {"key": key, "error": str(error)}
