from spotkick.actions import Action, MatchActions
from spotkick.pipelines.spot_match import count_likely


def test_count_likely_takes_the_threshold_of_the_class_else_the_usual_one() -> None:
    spots = [Action("Goal", 1, 0, 0.6), Action("Goal", 1, 9000, 0.4), Action("Foul", 1, 0, 0.35)]
    match = MatchActions("m", (*spots, Action("Foul", 2, 0, 0.33)))
    assert count_likely(match, {"Goal": 0.5}) == 2
    assert count_likely(match, {}) == 3
