"""Networks."""

from spotkick.models.calf import CalfArchitecture, CalfNetwork
from spotkick.models.dense import DenseArchitecture, DenseNetwork
from spotkick.models.loading import load_network
from spotkick.models.registry import NetworkKind, network_kind, register_network
from spotkick.models.spotter import (
    NetworkOutput,
    SpotterArchitecture,
    SpotterConfig,
    SpotterNetwork,
)

__all__ = [
    "CalfArchitecture",
    "CalfNetwork",
    "DenseArchitecture",
    "DenseNetwork",
    "NetworkKind",
    "NetworkOutput",
    "SpotterArchitecture",
    "SpotterConfig",
    "SpotterNetwork",
    "load_network",
    "network_kind",
    "register_network",
]
