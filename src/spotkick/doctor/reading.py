"""Reading labels or predictions, with what readers warn of and what the files contradict."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from spotkick.actions import MatchActions
from spotkick.doctor.clocks import check_clocks, check_names
from spotkick.doctor.findings import Finding, Severity
from spotkick.doctor.raw_rows import read_raw
from spotkick.errors import SpotkickWarning
from spotkick.formats.detect import detect_format
from spotkick.formats.match_tree import is_match_tree
from spotkick.formats.reading import Kind, read_actions


@dataclass(frozen=True, slots=True)
class ActionFile:
    """Labels or predictions as they were read.

    Attributes:
        kind: name of the format.
        matches: what was read.
        scored: whether these are predictions.
        findings: what readers warned of, and what the files contradict.
    """

    kind: str
    matches: tuple[MatchActions, ...]
    scored: bool
    findings: tuple[Finding, ...]


def read_action_file(
    path: Path, *, rate: Fraction | None = None, wanted: Kind | None = None
) -> ActionFile:
    """Read labels or predictions in any known format, from a file, a folder or an archive.

    Args:
        path: what to read.
        rate: frames per second of formats that count frames and do not state it.
        wanted: what is read of match folders that hold labels beside predictions.

    Raises:
        InputError: if there is nothing of a known format, or it is damaged.
    """
    findings: list[Finding] = []
    kind = detect_format(path)
    with collect_warnings(findings, path.name):
        if wanted is not None and is_match_tree(path):
            matches = read_actions(path, kind=wanted, frame_rate=rate)
        else:
            matches = read_actions(path, format=kind, frame_rate=rate)
    documents = list(read_raw(path))
    findings += [*check_clocks(documents), *check_names(documents)]
    scored = any(action.confidence is not None for match in matches for action in match.actions)
    return ActionFile(kind, matches, scored, tuple(findings))


@contextmanager
def collect_warnings(findings: list[Finding], where: str) -> Iterator[None]:
    """Turn what readers warn of into findings."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", SpotkickWarning)
        yield
    findings.extend(
        Finding(
            Severity.WARNING,
            "reader-warning",
            where,
            str(warning.message),
            "correct the file, or go on if this is what you want",
        )
        for warning in caught
        if issubclass(warning.category, SpotkickWarning)
    )
