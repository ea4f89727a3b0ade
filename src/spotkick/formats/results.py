"""``results_spotting.json``: predictions as the SoccerNet evaluation server takes them.

One file a match, ``<league>/<season>/<match>/results_spotting.json``; every value of a prediction
is a string.
"""

import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

from spotkick.actions import Action, MatchActions
from spotkick.errors import InputError
from spotkick.files import parse_json, write_bytes, write_json
from spotkick.formats.action_columns import actions_from_columns
from spotkick.formats.capabilities import Capabilities
from spotkick.formats.fields import (
    MAX_POSITION_MS,
    require_label,
    require_position,
    rows_of,
    shown,
)
from spotkick.formats.format import Family, Format
from spotkick.formats.json_files import load_json
from spotkick.formats.match_tree import (
    MatchTree,
    clean_match_name,
    require_matches,
    require_visible,
)
from spotkick.formats.misplaced import misplaced_file, open_matches
from spotkick.formats.sample import Certainty, Sample, is_json_file, objects_in
from spotkick.formats.soccernet import match_name_of, parse_row_time

RESULTS_FILE: Final = "results_spotting.json"
"""Name that the evaluation server expects."""

FIELDS: Final = frozenset(
    {
        "UrlLocal",
        *(
            f"predictions[].{field}"
            for field in ("gameTime", "label", "position", "half", "confidence", "team")
        ),
    }
)
"""Fields that are read or can be derived."""

_OTHER_NAMES: Final = ("Predictions-v2.json", "Predictions-v1.json")
_ROW_FIELDS: Final = frozenset({"label", "gameTime", "half", "position"})
_USUAL_HALVES: Final = frozenset("12345")
_ZIP_TIME: Final = (1980, 1, 1, 0, 0, 0)


def parse_results(document: Any, where: str, *, match: str | None = None) -> MatchActions:
    """Turn the content of a prediction file into actions.

    Args:
        document: decoded JSON.
        where: origin, for messages.
        match: name of the match; default is the file's own ``UrlLocal``.

    Returns:
        Predictions in file order, with every label, period and confidence that the file has, usable
        or not.

    Raises:
        InputError: if the document or a row has not the form of a prediction file.
    """
    rows = rows_of(document, "predictions", where)
    actions = _parse_columns(rows)
    if actions is None:
        actions = tuple(
            _parse_row(row, f"{where}, prediction {number}")
            for number, row in enumerate(rows, start=1)
        )
    return MatchActions(match_name_of(document, match, where), actions)


def _parse_columns(rows: list[dict[str, Any]]) -> tuple[Action, ...] | None:
    """Read rows that all have the usual form; None when any is unusual."""
    if not rows or any("team" in row for row in rows):
        return None

    # Column by column: each distinct value is checked once.
    try:
        labels = [row["label"] for row in rows]
        halves = [row["half"] for row in rows]
        positions = [row["position"] for row in rows]
        confidences = [row["confidence"] for row in rows]
        periods = {half: int(half) for half in set(halves)}
        strings = all(
            set(map(type, column)) == {str} for column in (labels, halves, positions, confidences)
        )
        position_ms = list(map(int, positions))
        scores = list(map(float, confidences))
    except (KeyError, TypeError, ValueError):
        return None

    in_range = max(position_ms) <= MAX_POSITION_MS and min(position_ms) >= -MAX_POSITION_MS
    usual = (
        strings
        and in_range
        and all(label.strip() for label in set(labels))
        and set(halves) <= _USUAL_HALVES
    )
    if not usual:
        return None
    return actions_from_columns(
        len(rows),
        label=labels,
        period=[periods[half] for half in halves],
        position_ms=position_ms,
        confidence=scores,
    )


def _parse_row(row: dict[str, Any], where: str) -> Action:
    """Read one row; every field is checked, and named when it is at fault."""
    label = require_label(row.get("label"), f"{where}: label")

    # The position wins over the clock, and the half over the clock's period.
    if row.get("position") is not None:
        position_ms = require_position(row["position"], f"{where}: position")
        period = (
            _parse_half(row["half"], where)
            if row.get("half") is not None
            else parse_row_time(row, where)[0]
        )
    else:
        period, second = parse_row_time(row, where)
        position_ms = 1000 * second

    # Not-a-number and infinity are kept: the evaluator ranks them, and says so.
    confidence = row.get("confidence")
    try:
        if isinstance(confidence, bool) or not isinstance(confidence, str | int | float):
            raise TypeError
        score = float(confidence)
    except (TypeError, ValueError, OverflowError) as error:
        raise InputError(
            f"{where}: confidence must be a number such as '0.93', found {shown(confidence)}"
        ) from error

    team = row.get("team")
    return Action(
        label, period, position_ms, score, team=team if isinstance(team, str) and team else None
    )


def _parse_half(value: Any, where: str) -> int:
    number = isinstance(value, str | int | float) and not isinstance(value, bool)
    text = str(value).strip().removesuffix(".0") if number else ""
    if not text.isascii() or not text.isdecimal() or not 0 < len(text) < 3 or int(text) == 0:
        raise InputError(
            f"{where}: half must be '1' or '2' (3 and 4 for extra time), found {shown(value)}"
        )
    return int(text)


def read_results(
    path: Path | str, matches: Sequence[str] | None = None, *, filename: str | None = None
) -> Iterator[MatchActions]:
    """Read the predictions of many matches, one match at a time.

    Args:
        path: folder or zip archive of ``<match>/results_spotting.json``, one match folder, or one
            JSON file.
        matches: names in the wanted order; default is every match found, sorted.
        filename: name of the prediction files when a set holds several kinds; default is
            ``results_spotting.json``, or ``Predictions-v2.json`` where there is none.

    Raises:
        InputError: if there are no predictions, a wanted match has none, or a file is damaged.
    """
    path = Path(path)
    if is_json_file(path):
        document = load_json(path)
        if not isinstance(document, dict) or not isinstance(document.get("predictions"), list):
            raise misplaced_file(path, "a file with a list 'predictions', as SoccerNet has it,")
        yield parse_results(document, str(path), match=matches[0] if matches else None)
        return

    with open_matches(path) as tree:
        chosen = filename or _choose_file(tree)
        available = tree.matches_with(chosen)
        if not available:
            raise InputError(
                f"{path}: no file named {chosen}; predictions lie in "
                f"league/season/match/{RESULTS_FILE}"
            )
        if matches is not None:
            require_matches(matches, available, f"{path} ({chosen})")

        # One match at a time: a data set may be larger than the memory.
        for match in available if matches is None else matches:
            where = f"{path}/{match}/{chosen}"
            yield parse_results(parse_json(tree.read(match, chosen), where), where, match=match)


def _choose_file(tree: MatchTree) -> str:
    held = tree.file_names()
    return next((name for name in (RESULTS_FILE, *_OTHER_NAMES) if name in held), RESULTS_FILE)


def results_document(predictions: MatchActions) -> dict[str, Any]:
    """The content of a prediction file; every value is a string, as the evaluation server has it.

    Raises:
        InputError: if an action has no confidence, so is a label.
    """
    rows = []
    for action in predictions.actions:
        if action.confidence is None:
            raise InputError(
                f"{predictions.match}: {action.label} at {action.game_time} has no confidence; "
                "only predictions fit here"
            )
        rows.append(
            {
                "gameTime": action.game_time,
                "label": action.label,
                "position": str(action.position_ms),
                "half": str(action.period),
                "confidence": repr(float(action.confidence)),
                **({} if action.team is None else {"team": action.team}),
            }
        )
    return {"UrlLocal": predictions.match, "predictions": rows}


def write_results(path: Path | str, predictions: Iterable[MatchActions]) -> tuple[Path, ...]:
    """Write prediction files, each atomically.

    A path that ends in ``.zip`` becomes one archive, of the same bytes every time.

    Args:
        path: folder (made when missing) or zip file.
        predictions: matches in any order.

    Returns:
        The files written.

    Raises:
        InputError: if a match name could lie outside the folder, or comes twice.
        StorageError: if the system refuses to write.
    """
    path = Path(path)
    documents: dict[str, MatchActions] = {}
    for item in predictions:
        name = clean_match_name(item.match, str(path))
        if name in documents:
            raise InputError(f"{path}: predictions for match {name!r} were given twice")
        documents[name] = item

    # One archive, or one file for each match.
    if path.suffix.lower() == ".zip":
        write_bytes(path, _zip_bytes(documents))
        return (path,)
    written = tuple(path / require_visible(name, str(path)) / RESULTS_FILE for name in documents)
    for target, item in zip(written, documents.values(), strict=True):
        write_json(target, results_document(item))
    return written


def _zip_bytes(documents: dict[str, MatchActions]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, item in sorted(documents.items()):
            member = zipfile.ZipInfo(f"{name}/{RESULTS_FILE}", date_time=_ZIP_TIME)
            member.compress_type = zipfile.ZIP_DEFLATED
            member.external_attr = 0o644 << 16
            archive.writestr(
                member, json.dumps(results_document(item), indent=2, ensure_ascii=False)
            )
    return buffer.getvalue()


def _write_any(path: Path, matches: Sequence[MatchActions], _: Fraction) -> None:
    if path.suffix != ".json":
        write_results(path, matches)
        return
    if len(matches) != 1:
        raise InputError(
            f"{path}: a prediction file holds one match, {len(matches)} were given; "
            "name a folder or .zip instead"
        )
    write_json(path, results_document(matches[0]))


def _detect_results(sample: Sample) -> Certainty:
    if sample.file_names & {RESULTS_FILE, *_OTHER_NAMES}:
        return Certainty.NAME
    if not isinstance(sample.json_object.get("predictions"), list):
        return Certainty.NO
    rows = objects_in(sample.json_object["predictions"])
    known = not rows or any(row.keys() & _ROW_FIELDS for row in rows)
    return Certainty.SHAPE if known else Certainty.NO


FORMAT: Final = Format(
    name="soccernet-results",
    title="SoccerNet results_spotting.json, folder or zip",
    description="`results_spotting.json` in a folder or zip archive, or alone",
    family=Family.SOCCERNET,
    capabilities=Capabilities(needs_confidence=True, visibility=False),
    detect=_detect_results,
    reader=lambda path, options: tuple(
        read_results(path, options.matches, filename=options.file_name)
    ),
    writer=_write_any,
    own_suffixes=(".zip",),
    file_name=RESULTS_FILE,
    fields=FIELDS,
)
