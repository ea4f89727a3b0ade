from pathlib import Path

import pytest

from spotkick.errors import InputError
from spotkick.events.kloppy_reader import make_lineups, read_feed
from support.event_feeds import write_statsbomb


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
