from collections.abc import Sequence

import pytest

from spotkick.actions import SOCCERNET_V2, Action, MatchActions
from spotkick.doctor.findings import Finding, Severity
from spotkick.doctor.labels import check_both_halves, check_labels


def findings(actions: Sequence[Action], name: str = "league/season/match") -> dict[str, Finding]:
    return {
        finding.check: finding
        for finding in check_labels(MatchActions(name, tuple(actions)), SOCCERNET_V2, frame_rate=2)
    }


def test_good_labels_have_no_findings() -> None:
    name = "spain_laliga/2016-2017/2017-05-21 - 21-00 Barcelona 1 - 0 Eibar"
    assert (
        findings(
            [
                Action("Kick-off", 1, 0),
                Action("Goal", 1, 60_000, team="home"),
                Action("Corner", 2, 5000),
            ],
            name,
        )
        == {}
    )


def test_a_match_without_actions() -> None:
    assert list(findings([])) == ["no-actions"]


def test_labels_outside_the_classes_suggest_the_right_one() -> None:
    found = findings([Action("goal ", 1, 1), Action("Tackle", 1, 2000), Action("Goal", 1, 99_000)])[
        "unknown-class"
    ]
    assert "correct the label" in found.remedy  # the last kind: a tackle resembles no class
    (kick,) = check_labels(MatchActions("m", (Action("GOAL", 1, 1),)), SOCCERNET_V2, frame_rate=2)
    assert (kick.count, kick.remedy) == (1, "rename it to 'Goal'")


@pytest.mark.parametrize(
    ("actions", "check", "severity"),
    [
        ([Action("Foul", 1, -20)], "negative-position", Severity.ERROR),
        ([Action("Foul", 1, 66 * 60_000)], "late-position", Severity.WARNING),
        ([Action("Foul", 3, 20)], "ignored-period", Severity.WARNING),
        ([Action("Foul", 1, 9000), Action("Corner", 1, 20)], "not-in-order", Severity.INFO),
        ([Action("Foul", 2, 20)], "missing-half", Severity.ERROR),
        ([Action("Foul", 1, 1000), Action("Foul", 1, 1499)], "duplicate-action", Severity.WARNING),
        (
            [Action("Foul", 1, 1000, team="home"), Action("Foul", 1, 1200, team="away")],
            "both-teams",
            Severity.ERROR,
        ),
        (
            [Action("Substitution", 1, 0, team="home"), Action("Substitution", 1, 0, team="away")],
            "one-frame",
            Severity.INFO,
        ),
        ([Action("Foul", 1, 1000), Action("Foul", 1, 2900)], "near-duplicate", Severity.INFO),
        ([Action("Goal", 1, 1000), Action("Goal", 1, 20_900)], "impossible-pair", Severity.WARNING),
    ],
)
def test_planted_mistakes(actions: list[Action], check: str, severity: Severity) -> None:
    found = findings(actions)
    assert {name: finding.severity for name, finding in found.items()} == {check: severity}
    assert found[check].remedy


@pytest.mark.parametrize(
    "actions",
    [
        [Action("Foul", 1, 1499), Action("Foul", 1, 4000)],
        [Action("Goal", 1, 0), Action("Goal", 1, 20_000)],
    ],
)
def test_what_is_just_far_enough_apart(actions: list[Action]) -> None:
    assert findings(actions) == {}


def test_goals_are_compared_with_the_score_in_the_name() -> None:
    name = "europe_uefa-champions-league/2014-2015/2015-02-25 - 22-45 Arsenal 1 - 3 Monaco"
    goals = [Action("Goal", 1 + number // 3, 300_000 * number) for number in range(5)]
    assert (
        "5 goals are labelled, the match ended 1 - 3"
        in findings(goals, name)["goals-and-score"].message
    )
    assert findings(goals[:4], name) == {}
    assert findings([Action("Foul", 1, 0)], name) == {}  # nobody labelled goals here


def dense(*gap_after: int) -> list[Action]:
    """A foul every 20 s, with a gap of eleven minutes after the given ones."""
    times, now = [], 0
    for number in range(40):
        times.append(now)
        now += 660_000 if number in gap_after else 20_000
    return [Action("Foul", 1, time) for time in times]


def test_silence_in_dense_labels() -> None:
    assert "no action for 11 minutes after 1 - 03:20" in findings(dense(10))["silence"].message
    assert findings(dense()) == {}
    shifted = [Action("Foul", 1, action.position_ms + 700_000) for action in dense()]
    assert list(findings(shifted)) == ["late-start"]


def test_a_half_that_the_other_matches_have() -> None:
    whole = [
        MatchActions(f"m{number}", (Action("Foul", 1, 0), Action("Foul", 2, 0)))
        for number in range(3)
    ]
    lacking = MatchActions("short", (Action("Foul", 1, 0),))
    assert [finding.where for finding in check_both_halves([*whole, lacking])] == ["short"]
    assert list(check_both_halves([lacking])) == []  # a set of single recordings
