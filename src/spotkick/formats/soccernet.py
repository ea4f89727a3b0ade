"""SoccerNet label files: ``Labels.json`` (v1), ``Labels-v2.json`` and ``Labels-ball.json``.

The three share one shape; v1 has no ``position`` and is exact to a second only. A row whose time or
label cannot be read stops the reading, because labels that silently lack an action would change
every score computed from them.
"""

import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from spotkick.actions import Action, ActionClasses, MatchActions, Visibility
from spotkick.errors import InputError, SpotkickWarning
from spotkick.files import parse_json, write_json
from spotkick.formats.action_columns import actions_from_columns
from spotkick.formats.fields import (
    MAX_POSITION_MS,
    require_label,
    require_position,
    rows_of,
    shown,
)
from spotkick.formats.json_files import load_json
from spotkick.formats.match_tree import (
    MatchTree,
    clean_match_name,
    require_matches,
)
from spotkick.formats.misplaced import misplaced_file, open_matches
from spotkick.formats.sample import is_json_file
from spotkick.formats.time_source import TimeSource
from spotkick.tasks import LABEL_FILES, TASKS, Task, task_of
from spotkick.timeline import parse_game_time

_NO_TEAM: Final = "not applicable"
_WRAP_MINUTES: Final = 100
_USUAL_FIELDS: Final = ("gameTime", "label", "position", "team")
_USUAL_TIME: Final = re.compile(r"[1-5] - \d{1,3}:\d\d").fullmatch


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
        The actions in file order, of all classes, also with negative positions and periods beyond
        the second; which of them count is the caller's decision.

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
    # Column by column: each distinct value is checked once.
    try:
        times, labels, positions, teams = columns = [
            [row[field] for row in rows] for field in _USUAL_FIELDS
        ]
        if not rows or any(set(map(type, column)) != {str} for column in columns):
            return None
        if not all(map(_USUAL_TIME, times)):
            return None
        team_of = {team: _read_team(team, "") for team in set(teams)}
        visibilities = [row.get("visibility") for row in rows]  # only SoccerNet-v2 has it
        visibility_of = {
            text: None if text is None else Visibility(text) for text in set(visibilities)
        }
        position_ms = list(map(int, positions))
    except (KeyError, TypeError, ValueError):
        return None

    # Values in range, then all actions at once.
    if (
        max(position_ms) > MAX_POSITION_MS
        or min(position_ms) < -MAX_POSITION_MS
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
        position_ms = (
            1000 * second if from_clock else require_position(row["position"], f"{at}: position")
        )
        past_100_minutes += from_clock and second >= _WRAP_MINUTES * 60
        visibility = _read_visibility(row.get("visibility"))
        unknown_visibility += visibility is None and row.get("visibility") is not None
        actions.append(
            Action(
                require_label(row.get("label"), f"{at}: label"),
                period,
                position_ms,
                team=_read_team(row.get("team"), at),
                visibility=visibility,
            )
        )

    # One line for each kind, not one for each row.
    warn_counted(
        unknown_visibility,
        where,
        "annotations have a visibility other than 'visible' or 'not shown'; taken as not stated",
    )
    warn_counted(
        past_100_minutes,
        where,
        "annotations have a gameTime past 99:59 and no position; the official evaluator reads only "
        "two digits of the minutes and would place them 100 minutes earlier",
    )
    return tuple(actions)


def read_labels(
    path: Path | str, *, match: str | None = None, time_source: TimeSource = TimeSource.POSITION
) -> MatchActions:
    """Read one label file; see `parse_labels`.

    Raises:
        InputError: if the file is missing or not a label file.
    """
    document = load_json(Path(path))
    if not isinstance(document, dict) or not isinstance(document.get("annotations"), list):
        raise misplaced_file(Path(path), "a file with a list 'annotations', as SoccerNet has it,")
    return parse_labels(document, str(path), match=match, time_source=time_source)


def read_label_set(
    path: Path | str,
    matches: Sequence[str] | None = None,
    *,
    task: Task | None = None,
    classes: ActionClasses | None = None,
    filename: str | None = None,
    time_source: TimeSource = TimeSource.POSITION,
) -> Iterator[MatchActions]:
    """Read the labels of many matches from a folder or zip archive, one match at a time.

    Args:
        path: root of match folders, a zip archive of them, one match folder, or one label file.
        matches: names in the wanted order; default is every match that has labels, sorted.
        task: decides which label file is read when there are several kinds.
        classes: likewise, where the rest of the task does not matter.
        filename: name of the label file, instead of the choice by ``task`` or ``classes``.
        time_source: which time field counts.

    Raises:
        InputError: if there are no labels, or a wanted match has none.
    """
    path = Path(path)
    if is_json_file(path):
        yield read_labels(path, match=matches[0] if matches else None, time_source=time_source)
        return

    with open_matches(path) as tree:
        candidates = (filename,) if filename else label_files_of(task, classes)
        chosen = _choose_label_file(tree, matches, candidates)
        available = tree.matches_with(chosen)
        if not available:
            others = [name for name in LABEL_FILES if tree.matches_with(name)]
            hint = (
                f"; there are files named {', '.join(others)}, of other classes" if others else ""
            )
            raise InputError(
                f"{path}: no file named {chosen} in any match folder (league/season/match){hint}"
            )
        if matches is not None:
            require_matches(matches, available, f"{path} ({chosen})")

        # One match at a time: a data set may be larger than the memory.
        for match in available if matches is None else matches:
            where = f"{path}/{match}/{chosen}"
            yield parse_labels(
                parse_json(tree.read(match, chosen), where),
                where,
                match=match,
                time_source=time_source,
            )


def _choose_label_file(
    tree: MatchTree, matches: Sequence[str] | None, candidates: Sequence[str]
) -> str:
    """The first suitable file name that every wanted match has, else the first that any has."""
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


def write_labels(
    path: Path | str, labels: MatchActions, header: Mapping[str, Any] | None = None
) -> None:
    """Write a ``Labels-v2.json`` file atomically; see `label_document`.

    Raises:
        StorageError: if the system refuses to write.
    """
    write_json(Path(path), label_document(labels, header), indent=4)


def label_files_of(task: Task | None, classes: ActionClasses | None = None) -> tuple[str, ...]:
    """Names of the label files that can hold a task, the preferred one first.

    A class list that is not built in may be of any sport: its probable files come first, the other
    names after them.
    """
    if task is not None:
        return task.label_files
    if classes is None:
        return LABEL_FILES
    probable = task_of(classes).label_files
    return probable if classes.name in TASKS else tuple(dict.fromkeys((*probable, *LABEL_FILES)))


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
            f"{where}: gameTime must look like '1 - 14:36' (period - minutes:seconds), "
            f"found {shown(text)}"
        ) from error
    if not 0 < period < _WRAP_MINUTES or 1000 * second > MAX_POSITION_MS:
        raise InputError(f"{where}: gameTime {shown(text)} names no period or time of a match")
    return period, second


def _read_team(value: Any, where: str) -> str | None:
    if value is None or value in ("", _NO_TEAM):
        return None
    if not isinstance(value, str):
        raise InputError(f"{where}: team must be text such as 'home', found {shown(value)}")
    return value


def match_name_of(document: Mapping[str, Any], match: str | None, where: str) -> str:
    """The given name, else the document's ``UrlLocal``, else the name of its folder.

    Raises:
        InputError: if the given name could step out of a root folder.
    """
    if match is not None:
        return clean_match_name(match, where)
    try:
        return clean_match_name(str(document.get("UrlLocal") or ""), where)
    except InputError:  # an absolute path of another machine, or nothing
        return Path(where).resolve().parent.name or "match"


def _read_visibility(value: Any) -> Visibility | None:
    """What a row states; None also for a word that is not in SoccerNet-v2's vocabulary."""
    return next((visibility for visibility in Visibility if visibility.value == value), None)


def warn_counted(count: int, where: str, what: str) -> None:
    """Warn once that ``count`` rows of a file were read in a way that the user should know."""
    if count:
        warnings.warn(f"{where}: {int(count)} {what}", SpotkickWarning, stacklevel=3)
