"""The XML of instances that Hudl SportsCode, Nacsport and LongoMatch exchange, field by field.

An instance has a code, a start and an end in seconds of the video, labels in groups, and sometimes
free text; a row gives each code a colour and a place. Programs differ in details that are all read:
the order of elements, decimal commas, clocks in place of seconds, labels without a group, colours
of 8 or 16 bits.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET

from spotkick.errors import InputError
from spotkick.formats.fields import require_label, require_seconds
from spotkick.formats.xml_tree import format_xml, parse_xml, text_of

ROOT: Final = "file"
"""First element of a file."""

_WHAT: Final = "a SportsCode XML of instances"
_CLOCK: Final = re.compile(r"(?:(\d+):)?(\d+):(\d+(?:[.,]\d+)?)")
_COLOUR_BITS: Final = 65535
_READ: Final = frozenset({"id", "start", "end", "code", "label", "free_text"})
_READ_OF_FILE: Final = frozenset({"sort_info", "session_info", "all_instances", "rows", "script"})

Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Instance:
    """An interval of the video.

    Attributes:
        code: name of its row.
        start_s: seconds since the start of the video.
        end_s: seconds.
        labels: (group, text) in file order; the group is empty where the file states none.
        free_text: note of the analyst; empty where there is none.
        number: its ID; any text.
    """

    code: str
    start_s: float
    end_s: float
    labels: tuple[tuple[str, str], ...] = ()
    free_text: str = ""
    number: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """How the instances of a code are shown.

    Attributes:
        code: of the instances.
        colour: red, green and blue from 0 to 65535, None where the file states none.
    """

    code: str
    colour: Colour | None = None


@dataclass(frozen=True, slots=True)
class SportsCodeFile:
    """Everything that a file holds.

    Attributes:
        instances: in file order.
        rows: in the order in which they are shown.
        session_start: date and time as the file has it; empty where it has none.
        unread: elements that no field holds -> how often.
    """

    instances: tuple[Instance, ...]
    rows: tuple[Row, ...] = ()
    session_start: str = ""
    unread: Counter[str] = field(default_factory=Counter, compare=False)


def read_sportscode_file(path: Path | str) -> SportsCodeFile:
    """Read a file.

    Raises:
        InputError: if it is no such file, or an instance has no code, start or end.
    """
    path = Path(path)
    root = parse_xml(path, _WHAT)
    if root.tag.lower() != ROOT or _child(root, "all_instances") is None:
        raise InputError(f"{path}: {_WHAT} is a <file> with <ALL_INSTANCES>, found <{root.tag}>")

    unread: Counter[str] = Counter()
    unread.update(
        f"element {child.tag[:40]} of the source"
        for child in root
        if child.tag.lower() not in _READ_OF_FILE
    )
    instances = tuple(
        _read_instance(element, f"{path}: instance {number}", unread)
        for number, element in enumerate(_children(root, "all_instances"), start=1)
    )
    session = _child(root, "session_info")
    start = None if session is None else _child(session, "start_time")
    return SportsCodeFile(instances, _read_rows(root, path), text_of(start), unread)


def _child(parent: ET.Element, name: str) -> ET.Element | None:
    """The first child of a name; programs differ in capital letters."""
    return next((child for child in parent if child.tag.lower() == name), None)


def _children(root: ET.Element, name: str) -> list[ET.Element]:
    parent = _child(root, name)
    return [] if parent is None else list(parent)


def _read_instance(element: ET.Element, where: str, unread: Counter[str]) -> Instance:
    values = {child.tag.lower(): text_of(child) for child in element}
    start_s = _read_time(values.get("start"), f"{where}: start")
    end_s = _read_time(values.get("end") or values.get("start"), f"{where}: end")
    unread.update(
        f"element {child.tag[:40]} of an instance"
        for child in element
        if child.tag.lower() not in _READ and text_of(child)
    )

    labels = []
    for child in element:
        if child.tag.lower() == "label":
            group, text = text_of(_child(child, "group")), text_of(_child(child, "text"))
            if group or text:
                labels.append((group, text))
    return Instance(
        code=require_label(values.get("code"), f"{where}: code"),
        start_s=start_s,
        end_s=end_s,
        labels=tuple(labels),
        free_text=values.get("free_text", ""),
        number=values.get("id", ""),
    )


def _read_time(text: str | None, where: str) -> float:
    clock = _CLOCK.fullmatch(text or "")
    if clock is None:
        return require_seconds((text or "").replace(",", "."), where)
    hours, minutes, seconds = clock.groups(default="0")
    return 3600 * int(hours) + 60 * int(minutes) + float(seconds.replace(",", "."))


def _read_rows(root: ET.Element, path: Path) -> tuple[Row, ...]:
    rows = []
    for number, element in enumerate(_children(root, "rows"), start=1):
        values = {child.tag.lower(): text_of(child) for child in element}
        where = f"{path}: row {number}"
        order = values.get("sort_order") or str(number)
        place = require_seconds(order, f"{where}: sort_order")
        stated = [values[name] for name in ("r", "g", "b") if values.get(name)]
        levels = [round(require_seconds(text, f"{where}: colour")) for text in stated]
        colour = (levels[0], levels[1], levels[2]) if len(levels) == 3 else None
        rows.append((place, Row(require_label(values.get("code"), f"{where}: code"), colour)))
    return tuple(_with_16_bits([row for _, row in sorted(rows, key=lambda pair: pair[0])]))


def _with_16_bits(rows: list[Row]) -> list[Row]:
    """Colours from 0 to 65535; a file whose largest level is at most 255 has 8 bits."""
    levels = [level for row in rows if row.colour for level in row.colour]
    if not levels or not 1 < max(levels) <= 255:
        return rows
    scaled = []
    for row in rows:
        red, green, blue = row.colour or (0, 0, 0)
        colour = None if row.colour is None else (257 * red, 257 * green, 257 * blue)
        scaled.append(Row(row.code, colour))
    return scaled


def format_sportscode_file(document: SportsCodeFile) -> str:
    """The text of a file. Instances are numbered from 1 where they have no number.

    Raises:
        InputError: if a text holds characters that XML cannot.
    """
    root = ET.Element(ROOT)
    if document.session_start:
        session = ET.SubElement(root, "SESSION_INFO")
        ET.SubElement(session, "start_time").text = document.session_start
    ET.SubElement(ET.SubElement(root, "SORT_INFO"), "sort_type").text = "sort order"

    parent = ET.SubElement(root, "ALL_INSTANCES")
    for number, instance in enumerate(document.instances, start=1):
        element = ET.SubElement(parent, "instance")
        ET.SubElement(element, "ID").text = instance.number or str(number)
        ET.SubElement(element, "start").text = format_seconds(instance.start_s)
        ET.SubElement(element, "end").text = format_seconds(instance.end_s)
        ET.SubElement(element, "code").text = instance.code
        for group, text in instance.labels:
            label = ET.SubElement(element, "label")
            if group:
                ET.SubElement(label, "group").text = group
            ET.SubElement(label, "text").text = text
        if instance.free_text:
            ET.SubElement(element, "free_text").text = instance.free_text

    rows = ET.SubElement(root, "ROWS")
    for number, row in enumerate(document.rows, start=1):
        element = ET.SubElement(rows, "row")
        ET.SubElement(element, "sort_order").text = str(number)
        ET.SubElement(element, "code").text = row.code
        for name, level in zip("RGB", row.colour or (), strict=False):
            ET.SubElement(element, name).text = str(level)
    return format_xml(root)


def format_seconds(seconds: float) -> str:
    """Seconds to the microsecond, without needless digits.

    Example:
        >>> format_seconds(65.25), format_seconds(3.0)
        ('65.25', '3')
    """
    return f"{seconds:.6f}".rstrip("0").rstrip(".")


def rows_of_codes(codes: Iterable[str]) -> tuple[Row, ...]:
    """A row for each code, in order of first appearance, with colours that differ well."""
    return tuple(
        Row(code, _colour_of_row(number)) for number, code in enumerate(dict.fromkeys(codes))
    )


def _colour_of_row(number: int) -> Colour:
    """Hues a golden angle apart, at one saturation and brightness."""
    hue = (number * 0.618034) % 1
    red, green, blue = (
        round(_COLOUR_BITS * (0.6 + 0.35 * math.cos(2 * math.pi * (hue - third / 3))))
        for third in range(3)
    )
    return red, green, blue
