"""How much a live run holds: everything that its own objects and containers reach."""

import dataclasses
from collections import deque
from typing import Any

import numpy as np

_CONTAINERS = (list, tuple, set, frozenset, deque)


def count_held(root: object) -> int:
    """Items of all containers, and values of all arrays, that an object reaches.

    Objects of spotkick and of these tests are followed by their fields, others count once.
    """
    seen: set[int] = set()
    waiting: list[Any] = [root]
    count = 0
    while waiting:
        item = waiting.pop()
        if id(item) in seen or isinstance(item, (str, bytes, int, float, type(None))):
            continue
        seen.add(id(item))
        if isinstance(item, np.ndarray):
            count += item.size
        elif isinstance(item, _CONTAINERS):
            count += len(item)
            waiting += list(item)
        elif isinstance(item, dict):
            count += len(item)
            waiting += [*item.keys(), *item.values()]
        else:
            count += 1
            waiting += fields_of(item)
    return count


def fields_of(item: Any) -> list[Any]:
    """Values of the fields of an object of this project; none of any other."""
    kind = type(item)
    if not kind.__module__.startswith(("spotkick", "support", "tests", "test_")):
        return []
    names = set(getattr(item, "__dict__", ()))
    if dataclasses.is_dataclass(item):
        names |= {field.name for field in dataclasses.fields(item)}
    for base in kind.__mro__:
        slots = base.__dict__.get("__slots__", ())
        names |= {slots} if isinstance(slots, str) else set(slots)
    return [getattr(item, name) for name in sorted(names) if hasattr(item, name)]
