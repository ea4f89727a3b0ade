"""Feature tracks, and the extractors that make them from video or commentary."""

from spotkick.features.tracks import (
    FeatureSource,
    FeatureTrack,
    fingerprint,
    read_track,
    write_source,
    write_track,
)
from spotkick.lazy_names import load_lazily

__all__ = [
    "FeatureSource",
    "FeatureTrack",
    "fingerprint",
    "read_track",
    "write_source",
    "write_track",
]

__getattr__ = load_lazily(__name__, {})
