"""Routes that show matches: the table, one match, its scores."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, Response

from spotkick.errors import InputError
from spotkick.viewer.match_documents import match_document, scores_bytes
from spotkick.viewer.match_store import Library
from spotkick.viewer.responses import NEVER_STORE, NotHereError, require_files

MAX_ROWS: Final = 50
"""Matches summarised in one reply."""


def match_routes(library: Library) -> APIRouter:
    """Routes that only read."""
    router = APIRouter(prefix="/api")

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

    return router


def _summarise_match(library: Library, key: str) -> dict[str, Any]:
    """A match that cannot be read keeps its line, with the reason."""
    try:
        return library.summary(require_files(library, key))
    except InputError as error:
        return {"key": key, "error": str(error)}
