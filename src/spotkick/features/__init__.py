"""Feature tracks, and the extractors that make them from video or commentary."""
