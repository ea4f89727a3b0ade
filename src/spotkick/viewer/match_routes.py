"""Routes that show matches: the table, one match, its scores."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, Response

from spotkick.errors import InputError
from spotkick.viewer.match_documents import match_document, scores_bytes
from spotkick.viewer.match_store import Library
from spotkick.viewer.responses import NEVER_STORE, NotHereError, require_files
from spotkick.viewer.summaries import SummaryStore

MAX_ROWS: Final = 50
"""Matches summarised in one reply."""


def match_routes(library: Library) -> APIRouter:
    """Routes that only read."""
    router = APIRouter(prefix="/api")
    kept = SummaryStore(library)

    @router.get("/matches")
    def matches() -> Response:
        library.refresh()
        rows = [library.row(require_files(library, key)) for key in library.keys]
        return JSONResponse({"matches": rows}, headers=NEVER_STORE)

    @router.get("/summaries")
    def summaries(
        start: Annotated[int, Query(ge=0)] = 0,
        count: Annotated[int, Query(ge=1, le=MAX_ROWS)] = MAX_ROWS,
    ) -> Response:
        rows = [_summarise_match(kept, library, key) for key in library.keys[start : start + count]]
        kept.keep()
        return JSONResponse({"summaries": rows}, headers=NEVER_STORE)

    @router.get("/matches/{key}")
    def match(key: str) -> Response:
        library.refresh()
        files = require_files(library, key)
        state = library.states(files)
        try:
            problems = library.journal(files).problems
        except InputError as error:
            problems = (str(error),)
        document = match_document(
            library.match(files),
            f"/api/matches/{key}",
            library.shots(files),
            store=library.storage_name(files),
            problems=problems,
        )
        document["state"] = state
        return JSONResponse(document, headers=NEVER_STORE)

    @router.get("/matches/{key}/scores")
    def scores(key: str, system: Annotated[int, Query(ge=0)] = 0) -> Response:
        match = library.match(require_files(library, key))
        if system > len(match.others):
            raise NotHereError("there is no such system")
        found = match.others[system - 1].scores if system else match.scores
        if found is None:
            raise NotHereError("this match has no scores")
        return Response(
            scores_bytes(found), media_type="application/octet-stream", headers=NEVER_STORE
        )

    return router


def _summarise_match(kept: SummaryStore, library: Library, key: str) -> dict[str, Any]:
    """A match that cannot be read keeps its line, with the reason."""
    try:
        return kept.get(key, require_files(library, key))
    except InputError as error:
        return {"key": key, "error": str(error)}
