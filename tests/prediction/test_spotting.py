"""Spotting a half, with networks that say what they are told to."""

from fractions import Fraction

import numpy as np
import pytest

from spotkick.actions import ActionClasses
from spotkick.checkpoint import DecodingConfig
from spotkick.errors import CheckpointError, InputError
from spotkick.features.tracks import FeatureSource, FeatureTrack
from spotkick.prediction import ChunkOutput, OnnxNetwork, SpottingSetup, spot_match, spot_period

CHUNK, BORDER = 60, 10
CLASSES = ActionClasses(("a", "b"))


def setup(**decoding: object) -> SpottingSetup:
    return SpottingSetup(
        CLASSES,
        Fraction(2),
        CHUNK,
        BORDER,
        pad_period=False,
        decoding=DecodingConfig.parse(decoding),
    )


def track(num_frames: int) -> FeatureTrack:
    """Features that tell the number of their frame."""
    values = np.arange(num_frames, dtype=np.float32)[:, None].repeat(3, axis=1)
    return FeatureTrack(values, FeatureSource("frame-number", 3))


def echo(features: np.ndarray) -> ChunkOutput:
    """Scores that repeat the frame number, and one spot per chunk on its middle frame."""
    rows = np.zeros((len(features), 1, 4), dtype=np.float32)
    rows[:, 0] = (0.9, 0.5, 0, 1)
    return ChunkOutput(features[:, :, :2], rows)


@pytest.mark.parametrize("pad_period", [False, True])
def test_spot_period_every_frame_gets_its_own_score(pad_period: bool) -> None:
    for num_frames in [1, 5, 59, 60, 61, *range(95, 145), 777]:
        chosen = SpottingSetup(CLASSES, Fraction(2), CHUNK, BORDER, pad_period, DecodingConfig())
        scores = spot_period(echo, track(num_frames), chosen).scores
        assert np.array_equal(scores[:, 0], np.arange(num_frames)), num_frames


def test_spot_period_spots_lie_on_the_network_s_frames() -> None:
    half = spot_period(echo, track(200), setup(nms="none"))
    # Chunks start at 0, 40, 80, 120, 140; each puts its spot on its frame 30, which of the fourth
    # belongs to the fifth.
    assert [action.position_ms for action in half.actions] == [
        500 * (start + 30) for start in (0, 40, 80, 140)
    ]
    assert {action.label for action in half.actions} == {"b"}
    assert half.actions[0].confidence == pytest.approx(0.9)


def test_spot_period_batch_size_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = spot_period(echo, track(500), setup())
    monkeypatch.setattr("spotkick.prediction.period_output.BATCH_CHUNKS", 1)
    single = spot_period(echo, track(500), setup())
    assert np.array_equal(whole.scores, single.scores)
    assert whole.actions == single.actions


def test_spot_period_peaks_of_scores_become_spots() -> None:
    def peaks(features: np.ndarray) -> ChunkOutput:
        frames = features[:, :, 0]
        scores = np.zeros((*frames.shape, 2), dtype=np.float32)
        scores[..., 0] = np.maximum(0, 1 - abs(frames - 33) / 5)
        scores[..., 1] = np.where((frames >= 80) & (frames < 84), 0.5, 0)
        return ChunkOutput(scores, np.zeros((len(features), 0, 4), dtype=np.float32))

    half = spot_period(peaks, track(150), setup(source="scores", min_confidence=0.01))
    assert [(action.label, action.position_ms, action.confidence) for action in half.actions] == [
        ("a", 16500, 1.0),
        ("b", 40000, 0.5),
    ]


def test_spot_period_low_confidences_are_left_out() -> None:
    assert spot_period(echo, track(200), setup(min_confidence=0.95)).actions == ()


def test_spot_match_keeps_periods_apart() -> None:
    actions, scores = spot_match(
        echo, {2: track(100), 1: track(61)}, setup(), "league/season/match"
    )
    assert actions.match == "league/season/match"
    assert [action.period for action in actions.actions] == sorted(
        action.period for action in actions.actions
    )
    assert {period: len(values) for period, values in scores.periods.items()} == {1: 61, 2: 100}


def test_spot_period_nan_features_are_refused() -> None:
    bad = track(100)
    bad.values[40, 1] = np.inf
    with pytest.raises(InputError, match="frame 40"):
        spot_period(echo, bad, setup())


def test_onnx_network_damaged_model_is_one_line() -> None:
    with pytest.raises(CheckpointError, match="ONNX Runtime cannot read"):
        OnnxNetwork(b"not a model")
