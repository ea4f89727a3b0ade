"""The XML of ELAN annotation files, parsed into what its elements say.

Document types and entities are refused, and so are files that are too deep or too large: a file is
data from strangers.
"""

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from xml.parsers import expat

from spotkick.errors import InputError
from spotkick.files import read_bytes

MAX_XML_BYTES: Final = 64 * 1024 * 1024
"""Largest file that is read; hours of dense annotation take a few megabytes."""

UNITS: Final = "milliseconds"
"""Unit of the times that are read."""

ROOT: Final = "ANNOTATION_DOCUMENT"
"""First element of a file."""

_MAX_DEPTH: Final = 32
_SECOND_TIER: Final = re.compile(r" #\d+$")

_KNOWN_ELEMENTS: Final = frozenset(
    {
        *(ROOT, "HEADER", "MEDIA_DESCRIPTOR", "TIME_ORDER", "TIME_SLOT", "TIER"),
        *("ANNOTATION", "ALIGNABLE_ANNOTATION", "REF_ANNOTATION", "ANNOTATION_VALUE"),
        *("LINGUISTIC_TYPE", "LOCALE", "LANGUAGE", "CONSTRAINT", "PROPERTY", "LICENSE"),
        *("CONTROLLED_VOCABULARY", "DESCRIPTION", "CV_ENTRY", "CV_ENTRY_ML", "CVE_VALUE"),
    }
)
"""Elements that are read, or that describe the tiers and the editor."""

_PEOPLE: Final = ("PARTICIPANT", "ANNOTATOR")


@dataclass(frozen=True, slots=True)
class ElanAnnotation:
    """A time-aligned annotation as the file states it."""

    tier: str
    attributes: dict[str, str]
    value: str


class ElanDocument:
    """What the elements of a file say, filled in while it is parsed."""

    def __init__(self, where: str) -> None:
        """Collect the elements of the file that messages call ``where``."""
        self.where = where
        self.units = UNITS
        self.media: list[dict[str, str]] = []
        self.slots: dict[str, str | None] = {}
        self.annotations: list[ElanAnnotation] = []
        self.unread: Counter[str] = Counter()
        self._path: list[str] = []
        self._tier: dict[str, str] = {}
        self._open: dict[str, str] | None = None
        self._text: list[str] = []

    def bounds_of(self, annotation: ElanAnnotation) -> tuple[str | None, str | None]:
        """Times of the start and the end, None where a time slot has none."""
        first = annotation.attributes.get("TIME_SLOT_REF1", "")
        last = annotation.attributes.get("TIME_SLOT_REF2", "")
        return self.slots.get(first), self.slots.get(last)

    def count_unread(self) -> Counter[str]:
        """What the file holds beside labels and times, with counts."""
        counts = Counter(self.unread)
        counts["annotation without a time of its own"] = sum(
            None in self.bounds_of(annotation) for annotation in self.annotations
        )
        counts["further media file"] = len(self.media[1:])
        return +counts

    def refuse(self, *_: Any) -> None:
        """Refuse a document type or an entity: they can blow up a small file."""
        raise InputError(
            f"{self.where}: XML with a document type or entities is not read; ELAN files have none"
        )

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """An element opens."""
        self._path.append(name)
        if len(self._path) > _MAX_DEPTH:
            raise InputError(
                f"{self.where}: XML nested deeper than {_MAX_DEPTH} elements; this is no ELAN file"
            )
        if len(self._path) == 1 and name != ROOT:
            raise InputError(f"{self.where}: an ELAN file starts with {ROOT}, found {name[:40]!r}")

        # Elements that are read; the others are counted.
        if name == "HEADER":
            self.units = attributes.get("TIME_UNITS", UNITS)
        elif name == "MEDIA_DESCRIPTOR":
            self.media.append(attributes)
        elif name == "TIME_SLOT":
            self.slots[attributes.get("TIME_SLOT_ID", "")] = attributes.get("TIME_VALUE")
        elif name == "TIER":
            self._tier = attributes
        elif name in ("ALIGNABLE_ANNOTATION", "REF_ANNOTATION"):
            self._open, self._text = attributes, []
        elif name not in _KNOWN_ELEMENTS:
            self.unread[f"element {name[:40]} of the source"] += 1

    def text(self, data: str) -> None:
        """Characters of the innermost element."""
        if self._path[-1:] == ["ANNOTATION_VALUE"]:
            self._text.append(data)

    def end(self, name: str) -> None:
        """An element closes."""
        self._path.pop()
        if name not in ("ALIGNABLE_ANNOTATION", "REF_ANNOTATION") or self._open is None:
            return
        attributes, value, tier = self._open, "".join(self._text).strip(), self._tier
        self._open = None
        name_of_tier = tier.get("TIER_ID", "")
        if name == "ALIGNABLE_ANNOTATION":
            self.annotations.append(ElanAnnotation(name_of_tier, attributes, value))
        elif value:
            self.unread[f"annotation on tier '{name_of_tier}', which refers to others"] += 1

        # Attributes of the tier that each of its annotations shares.
        if name == "ALIGNABLE_ANNOTATION" and value:
            self.unread[f"name of tier '{name_of_tier}' beside a value"] += (
                _SECOND_TIER.sub("", name_of_tier) != value
            )
        for person in _PEOPLE:
            self.unread[f"{person.lower()} of tier '{name_of_tier}'"] += bool(tier.get(person))


def parse_elan(path: Path) -> ElanDocument:
    """Parse an annotation file.

    Raises:
        InputError: if it is missing, too large, or no ELAN file.
    """
    document = ElanDocument(str(path))
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = document.start
    parser.EndElementHandler = document.end
    parser.CharacterDataHandler = document.text
    parser.StartDoctypeDeclHandler = document.refuse
    parser.EntityDeclHandler = document.refuse

    data = read_bytes(path, limit=MAX_XML_BYTES)
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise InputError(f"{path}: not readable XML: {error}") from error
    return document
