from pathlib import Path

import pytest

from spotkick.actions import SOCCERNET_BALL, SOCCERNET_V2
from spotkick.errors import ConfigError
from spotkick.events.feed import EventFeed, FeedEvent
from spotkick.events.kloppy_reader import read_feed
from spotkick.events.mapping import (
    EventMapping,
    load_mapping,
    map_feed,
    shipped_mappings,
)
from spotkick.formats.convert import convert
from spotkick.formats.reading import read_actions
from support.event_feeds import write_statsbomb


def event(kind: str, at_ms: int = 0, period: int = 1, **facts: str) -> FeedEvent:
    values = {"type": kind, **facts}
    return FeedEvent(period, at_ms, {key: frozenset({value}) for key, value in values.items()})


def test_map_feed_soccernet_classes_keep_teams_and_players(tmp_path: Path) -> None:
    mapped = map_feed(read_feed(write_statsbomb(tmp_path / "x.json")), load_mapping("soccernet-v2"))
    assert [(item.label, item.game_time, item.team) for item in mapped.match] == [
        ("Kick-off", "1 - 00:00", "home"),
        ("Corner", "1 - 01:01", "home"),
        ("Goal", "1 - 01:04", "home"),
        ("Foul", "2 - 00:30", "away"),
        ("Yellow card", "2 - 00:30", "away"),
        ("Shots off target", "2 - 00:40", "home"),
        ("Ball out of play", "2 - 00:40", "home"),
        ("Substitution", "2 - 00:50", "home"),
    ]
    assert mapped.match.actions[2].details == (("team name", "Rovers"), ("player", "Player 101"))
    assert mapped.left_out["PASS"] == 1


@pytest.mark.parametrize(
    ("name", "classes"), [("soccernet-v2", SOCCERNET_V2), ("soccernet-ball", SOCCERNET_BALL)]
)
def test_load_mapping_shipped_ones_name_classes_only(name: str, classes: list[str]) -> None:
    mapping = load_mapping(name)
    assert mapping is not None
    labels = {label for rule in mapping.rules for label in rule.label}
    assert labels == set(classes)


def test_shipped_mappings_are_those_of_the_help() -> None:
    assert list(shipped_mappings()) == ["soccernet-ball", "soccernet-v2"]


def test_map_feed_types_keep_every_event() -> None:
    events = (event("PASS"), event("GENERIC", name="BLOCK"), event("BALL_OUT"), event("BALL_OUT"))
    mapped = map_feed(EventFeed("x", "m", events), load_mapping("types"))
    assert [item.label for item in mapped.match] == ["PASS", "BLOCK", "BALL_OUT", "BALL_OUT"]


def test_map_feed_ball_out_of_both_teams_counts_once() -> None:
    events = (event("BALL_OUT", 0), event("BALL_OUT", 400), event("BALL_OUT", 5000))
    mapped = map_feed(EventFeed("x", "m", events), load_mapping("soccernet-v2"))
    assert ([item.position_ms for item in mapped.match], mapped.repeated) == ([0, 5000], 1)


def test_map_feed_event_beyond_any_match_is_left_out() -> None:
    events = (event("BALL_OUT", 10**12), event("BALL_OUT", 10))
    mapped = map_feed(EventFeed("x", "m", events), load_mapping("soccernet-v2"))
    assert (len(mapped.match), mapped.left_out) == (1, {"BALL_OUT": 1})


def test_event_mapping_first_rule_that_fits_decides() -> None:
    rules = [
        {"label": ["Penalty", "Goal"], "type": "SHOT", "set_piece": "PENALTY", "result": "GOAL"},
        {"label": "Open goal", "type": "SHOT", "set_piece": "NONE"},
        {"label": "Shot", "type": ["SHOT", "HEADER"]},
    ]
    mapping = EventMapping.parse({"rules": rules})
    assert mapping.labels_of(event("SHOT", set_piece="PENALTY", result="GOAL")) == (
        "Penalty",
        "Goal",
    )
    assert mapping.labels_of(event("SHOT")) == ("Open goal",)
    assert mapping.labels_of(event("SHOT", set_piece="PENALTY")) == ("Shot",)
    assert mapping.labels_of(event("PASS")) == ()


def test_load_mapping_unknown_name_or_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no mapping 'soccernet-v3', did you mean 'soccernet-v2'"):
        load_mapping("soccernet-v3")
    path = tmp_path / "own.toml"
    path.write_text('[[rules]]\nlabel = "Goal"\nresults = "GOAL"\n')
    with pytest.raises(ConfigError, match=r"unknown key 'rules\.0\.results'"):
        load_mapping(path)


def test_convert_provider_events_counts_what_no_rule_fits(tmp_path: Path) -> None:
    report = convert(write_statsbomb(tmp_path / "x.json"), tmp_path / "labels.csv")
    assert report.source_format == "provider-events"
    assert {loss.field: loss.count for loss in report.losses}["event of type PASS"] == 1
    (match,) = read_actions(tmp_path / "labels.csv")
    assert dict(match.actions[2].details)["player"] == "Player 101"
