"""Encodings of actions as training targets: context slicing, time shifts, spots."""
