"""Outputs of several networks, or of several ways to cut a period, as one."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from spotkick.actions import ActionClasses
from spotkick.checkpoint import DecodingConfig
from spotkick.errors import ConfigError
from spotkick.features.tracks import FeatureSource, FeatureTrack
from spotkick.prediction import (
    ChunkNetwork,
    ChunkOutput,
    Member,
    SpottingSetup,
    spot_match_together,
    spot_period,
)
from spotkick.prediction.period_output import PeriodOutput, average_outputs, run_period
from support.small_training import CLASSES

SCORES = DecodingConfig(source="scores", nms="none")


def make_output(scores: np.ndarray, rate: int = 2, moves: np.ndarray | None = None) -> PeriodOutput:
    return PeriodOutput(scores.astype(np.float32), moves, None, Fraction(rate))


def make_track(frames: int, rate: Fraction = Fraction(2)) -> FeatureTrack:
    """Features that tell the number of their frame."""
    values = np.arange(frames, dtype=np.float32)[:, None]
    return FeatureTrack(values, FeatureSource("frame-number", 1, rate))


def make_setup(rate: Fraction = Fraction(2), **decoding: object) -> SpottingSetup:
    return SpottingSetup(
        CLASSES,
        rate,
        chunk_frames=20,
        border_frames=4,
        pad_period=False,
        decoding=SCORES.replace(**decoding),
    )


def say_peak(frame: int, score: float, frames_per_second: int = 2) -> ChunkNetwork:
    """A network that scores one frame of a period high for the first class."""

    def network(features: np.ndarray) -> ChunkOutput:
        is_peak = features[:, :, 0] == frame * frames_per_second // 2
        scores = np.full((*features.shape[:2], 2), 0.01, dtype=np.float32)
        scores[..., 0][is_peak] = score
        return ChunkOutput(scores, np.zeros((len(features), 0, 4), dtype=np.float32))

    return network


def test_average_outputs_is_the_mean_of_logits() -> None:
    random = np.random.default_rng(0)
    first, second = random.uniform(0.01, 0.99, size=(2, 7, 3))
    found = average_outputs([make_output(first), make_output(second)]).scores
    product = np.sqrt(first * second)
    expected = product / (product + np.sqrt((1 - first) * (1 - second)))
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_average_outputs_scores_of_0_and_1_stay_finite_and_one_output_stays_as_it_is() -> None:
    scores = np.array([[0.0, 1.0]])
    both = average_outputs([make_output(scores), make_output(1 - scores)]).scores
    assert both == pytest.approx(np.full((1, 2), 0.5))
    alone = make_output(scores)
    assert average_outputs([alone]) is alone


def test_average_outputs_coarse_frames_are_interpolated() -> None:
    coarse = make_output(np.array([[0.2], [0.8]]), rate=1, moves=np.array([[0.5], [1.0]]))
    fine = make_output(np.full((5, 1), 0.5), rate=2)
    found = average_outputs([fine, coarse])
    logit = np.log(0.8 / 0.2)
    expected = np.array([-logit, 0, logit, logit, logit]) / 2
    np.testing.assert_allclose(np.log(found.scores / (1 - found.scores))[:, 0], expected, atol=1e-5)
    assert found.frame_rate == 2
    assert found.displacements is not None
    assert found.displacements[:, 0].tolist() == [1.0, 1.5, 2.0, 2.0, 2.0]


@pytest.mark.parametrize("frames", [1, 13, 20, 61, 200])
@pytest.mark.parametrize("shifts", [1, 2, 3])
def test_run_period_every_way_to_cut_gives_each_frame_its_own_score(
    frames: int, shifts: int
) -> None:
    def echo(features: np.ndarray) -> ChunkOutput:
        scores = np.repeat(features / 500 + 0.01, 2, axis=2)
        spots = np.zeros((len(features), 0, 4), dtype=np.float32)
        return ChunkOutput(scores, spots, np.repeat(features, 2, axis=2))

    found = run_period(echo, make_track(frames), make_setup(chunk_shifts=shifts))
    expected = np.arange(frames)
    np.testing.assert_allclose(found.scores[:, 1], expected / 500 + 0.01, rtol=1e-5)
    assert found.displacements is not None
    np.testing.assert_allclose(found.displacements[:, 0], expected, rtol=1e-6)


def test_run_period_ways_to_cut_put_frames_at_other_places_of_their_chunks() -> None:
    def say_place(features: np.ndarray) -> ChunkOutput:
        """A network whose scores depend on the place in the chunk alone."""
        places = np.linspace(0.1, 0.9, features.shape[1], dtype=np.float32)
        scores = np.broadcast_to(places[None, :, None], (*features.shape[:2], 2)).copy()
        return ChunkOutput(scores, np.zeros((len(features), 0, 4), dtype=np.float32))

    plain, averaged = (
        run_period(say_place, make_track(200), make_setup(chunk_shifts=count)).scores[20:180, 0]
        for count in (1, 4)
    )
    assert averaged.std() < plain.std() / 3


def test_spot_match_together_peaks_of_the_mean_at_the_finest_rate() -> None:
    fine, coarse = Fraction(4), Fraction(2)
    members = [
        Member(say_peak(30, 0.9), {1: make_track(60, coarse)}, make_setup(coarse)),
        Member(say_peak(30, 0.8, 4), {1: make_track(120, fine)}, make_setup(fine)),
    ]
    found, scores = spot_match_together(members, "m")
    best = max(found.actions, key=lambda action: action.confidence or 0)
    assert (best.label, best.position_ms) == ("a", 15_000)
    assert scores.frame_rate == fine
    assert scores.periods[1].shape == (120, 2)


def test_spot_match_together_a_period_that_one_network_lacks_comes_from_the_other() -> None:
    tracks = {1: make_track(60), 2: make_track(60)}
    members = [
        Member(say_peak(30, 0.9), {1: tracks[1]}, make_setup()),
        Member(say_peak(10, 0.9), tracks, make_setup()),
    ]
    found, scores = spot_match_together(members, "m")
    second = max(
        (action for action in found.actions if action.period == 2),
        key=lambda action: action.confidence or 0,
    )
    assert (second.position_ms, second.confidence) == (5000, pytest.approx(0.9))
    assert sorted(scores.periods) == [1, 2]


def test_spot_match_together_a_period_of_the_coarser_network_alone_has_the_rate_of_all() -> None:
    fine, coarse = Fraction(4), Fraction(2)
    members = [
        Member(say_peak(30, 0.8, 4), {1: make_track(120, fine)}, make_setup(fine)),
        Member(
            say_peak(30, 0.9),
            {1: make_track(60, coarse), 2: make_track(60, coarse)},
            make_setup(coarse),
        ),
    ]
    found, scores = spot_match_together(members, "m")
    best = max(
        (action for action in found.actions if action.period == 2),
        key=lambda action: action.confidence or 0,
    )
    assert best.position_ms == 15_000
    assert scores.periods[2].shape == (120, 2)
    assert scores.periods[2][:, 0].argmax() == 60


def test_spot_match_together_other_classes_are_refused() -> None:
    own = Member(say_peak(1, 0.5), {}, make_setup())
    other = own._replace(setup=replace(make_setup(), classes=ActionClasses(("b", "a"))))
    with pytest.raises(ConfigError, match="same classes in the same order, got a, b and b, a"):
        spot_match_together([own, other], "m")


def test_spot_period_support_lifts_a_peak_that_others_confirm() -> None:
    def network(features: np.ndarray) -> ChunkOutput:
        frames = features[:, :, 0].astype(int)
        scores = np.full((*frames.shape, 2), 1e-6, dtype=np.float32)
        scores[..., 0] = np.where(frames == 20, 0.5, scores[..., 0])
        wide = 0.5 * np.exp(-0.5 * ((frames - 70) / 4.0) ** 2)
        scores[..., 0] += wide.astype(np.float32)
        return ChunkOutput(scores, np.zeros((len(features), 0, 4), dtype=np.float32))

    setup = make_setup(support_sigma_s=2.0, min_confidence=0.1)
    narrow, broad = spot_period(network, make_track(100), setup).actions
    # A peak alone: sqrt(p p / (1 + p)). A wide one: the product of two Gaussians adds up.
    assert narrow.confidence == pytest.approx(np.sqrt(0.5 * 0.5 / 1.5), abs=1e-3)
    mass = 0.5 * np.sqrt(2 * np.pi / (1 / 4**2 + 1 / 4**2))
    assert broad.confidence == pytest.approx(np.sqrt(0.5 * mass / (1 + mass)), abs=1e-3)
