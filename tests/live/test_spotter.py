"""The live path against spotting the whole period, for several geometries and decodings."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotkick.checkpoint import DecodingConfig
from spotkick.errors import ConfigError
from spotkick.live.publishing import Change
from spotkick.live.spotter import LiveSpotter, count_look_ahead
from spotkick.suppression import SuppressionMethod
from support.live_networks import (
    RATE,
    FreeNetwork,
    PlaceNetwork,
    make_features,
    make_setup,
    make_spotter,
    spot_whole,
    standing,
)

PLAIN = DecodingConfig(source="scores", nms_window_s=6.0)
SOFT = DecodingConfig(
    source="scores", nms="soft-linear", nms_window_s=8.0, refine="parabola",
    support_sigma_s=1.0, smooth_by_class_s={"b": 1.0},
)  # fmt: skip


def feed(spotter: LiveSpotter, features: np.ndarray, sizes: list[int]) -> list[Change]:
    """All changes, with features that come in parts of some sizes, in turn."""
    changes: list[Change] = []
    place = number = 0
    while place < len(features):
        size = sizes[number % len(sizes)]
        for step in spotter.add(features[place : place + size]):
            changes += step.changes
        place, number = place + size, number + 1
    for step in spotter.finish():
        changes += step.changes
    return changes


@pytest.mark.parametrize("decoding", [PLAIN, SOFT], ids=["fixed", "soft"])
@pytest.mark.parametrize("pads", [False, True], ids=["plain", "padded"])
@pytest.mark.parametrize("frames", [7, 30, 60, 173])
def test_spotter_whole_period_ends_with_the_actions_of_spot(
    frames: int, pads: bool, decoding: DecodingConfig
) -> None:
    network, setup = PlaceNetwork(24, 4), make_setup(24, 5, pads=pads, decoding=decoding)
    features = make_features(frames, frames)
    expected = spot_whole(network, setup, features)

    found = standing(feed(make_spotter(network, setup), features, [1]))

    assert found == expected
    assert frames < 30 or len(expected) > 2


@pytest.mark.parametrize("method", ["fixed", "soft-linear"])
def test_spotter_weak_actions_in_crowds_end_as_those_of_spot(method: SuppressionMethod) -> None:
    # Far longer than what is kept of the scores
    decoding = DecodingConfig(source="scores", nms=method, nms_window_s=4.0)
    network, setup = PlaceNetwork(16, 1), make_setup(16, 4, decoding=decoding)
    features = make_features(11, 240)
    expected = spot_whole(network, setup, features, least=0.02)
    spotter = make_spotter(network, setup, latency_s=1.0, least=0.02)

    found = standing(feed(spotter, features, [40]))

    assert found == expected
    assert len(expected) > 50
    assert len(features) > 1.5 * spotter.decoding.kept_frames


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 999), frames=st.integers(1, 130), latency=st.sampled_from([1.0, 3, 9]))
def test_spotter_any_latency_ends_with_the_actions_of_spot(
    seed: int, frames: int, latency: float
) -> None:
    network, setup = PlaceNetwork(20, 3), make_setup(20, 4, pads=bool(seed % 2))
    features = make_features(seed, frames)
    changes = feed(make_spotter(network, setup, latency_s=latency), features, [1])
    assert standing(changes) == spot_whole(network, setup, features)


@pytest.mark.parametrize("frames", [9, 50, 150])
def test_spotter_of_free_length_ends_with_the_actions_of_spot(frames: int) -> None:
    network, setup = FreeNetwork(40, 4), make_setup(40, 6, decoding=SOFT)
    features = make_features(3, frames)
    expected = spot_whole(network, setup, features)
    assert standing(feed(make_spotter(network, setup), features, [1])) == expected


def test_spotter_of_spots_and_displacements_ends_with_the_actions_of_spot() -> None:
    features = make_features(5, 140)
    for network, decoding in (
        (PlaceNetwork(24, 4, gives_spots=True), DecodingConfig(nms_window_s=4.0)),
        (PlaceNetwork(24, 4, displaces=True), PLAIN),
    ):
        setup = make_setup(24, 5, decoding=decoding)
        expected = spot_whole(network, setup, features)
        assert expected
        assert standing(feed(make_spotter(network, setup), features, [1])) == expected


def test_spotter_parts_of_any_size_give_the_same_changes() -> None:
    network, setup = PlaceNetwork(24, 4), make_setup(24, 5, pads=True)
    features = make_features(1, 120)
    one_by_one = feed(make_spotter(network, setup), features, [1])
    assert feed(make_spotter(network, setup), features, [8, 1, 33]) == one_by_one


def test_spotter_publishes_each_action_once_and_in_time() -> None:
    network, setup = PlaceNetwork(24, 4), make_setup(24, 5)
    spotter = make_spotter(network, setup, latency_s=4.0)
    published: dict[str, int] = {}
    for step in spotter.add(make_features(2, 150)):
        for change in step.changes:
            if change.kind == "publish":
                assert change.id not in published
                published[change.id] = change.action.position_ms
                delay_ms = step.frames * 1000 / RATE - change.action.position_ms
                assert change.is_late or delay_ms <= 4_000 + 1_000
    assert len(published) > 5


def test_spotter_slow_features_are_late_only_beyond_a_frame() -> None:
    rate, decoding = Fraction(1, 2), PLAIN.replace(refine="parabola", nms_window_s=24.0)
    setup = replace(make_setup(24, 5, decoding=decoding), frame_rate=rate)
    spotter = make_spotter(PlaceNetwork(24, 4), setup, latency_s=10.0)
    late = {True: 0, False: 0}
    for step in spotter.add(make_features(2, 260)):
        for change in step.changes:
            if change.kind == "publish":
                delay_ms = step.frames * 1000 / rate - change.action.position_ms
                assert change.is_late == (delay_ms > 10_000 + 2_000)
                late[change.is_late] += 1
    assert min(late.values()) > 0


def test_spotter_settled_action_never_changes() -> None:
    network, setup = PlaceNetwork(24, 4), make_setup(24, 5, decoding=SOFT)
    changes = feed(make_spotter(network, setup, latency_s=1.0), make_features(4, 200), [1])
    settled: set[str] = set()
    for change in changes:
        assert change.id not in settled
        if change.kind == "settle":
            settled.add(change.id)
    assert {change.id for change in changes if change.kind == "revise"}
    assert settled


@pytest.mark.parametrize("stop", [1, 20, 61, 100, 149])
def test_spotter_resumed_from_its_newest_features_goes_on_as_if_never_stopped(stop: int) -> None:
    network, setup = PlaceNetwork(24, 4), make_setup(24, 5, pads=True)
    features = make_features(6, 180)
    expected = feed(make_spotter(network, setup), features, [1])

    # The first run is killed; the second has its newest features and its published changes.
    first = make_spotter(network, setup)
    before = [change for step in first.add(features[:stop]) for change in step.changes]
    second = make_spotter(network, setup)
    for change in before:
        second.publisher.take_over(change)
    kept = max(0, stop - second.scores.reach_frames)
    second.resume(kept, features[kept:stop])
    after = feed(second, features[stop:], [1])

    assert [*before, *after] == expected


def test_spotter_corrected_frames_are_scored_again() -> None:
    network, setup = FreeNetwork(40, 2), make_setup(40, 4)
    features = make_features(7, 90)
    wrong = features.copy()
    wrong[::5] = 0
    spotter = make_spotter(network, setup, latency_s=1.0)
    changes: list[Change] = []
    for end in range(1, 91):
        first = max(0, end - 6)
        rows = features[first:end].copy()
        rows[-5:] = wrong[max(first, end - 5) : end]
        for step in spotter.add(rows, first=first, stable=max(0, end - 5)):
            changes += step.changes
    for step in spotter.add(features[80:], first=80):
        changes += step.changes
    for step in spotter.finish():
        changes += step.changes
    assert standing(changes) == spot_whole(network, setup, features)


@pytest.mark.parametrize("stop", [30, 52])
def test_spotter_resumed_among_frames_that_are_corrected_later_ends_as_spot(stop: int) -> None:
    network, setup = FreeNetwork(40, 2), make_setup(40, 4)
    features = make_features(7, 90)
    known = features[:stop].copy()
    known[-6:] = 0

    # The newest frames of the first run are wrong, as text is before what follows is spoken.
    first, second = (make_spotter(network, setup, latency_s=1.0) for _ in range(2))
    changes = [change for step in first.add(known, stable=stop - 6) for change in step.changes]
    for change in changes:
        second.publisher.take_over(change)
    second.resume(0, known, stable=stop - 6)
    for step in second.add(features[stop - 6 :], first=stop - 6):
        changes += step.changes
    for step in second.finish():
        changes += step.changes

    assert standing(changes) == spot_whole(network, setup, features)


def test_spotter_memory_is_bounded_by_the_geometry() -> None:
    narrow = PLAIN.replace(nms_window_s=2.0)
    network, setup = PlaceNetwork(24, 4), make_setup(24, 5, decoding=narrow)
    spotter = make_spotter(network, setup)
    bound = spotter.decoding.kept_frames + 4 * spotter.scores.reach_frames
    sizes = []
    for step in spotter.add(make_features(8, 600)):
        if step.frames in (400, 600):
            sizes.append((len(spotter.publisher.tracked), spotter.ring.end - spotter.ring.first))
            assert len(spotter.scores.read(spotter.ring).window.scores) <= bound
    assert max(length for _, length in sizes) <= 2 * spotter.scores.reach_frames
    assert max(count for count, _ in sizes) <= bound


def test_count_look_ahead_too_short_says_what_is_needed() -> None:
    assert count_look_ahead(2.0, RATE) == 2
    with pytest.raises(ConfigError, match="1 s are needed at 2 frames per second"):
        count_look_ahead(0.9, RATE)
