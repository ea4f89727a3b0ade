"""Routes that say whether files on disk are still those that a page shows."""

import hashlib
import json

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response

from spotkick.viewer.match_store import Library
from spotkick.viewer.responses import NEVER_STORE, require_files


def change_routes(library: Library) -> APIRouter:
    """The state of one match, and of all of them."""
    router = APIRouter(prefix="/api")

    @router.get("/matches/{key}/state")
    def state(key: str) -> Response:
        library.refresh()
        states = library.states(require_files(library, key))
        return JSONResponse({"state": states}, headers=NEVER_STORE)

    @router.get("/changes")
    def changes() -> Response:
        library.refresh()
        every = {key: library.states(require_files(library, key)) for key in library.keys}
        text = json.dumps(every, sort_keys=True)
        digest = hashlib.blake2s(text.encode(), digest_size=8).hexdigest()
        return JSONResponse({"state": digest, "matches": len(every)}, headers=NEVER_STORE)

    return router
