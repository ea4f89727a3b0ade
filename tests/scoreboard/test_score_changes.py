from spotkick.scoreboard.readings import Reading
from spotkick.scoreboard.score_changes import find_score_changes


def scores(*steps: tuple[tuple[int, int], int]) -> list[Reading]:
    """Readings every 4 s: (score, number of readings)."""
    shown = [score for score, count in steps for _ in range(count)]
    return [
        Reading(4.0 * index, None, score=score, names=("ARB", "MUN"))
        for index, score in enumerate(shown)
    ]


def test_find_score_changes_two_goals_have_their_times_and_sides() -> None:
    changes = find_score_changes(scores(((0, 0), 10), ((1, 0), 5), ((1, 1), 8)))
    assert [(c.before_s, c.after_s, c.old, c.new, c.side) for c in changes] == [
        (36.0, 40.0, (0, 0), (1, 0), 0),
        (56.0, 60.0, (1, 0), (1, 1), 1),
    ]


def test_find_score_changes_single_misread_score_is_no_goal() -> None:
    assert find_score_changes(scores(((0, 0), 5), ((8, 0), 1), ((0, 0), 5))) == []


def test_find_score_changes_goal_taken_back_is_marked() -> None:
    changes = find_score_changes(scores(((0, 0), 5), ((1, 0), 20), ((0, 0), 30), ((0, 1), 9)))
    assert [(change.new, change.taken_back) for change in changes] == [
        ((1, 0), True),
        ((0, 1), False),
    ]


def test_find_score_changes_two_goals_while_hidden_count_twice() -> None:
    (change,) = find_score_changes(scores(((0, 0), 5), ((1, 1), 5)))
    assert change.goals == 2


def test_find_score_changes_without_scores_gives_none() -> None:
    assert find_score_changes([Reading(1.0, 5)]) == []
