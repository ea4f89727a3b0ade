"""What a notebook user types: load a model, spot a match, score it, train.

Paths may be text or `pathlib.Path`; what can be read from a file can also be given as an object in
memory.
"""

from spotkick.api.dataframes import to_dataframe
from spotkick.api.model import Model, SpotOptions, load_model, spot, spot_with_scores
from spotkick.api.scoring import evaluate, read_labels, read_predictions
from spotkick.api.training import train
from spotkick.model_cards import list_models

__all__ = [
    "Model",
    "SpotOptions",
    "evaluate",
    "list_models",
    "load_model",
    "read_labels",
    "read_predictions",
    "spot",
    "spot_with_scores",
    "to_dataframe",
    "train",
]
