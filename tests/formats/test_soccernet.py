"""SoccerNet label files: what is read, what is refused and how, and that writing loses nothing."""

import contextlib
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotkick.actions import SOCCERNET_BALL, SOCCERNET_V1, Action, MatchActions, Visibility
from spotkick.errors import InputError, SpotkickError, SpotkickWarning
from spotkick.formats.action_columns import actions_from_columns
from spotkick.formats.soccernet import (
    TimeSource,
    label_document,
    parse_labels,
    read_label_set,
    read_labels,
    write_labels,
)

ROW = {
    "gameTime": "1 - 00:29",
    "label": "Goal",
    "position": "29949",
    "team": "home",
    "visibility": "visible",
}


def parsed(*rows: Any, **options: Any) -> tuple[Action, ...]:
    return parse_labels(
        {"UrlLocal": "a/b/c", "annotations": list(rows)}, "labels", **options
    ).actions


def changed(**fields: Any) -> dict[str, Any]:
    row = {**ROW, **fields}
    return {key: value for key, value in row.items() if value is not Ellipsis}


def test_parse_labels_v2_row_is_read() -> None:
    assert parsed(ROW) == (Action("Goal", 1, 29949, team="home", visibility=Visibility.VISIBLE),)


def test_parse_labels_v1_row_is_exact_to_a_second() -> None:
    (action,) = parsed({"gameTime": "2 - 46:05", "label": "soccer-ball", "team": "away"})
    assert action == Action("soccer-ball", 2, 2_765_000, team="away")


def test_parse_labels_ball_row_is_read() -> None:
    (action,) = parsed(
        {
            "gameTime": "1 - 00:05",
            "label": "PASS",
            "position": "5480",
            "team": "left",
            "visibility": "visible",
        }
    )
    assert (action.label, action.position_ms, action.team) == ("PASS", 5480, "left")


def test_parse_labels_not_applicable_is_no_team() -> None:
    assert parsed(changed(team="not applicable"))[0].team is None


def test_parse_labels_game_time_can_count() -> None:
    assert parsed(ROW, time_source=TimeSource.GAME_TIME)[0].position_ms == 29_000


@pytest.mark.parametrize("position", [29949, "29949", 29949.7, "29949.5"])
def test_parse_labels_position_may_be_number_or_text(position: Any) -> None:
    assert parsed(changed(position=position))[0].position_ms == 29949


def test_parse_labels_odd_times_are_kept() -> None:
    actions = parsed(
        changed(position="-500"),
        changed(gameTime="3 - 00:29"),
        changed(position="9000000", gameTime="1 - 150:00"),
    )
    assert [(action.period, action.position_ms) for action in actions] == [
        (1, -500),
        (3, 29949),
        (1, 9_000_000),
    ]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (
            changed(gameTime="00:29"),
            r"labels, annotation 2: gameTime must look like '1 - 14:36'.*found .00:29.",
        ),
        (changed(gameTime=...), "gameTime must look like"),
        (changed(gameTime="1 - 9" + "9" * 5000 + ":00"), "gameTime"),
        (changed(gameTime="0 - 10:00"), "names no period"),
        (changed(gameTime=["1"]), "gameTime"),
        (changed(label=...), "label must be the name of a class"),
        (changed(label="  "), "label must be"),
        (changed(label={"a": 1}), "label must be"),
        (changed(position="soon"), "position must be milliseconds"),
        (changed(position=True), "position must be"),
        (changed(position="9" * 20), "beyond any match"),
        (changed(position="9" * 6000), "position"),
        (changed(position=float("inf")), "position must be"),
        (changed(team=7), "team must be text"),
        (changed(team=[]), "team must be text"),
        ("Goal", "labels.annotations\\[1\\] must be an object"),
    ],
)
def test_parse_labels_bad_row_is_named(row: Any, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        parsed(ROW, row)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    "document", [[], None, 3, {}, {"annotations": {}}, {"annotations": None}, {"predictions": []}]
)
def test_parse_labels_other_documents_are_refused(document: Any) -> None:
    with pytest.raises(InputError, match="list 'annotations'"):
        parse_labels(document, "labels")


def test_parse_labels_no_actions_is_a_warning() -> None:
    with pytest.warns(SpotkickWarning, match="labels: the label file has no actions"):
        assert parsed() == ()


def test_parse_labels_unknown_visibility_is_counted() -> None:
    with pytest.warns(SpotkickWarning, match="labels: 2 annotations have a visibility other"):
        actions = parsed(changed(visibility="maybe"), changed(visibility=["visible"]), ROW)
    assert [action.visibility for action in actions] == [None, None, Visibility.VISIBLE]


def test_parse_labels_clock_past_100_minutes_is_a_warning() -> None:
    with pytest.warns(SpotkickWarning, match="1 annotations have a gameTime past 99:59"):
        (action,) = parsed(changed(position=..., gameTime="1 - 105:10"))
    assert action.position_ms == 6_310_000


def test_parse_labels_unusual_row_does_not_change_the_others() -> None:
    usual = parsed(ROW, changed(position="1", visibility="not shown"))
    assert (
        parsed(ROW, changed(position="1", visibility="not shown"), changed(team=...))[:2] == usual
    )


actions = st.builds(
    Action,
    label=st.text(min_size=1).filter(lambda text: text.strip() != ""),
    period=st.integers(1, 5),
    position_ms=st.integers(0, 8_000_000),
    team=st.sampled_from([None, "home", "away", "left"]),
    visibility=st.sampled_from([None, *Visibility]),
)


@settings(deadline=None, max_examples=50)
@given(st.lists(actions, min_size=1, max_size=8))
def test_label_document_round_trip_is_exact(items: list[Action]) -> None:
    labels = MatchActions("league/season/match", tuple(items))
    document = json.loads(json.dumps(label_document(labels)))
    assert parse_labels(document, "labels") == labels


scalars = st.none() | st.booleans() | st.floats() | st.integers() | st.text()
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from([*ROW, "annotations"]), inner),
)


@settings(deadline=None, max_examples=50)
@given(values)
@pytest.mark.filterwarnings("ignore::spotkick.errors.SpotkickWarning")
def test_parse_labels_any_json_gives_actions_or_input_error(value: Any) -> None:
    row = {**ROW, **value} if isinstance(value, dict) else value
    for document in (value, {"annotations": [value]}, {"annotations": [ROW, row]}):
        with contextlib.suppress(SpotkickError):
            parse_labels(document, "labels")


def test_write_labels_is_read_back(tmp_path: Path) -> None:
    labels = MatchActions(
        "a/b/c",
        (Action("Goal", 1, 5, visibility=Visibility.VISIBLE), Action("Foul", 2, 7, team="home")),
    )
    path = tmp_path / "Labels-v2.json"
    write_labels(path, labels, {"gameHomeTeam": "X"})
    assert read_labels(path) == labels
    assert json.loads(path.read_text())["gameHomeTeam"] == "X"


def write_match(root: Path, match: str, name: str, rows: list[dict[str, Any]]) -> None:
    path = root / match / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"annotations": rows}))


def test_read_label_set_folder_zip_match_and_file_are_read(tmp_path: Path) -> None:
    root = tmp_path / "set"
    write_match(root, "l/s/two", "Labels-v2.json", [ROW, ROW])
    write_match(root, "l/s/one", "Labels-v2.json", [ROW])
    archive = tmp_path / "set.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for path in root.rglob("*.json"):
            file.write(path, path.relative_to(root).as_posix())
    for source in (root, archive):
        found = list(read_label_set(source))
        assert [(match.match, len(match.actions)) for match in found] == [
            ("l/s/one", 1),
            ("l/s/two", 2),
        ]
        assert [match.match for match in read_label_set(source, ["l/s/two"])] == ["l/s/two"]
        with pytest.raises(InputError, match=r"nothing for match 'l/s/three'.*'l/s/one'"):
            list(read_label_set(source, ["l/s/one", "l/s/three"]))
    assert [match.match for match in read_label_set(root / "l/s/one")] == ["one"]
    assert [match.match for match in read_label_set(root / "l/s/one/Labels-v2.json")] == ["one"]


def test_read_label_set_classes_choose_the_label_file(tmp_path: Path) -> None:
    write_match(tmp_path, "l/s/m", "Labels-v2.json", [ROW])
    write_match(tmp_path, "l/s/m", "Labels-ball.json", [changed(label="PASS")])
    write_match(tmp_path, "l/s/m", "Labels.json", [changed(label="soccer-ball")])
    write_match(tmp_path, "l/s/n", "Labels-v2.json", [ROW])
    labels = {
        classes.name: list(read_label_set(tmp_path, ["l/s/m"], classes=classes))
        for classes in (SOCCERNET_BALL, SOCCERNET_V1)
    }
    assert [found[0].actions[0].label for found in labels.values()] == ["PASS", "soccer-ball"]
    both = list(
        read_label_set(tmp_path, ["l/s/m", "l/s/n"], classes=SOCCERNET_V1)
    )  # only v2 covers both matches
    assert [match.actions[0].label for match in both] == ["Goal", "Goal"]
    with pytest.raises(InputError, match=r"no file named Labels-v3\.json"):
        list(read_label_set(tmp_path, filename="Labels-v3.json"))


def test_actions_from_columns_equal_constructed_actions() -> None:
    made = actions_from_columns(2, label=["a", "b"], period=[1, 2], position_ms=[3, 4])
    assert made == (Action("a", 1, 3), Action("b", 2, 4))


def test_read_label_set_files_of_other_classes_are_named(tmp_path: Path) -> None:
    match = tmp_path / "l/s/m"
    match.mkdir(parents=True)
    (match / "Labels-ball.json").write_text(json.dumps({"UrlLocal": "m", "annotations": []}))
    with pytest.raises(InputError, match=r"no file named Labels-v2\.json.*Labels-ball\.json, of o"):
        list(read_label_set(tmp_path, filename="Labels-v2.json"))
