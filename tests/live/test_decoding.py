"""Which actions are settled, by planted peaks."""

import numpy as np
import pytest

from spotkick.checkpoint import DecodingConfig
from spotkick.live.decoding import LiveDecoding
from spotkick.live.scoring import ScoreWindow
from support.live_networks import CLASSES, make_setup

RISING = {40: 0.60, 45: 0.65, 50: 0.70}
FALLING = {40: 0.70, 45: 0.65, 50: 0.60}


def find_settled(peaks: dict[int, float], settled: int, nms: str = "fixed") -> int:
    """Where actions of class a are settled, with suppression within six frames."""
    decoding = DecodingConfig.model_validate({"source": "scores", "nms": nms, "nms_window_s": 6.0})
    live = LiveDecoding(make_setup(24, 5, decoding=decoding), 2, dict.fromkeys(CLASSES, 0.1))
    scores = np.zeros((120, 2), dtype=np.float32)
    for frame, score in peaks.items():
        scores[frame, 0] = score
    return live.find_actions(ScoreWindow(0, scores), 1, readable=60, settled=settled).settled


@pytest.mark.parametrize(
    ("peaks", "settled", "expected"),
    [
        # What comes near 54 may suppress 50, which brings back 45, which suppresses 40.
        (RISING, 54, 40),
        # A weaker peak takes nothing back.
        (FALLING, 54, 50),
        # Nothing that is open reaches 40.
        ({40: 0.6, 50: 0.7}, 54, 50),
        ({40: 0.6}, 54, 53),
        (RISING, 58, 57),
    ],
    ids=["rising", "falling", "apart", "alone", "settled"],
)
def test_find_actions_settled_is_before_every_chain_of_suppression(
    peaks: dict[int, float], settled: int, expected: int
) -> None:
    assert find_settled(peaks, settled) == expected


def test_find_actions_soft_suppression_leaves_the_strongest_peak_decided() -> None:
    assert find_settled(FALLING, 54, nms="soft-linear") == 45
    assert find_settled(RISING, 54, nms="soft-linear") == 40


def test_find_actions_chain_without_end_is_cut() -> None:
    peaks = {frame: 0.2 + frame / 1000 for frame in range(2, 118, 5)}
    assert 0 < find_settled(peaks, 58) < 30
