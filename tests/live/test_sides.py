"""Networks whose classes also say the team, live."""

import numpy as np
import pytest

from spotkick.actions import Action, ActionClasses, MatchActions
from spotkick.checkpoint import DecodingConfig
from spotkick.features.tracks import FeatureSource, FeatureTrack
from spotkick.live.decoding import least_confidences
from spotkick.live.publishing import Progress, Publisher
from spotkick.live.spotter import LiveSpotter, SpotterOptions
from spotkick.prediction import SpottingSetup, spot_period
from spotkick.tasks import Task, merge_sides, split_sides
from support.live_networks import DIM, RATE, PlaceNetwork, make_features

LEAST = 0.55
PLAIN = Task(ActionClasses(("shot",)))
SIDED = split_sides(PLAIN, ("left", "right"))
ALL_SHOWN = Progress(due_ms=0, settled_ms=0, kept_ms=0)


def make_sided_setup() -> SpottingSetup:
    decoding = DecodingConfig(source="scores", nms_window_s=6.0)
    return SpottingSetup(
        SIDED.classes, RATE, 24, border_frames=5, pad_period=False, decoding=decoding
    )


def describe(actions: list[Action]) -> list[tuple[str, str | None, int]]:
    return sorted((a.label, a.team, a.position_ms) for a in actions)


def test_spotter_of_sided_classes_ends_with_the_actions_of_spot() -> None:
    network, setup, features = PlaceNetwork(24, 4), make_sided_setup(), make_features(11, 160)
    least = least_confidences(setup, {}, LEAST, SIDED)
    options = SpotterOptions("net", 1, 4.0, least, task=SIDED)
    spotter = LiveSpotter(network, setup, options, dim=DIM)
    last: dict[str, tuple[str, Action]] = {}
    for step in [*spotter.add(features), *spotter.finish()]:
        last |= {change.id: (change.kind, change.action) for change in step.changes}

    # What spotting the whole period gives, with both teams.
    track = FeatureTrack(features, FeatureSource("x", DIM, RATE), "x")
    whole = MatchActions("m", spot_period(network, track, setup).actions)
    expected = [a for a in merge_sides(whole, SIDED).actions if (a.confidence or 0) >= LEAST]
    assert {action.team for action in expected} == {"left", "right"}
    assert spotter.classes == ("shot",)
    assert describe([a for kind, a in last.values() if kind != "withdraw"]) == describe(expected)


@pytest.mark.parametrize(
    ("given", "expected"), [(None, 0.3), (0.7, 0.7)], ids=["checkpoint", "user"]
)
def test_least_confidences_of_sided_classes_are_those_of_the_class(
    given: float | None, expected: float
) -> None:
    thresholds = {"shot (left)": 0.4, "shot (right)": 0.3}
    found = least_confidences(make_sided_setup(), thresholds, given, SIDED)
    assert found == {"shot (left)": expected, "shot (right)": expected}


def test_publisher_two_teams_at_the_same_time_are_two_actions() -> None:
    publisher = Publisher("net", same_ms=5_000)
    both = [
        Action("shot", 1, 10_000 + 500 * number, confidence=0.9, team=team)
        for number, team in enumerate(("left", "right"))
    ]
    assert len(publisher.update(both, {"shot": 0.5}, ALL_SHOWN)) == 2

    # Each moves on its own; a team that is gone is withdrawn, and its place goes to no other.
    changes = publisher.update(both[1:], {"shot": 0.5}, ALL_SHOWN)
    assert [(c.kind, c.action.team) for c in changes] == [("withdraw", "left")]
    assert np.array_equal([item.stands for item in publisher.tracked], [False, True])
