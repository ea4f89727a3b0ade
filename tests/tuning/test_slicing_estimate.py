import tomllib
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from spotkick.actions import Action, ActionClasses, MatchActions
from spotkick.encoding.slicing import DEFAULT_BOUNDS_S, slicing_for
from spotkick.errors import InputError
from spotkick.formats.scores import MatchScores, write_scores
from spotkick.tuning.class_gaps import ClassGaps, measure_gaps
from spotkick.tuning.mean_response import MeanResponse, mean_responses, read_score_set
from spotkick.tuning.slicing_estimate import estimate_slicing, gap_bounds, response_bounds
from spotkick.tuning.slicing_plot import slicing_page, slicing_svg
from spotkick.tuning.slicing_text import to_toml

CLASSES = ActionClasses(("smash", "serve"), {"jump smash": "smash"})


def match(*actions: tuple[str, float], name: str = "m", period: int = 1) -> MatchActions:
    return MatchActions(
        name, tuple(Action(label, period, round(1000 * seconds)) for label, seconds in actions)
    )


def rallies(count: int, *, every_s: float = 60) -> MatchActions:
    """Each rally: a serve, a smash 4 s later, and 8 s later an action of another class."""
    found = [
        (label, every_s * number + offset)
        for number in range(count)
        for label, offset in (("serve", 0), ("smash", 4), ("score", 12))
    ]
    return match(*found)


def test_measure_gaps_are_within_a_period_and_across_classes() -> None:
    first = match(("serve", 0), ("jump smash", 4), ("score", 12), ("serve", 60))
    second = match(("smash", 1), period=2)
    gaps = measure_gaps([MatchActions("m", (*second.actions, *first.actions))], CLASSES)
    assert (gaps["smash"].actions, gaps["serve"].actions) == (2, 2)
    assert gaps["smash"].before.tolist() == [4]
    assert gaps["smash"].after.tolist() == [8]
    assert gaps["serve"].before.tolist() == [48]
    assert gaps["serve"].same.tolist() == [60]


def test_measure_gaps_two_labels_of_one_incident_end_no_context() -> None:
    gaps = measure_gaps([match(("serve", 0), ("smash", 10), ("score", 11), ("serve", 30))], CLASSES)
    assert gaps["smash"].after.tolist() == [20]


def test_estimate_slicing_regular_distances_are_found() -> None:
    smash, serve = estimate_slicing([rallies(40)], CLASSES)
    assert smash.bounds_s == (-4, -4, 8, 8)
    assert serve.bounds_s == (-48, -48, 4, 4)
    assert (smash.method, smash.note) == ("gaps", "")


def test_estimate_slicing_crowded_class_shrinks_bounds() -> None:
    (score,) = estimate_slicing(
        [match(*(("score", 10.0 * n) for n in range(40)))], ActionClasses(("score",))
    )
    assert score.bounds_s[3] - score.bounds_s[0] == pytest.approx(10)
    assert "shrunk to the 10 s between actions of the class" in score.note


def test_gap_bounds_are_quantiles() -> None:
    before, after = np.arange(1.0, 101), np.arange(1.0, 11)
    assert gap_bounds(ClassGaps(100, before, after, np.array([]))) == pytest.approx(
        (-50.5, -25.75, 3.25, 5.5)
    )


def test_estimate_slicing_few_actions_give_the_default() -> None:
    smash, _ = estimate_slicing([rallies(5)], CLASSES)
    assert smash.bounds_s == DEFAULT_BOUNDS_S
    assert smash.note == "5 actions are too few, this is the default"


def test_estimate_slicing_labels_of_other_classes_are_refused() -> None:
    with pytest.raises(InputError, match="hold no action of the classes Goal"):
        estimate_slicing([rallies(5)], ActionClasses(("Goal",)))


def planted_scores(positions: list[int], length: int, rate: Fraction) -> np.ndarray:
    """0.9 from 6 s before to 10 s after actions, 0.3 for 4 s before and 20 s after, else 0.1."""
    offsets = np.arange(length)[:, None] / float(rate) - np.array(positions)[None, :] / 1000
    offsets = offsets[np.arange(length), np.abs(offsets).argmin(axis=1)]
    scores = np.full(length, 0.1, dtype=np.float32)
    scores[(offsets >= -10) & (offsets <= 30)] = 0.3
    scores[(offsets >= -6) & (offsets <= 10)] = 0.9
    return scores[:, None]


def test_estimate_slicing_planted_response_is_found() -> None:
    rate = Fraction(2)
    positions = [200_000 + 250_000 * number for number in range(30)]
    labels = [MatchActions("m", tuple(Action("smash", 1, position) for position in positions))]
    scores = [
        MatchScores("m", ("smash",), rate, {1: planted_scores(positions, 16_000, rate)}),
        MatchScores("x", ("smash",), rate, {}),
    ]
    response = mean_responses(labels, CLASSES, scores)["smash"]
    assert response.actions == 30
    assert response.baseline == pytest.approx(0.1)
    assert response.scores[response.offsets_s == 0] == pytest.approx(0.9)
    (smash, _) = estimate_slicing(labels, CLASSES, scores)
    assert smash.method == "response"
    assert smash.bounds_s == (
        -10.5,
        -6.5,
        10.5,
        30.5,
    )  # the first frames below a half and a tenth of the height


def test_mean_responses_neighbours_do_not_leak() -> None:
    """Two actions 20 s apart: frames beyond the middle belong to the other one."""
    rate = Fraction(1)
    values = np.zeros((200, 1), dtype=np.float32)
    values[100], values[120] = 1, 0.5
    labels = [match(("smash", 100), ("smash", 120))]
    response = mean_responses(labels, CLASSES, [MatchScores("m", ("smash",), rate, {1: values})])[
        "smash"
    ]
    assert response.scores[response.offsets_s == 0] == pytest.approx(0.75)
    assert not response.scores[(response.offsets_s != 0)].any()


def test_estimate_slicing_flat_response_leaves_it_to_the_gaps() -> None:
    flat = MeanResponse(np.arange(-50.0, 51), np.full(101, 0.3), 0.295, 100)
    assert response_bounds(flat) is None


def test_mean_responses_other_matches_are_refused() -> None:
    scores = [
        MatchScores("elsewhere", ("smash",), Fraction(2), {1: np.zeros((10, 1), dtype=np.float32)})
    ]
    with pytest.raises(InputError, match="no match of the scores is among the labels"):
        mean_responses([rallies(3)], CLASSES, scores)


def test_read_score_set_reads_by_match(tmp_path: Path) -> None:
    write_scores(
        tmp_path / "a/b/scores.npz",
        MatchScores("a/b", ("smash",), Fraction(2), {1: np.zeros((10, 1), dtype=np.float32)}),
    )
    found = list(read_score_set(tmp_path, [MatchActions("a/b", ()), MatchActions("a/c", ())]))
    assert [scores.match for scores in found] == ["a/b"]


def test_to_toml_is_a_valid_slicing() -> None:
    classes = ActionClasses(("smash", 'the "let"'))
    estimates = estimate_slicing([rallies(40)], classes)
    table = tomllib.loads(to_toml(estimates))["slicing"]["bounds_s"]
    assert list(table) == list(classes)
    bounds = slicing_for(
        classes, overrides={name: tuple(values) for name, values in table.items()}
    ).bounds_s
    assert bounds[0] == (-4, -4, 8, 8)


def test_slicing_svg_is_well_formed_and_escapes_names() -> None:
    from xml.etree import ElementTree as ET

    classes = ActionClasses(("smash", "<b>&"))
    estimates = estimate_slicing([rallies(40)], classes)
    root = ET.fromstring(slicing_svg(estimates, {"smash": (-20, -10, 10, 20)}, "preset <x>"))  # noqa: S314 - our own text
    texts = [element.text for element in root.iter() if element.tag.endswith("text")]
    assert {"smash", "<b>&", "brackets: preset <x>"} <= set(texts)
    assert slicing_page(estimates).startswith("<!doctype html>")
