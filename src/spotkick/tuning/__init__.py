"""Parameter search as in the CALF paper, and estimates of context slicing from data."""
