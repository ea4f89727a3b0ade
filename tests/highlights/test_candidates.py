from fractions import Fraction

import numpy as np
import pytest

from spotkick.actions import Action
from spotkick.formats.scores import MatchScores
from spotkick.highlights.candidates import Candidate, find_candidates
from spotkick.highlights.config import HighlightsConfig


def scores_with(
    peaks: dict[int, float], classes: tuple[str, ...] = ("Goal", "Corner"), frames: int = 600
) -> MatchScores:
    values = np.full((frames, len(classes)), 0.05, dtype=np.float32)
    for frame, height in peaks.items():
        values[frame - 4 : frame + 5, 0] = height * np.array(
            [0.2, 0.4, 0.6, 0.8, 1, 0.8, 0.6, 0.4, 0.2]
        )
    return MatchScores("match", classes, Fraction(2), {1: values})


def test_find_candidates_spots_at_their_threshold_are_kept() -> None:
    actions = [
        Action("Goal", 1, 10_000, 0.35),
        Action("Goal", 1, 20_000, 0.33),
        Action("Corner", 2, 5_000, 0.5),
        Action("Corner", 2, 6_000, 0.6),
        Action("Goal", 1, -500, 0.9),
        Action("Goal", 2, 7_000),
    ]
    found = find_candidates(actions, config=HighlightsConfig(class_thresholds={"Corner": 0.55}))
    assert [(item.label, item.period, item.position_s, item.score) for item in found] == [
        ("Goal", 1, 10, 0.35),
        ("Corner", 2, 6, 0.6),
        ("Goal", 2, 7, 1.0),
    ]


def test_find_candidates_action_without_confidence_is_certain() -> None:
    label, spot = find_candidates([Action("Goal", 1, 282_000), Action("Goal", 2, 7_000, 0.9)])
    assert label.reason == "Goal at 1 - 04:42"
    assert spot.reason == "Goal spotted at 2 - 00:07 with confidence 0.90"


def test_find_candidates_peak_far_from_spots_is_possible_action() -> None:
    scores = scores_with({100: 0.8, 300: 0.57, 330: 0.55, 500: 0.45})
    found = find_candidates([Action("Goal", 1, 52_000, 0.9)], scores)
    assert [(item.position_s, item.spotted) for item in found] == [(52, True), (150, False)]
    possible = found[1]
    assert possible.title == "Possible goal"
    assert (
        possible.reason
        == "segmentation score of Goal peaks at 1 - 02:30 with 0.57, no spot near it"
    )
    assert possible.score == pytest.approx(0.57)


def test_find_candidates_spot_of_other_class_or_period_keeps_peak() -> None:
    actions = [Action("Corner", 1, 150_000, 0.9), Action("Goal", 2, 150_000, 0.9)]
    found = find_candidates(actions, scores_with({300: 0.7}))
    assert [(item.label, item.period, item.spotted) for item in found] == [
        ("Corner", 1, True),
        ("Goal", 1, False),
        ("Goal", 2, True),
    ]


@pytest.mark.parametrize(
    ("values", "frames"),
    [
        ([0.9, 0.9, 0.1], [0]),
        ([0.1, 0.7, 0.7, 0.7, 0.2], [2]),
        ([0.2, 0.3, 0.8], [2]),
        ([0.6] * 5, [2]),
    ],
)
def test_find_candidates_level_tops_and_ends_count_once(
    values: list[float], frames: list[int]
) -> None:
    scores = MatchScores(
        "match", ("Goal",), Fraction(2), {1: np.array(values, dtype=np.float32)[:, None]}
    )
    assert [int(2 * item.position_s) for item in find_candidates([], scores)] == frames


def test_candidate_title_of_peak_says_possible() -> None:
    assert Candidate("Goal", 1, 0, 1).title == "Goal"
    assert Candidate("Yellow card", 1, 0, 1, spotted=False).title == "Possible yellow card"
