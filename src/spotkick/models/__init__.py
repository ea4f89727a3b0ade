"""Networks."""

from spotkick.models.calf import CalfArchitecture, CalfNetwork, NetworkOutput

__all__ = ["CalfArchitecture", "CalfNetwork", "NetworkOutput"]
