"""Class lists: the built-in ones by name, others from a file."""

from pathlib import Path
from typing import Any

from rapidfuzz import process

from spotkick.actions import BUILT_IN_CLASSES, ActionClasses
from spotkick.errors import ConfigError, InputError
from spotkick.files import parse_json, read_bytes


def find_classes(name_or_file: str) -> ActionClasses:
    """Find a class list.

    Args:
        name_or_file: ``soccernet-v1``, ``soccernet-v2``, ``soccernet-ball``, or a file: text with
            one class name a line (the ``class.txt`` of other tools), a JSON list of names, or
            ``{"names": [...], "aliases": {"label": "name"}}``.

    Raises:
        ConfigError: if it is neither a built-in name nor a file.
        InputError: if the file is malformed.
    """
    built_in = BUILT_IN_CLASSES.get(name_or_file)
    if built_in is not None:
        return built_in
    path = Path(name_or_file)
    if not path.is_file():
        close = process.extractOne(name_or_file, list(BUILT_IN_CLASSES), score_cutoff=60)
        hint = f"; did you mean {close[0]}?" if close else ""
        raise ConfigError(
            f"class list {name_or_file!r} is neither a file nor one of {', '.join(BUILT_IN_CLASSES)}{hint}"
        )
    return read_classes(path)


def read_classes(path: Path) -> ActionClasses:
    """Read a class list from a file; the forms are those of `find_classes`.

    Raises:
        InputError: if the file is missing or malformed.
    """
    data = read_bytes(path)
    try:
        if path.suffix.lower() == ".json":
            return _from_json(parse_json(data, str(path)), path)
        names = tuple(
            line.strip() for line in data.decode("utf-8-sig").splitlines() if line.strip()
        )
        return ActionClasses(names, name=path.stem)
    except (ConfigError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not a class list: {error}") from error


def _from_json(value: Any, path: Path) -> ActionClasses:
    document = {"names": value} if isinstance(value, list) else value
    names, aliases = (
        (document.get("names"), document.get("aliases", {}))
        if isinstance(document, dict)
        else (None, None)
    )
    texts = [
        *(names if isinstance(names, list) else [None]),
        *(aliases.values() if isinstance(aliases, dict) else [None]),
    ]
    if (
        not isinstance(names, list)
        or not isinstance(aliases, dict)
        or not all(isinstance(text, str) for text in texts)
    ):
        raise InputError(
            f'{path}: a class list must be a JSON list of names, or {{"names": [...], "aliases": {{"label": "name"}}}}'
        )
    return ActionClasses(tuple(names), aliases, name=path.stem)
