"""A path whose format is to be recognised; each view of its content is made once, on demand."""

import re
from collections.abc import Mapping, Sequence
from enum import IntEnum
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from spotkick.errors import InputError
from spotkick.formats.json_files import GZIP_MAGIC, load_json
from spotkick.formats.match_tree import ZIP_MAGIC, open_match_tree

HEAD_BYTES: Final = 4096
"""How much of the start of a file is looked at."""

UTF16_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")
"""Byte order marks of UTF-16."""


_MOST_ITEMS: Final = 50
_ROOT_ELEMENT: Final = re.compile(r"<([A-Za-z_][\w.:-]*)")
_NOT_READ: Final = object()


class Certainty(IntEnum):
    """How sure a format is that a path is its own; the surest one wins, then the first declared."""

    NO = 0
    SHAPE = 1
    """The shape fits, but is not peculiar to the format."""
    NAME = 2
    """The name of a file says so, or the shape is rarely anything else."""
    MARK = 3
    """The content has a mark of its own."""


class Sample:
    """A file or folder that is to be recognised.

    Attributes:
        path: where it lies; for a decoded document the name that messages give it.
        name: of the file or folder.
        suffix: in lower case.
    """

    def __init__(self, path: Path, document: Any = _NOT_READ, *, name: str | None = None) -> None:
        """Look at ``path``, or at a ``document`` that was decoded before."""
        self.path = path
        self.name = path.name if name is None else name
        self.suffix = Path(self.name).suffix.lower()
        self._document = document

    @cached_property
    def is_folder(self) -> bool:
        """Whether it is a folder."""
        return self._document is _NOT_READ and self.path.is_dir()

    @cached_property
    def head(self) -> bytes:
        """The first bytes of a file, without a byte order mark and blanks; empty for a folder.

        Raises:
            InputError: if the file is missing or cannot be read.
        """
        if self.is_folder or self._document is not _NOT_READ:
            return b""
        if not self.path.exists():
            raise InputError(f"{self.path}: no such file")
        try:
            with self.path.open("rb") as file:
                start = file.read(HEAD_BYTES)
        except OSError as error:
            raise InputError(f"{self.path}: cannot be read: {error.strerror or error}") from error
        return start.removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n")

    @cached_property
    def text(self) -> str:
        """The start of a text file; other bytes are replaced."""
        encoding = "utf-16" if self.head[:2] in UTF16_MARKS else "utf-8"
        return self.head.decode(encoding, errors="replace").lstrip("\ufeff")

    @cached_property
    def xml_root(self) -> str:
        """Name of the first element of an XML file; empty for anything else."""
        found = _ROOT_ELEMENT.search(self.text) if self.text.startswith("<") else None
        return found[1] if found else ""

    @cached_property
    def document(self) -> Any:
        """The decoded JSON document; None for a file that does not start like one.

        Raises:
            InputError: if it starts like JSON and is damaged.
        """
        if self._document is not _NOT_READ:
            return self._document
        compressed = self.head.startswith(GZIP_MAGIC)
        return load_json(self.path) if compressed or self.head[:1] in (b"{", b"[") else None

    @cached_property
    def json_object(self) -> Mapping[str, Any]:
        """The document where it is an object; empty otherwise."""
        return self.document if isinstance(self.document, dict) else {}

    @cached_property
    def json_items(self) -> Sequence[Mapping[str, Any]]:
        """The first objects of a document that is a list; empty otherwise."""
        return objects_in(self.document)

    @cached_property
    def file_names(self) -> frozenset[str]:
        """Names of the JSON files in a folder or zip archive of match folders; empty for a file."""
        if not self.is_folder and not self.head.startswith(ZIP_MAGIC):
            return frozenset()
        with open_match_tree(self.path) as tree:
            return tree.file_names()

    def has_keys(self, *keys: str) -> bool:
        """Whether the document is an object with all of these keys."""
        return self.json_object.keys() >= set(keys)


def objects_in(value: Any) -> list[Mapping[str, Any]]:
    """The objects among the first items of a list; nothing for other values."""
    items = value[:_MOST_ITEMS] if isinstance(value, list) else []
    return [item for item in items if isinstance(item, dict)]


def is_json_file(path: Path) -> bool:
    """Whether a path is one JSON file, by its suffix or its first bytes, compressed or not."""
    if path.is_dir():
        return False
    if path.suffix.lower() == ".json" or not path.is_file():
        return path.suffix.lower() == ".json"

    # Files are also renamed, compressed, and saved without a suffix.
    return Sample(path).head.startswith((GZIP_MAGIC, b"{", b"["))
