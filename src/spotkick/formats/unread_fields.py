"""Fields of a JSON file that a reader leaves alone, counted for the report of a conversion."""

from collections import Counter
from collections.abc import Collection
from typing import Any


def unread_fields(document: Any, known: Collection[str]) -> Counter[str]:
    """Count the fields of a document that are not known, by path.

    Args:
        document: decoded JSON.
        known: paths of fields that are read, with everything below them: keys joined by points,
            ``[]`` for the items of a list and ``*`` for any key of an object whose keys are data.

    Returns:
        Path of the outermost unknown field -> how often it occurs with a value that says something.

    Example:
        >>> unread_fields({"a": 1, "b": [{"c": 1, "d": 2}, {"d": 3}]}, {"a", "b[].c"})
        Counter({'b[].d': 2})
    """
    prefixes = {prefix for path in known for prefix in _prefixes(path)}
    found: Counter[str] = Counter()
    _walk_value(document, "", frozenset(known), prefixes, found)
    return found


def _prefixes(path: str) -> list[str]:
    """All beginnings of a path that end before a point or a bracket."""
    return [path[:index] for index, letter in enumerate(path) if letter in ".["] + [path]


def _walk_value(
    value: Any, path: str, known: frozenset[str], prefixes: set[str], found: Counter[str]
) -> None:
    # Keys that are data are called ``*`` where no key of this name is known.
    if isinstance(value, list):
        for item in value:
            _count_value(item, f"{path}[]", known, prefixes, found)
    elif isinstance(value, dict):
        for key, item in value.items():
            base = f"{path}." if path else ""
            step = f"{base}{key}" if f"{base}{key}" in prefixes else f"{base}*"
            # At the top of a file, what holds no known field has a name, and is no data.
            is_named = step not in prefixes or (step == "*" and not _holds(item, step, known))
            _count_value(item, f"{base}{key}" if is_named else step, known, prefixes, found)


def _holds(value: Any, path: str, known: frozenset[str]) -> bool:
    """Whether a value has a known field below it."""
    if path in known:
        return True
    if isinstance(value, list):
        return any(_holds(item, f"{path}[]", known) for item in value)
    return isinstance(value, dict) and any(
        _holds(item, f"{path}.{key}", known) for key, item in value.items()
    )


def _count_value(
    value: Any, path: str, known: frozenset[str], prefixes: set[str], found: Counter[str]
) -> None:
    if path in known:
        return
    if path in prefixes:
        _walk_value(value, path, known, prefixes, found)
    elif value not in (None, "", [], {}):
        found[path] += 1
