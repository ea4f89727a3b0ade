"""Networks."""

from spotkick.models.calf import CalfArchitecture, CalfNetwork, NetworkOutput
from spotkick.models.loading import load_network

__all__ = ["CalfArchitecture", "CalfNetwork", "NetworkOutput", "load_network"]
