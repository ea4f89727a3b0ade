"""XML files of other tools as element trees, read safely, and written with clean text.

Document types and entities are refused, and so are files that are too deep or too large: a file is
data from strangers.
"""

import re
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree as ET
from xml.parsers import expat

from spotkick.errors import InputError
from spotkick.files import read_bytes

MAX_XML_BYTES: Final = 64 * 1024 * 1024
"""Largest file that is read; hours of dense annotation take a few megabytes."""

_MAX_DEPTH: Final = 64
_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def parse_xml(path: Path, what: str) -> ET.Element:
    """The root element of an XML file.

    Args:
        path: the file, in any encoding that it declares.
        what: what the file should be, for messages.

    Raises:
        InputError: if it is missing, too large, damaged, or has a document type or entities.
    """
    builder = ET.TreeBuilder()
    depth = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > _MAX_DEPTH:
            raise InputError(f"{path}: XML nested deeper than {_MAX_DEPTH}; this is no {what}")
        builder.start(name, attributes)

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(name)

    def refuse(*_: Any) -> None:
        raise InputError(f"{path}: XML with a document type or entities is not read as {what}")

    # Handlers by hand: only expat reports a document type before it is expanded.
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(read_bytes(path, limit=MAX_XML_BYTES), True)
        return builder.close()
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise InputError(f"{path}: not readable XML: {error}") from error


def format_xml(root: ET.Element) -> str:
    """The text of an XML file, indented.

    Raises:
        InputError: if a text holds characters that XML cannot.
    """
    for element in root.iter():
        for text in (element.text, *element.attrib.values()):
            if text and _NOT_XML.search(text):
                raise InputError(f"{text!r} holds characters that XML cannot; rename it")
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def text_of(element: ET.Element | None) -> str:
    """The text of an element without blanks at its ends; empty where there is none."""
    return "" if element is None else (element.text or "").strip()
