"""What all routes share: replies, and finding a match by its key."""

import mimetypes
from typing import Final

from fastapi.responses import Response

from spotkick.viewer.exporting import Download
from spotkick.viewer.match_files import MatchFiles
from spotkick.viewer.match_store import Library

NEVER_STORE: Final = {"cache-control": "no-store"}
"""Headers of replies that change from request to request."""


class NotHereError(Exception):
    """The address names nothing that is shown; becomes a reply with status 404."""


def require_files(library: Library, key: str) -> MatchFiles:
    """Files of a match.

    Raises:
        NotHereError: if there is no match of that key.
    """
    files = library.files(key)
    if files is None:
        raise NotHereError("there is no such match")
    return files


def download(file: Download) -> Response:
    """A file that the browser saves; a header says what its format cannot hold."""
    media_type = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    headers = {**NEVER_STORE, "content-disposition": f'attachment; filename="{file.name}"'}
    if file.losses:
        headers["x-spotkick-lost"] = "; ".join(file.losses).encode("ascii", "replace").decode()
    return Response(file.data, media_type=media_type, headers=headers)
