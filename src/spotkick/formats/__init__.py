"""Readers and writers of every file format: labels, predictions, splits, annotation tools.

`read_actions` and `read_predictions` read any of them. They know every format and are imported when
they are first asked for; SoccerNet's files need less.
"""

import importlib
from typing import TYPE_CHECKING, Any, Final

from spotkick.formats.results import read_results, write_results
from spotkick.formats.soccernet import TimeSource, read_label_set, read_labels, write_labels
from spotkick.formats.splits import read_split

if TYPE_CHECKING:
    from spotkick.formats.reading import read_actions, read_predictions

__all__ = [
    "TimeSource",
    "read_actions",
    "read_label_set",
    "read_labels",
    "read_predictions",
    "read_results",
    "read_split",
    "write_labels",
    "write_results",
]

_HOMES: Final = {
    "read_actions": "spotkick.formats.reading",
    "read_predictions": "spotkick.formats.reading",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for."""
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'spotkick.formats' has no attribute {name!r}")
