"""From features to actions, without torch."""

from spotkick.prediction.network import ChunkNetwork, ChunkOutput, OnnxNetwork
from spotkick.prediction.period_output import SpottingSetup
from spotkick.prediction.spotting import (
    Member,
    PeriodPrediction,
    spot_match,
    spot_match_together,
    spot_period,
)

__all__ = [
    "ChunkNetwork",
    "ChunkOutput",
    "Member",
    "OnnxNetwork",
    "PeriodPrediction",
    "SpottingSetup",
    "spot_match",
    "spot_match_together",
    "spot_period",
]
