"""Peaks that are moved by displacements, or lie on the top of a parabola."""

import numpy as np
import pytest

from spotkick.checkpoint import DecodingConfig
from spotkick.features.tracks import FeatureSource, FeatureTrack
from spotkick.prediction import ChunkOutput, SpottingSetup, spot_period
from spotkick.prediction.network import make_chunk_output
from support.small_training import CLASSES, RATE


def make_setup(**decoding: object) -> SpottingSetup:
    chosen = DecodingConfig.parse({"source": "scores", "nms": "none", **decoding})
    return SpottingSetup(CLASSES, RATE, 20, border_frames=4, pad_period=False, decoding=chosen)


def spot_times(
    scores: np.ndarray, displacements: np.ndarray | None = None, **decoding: object
) -> list[tuple[str, int]]:
    """Spots above 0.05 of planted outputs (frames, classes)."""
    track = FeatureTrack(
        np.arange(len(scores), dtype=np.float32)[:, None], FeatureSource("frame-number", 1, RATE)
    )

    def network(features: np.ndarray) -> ChunkOutput:
        frames = features[:, :, 0].astype(int)
        moves = None if displacements is None else displacements[frames].astype(np.float32)
        no_spots = np.zeros((len(features), 0, 4), dtype=np.float32)
        return ChunkOutput(scores[frames].astype(np.float32), no_spots, moves)

    setup = make_setup(min_confidence=0.05, **decoding)
    return [(a.label, a.position_ms) for a in spot_period(network, track, setup).actions]


def make_scores(peaks: dict[int, float], frames: int = 60) -> np.ndarray:
    scores = np.zeros((frames, 2))
    for frame, score in peaks.items():
        scores[frame, 0] = score
    return scores


def test_spot_period_peaks_are_moved_by_their_displacement() -> None:
    scores = make_scores({0: 0.9, 10: 0.8, 33: 0.7, 59: 0.6})
    moves = np.zeros((60, 2))
    moves[[0, 10, 33, 59], 0] = (-3, 1.3, -0.25, 2)
    assert spot_times(scores, moves) == [("a", 0), ("a", 5650), ("a", 16375), ("a", 29500)]
    assert spot_times(scores, moves, displace=False) == spot_times(scores)
    assert spot_times(scores) == [("a", 0), ("a", 5000), ("a", 16500), ("a", 29500)]


def test_spot_period_suppression_sees_the_moved_peaks() -> None:
    # Two peaks 8 frames apart point at one action: one of them stays.
    scores, moves = make_scores({10: 0.8, 18: 0.7}), np.zeros((60, 2))
    moves[10, 0], moves[18, 0] = 4.1, -3.9
    window = {"nms": "fixed", "nms_window_s": 2.0}
    assert spot_times(scores, moves, **window) == [("a", 7050)]
    assert len(spot_times(scores, **window)) == 2


@pytest.mark.parametrize("exact", [20.0, 20.3, 19.6, 20.49])
def test_spot_period_parabola_finds_the_top_of_a_gaussian(exact: float) -> None:
    scores = np.zeros((60, 2))
    scores[:, 1] = 0.9 * np.exp(-0.5 * ((np.arange(60) - exact) / 2.0) ** 2)
    (label, position_ms), *_ = spot_times(scores, refine="parabola")
    assert label == "b"
    assert position_ms == pytest.approx(500 * exact, abs=2)
    assert spot_times(scores)[0][1] == 500 * round(exact)


def test_spot_period_parabola_leaves_ends_and_level_tops_in_place() -> None:
    assert spot_times(make_scores({0: 0.9, 59: 0.8}), refine="parabola") == [
        ("a", 0),
        ("a", 29_500),
    ]
    assert spot_times(make_scores({0: 0.9}, frames=1), refine="parabola") == [("a", 0)]
    level = spot_times(make_scores({30: 0.5, 31: 0.5}), refine="parabola")
    assert level[0][1] == pytest.approx(15_250, abs=250)


def test_spot_period_windows_of_single_classes() -> None:
    scores = np.zeros((60, 2))
    scores[[10, 20]] = [[0.9, 0.9], [0.8, 0.8]]
    found = spot_times(scores, nms="fixed", nms_window_s=4.0, nms_window_by_class_s={"b": 20.0})
    assert found == [("a", 5000), ("b", 5000), ("a", 10_000)]


def test_make_chunk_output_takes_displacements_where_there_are_any() -> None:
    scores = np.zeros((2, 5, 3), dtype=np.float32)
    assert make_chunk_output({"scores": scores}).displacements is None
    found = make_chunk_output({"scores": scores, "displacements": scores + 1})
    assert found.displacements is not None
    assert found.spots.shape == (2, 0, 5)
