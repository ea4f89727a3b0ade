"""Tables for pandas."""

from fractions import Fraction

import numpy as np
import pytest

import spotkick
from spotkick.actions import Action, MatchActions, Visibility
from spotkick.errors import MissingExtraError
from spotkick.formats.scores import MatchScores

GOAL = Action("Goal", 2, 61_500, team="home", visibility=Visibility.VISIBLE)
SPOT = Action("Corner", 1, 2_000, confidence=0.25)


def test_to_dataframe_match_has_one_row_per_action() -> None:
    table = spotkick.to_dataframe(MatchActions("m", (GOAL, SPOT)))
    assert list(table["position_s"]) == [61.5, 2.0]
    assert list(table["label"]) == ["Goal", "Corner"]
    assert table.loc[0, "visibility"] == "visible"
    assert table.loc[1, "confidence"] == 0.25


def test_to_dataframe_many_matches_are_below_each_other() -> None:
    matches = (MatchActions(name, (GOAL, SPOT)) for name in ("a", "b"))
    table = spotkick.to_dataframe(matches)
    assert list(table["match"]) == ["a", "a", "b", "b"]


def test_to_dataframe_without_actions_keeps_the_columns() -> None:
    empty = spotkick.to_dataframe(MatchActions("m", ()))
    assert list(empty.columns) == list(spotkick.to_dataframe(MatchActions("m", (GOAL,))).columns)
    assert len(empty) == 0


def test_to_dataframe_scores_have_one_row_per_frame() -> None:
    values = {2: np.full((3, 2), 0.5, np.float32), 1: np.zeros((2, 2), np.float32)}
    table = spotkick.to_dataframe(MatchScores("m", ("a", "b"), Fraction(25, 2), values))
    assert list(table["period"]) == [1, 1, 2, 2, 2]
    assert list(table["position_s"]) == [0, 0.08, 0, 0.08, 0.16]
    assert list(table["b"]) == [0, 0, 0.5, 0.5, 0.5]


@pytest.mark.filterwarnings("ignore::spotkick.errors.SpotkickWarning")
def test_to_dataframe_score_has_one_row_per_class() -> None:
    labels = MatchActions("m", (Action("a", 1, 9_000),))
    found = MatchActions("m", (Action("a", 1, 9_000, confidence=0.9),))
    table = spotkick.to_dataframe(spotkick.evaluate(found, labels, ["a", "b"]))
    assert table.loc["a", "average_precision"] == pytest.approx(1)
    assert list(table["labels"]) == [1, 0]


def test_to_dataframe_without_pandas_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pandas", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'spotkick\[pandas\]'"):
        spotkick.to_dataframe(MatchActions("m", (GOAL,)))


def test_match_actions_are_a_sequence_of_actions() -> None:
    match = MatchActions("m", (GOAL, SPOT))
    assert len(match) == 2
    assert list(match) == [GOAL, SPOT]
    assert bool(MatchActions("m", ()))
    assert match.to_dicts()[1]["game_time"] == "1 - 00:02"
