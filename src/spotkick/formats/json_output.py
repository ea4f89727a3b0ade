"""Writing JSON label files of any size."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from spotkick.actions import MatchActions
from spotkick.files import write_json
from spotkick.formats.segments import VideoSegments

READABLE_ACTIONS: Final = 5_000
"""Sets with more are written without indentation: nobody reads them by eye, and indenting takes
most of the time."""


def write_document(
    path: Path, document: Any, content: Sequence[MatchActions | VideoSegments]
) -> None:
    """Write JSON, indented when it holds few actions.

    Args:
        path: the file.
        document: JSON value.
        content: what the document was made of.

    Raises:
        StorageError: if the file cannot be written.
    """
    actions = sum(
        len(item.actions if isinstance(item, MatchActions) else item.segments) for item in content
    )
    write_json(path, document, indent=2 if actions <= READABLE_ACTIONS else None)
