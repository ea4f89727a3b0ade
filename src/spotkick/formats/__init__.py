"""Readers and writers of every file format: labels, predictions, splits, and the exports of annotation tools."""

from spotkick.formats.results import read_results, write_results
from spotkick.formats.soccernet import TimeSource, read_label_set, read_labels, write_labels
from spotkick.formats.splits import read_split

__all__ = [
    "TimeSource",
    "read_label_set",
    "read_labels",
    "read_results",
    "read_split",
    "write_labels",
    "write_results",
]
