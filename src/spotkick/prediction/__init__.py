"""From features to actions, without torch."""

from spotkick.prediction.network import ChunkNetwork, ChunkOutput, OnnxNetwork
from spotkick.prediction.spotting import PeriodPrediction, SpottingSetup, spot_match, spot_period

__all__ = [
    "ChunkNetwork",
    "ChunkOutput",
    "OnnxNetwork",
    "PeriodPrediction",
    "SpottingSetup",
    "spot_match",
    "spot_period",
]
