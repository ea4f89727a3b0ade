"""SoccerNet label files: ``Labels.json`` (v1), ``Labels-v2.json`` and ``Labels-ball.json``.

The three share one shape; v1 has no ``position`` and is exact to a second only. A row whose time or
label cannot be read stops the reading, because labels that silently lack an action would change
every score computed from them.
"""

import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from spotkick.actions import Action, ActionClasses, MatchActions, Visibility
from spotkick.errors import InputError, SpotkickWarning
from spotkick.files import parse_json, read_json, write_json
from spotkick.formats.action_columns import actions_from_columns
from spotkick.formats.match_tree import (
    MatchTree,
    clean_match_name,
    label_file_names,
    open_match_tree,
    require_matches,
)
from spotkick.timeline import parse_game_time

LONGEST_POSITION_MS: Final = 10**10
"""Positions beyond this (four months) are damage, not time."""

_NO_TEAM: Final = "not applicable"
_WRAP_MINUTES: Final = 100
_USUAL_FIELDS: Final = ("gameTime", "label", "position", "team", "visibility")
_USUAL_TIME: Final = re.compile(r"[1-5] - \d{1,3}:\d\d").fullmatch


class TimeSource(StrEnum):
    """Which field of a label says when it happened.

    The official evaluator reads ``position`` (milliseconds) since 2022; numbers published in 2021
    and before come from ``gameTime`` (whole seconds). A label without ``position`` is always read
    from ``gameTime``.
    """

    POSITION = "position"
    GAME_TIME = "gameTime"


def parse_labels(
    document: Any,
    where: str,
    *,
    match: str | None = None,
    time_source: TimeSource = TimeSource.POSITION,
) -> MatchActions:
    """Turn the content of a label file into actions.

    Args:
        document: decoded JSON.
        where: origin, for messages.
        match: name of the match; default is the file's own ``UrlLocal``.
        time_source: which time field counts.

    Returns:
        The actions in file order, all classes, also with negative positions and periods beyond the
            second: whoever uses them
        decides, and says what is left out.

    Raises:
        InputError: if the document or a row has not the form of a label file.
    """
    rows = rows_of(document, "annotations", where)
    actions = _parse_columns(rows) if time_source is TimeSource.POSITION else None
    if actions is None:
        actions = _parse_rows(rows, where, time_source)
    if not rows:
        warnings.warn(f"{where}: the label file has no actions", SpotkickWarning, stacklevel=2)
    return MatchActions(match_name_of(document, match, where), actions)


def _parse_columns(rows: list[dict[str, Any]]) -> tuple[Action, ...] | None:
    """Read rows that all have the usual form; None when any is unusual."""
    try:
        times, labels, positions, teams, visibilities = columns = [
            [row[field] for row in rows] for field in _USUAL_FIELDS
        ]
        if not rows or any(set(map(type, column)) != {str} for column in columns):
            return None
        if not all(map(_USUAL_TIME, times)):
            return None
        team_of = {team: _team(team, "") for team in set(teams)}
        visibility_of = {text: Visibility(text) for text in set(visibilities)}
        position_ms = list(map(int, positions))
    except (KeyError, TypeError, ValueError):
        return None
    if (
        max(position_ms) > LONGEST_POSITION_MS
        or min(position_ms) < -LONGEST_POSITION_MS
        or not all(map(str.strip, set(labels)))
    ):
        return None
    return actions_from_columns(
        len(rows),
        label=labels,
        period=[int(time[0]) for time in times],
        position_ms=position_ms,
        team=[team_of[team] for team in teams],
        visibility=[visibility_of[visibility] for visibility in visibilities],
    )


def _parse_rows(
    rows: list[dict[str, Any]], where: str, time_source: TimeSource
) -> tuple[Action, ...]:
    """Read row by row; every field is checked, and named when it is at fault."""
    actions = []
    unknown_visibility = 0
    past_100_minutes = 0
    for number, row in enumerate(rows, start=1):
        at = f"{where}, annotation {number}"
        period, second = parse_row_time(row, at)
        from_clock = time_source is TimeSource.GAME_TIME or row.get("position") is None
        position_ms = 1000 * second if from_clock else parse_position(row["position"], at)
        past_100_minutes += from_clock and second >= _WRAP_MINUTES * 60
        visibility = _visibility(row.get("visibility"))
        unknown_visibility += visibility is None and row.get("visibility") is not None
        actions.append(
            Action(
                parse_label(row, at),
                period,
                position_ms,
                team=_team(row.get("team"), at),
                visibility=visibility,
            )
        )
    warn_counted(
        unknown_visibility,
        where,
        "annotations have a visibility other than 'visible' or 'not shown'; taken as not stated",
    )
    warn_counted(
        past_100_minutes,
        where,
        "annotations have a gameTime past 99:59 and no position; the official evaluator reads only two digits of the minutes and "
        "would place them 100 minutes earlier",
    )
    return tuple(actions)


def read_labels(
    path: Path, *, match: str | None = None, time_source: TimeSource = TimeSource.POSITION
) -> MatchActions:
    """Read one label file; see `parse_labels`.

    Raises:
        InputError: if the file is missing or not a label file.
    """
    return parse_labels(read_json(path), str(path), match=match, time_source=time_source)


def read_label_set(
    path: Path,
    matches: Sequence[str] | None = None,
    *,
    classes: ActionClasses | None = None,
    filename: str | None = None,
    time_source: TimeSource = TimeSource.POSITION,
) -> Iterator[MatchActions]:
    """Read the labels of many matches from a folder or zip archive, one match at a time.

    Args:
        path: root of match folders, a zip archive of them, one match folder, or one label file.
        matches: names in the wanted order; default is every match that has labels, sorted.
        classes: decides which label file is read when there are several kinds.
        filename: name of the label file, instead of the choice by ``classes``.
        time_source: which time field counts.

    Raises:
        InputError: if there are no labels, or a wanted match has none.
    """
    if path.suffix == ".json" and not path.is_dir():
        yield read_labels(path, match=matches[0] if matches else None, time_source=time_source)
        return
    with open_match_tree(path) as tree:
        chosen = filename or _choose_label_file(tree, matches, classes)
        available = tree.matches_with(chosen)
        if not available:
            raise InputError(
                f"{path}: no file named {chosen} in any match folder (league/season/match)"
            )
        if matches is not None:
            require_matches(matches, available, f"{path} ({chosen})")
        for match in available if matches is None else matches:
            where = f"{path}/{match}/{chosen}"
            yield parse_labels(
                parse_json(tree.read(match, chosen), where),
                where,
                match=match,
                time_source=time_source,
            )


def _choose_label_file(
    tree: MatchTree, matches: Sequence[str] | None, classes: ActionClasses | None
) -> str:
    """The first suitable file name that every wanted match has, else the first that any has."""
    candidates = label_file_names(classes)
    held = {name: set(tree.matches_with(name)) for name in candidates}
    wanted = set(matches) if matches is not None else set().union(*held.values())
    for name in candidates:
        if held[name] and held[name] >= wanted:
            return name
    return next((name for name in candidates if held[name]), candidates[0])


def label_document(labels: MatchActions, header: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The content of a ``Labels-v2.json`` file.

    Args:
        labels: actions of a match. What the format does not know (confidence) is left out.
        header: further top-level fields such as ``gameHomeTeam``.
    """
    rows = [
        {
            "gameTime": action.game_time,
            "label": action.label,
            "position": str(action.position_ms),
            "team": action.team or _NO_TEAM,
            **({} if action.visibility is None else {"visibility": str(action.visibility)}),
        }
        for action in labels.actions
    ]
    return {"UrlLocal": labels.match, "UrlYoutube": "", **(header or {}), "annotations": rows}


def write_labels(path: Path, labels: MatchActions, header: Mapping[str, Any] | None = None) -> None:
    """Write a ``Labels-v2.json`` file atomically; see `label_document`.

    Raises:
        StorageError: if the system refuses to write.
    """
    write_json(path, label_document(labels, header), indent=4)


def parse_position(value: Any, where: str) -> int:
    """Milliseconds from a JSON number or a string of digits; fractions of a millisecond are cut off.

    Raises:
        InputError: if it is neither, or beyond any match.
    """
    try:
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise TypeError
        position_ms = int(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise InputError(
            f"{where}: position must be whole milliseconds such as '29049', got {shorten(value)}"
        ) from error
    if abs(position_ms) > LONGEST_POSITION_MS:
        raise InputError(f"{where}: position of {shorten(value)} milliseconds is beyond any match")
    return position_ms


def parse_label(row: Mapping[str, Any], where: str) -> str:
    """The label of a row.

    Raises:
        InputError: if it is missing or empty.
    """
    label = row.get("label")
    if not isinstance(label, str) or not label.strip():
        raise InputError(f"{where}: label must be the name of a class, got {shorten(label)}")
    return label


def rows_of(document: Any, key: str, where: str) -> list[dict[str, Any]]:
    """The list of objects under ``key`` of a JSON document.

    Raises:
        InputError: if there is no such list, or it holds something else.
    """
    rows = document.get(key) if isinstance(document, dict) else None
    if not isinstance(rows, list):
        raise InputError(
            f"{where}: a JSON object with a list {key!r} is needed, as in a SoccerNet file"
        )
    for number, row in enumerate(rows, start=1) if set(map(type, rows)) - {dict} else ():
        if not isinstance(row, dict):
            raise InputError(
                f"{where}: item {number} of {key!r} must be an object, got {shorten(row)}"
            )
    return rows


def parse_row_time(row: Mapping[str, Any], where: str) -> tuple[int, int]:
    """Period and whole second of a row's ``gameTime``.

    Raises:
        InputError: if it is missing, malformed, or beyond any match.
    """
    text = row.get("gameTime")
    try:
        period, second = parse_game_time(text if isinstance(text, str) else "")
    except (InputError, ValueError) as error:
        raise InputError(
            f"{where}: gameTime must look like '1 - 14:36' (period - minutes:seconds), got {shorten(text)}"
        ) from error
    if not 0 < period < _WRAP_MINUTES or 1000 * second > LONGEST_POSITION_MS:
        raise InputError(f"{where}: gameTime {shorten(text)} names no period or time of a match")
    return period, second


def _team(value: Any, where: str) -> str | None:
    if value is None or value in ("", _NO_TEAM):
        return None
    if not isinstance(value, str):
        raise InputError(
            f"{where}: team must be text such as 'home' or 'away', got {shorten(value)}"
        )
    return value


def match_name_of(document: Mapping[str, Any], match: str | None, where: str) -> str:
    """The given name, else the document's ``UrlLocal``, else the name of the folder that it lies in.

    Raises:
        InputError: if the given name could step out of a root folder.
    """
    if match is not None:
        return clean_match_name(match, where)
    try:
        return clean_match_name(str(document.get("UrlLocal") or ""), where)
    except InputError:  # somebody's absolute path, or nothing
        return Path(where).resolve().parent.name or "match"


def _visibility(value: Any) -> Visibility | None:
    """What a row states; None also for a word that is not in SoccerNet-v2's vocabulary."""
    return next((visibility for visibility in Visibility if visibility.value == value), None)


def shorten(value: Any) -> str:
    """A value of a file for a message: its Python form, cut to 60 characters."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def warn_counted(count: int, where: str, what: str) -> None:
    """Warn once that ``count`` rows of a file were read in a way that the user should know; silent at 0."""
    if count:
        warnings.warn(f"{where}: {int(count)} {what}", SpotkickWarning, stacklevel=3)
