"""Label, prediction and annotation formats: readers, writers, and splits.

`read_actions` and `read_predictions` read any of them. They know all of these formats and are
imported when they are first asked for; SoccerNet's files need less. The edit lists of reels are in
`spotkick.highlights`.
"""

from typing import TYPE_CHECKING, Final

from spotkick.formats.results import read_results, write_results
from spotkick.formats.soccernet import read_label_set, read_labels, write_labels
from spotkick.formats.splits import read_split
from spotkick.formats.time_source import TimeSource
from spotkick.lazy_names import load_lazily

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

__getattr__ = load_lazily(__name__, _HOMES)
