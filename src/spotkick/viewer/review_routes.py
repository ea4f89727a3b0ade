"""Routes of the review: corrections, and their export."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from spotkick.errors import InputError
from spotkick.viewer.edits import RevisionConflictError, SpotEdit
from spotkick.viewer.exporting import Span, export_labels, export_training_set, list_formats
from spotkick.viewer.match_files import MatchFiles
from spotkick.viewer.match_store import Library
from spotkick.viewer.responses import NEVER_STORE, download, require_files
from spotkick.viewer.reviewed_labels import corrected_labels


class EditRequest(BaseModel):
    """Changes, and the revision that they are based on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    revision: Annotated[int, Field(ge=0)]
    edits: Annotated[list[SpotEdit], Field(max_length=2000)]


def review_routes(library: Library) -> APIRouter:
    """Routes that read and write corrections."""
    router = APIRouter(prefix="/api")

    def document(files: MatchFiles, since: int) -> dict[str, Any]:
        changes = library.journal(files).since(since)
        return {
            "revision": since + len(changes),
            "edits": [edit.document() for edit in changes],
        }

    @router.get("/matches/{key}/edits")
    def read(key: str, since: Annotated[int, Query(ge=0)] = 0) -> Response:
        return JSONResponse(document(require_files(library, key), since), headers=NEVER_STORE)

    @router.post("/matches/{key}/edits")
    def write(key: str, request: EditRequest) -> Response:
        files = require_files(library, key)
        try:
            revision = library.journal(files).append(request.edits, based_on=request.revision)
        except RevisionConflictError as conflict:
            since = min(request.revision, conflict.revision)
            return JSONResponse(
                {"error": str(conflict), **document(files, since)}, 409, headers=NEVER_STORE
            )
        return JSONResponse({"revision": revision}, headers=NEVER_STORE)

    @router.get("/formats")
    def formats() -> Response:
        return JSONResponse({"formats": list_formats()})

    @router.get("/matches/{key}/export")
    def export(
        key: str,
        kind: Annotated[str, Query(alias="format")],
        undecided_from: Annotated[float | None, Query(ge=0, le=1)] = None,
        before_s: Annotated[float, Query(ge=0, le=600)] = 0.0,
        after_s: Annotated[float, Query(ge=0, le=600)] = 0.0,
    ) -> Response:
        files = require_files(library, key)
        match = library.match(files)
        labels = corrected_labels(
            match, library.journal(files).states(), undecided_from=undecided_from
        )
        rates = [video.stretches[0].info.frame_rate for video in match.videos.values()]
        span = Span(before_s, after_s)
        return download(export_labels(labels, kind, rates[0] if rates else None, span))

    @router.get("/export")
    def export_all() -> Response:
        chosen = [
            (files, library.journal(files).states())
            for files in map(library.files, library.keys)
            if files is not None
        ]
        if not any(states for _, states in chosen):
            raise InputError("no match has corrections yet; accept, move or add a spot first")
        labelled = [
            (files, states) for files, states in chosen if states or files.labels is not None
        ]
        return download(
            export_training_set(
                [corrected_labels(library.match(files), states) for files, states in labelled]
            )
        )

    return router
