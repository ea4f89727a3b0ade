"""All file formats, collected from the modules of this package that declare one.

A module declares a format by a `Format` among its names; nothing else has to be changed for a new
one.
"""

import importlib
import pkgutil
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from spotkick.errors import ConfigError
from spotkick.formats.format import Format

_NO_FORMATS: Final = frozenset({"convert", "detect", "reading", "registry", "scores"})
"""Modules that are built on the registry, or that need numpy; all others are looked through."""

_PACKAGE: Final = __name__.rpartition(".")[0]

_CLOSE_NAME: Final = 60


def collect_formats(search_path: Iterable[str] | None = None) -> dict[str, Format]:
    """Import the modules of the package and collect their formats.

    Args:
        search_path: folders of the modules; those of the package when None.

    Returns:
        Name -> format: by family, then by module, then in the order of declaration.

    Raises:
        ConfigError: if two formats have the same name.
    """
    found: list[Format] = []
    names = [
        module.name
        for module in pkgutil.iter_modules(search_path or sys.modules[_PACKAGE].__path__)
    ]
    for name in sorted(set(names) - _NO_FORMATS):
        module = importlib.import_module(f"{_PACKAGE}.{name}")
        found += [value for value in vars(module).values() if isinstance(value, Format)]

    # Families in their order; sorting keeps the order of declaration within them.
    formats: dict[str, Format] = {}
    for form in sorted(found, key=lambda form: form.family):
        if formats.setdefault(form.name, form) is not form:
            raise ConfigError(f"two file formats are called '{form.name}'")
    return formats


FORMATS: Final[Mapping[str, Format]] = collect_formats()
"""Name -> format, in the order of menus and documentation."""


def writable_formats() -> dict[str, Format]:
    """Name -> format of those that are written, too."""
    return {name: form for name, form in FORMATS.items() if form.writer is not None}


def find_format(name: str, *, written: bool = False) -> Format:
    """The format of a name.

    Args:
        name: as on the command line.
        written: whether a file is to be written in it.

    Raises:
        ConfigError: if there is none, with the closest name, or it is only read.
    """
    if written and name in FORMATS and name not in writable_formats():
        raise ConfigError(
            f"format '{name}' is only read; written are {', '.join(writable_formats())}"
        )
    if name not in FORMATS:
        from rapidfuzz import process

        close = process.extractOne(name, list(FORMATS), score_cutoff=_CLOSE_NAME)
        hint = f"; did you mean {close[0]}?" if close else ""
        raise ConfigError(f"unknown format '{name}', valid: {', '.join(FORMATS)}{hint}")
    return FORMATS[name]


def format_of_target(target: Path) -> Format:
    """The format that the name of a file to be written decides.

    Raises:
        ConfigError: if the name is not enough.
    """
    formats = writable_formats().values()
    named = [form for form in formats if form.file_name and form.file_name == target.name]
    suffixed = [form for form in formats if target.suffix.lower() in form.own_suffixes]
    found = next(iter([*named, *suffixed]), None)
    if found is None:
        raise ConfigError(
            f"the format of {target} cannot be told from its name, give --to with one of: "
            f"{', '.join(writable_formats())}"
        )
    return found


def export_file_name(form: Format, stem: str) -> str:
    """Name of the file or folder in which one match is written.

    Example:
        >>> export_file_name(FORMATS["csv"], "final"), export_file_name(FORMATS["osl-v2"], "final")
        ('final.csv', 'final.osl-v2.json')
    """
    kind = "" if form.suffix == f".{form.name}" else f".{form.name}"
    return form.file_name or f"{stem}{kind}{form.suffix}"


def formats_table() -> str:
    """What each format holds, as the Markdown table of the documentation."""
    lines = [
        "| name | what it is | confidence | team | visibility | details | position | ends |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for form in FORMATS.values():
        held = form.capabilities
        position = "frames" if held.frames else "milliseconds"
        cells = (
            f"`{form.name}`",
            form.description + ("" if form.writer is not None else " (only read)"),
            "needed" if held.needs_confidence else "yes" if held.confidence else "",
            "yes" if held.team else "",
            "yes" if held.visibility else "",
            "yes" if held.details else "",
            "whole seconds" if held.whole_seconds else position,
            "yes" if held.intervals else "",
        )
        lines.append(f"| {' | '.join(cells)} |".replace("|  |", "| |").replace("|  |", "| |"))
    return "\n".join(lines)
