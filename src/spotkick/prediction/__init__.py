"""From features to actions, without torch."""

from spotkick.prediction.network import ChunkNetwork, ChunkOutput, OnnxNetwork
from spotkick.prediction.spotting import HalfPrediction, SpottingSetup, spot_half, spot_match

__all__ = ["ChunkNetwork", "ChunkOutput", "HalfPrediction", "OnnxNetwork", "SpottingSetup", "spot_half", "spot_match"]
