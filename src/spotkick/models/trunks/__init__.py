"""Trunks of the dense network: from the features of a chunk to channels per frame."""

from spotkick.models.trunks.base import LinearTrunk, Trunk
from spotkick.models.trunks.gru import GruTrunk
from spotkick.models.trunks.tcn import TcnTrunk
from spotkick.models.trunks.transformer import TransformerTrunk
from spotkick.models.trunks.unet import UnetTrunk

__all__ = ["GruTrunk", "LinearTrunk", "TcnTrunk", "TransformerTrunk", "Trunk", "UnetTrunk"]
