"""Data sets on disk: which file of a match folder is what, splits, and labelled periods."""
