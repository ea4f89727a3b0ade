"""Actions, class lists and the built-in classes."""

import copy
from dataclasses import FrozenInstanceError

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from SoccerNet.Evaluation.utils import EVENT_DICTIONARY_V1, EVENT_DICTIONARY_V2

from spotkick.actions import (
    BUILT_IN_CLASSES,
    SOCCERNET_BALL,
    SOCCERNET_BALL_2023,
    SOCCERNET_V1,
    SOCCERNET_V2,
    Action,
    ActionClasses,
    Visibility,
)
from spotkick.errors import ConfigError

PAIR = ActionClasses(
    ("goal", "card"), {"soccer-ball": "goal", "y-card": "card", "r-card": "card"}, "pair"
)


def test_action_position_and_game_time() -> None:
    action = Action(
        "Goal", 2, 2_709_500, confidence=0.5, team="home", visibility=Visibility.NOT_SHOWN
    )
    assert action.position_s == 2709.5
    assert action.game_time == "2 - 45:09"
    assert action.with_label("goal") == Action(
        "goal", 2, 2_709_500, confidence=0.5, team="home", visibility=Visibility.NOT_SHOWN
    )
    assert Visibility("not shown") is Visibility.NOT_SHOWN


def test_action_and_class_list_are_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        Action("Goal", 1, 0).position_ms = 5
    with pytest.raises(TypeError):
        PAIR.aliases["new"] = "goal"


def test_action_classes_copies_given_aliases() -> None:
    aliases = {"soccer-ball": "goal"}
    classes = ActionClasses(("goal",), aliases)
    aliases["corner"] = "goal"
    assert classes.resolve("corner") is None


def test_index_of_label_and_alias_is_column() -> None:
    columns = {"goal": 0, "soccer-ball": 0, "card": 1, "r-card": 1, "corner": None, "Goal": None}
    assert {label: PAIR.index(label) for label in columns} == columns
    assert "y-card" in PAIR
    assert "corner" not in PAIR
    assert 5 not in PAIR
    assert list(PAIR) == ["goal", "card"]
    assert len(PAIR) == 2


def test_resolve_class_name_wins_over_alias() -> None:
    assert ActionClasses(("a", "b"), {"a": "b"}).resolve("a") == "a"


def test_select_renames_keeps_order_and_drops_others() -> None:
    actions = [
        Action("r-card", 1, 5),
        Action("corner", 1, 6),
        Action("goal", 2, 7, confidence=0.25),
    ]
    assert PAIR.select(actions) == (Action("card", 1, 5), Action("goal", 2, 7, confidence=0.25))


@pytest.mark.parametrize(
    ("names", "aliases", "message"),
    [
        ((), {}, "at least one class"),
        (("a", "b", "a"), {}, "these repeat: a"),
        (("a", " "), {}, "must not be empty"),
        (("a",), {"x": "b"}, "not listed: b"),
    ],
)
def test_action_classes_contradictions_are_refused(
    names: tuple[str, ...], aliases: dict[str, str], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        ActionClasses(names, aliases)


@pytest.mark.parametrize(
    "classes", [PAIR, *BUILT_IN_CLASSES.values()], ids=lambda classes: classes.name
)
def test_action_classes_pickle_and_copy_round_trip(classes: ActionClasses) -> None:
    for twin in (copy.copy(classes), copy.deepcopy(classes)):
        assert twin == classes
        assert (twin.names, dict(twin.aliases), twin.name) == (
            classes.names,
            dict(classes.aliases),
            classes.name,
        )


@given(st.lists(st.text(min_size=1).filter(str.strip), min_size=1, max_size=8, unique=True))
@settings(deadline=None, max_examples=50)
def test_index_is_position_of_name(names: list[str]) -> None:
    classes = ActionClasses(tuple(names))
    assert [classes.index(name) for name in classes] == list(range(len(names)))


def test_soccernet_v2_classes_are_in_official_order() -> None:
    assert {name: index for index, name in enumerate(SOCCERNET_V2)} == EVENT_DICTIONARY_V2
    assert len(SOCCERNET_V2) == 17


def test_soccernet_v1_labels_resolve_as_in_official_evaluator() -> None:
    assert SOCCERNET_V1.names == ("goal", "card", "substitution")
    official = {
        "card": "card",
        "subs": "substitution",
        "soccer": "goal",
    }  # it looks for these words inside the label
    assert set(official) == set(EVENT_DICTIONARY_V1)
    for label in (
        "soccer-ball",
        "soccer-ball-own",
        "r-card",
        "y-card",
        "yr-card",
        "substitution-in",
    ):
        assert [name for word, name in official.items() if word in label] == [
            SOCCERNET_V1.resolve(label)
        ]


@pytest.mark.parametrize(
    "label",
    [
        "card",
        "subs",
        "soccer",
        "soccer-ball-penalty",
        "2nd-card",
        "subs-soccer",
        "substitution-out",
    ],
)
def test_resolve_official_word_inside_label_counts(label: str) -> None:
    found = (
        "card" if "card" in label else "substitution" if "subs" in label else "goal"
    )  # in this order, as the official code
    assert SOCCERNET_V1.resolve(label) == found
    assert copy.deepcopy(SOCCERNET_V1).resolve(label) == found


def test_action_classes_word_of_unknown_class_is_refused() -> None:
    assert SOCCERNET_V1.resolve("Corner") is None
    with pytest.raises(ConfigError, match="not listed: b"):
        ActionClasses(("a",), words=(("x", "b"),))


def test_soccernet_v1_groups_labels_of_v2() -> None:
    grouped = {
        label: SOCCERNET_V1.resolve(label) for label in SOCCERNET_V2 if label in SOCCERNET_V1
    }
    assert grouped == {
        "Goal": "goal",
        "Substitution": "substitution",
        "Yellow card": "card",
        "Red card": "card",
        "Yellow->red card": "card",
    }


def test_built_in_classes_are_keyed_by_name() -> None:
    assert BUILT_IN_CLASSES == {
        "soccernet-v1": SOCCERNET_V1,
        "soccernet-v2": SOCCERNET_V2,
        "soccernet-ball": SOCCERNET_BALL,
        "soccernet-ball-2023": SOCCERNET_BALL_2023,
    }
    assert len(SOCCERNET_BALL) == 12
