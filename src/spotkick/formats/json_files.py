"""JSON files of any size: read plain or compressed with gzip, written with indentation if small."""

import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from spotkick.actions import MatchActions
from spotkick.errors import InputError
from spotkick.files import MAX_JSON_BYTES, parse_json, read_bytes, write_json
from spotkick.formats.segments import VideoSegments

READABLE_ACTIONS: Final = 5_000
"""Sets with more are written without indentation: they are not read by eye, and indenting takes
most of the time."""

GZIP_MAGIC: Final = b"\x1f\x8b"
"""First bytes of a file that is compressed with gzip."""


def load_json(path: Path) -> Any:
    """Parse a JSON file that may be compressed with gzip.

    Raises:
        InputError: if it is missing, damaged, or too large once unpacked.
    """
    data = read_bytes(path)
    if data.startswith(GZIP_MAGIC):
        data = _unpack_gzip(data, path)
    return parse_json(data, str(path))


def _unpack_gzip(data: bytes, path: Path) -> bytes:
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        unpacked = unpacker.decompress(data, MAX_JSON_BYTES + 1)
    except zlib.error as error:
        raise InputError(f"{path}: damaged gzip data ({error}); get the file again") from error
    if len(unpacked) > MAX_JSON_BYTES:
        raise InputError(f"{path}: unpacks to more than the limit of {MAX_JSON_BYTES:,} bytes")
    if not unpacker.eof:
        raise InputError(f"{path}: gzip data end too early; get the file again")
    return unpacked


def write_document(
    path: Path | str, document: Any, content: Sequence[MatchActions | VideoSegments]
) -> None:
    """Write JSON, indented when it holds few actions.

    Args:
        path: the file.
        document: JSON value.
        content: what the document was made of.

    Raises:
        InputError: if a number is not finite, which JSON cannot hold.
        StorageError: if the file cannot be written.
    """
    actions = sum(
        len(item.actions if isinstance(item, MatchActions) else item.segments) for item in content
    )
    try:
        write_json(Path(path), document, indent=2 if actions <= READABLE_ACTIONS else None)
    except ValueError as error:
        raise InputError(
            f"{path}: a confidence or time is not a finite number, which JSON cannot hold; "
            "correct the source"
        ) from error
