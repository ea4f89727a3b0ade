"""Small event files of data providers, made here: two invented teams and a few events."""

import json
from pathlib import Path
from typing import Any

HOME = {"id": 1, "name": "Rovers"}
AWAY = {"id": 2, "name": "United"}


def statsbomb_event(
    number: int,
    kind: str,
    *,
    period: int = 1,
    at_s: float = 0.0,
    team: dict[str, Any] = HOME,
    **fields: Any,
) -> dict[str, Any]:
    """One event in StatsBomb's form."""
    minute, second = divmod(at_s + (45 * 60 if period == 2 else 0), 60)
    hours, rest = divmod(at_s, 3600)
    return {
        "id": f"00000000-0000-0000-0000-{number:012d}",
        "index": number,
        "period": period,
        "timestamp": f"{int(hours):02d}:{int(rest // 60):02d}:{rest % 60:06.3f}",
        "minute": int(minute),
        "second": int(second),
        "type": {"id": STATSBOMB_TYPES[kind], "name": kind},
        "possession": 1,
        "possession_team": team,
        "play_pattern": {"id": 1, "name": "Regular Play"},
        "team": team,
        "duration": 0.5,
        "location": [60.0, 40.0],
        **fields,
    }


STATSBOMB_TYPES = {
    "Starting XI": 35,
    "Half Start": 18,
    "Half End": 34,
    "Pass": 30,
    "Shot": 16,
    "Foul Committed": 22,
    "Substitution": 19,
    "Own Goal Against": 20,
    "Own Goal For": 25,
}


def _line_up(first: int) -> dict[str, Any]:
    return {
        "formation": 442,
        "lineup": [
            {
                "player": {"id": first + number, "name": f"Player {first + number}"},
                "position": {"id": 1 + number, "name": POSITIONS[number]},
                "jersey_number": 1 + number,
            }
            for number in range(len(POSITIONS))
        ],
    }


POSITIONS = ("Goalkeeper", "Right Back", "Right Center Back", "Left Center Back", "Left Back")


def _pass(kind: str = "") -> dict[str, Any]:
    values: dict[str, Any] = {
        "recipient": {"id": 102, "name": "Player 102"},
        "length": 10.0,
        "angle": 0.0,
        "height": {"id": 1, "name": "Ground Pass"},
        "end_location": [50.0, 40.0],
        "body_part": {"id": 40, "name": "Right Foot"},
    }
    types = {"Kick Off": 65, "Corner": 61, "Throw-in": 67, "Goal Kick": 63, "Free Kick": 62}
    return values | ({"type": {"id": types[kind], "name": kind}} if kind else {})


def _shot(outcome: str) -> dict[str, Any]:
    return {
        "statsbomb_xg": 0.1,
        "end_location": [120.0, 40.0, 1.0],
        "outcome": {"id": {"Goal": 97, "Saved": 100, "Off T": 98}[outcome], "name": outcome},
        "type": {"id": 87, "name": "Open Play"},
        "body_part": {"id": 40, "name": "Right Foot"},
        "technique": {"id": 93, "name": "Normal"},
    }


def write_statsbomb(path: Path) -> Path:
    """A match of two periods in StatsBomb's form, without a file of line-ups."""
    scorer = {"id": 101, "name": "Player 101"}
    rows: list[tuple[str, dict[str, Any]]] = [
        ("Starting XI", {"tactics": _line_up(101)}),
        ("Starting XI", {"tactics": _line_up(201), "team": AWAY}),
        ("Half Start", {}),
        ("Pass", {"at_s": 0.5, "pass": _pass("Kick Off"), "player": scorer}),
        ("Pass", {"at_s": 10.0, "pass": _pass(), "player": scorer}),
        ("Pass", {"at_s": 61.25, "pass": _pass("Corner"), "player": scorer}),
        ("Shot", {"at_s": 64.0, "shot": _shot("Goal"), "player": scorer}),
        ("Half End", {"at_s": 2700.0}),
        ("Half Start", {"period": 2}),
        (
            "Foul Committed",
            {
                "period": 2,
                "at_s": 30.0,
                "team": AWAY,
                "player": {"id": 203, "name": "Player 203"},
                "foul_committed": {"card": {"id": 7, "name": "Yellow Card"}},
            },
        ),
        ("Shot", {"period": 2, "at_s": 40.0, "shot": _shot("Off T"), "player": scorer}),
        (
            "Substitution",
            {
                "period": 2,
                "at_s": 50.0,
                "player": scorer,
                "substitution": {
                    "outcome": {"id": 103, "name": "Tactical"},
                    "replacement": {"id": 110, "name": "Player 110"},
                },
            },
        ),
        ("Half End", {"period": 2, "at_s": 2800.0}),
    ]
    events = [
        statsbomb_event(number, kind, **fields) for number, (kind, fields) in enumerate(rows, 1)
    ]
    path.write_text(json.dumps(events))
    return path


def write_statsbomb_own_goals(path: Path) -> Path:
    """Two own goals of United and one goal of theirs; each own goal is a pair of events."""
    united = {"player": {"id": 203, "name": "Player 203"}, "team": AWAY}
    rows: list[tuple[str, dict[str, Any]]] = [
        ("Starting XI", {"tactics": _line_up(101)}),
        ("Starting XI", {"tactics": _line_up(201), "team": AWAY}),
        ("Half Start", {}),
        ("Own Goal For", {"at_s": 30.0}),
        ("Own Goal Against", {"at_s": 30.0, **united}),
        ("Shot", {"at_s": 90.0, "shot": _shot("Goal"), **united}),
        ("Own Goal Against", {"at_s": 150.0, **united}),
        ("Own Goal For", {"at_s": 150.2}),
        ("Half End", {"at_s": 2700.0}),
    ]
    events = [
        statsbomb_event(number, kind, **fields) for number, (kind, fields) in enumerate(rows, 1)
    ]
    path.write_text(json.dumps(events))
    return path
