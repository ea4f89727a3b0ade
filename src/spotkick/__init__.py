"""Action spotting in match video: what happens, and when."""

__version__ = "0.1.0"
