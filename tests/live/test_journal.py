import json
from pathlib import Path

import pytest

from spotkick.actions import Action
from spotkick.errors import InputError
from spotkick.live.events import SCHEMA, parse_event
from spotkick.live.journal import Journal
from spotkick.live.publishing import Change

GOAL = Action("Goal", 1, 61_500, confidence=0.75)


def write_three(path: Path) -> None:
    journal = Journal(path)
    journal.write_note("start", 0.0, {"source": "x"})
    journal.write_change(Change("publish", "net-000001", GOAL), "net", 65.0)
    journal.write_change(Change("withdraw", "net-000001", GOAL, reason="taken back"), "net", 70.5)


def test_journal_events_are_read_as_they_were_written(tmp_path: Path) -> None:
    path = tmp_path / "run" / "events.jsonl"
    write_three(path)
    events = list(Journal(path).events())
    assert [event.kind for event in events] == ["start", "publish", "withdraw"]
    assert [event.sequence for event in events] == [1, 2, 3]
    assert (events[1].action, events[1].id, events[1].checkpoint) == (GOAL, "net-000001", "net")
    assert events[2].details == {"reason": "taken back"}
    document = json.loads(path.read_text().splitlines()[1])
    assert (document["schema"], document["game_time"]) == (SCHEMA, "1 - 01:01")


@pytest.mark.parametrize("cut", [1, 17, 60])
def test_journal_cut_off_line_is_dropped_and_numbers_go_on(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "events.jsonl"
    write_three(path)
    path.write_bytes(path.read_bytes()[:-cut])
    journal = Journal(path)
    assert journal.last_sequence == 2
    assert journal.write_note("status", 1.0, {"state": "signal"}).sequence == 3
    assert [event.sequence for event in Journal(path).events()] == [1, 2, 3]


def test_journal_events_after_a_number_leave_out_earlier_ones(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    write_three(path)
    assert [event.sequence for event in Journal(path).events(after=2)] == [3]


@pytest.mark.parametrize("line", ["{}", "[]", "3", '{"schema": "other"}', "not json"])
def test_journal_damaged_line_is_one_error_with_its_number(tmp_path: Path, line: str) -> None:
    path = tmp_path / "events.jsonl"
    write_three(path)
    path.write_text(path.read_text() + line + "\n")
    with pytest.raises(InputError, match="line 4"):
        Journal(path)


def test_journal_missing_line_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    write_three(path)
    lines = path.read_text().splitlines(keepends=True)
    path.write_text(lines[0] + lines[2])
    with pytest.raises(InputError, match="lines are missing"):
        Journal(path)


def test_parse_event_unknown_details_are_kept() -> None:
    document = {"schema": SCHEMA, "sequence": 1, "event": "status", "stream_s": 1, "at": "x"}
    assert parse_event({**document, "lost_s": 3}, "x").details == {"lost_s": 3}


def test_journal_action_with_a_team_is_read_as_it_was_written(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "events.jsonl")
    for team in ("left", None):
        goal = Action("Goal", 1, 61_500, confidence=0.75, team=team)
        journal.write_change(Change("publish", "net-000001", goal), "net", 65.0)
    events = list(Journal(journal.path).events())
    assert [event.action.team for event in events if event.action] == ["left", None]
    assert [event.details for event in events] == [None, None]
    documents = [json.loads(line) for line in journal.path.read_text().splitlines()]
    assert [document.get("team", "absent") for document in documents] == ["left", "absent"]
