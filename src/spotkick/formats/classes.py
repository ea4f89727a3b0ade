"""Class lists and tasks: the built-in ones by name, others from a file.

A class file may say more than names: which label files hold the classes, on which frame grid they
are scored, by which metric, and which periods count.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from spotkick.actions import BUILT_IN_CLASSES, ActionClasses
from spotkick.errors import ConfigError, InputError
from spotkick.files import parse_json, read_bytes
from spotkick.formats.fields import (
    require_frame_rate,
    require_integer,
    require_list,
    require_text,
    shown,
)
from spotkick.tasks import TASKS, Task, task_of

METRICS: Final = ("loose", "tight", "at1", "at2", "at3", "at4", "at5")
"""Metrics that a class file may name."""

_CLOSE_NAME: Final = 60
_CLASS_KEYS: Final = ("names", "aliases", "words")
_FORMS: Final = (
    'a class list must be a JSON list of names, or {"names": [...], "aliases": {"label": "name"}}'
)


def find_classes(name_or_file: str | Path) -> ActionClasses:
    """Find a class list; see `find_task`.

    Raises:
        ConfigError: if it is neither a built-in name nor a file.
        InputError: if the file is malformed.
    """
    return find_task(name_or_file).classes


def find_task(name_or_file: str | Path) -> Task:
    """Find a task by the name of its class list, or in a file.

    Args:
        name_or_file: ``soccernet-v1``, ``soccernet-v2``, ``soccernet-ball``,
            ``soccernet-ball-2023``, or a file: text with one class name a line (the ``class.txt``
            of other tools), a JSON list of names, or an object with ``names``, and ``aliases``,
            ``words``, ``label_files``, ``frame_rate``, ``metric``, ``periods`` or ``sport`` where
            these differ from what the names let expect (see `spotkick.tasks.task_of`).

    Raises:
        ConfigError: if it is neither a built-in name nor a file.
        InputError: if the file is malformed.
    """
    built_in = TASKS.get(str(name_or_file))
    if built_in is not None:
        return built_in
    path = Path(name_or_file)
    if path.is_file():
        return read_task(path)

    from rapidfuzz import process

    close = process.extractOne(str(name_or_file), list(BUILT_IN_CLASSES), score_cutoff=_CLOSE_NAME)
    hint = f"; did you mean {close[0]}?" if close else ""
    raise ConfigError(
        f"class list {str(name_or_file)!r} is neither a file nor one of "
        f"{', '.join(BUILT_IN_CLASSES)}{hint}"
    )


def read_classes(path: Path | str) -> ActionClasses:
    """Read a class list from a file; the forms are those of `find_task`.

    Raises:
        InputError: if the file is missing or malformed.
    """
    return read_task(path).classes


def read_task(path: Path | str) -> Task:
    """Read a task from a file; the forms are those of `find_task`.

    Raises:
        InputError: if the file is missing or malformed.
    """
    path = Path(path)
    data = read_bytes(path)
    try:
        if path.suffix.lower() == ".json":
            return _task_of_document(parse_json(data, str(path)), path)
        lines = data.decode("utf-8-sig").splitlines()
        names = tuple(line.strip() for line in lines if line.strip())
        return task_of(ActionClasses(names, name=path.stem))
    except (ConfigError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not a class list: {error}") from error


def _task_of_document(value: Any, path: Path) -> Task:
    document = {"names": value} if isinstance(value, list) else value
    if not isinstance(document, dict):
        raise InputError(f"{path}: {_FORMS}")
    unknown = sorted(document.keys() - {*_CLASS_KEYS, *_TASK_FIELDS})
    if unknown:
        raise InputError(
            f"{path}: unknown key {unknown[0]!r}, valid: {', '.join((*_CLASS_KEYS, *_TASK_FIELDS))}"
        )

    # What the file does not state follows from the names.
    task = task_of(_classes_of_document(document, path))
    stated = {
        key: read(document[key], f"{path}: {key}")
        for key, read in _TASK_FIELDS.items()
        if document.get(key) is not None
    }
    return replace(task, **stated)


def _classes_of_document(document: Mapping[str, Any], path: Path) -> ActionClasses:
    names, aliases = document.get("names"), document.get("aliases", {})
    if not isinstance(names, list) or not isinstance(aliases, dict):
        raise InputError(f"{path}: {_FORMS}")
    if not all(isinstance(text, str) for text in (*names, *aliases.values())):
        raise InputError(f"{path}: {_FORMS}")

    words = [
        tuple(require_text(text, f"{path}: words") for text in require_list(pair, f"{path}: words"))
        for pair in require_list(document.get("words") or [], f"{path}: words")
    ]
    if any(len(pair) != 2 for pair in words):
        raise InputError(f'{path}: words must be a list of ["word", "class name"]')
    return ActionClasses(
        tuple(names),
        aliases,
        name=path.stem,
        words=tuple((word, name) for word, name in words),
    )


def _read_label_files(value: Any, where: str) -> tuple[str, ...]:
    names = [require_text(name, where) for name in require_list(value, where)]
    if not names or any("/" in name or "\\" in name for name in names):
        raise InputError(f"{where} must be a list of file names, found {shown(value)}")
    return tuple(names)


def _read_metric(value: Any, where: str) -> str:
    if value not in METRICS:
        raise InputError(f"{where} must be one of {', '.join(METRICS)}, found {shown(value)}")
    return str(value)


def _read_periods(value: Any, where: str) -> tuple[int, ...]:
    return tuple(require_integer(period, where) for period in require_list(value, where))


_TASK_FIELDS: Final[Mapping[str, Callable[[Any, str], Any]]] = {
    "label_files": _read_label_files,
    "frame_rate": require_frame_rate,
    "metric": _read_metric,
    "periods": _read_periods,
    "sport": require_text,
}
"""Keys of a class file beside the classes -> how they are read."""
