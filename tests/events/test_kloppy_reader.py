from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from spotkick.errors import InputError
from spotkick.events.kloppy_reader import _read_events, make_lineups, read_feed
from spotkick.events.mapping import load_mapping, map_feed
from support.event_feeds import write_statsbomb, write_statsbomb_own_goals


def test_read_feed_statsbomb_without_line_ups_is_read(tmp_path: Path) -> None:
    feed = read_feed(write_statsbomb(tmp_path / "events.json"))
    assert (feed.provider, feed.match) == ("statsbomb", "Rovers - United")
    goal = next(event for event in feed.events if "GOAL" in event.facts.get("result", ()))
    assert (goal.period, goal.position_ms, goal.side) == (1, 64_000, "home")
    assert (goal.team, goal.player) == ("Rovers", "Player 101")


def test_make_lineups_holds_everyone_who_plays(tmp_path: Path) -> None:
    rovers, united = make_lineups(write_statsbomb(tmp_path / "events.json"))
    assert [row["player_id"] for row in rovers["lineup"]] == [101, 102, 103, 104, 105, 110]
    assert [row["jersey_number"] for row in united["lineup"]] == [1, 2, 3, 4, 5]


def test_read_feed_opta_without_its_match_file_names_what_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "f24.xml"
    path.write_text("<Games><Game><Event/></Game></Games>")
    with pytest.raises(InputError, match="of opta needs the F7 file of the match beside it"):
        read_feed(path)
    (tmp_path / "f7.xml").write_text("<SoccerFeed><SoccerDocument/></SoccerFeed>")
    with pytest.raises(InputError, match="not a readable event file of opta with its F7 file"):
        read_feed(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[{"possession_team": 1, "timestamp": 2, "period": 3}]', "not a readable event file of"),
        (
            '[{"possession_team": 1, "timestamp": 2, "period": 3, "team": {}, "tactics": "4-4-2"}]',
            "not a readable event file of statsbomb",
        ),
        ('{"events": [{"matchPeriod": "1H"}]}', "not a readable event file of wyscout"),
        ("{}", "not an event file of a known provider"),
    ],
)
def test_read_feed_damaged_is_one_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(text)
    with pytest.raises(InputError, match=message) as caught:
        read_feed(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("mapping", "goal"), [("soccernet-v2", "Goal"), ("soccernet-ball", "GOAL")]
)
def test_read_feed_own_goals_count_once_for_the_side_that_benefits(
    tmp_path: Path, mapping: str, goal: str
) -> None:
    feed = read_feed(write_statsbomb_own_goals(tmp_path / "events.json"))
    match = map_feed(feed, load_mapping(mapping)).match
    goals = [(action.position_ms, action.team) for action in match if action.label == goal]
    assert goals == [(30_000, "home"), (90_000, "away"), (150_000, "home")]
    details = [dict(action.details) for action in match if action.label == goal]
    assert [row.get("own goal") for row in details] == ["yes", None, "yes"]
    assert (details[0]["team name"], details[0]["player"]) == ("Rovers", "Player 203")


class Event:
    """The parts of an event of kloppy that are read."""

    def __init__(self, kind: str, raw: object, team: object, at_s: float = 0.0) -> None:
        self.event_type, self.raw_event, self.team = SimpleNamespace(name=kind), raw, team
        self.period, self.timestamp = SimpleNamespace(id=1), timedelta(seconds=at_s)
        self.event_name, self.player, self.qualifiers = "touch", None, ()
        self.result = SimpleNamespace(name="GOAL") if kind == "SHOT" else None


@pytest.mark.parametrize(
    ("kind", "raw", "is_own_goal"),
    [
        ("SHOT", {"type": 10}, True),
        ("SHOT", {"type": 9}, False),
        ("GENERIC", {"tags": [{"id": 1401}, {"id": 102}]}, True),
        ("GENERIC", {"tags": [{"id": 101}]}, False),
    ],
)
def test_read_events_own_goals_that_kloppy_takes_for_others_are_found(
    kind: str, raw: object, is_own_goal: bool
) -> None:
    home, away = (SimpleNamespace(name=side.title(), ground=side) for side in ("home", "away"))
    events = [Event(kind, raw, home, at_s=5), Event(kind, raw, home, at_s=6)]
    dataset = SimpleNamespace(metadata=SimpleNamespace(teams=[home, away]), events=events)
    read = _read_events(dataset)
    assert [event.side for event in read] == (["away"] if is_own_goal else ["home", "home"])
    assert all(("OWN_GOAL" in event.facts.get("result", ())) == is_own_goal for event in read)
