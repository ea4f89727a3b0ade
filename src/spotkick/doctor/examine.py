"""Examine whatever a path holds: a data set, a match folder, or labels and predictions in any format."""

import warnings
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Final

from spotkick.actions import BUILT_IN_CLASSES, SOCCERNET_BALL, ActionClasses, MatchActions
from spotkick.datasets.match_folder import MatchFolder, find_matches
from spotkick.doctor.findings import DoctorReport, Finding, Severity
from spotkick.doctor.labels import check_both_halves, check_labels
from spotkick.doctor.media import check_media
from spotkick.doctor.predictions import check_against_labels, check_predictions, check_scale
from spotkick.errors import InputError, SpotkickError, SpotkickWarning
from spotkick.formats.convert import read_actions
from spotkick.formats.detect import detect_format
from spotkick.formats.match_tree import LABEL_FILES
from spotkick.formats.soccernet import TimeSource, read_labels
from spotkick.timeline import FEATURE_RATE

BALL_RATE: Final = Fraction(25)
"""Grid of the official evaluator for ball actions, in frames per second."""

CLOCK_S: Final = 1.5
"""``gameTime`` is whole seconds: it may differ from the position by less than this."""

KNOWN_SHARE: Final = 0.5
"""A built-in class list is assumed when at least this share of the labels belongs to it."""


def examine(
    path: Path,
    *,
    classes: ActionClasses | None = None,
    frame_rate: Fraction | None = None,
    feature: str | None = None,
    labels: Path | None = None,
) -> DoctorReport:
    """Examine a path.

    Args:
        path: root of a data set, match folder, or labels or predictions in any format that can be
            converted.
        classes: the class list; the built-in list that most labels belong to when None.
        frame_rate: of the evaluator's grid; 25 for ball actions and 2 otherwise when None.
        feature: look at the features of this name only.
        labels: labels of the matches that predictions are for, to find matches that only one side
            has.

    Raises:
        InputError: if there is nothing of a known kind.
    """
    if not path.exists():
        raise InputError(f"{path}: no such file or folder")
    folders = _match_folders(path)
    if folders:
        return _examine_folders(path, folders, classes, frame_rate, feature)
    matches = read_actions(path, frame_rate=FEATURE_RATE)
    kind = detect_format(path)
    found = classes or guess_classes(matches)
    rate = float(frame_rate or _grid_rate(found))
    scored = any(action.confidence is not None for match in matches for action in match.actions)
    findings: list[Finding] = []
    for match in matches:
        findings += (
            check_predictions(match, found, frame_rate=rate)
            if scored
            else check_labels(match, found, frame_rate=rate)
        )
    findings += check_scale(matches, str(path)) if scored else check_both_halves(matches)
    if labels is not None:
        findings += check_against_labels(matches, [match.match for match in read_actions(labels)])
    return _report(path, f"{'predictions' if scored else 'labels'} ({kind})", matches, findings)


def _match_folders(path: Path) -> list[MatchFolder]:
    if not path.is_dir():
        return []
    if (
        any((path / name).is_file() for name in LABEL_FILES)
        or MatchFolder(path.parent, path.name).feature_names()
    ):
        return [MatchFolder(path.resolve().parent, path.resolve().name)]
    return [MatchFolder(path, match) for match in find_matches(path)]


def _grid_rate(classes: ActionClasses | None) -> Fraction:
    return BALL_RATE if classes is SOCCERNET_BALL else FEATURE_RATE


def guess_classes(matches: Iterable[MatchActions]) -> ActionClasses | None:
    """The built-in class list that most of the labels belong to; None when it is none of them."""
    labels = [action.label for match in matches for action in match.actions]
    shares = {
        name: sum(label in classes.names or label in classes.aliases for label in labels)
        / max(len(labels), 1)
        for name, classes in BUILT_IN_CLASSES.items()
    }
    best = max(shares, key=lambda name: (shares[name], len(BUILT_IN_CLASSES[name])))
    return BUILT_IN_CLASSES[best] if shares[best] >= KNOWN_SHARE else None


def _examine_folders(
    path: Path,
    folders: Sequence[MatchFolder],
    classes: ActionClasses | None,
    frame_rate: Fraction | None,
    feature: str | None,
) -> DoctorReport:
    findings: list[Finding] = []
    labelled: dict[str, list[MatchActions]] = {}
    for folder in folders:
        found, problems = _read_folder(folder)
        findings += problems
        for name, labels in found.items():
            labelled.setdefault(name, []).append(labels)
        main = next(iter(found.values()), None)
        if main is None and not problems and (folder.feature_names() or folder.videos()):
            findings.append(_unlabelled(folder.match))
        findings += check_media(folder, main, feature)
    for matches in labelled.values():
        used = classes or guess_classes(matches)
        rate = float(frame_rate or _grid_rate(used))
        for match in matches:
            findings += check_labels(match, used, frame_rate=rate)
        findings += check_both_halves(matches)
    kind = "match folder" if len(folders) == 1 else "data set"
    holds = f"{kind} ({', '.join(labelled) or 'no labels'})"
    everything = [match for matches in labelled.values() for match in matches]
    return _report(path, holds, everything, findings, count=len(folders))


def _unlabelled(match: str) -> Finding:
    return Finding(
        Severity.INFO,
        "no-labels",
        match,
        "there is no label file",
        "nothing to do when it is only to be spotted",
    )


def _read_folder(folder: MatchFolder) -> tuple[dict[str, MatchActions], list[Finding]]:
    """Labels by file name, and what is wrong with the files themselves."""
    found: dict[str, MatchActions] = {}
    problems: list[Finding] = []
    for name in LABEL_FILES:
        path = folder.labels(name)
        if not path.is_file():
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SpotkickWarning)
            try:
                found[name] = read_labels(path, match=folder.match)
                by_clock = read_labels(path, match=folder.match, time_source=TimeSource.GAME_TIME)
            except SpotkickError as error:
                problems.append(
                    Finding(
                        Severity.ERROR,
                        "unreadable-labels",
                        folder.match,
                        str(error),
                        "restore the file",
                    )
                )
                continue
        problems += check_clock(found[name], by_clock)
    return found, problems


def check_clock(by_position: MatchActions, by_clock: MatchActions) -> Iterator[Finding]:
    """Whether the two time fields of each label agree.

    Args:
        by_position: labels read from ``position``.
        by_clock: the same labels read from ``gameTime``.
    """
    apart = [
        (first, second)
        for first, second in zip(by_position.actions, by_clock.actions, strict=True)
        if abs(first.position_s - second.position_s) > CLOCK_S
    ]
    if apart:
        first, second = max(apart, key=lambda pair: abs(pair[0].position_ms - pair[1].position_ms))
        yield Finding(
            Severity.ERROR,
            "clock-disagrees",
            by_position.match,
            f"{len(apart)} actions have a gameTime that is not their position, {first.label} by "
            f"{second.position_s - first.position_s:+.0f} s at {first.game_time}",
            "decide which is right and correct the other: training and evaluation of different tools read different ones",
            len(apart),
        )


def _report(
    path: Path,
    kind: str,
    matches: Sequence[MatchActions],
    findings: Iterable[Finding],
    count: int | None = None,
) -> DoctorReport:
    actions = sum(len(match.actions) for match in matches)
    return DoctorReport(
        str(path), kind, len(matches) if count is None else count, actions, tuple(findings)
    )
