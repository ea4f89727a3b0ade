"""Attributes of a VIA3 project: which of them holds the label, and what the others hold."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from spotkick.errors import InputError
from spotkick.formats.fields import require_object, required, shown

TEMPORAL: Final = "FILE1_Z2_XY0"
"""Anchor of attributes that describe a stretch of time."""

LABEL, TEAM, VISIBILITY, CONFIDENCE = "action", "team", "visibility", "confidence"
TEXT, CHECKBOX, RADIO, SELECT = 1, 2, 3, 4
"""Kinds of attributes, by how the annotator asks for them."""

_LABEL_NAMES: Final = (LABEL, "event", "label", "class", "activity")
_OWN_NAMES: Final = (TEAM, VISIBILITY, CONFIDENCE)


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute of temporal segments: its name, what it holds for us, and its options."""

    name: str
    role: str
    kind: Any
    options: Mapping[str, Any]

    def texts(self, given: Any) -> list[Any]:
        """The values of a segment: a checkbox may name several options."""
        if self.kind == CHECKBOX and isinstance(given, str):
            given_options = [part.strip() for part in given.split(",") if part.strip()]
            return [self.options.get(option, option) for option in given_options]
        return [] if given == "" else [self.options.get(str(given), given)]


def read_attributes(document: Mapping[str, Any], where: str) -> dict[str, Attribute]:
    """Attributes of temporal segments by identifier; one of them holds the label.

    Raises:
        InputError: if none can hold the label, or one is malformed.
    """
    found: dict[str, tuple[str, Any, dict[str, Any]]] = {}
    listed = require_object(required(document, "attribute", where), f"{where}: attribute")
    for key, value in listed.items():
        place = f"{where}: attribute.{shown(key)}"
        attribute = require_object(value, place)
        if attribute.get("anchor_id") == TEMPORAL:
            options = require_object(attribute.get("options") or {}, f"{place}.options")
            name = str(attribute.get("aname", "")).strip()
            found[key] = name, attribute.get("type"), options

    # The label: by its name, else the first with options to choose from, else the first.
    possible = [key for key, (name, _, _) in found.items() if name.lower() not in _OWN_NAMES]
    named = [key for name in _LABEL_NAMES for key in possible if found[key][0].lower() == name]
    chosen = [key for key in possible if found[key][1] in (CHECKBOX, RADIO, SELECT)]
    label = next(iter([*named, *chosen, *possible]), None)
    if label is None and found:
        raise InputError(
            f"{where}: no attribute of temporal segments holds the label; call it '{LABEL}'"
        )
    return {
        key: Attribute(name, LABEL if key == label else _role_of(name), kind, options)
        for key, (name, kind, options) in found.items()
    }


def _role_of(name: str) -> str:
    return name.lower() if name.lower() in _OWN_NAMES else ""


def unread_attributes(
    entry: Mapping[str, Any], attributes: Mapping[str, Attribute]
) -> Iterator[str]:
    """One name for each value of an attribute that is neither the label nor one of ours."""
    for key, given in (entry.get("av") or {}).items():
        known = attributes.get(key)
        if (known is None or not known.role) and given not in ("", None):
            yield f"attribute '{key if known is None else known.name}' of the source"
