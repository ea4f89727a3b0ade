"""Temporal activity localization: BMN, its losses, training, proposals and detections."""
