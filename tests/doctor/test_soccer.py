from spotkick.actions import Action, MatchActions
from spotkick.doctor.findings import Finding
from spotkick.doctor.soccer import check_both_halves, check_score


def findings(actions: list[Action], name: str) -> dict[str, Finding]:
    return {finding.check: finding for finding in check_score(MatchActions(name, tuple(actions)))}


def test_check_score_goals_and_the_score_in_the_name() -> None:
    name = "europe_uefa-champions-league/2014-2015/2015-02-25 - 22-45 Arsenal 1 - 3 Monaco"
    goals = [Action("Goal", 1 + number // 3, 300_000 * number) for number in range(5)]
    assert (
        "5 goals are labelled, the match ended 1 - 3"
        in findings(goals, name)["goals-and-score"].message
    )
    assert findings(goals[:4], name) == {}
    assert findings([Action("Foul", 1, 0)], name) == {}  # goals were not labelled


def test_check_both_halves_match_without_a_second_half_is_found() -> None:
    whole = [
        MatchActions(f"m{number}", (Action("Foul", 1, 0), Action("Foul", 2, 0)))
        for number in range(3)
    ]
    lacking = MatchActions("short", (Action("Foul", 1, 0),))
    assert [finding.where for finding in check_both_halves([*whole, lacking])] == ["short"]
    assert list(check_both_halves([lacking])) == []  # a set of single recordings


def test_check_both_halves_matches_without_actions_say_nothing() -> None:
    clips = [MatchActions(f"clip{number}", (Action("Foul", 1, 0),)) for number in range(3)]
    empty = [MatchActions(f"empty{number}", ()) for number in range(7)]
    assert list(check_both_halves([*clips, *empty])) == []
