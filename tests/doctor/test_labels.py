from collections.abc import Sequence

import pytest

from spotkick.actions import SOCCERNET_V2, Action, MatchActions
from spotkick.doctor.findings import Finding, Severity
from spotkick.doctor.labels import check_labels


def findings(actions: Sequence[Action], name: str = "league/season/match") -> dict[str, Finding]:
    return {
        finding.check: finding
        for finding in check_labels(MatchActions(name, tuple(actions)), SOCCERNET_V2, frame_rate=2)
    }


def test_check_labels_good_labels_have_no_findings() -> None:
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


def test_check_labels_match_without_actions_is_found() -> None:
    assert list(findings([])) == ["no-actions"]


def test_check_labels_unknown_class_suggests_the_right_one() -> None:
    found = findings([Action("goal ", 1, 1), Action("Tackle", 1, 2000), Action("Goal", 1, 99_000)])[
        "unknown-class"
    ]
    assert "correct the label" in found.fix  # the last kind: a tackle resembles no class
    (kick,) = check_labels(MatchActions("m", (Action("GOAL", 1, 1),)), SOCCERNET_V2, frame_rate=2)
    assert (kick.count, kick.fix) == (1, "rename it to 'Goal'")


@pytest.mark.parametrize(
    ("actions", "check", "severity"),
    [
        ([Action("Foul", 1, -20)], "negative-position", Severity.ERROR),
        ([Action("Foul", 1, 66 * 60_000)], "late-position", Severity.WARNING),
        ([Action("Foul", 1, 20), Action("Foul", 3, 20)], "ignored-period", Severity.WARNING),
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
def test_check_labels_planted_mistake_is_found(
    actions: list[Action], check: str, severity: Severity
) -> None:
    found = findings(actions)
    assert {name: finding.severity for name, finding in found.items()} == {check: severity}
    assert found[check].fix


@pytest.mark.parametrize(
    "actions",
    [
        [Action("Foul", 1, 1499), Action("Foul", 1, 4000)],
        [Action("Goal", 1, 0), Action("Goal", 1, 20_000)],
    ],
)
def test_check_labels_far_enough_apart_is_no_finding(actions: list[Action]) -> None:
    assert findings(actions) == {}


def dense(*gap_after: int) -> list[Action]:
    """A foul every 20 s, with a gap of eleven minutes after the given ones."""
    times, now = [], 0
    for number in range(40):
        times.append(now)
        now += 660_000 if number in gap_after else 20_000
    return [Action("Foul", 1, time) for time in times]


def test_check_labels_silence_in_dense_labels_is_found() -> None:
    assert "no action for 11 minutes after 1 - 03:20" in findings(dense(10))["silence"].message
    assert findings(dense()) == {}
    shifted = [Action("Foul", 1, action.position_ms + 700_000) for action in dense()]
    assert list(findings(shifted)) == ["late-start"]


@pytest.mark.parametrize(
    "actions",
    [
        [Action("Goal", 1, 1000), Action("Goal", 1, 20_900)],
        [Action("Foul", 1, 66 * 60_000)],
        [Action("Foul", 2, 20)],
        [Action("Foul", 3, 20), Action("Foul", 4, 20)],
    ],
)
def test_check_labels_other_sports_know_no_rules_of_soccer(actions: list[Action]) -> None:
    match = MatchActions("2020-01-01 - 10-00 A 0 - 0 B", tuple(actions))
    assert list(check_labels(match, None, frame_rate=2, sport="", periods=())) == []


def test_check_labels_other_sports_still_find_duplicates() -> None:
    pair = (Action("smash", 1, 1000, team="home"), Action("smash", 1, 1200, team="away"))
    found = list(check_labels(MatchActions("m", pair), None, frame_rate=2, sport=""))
    assert [finding.check for finding in found] == ["duplicate-action"]
