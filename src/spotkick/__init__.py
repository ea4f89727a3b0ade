"""Action spotting in match video: what happens, and when.

`load_model` and `spot` work without torch, `evaluate` is the official metric; `train`,
`spotkick.losses` and `spotkick.models` need the extra ``train``. Nothing heavy is imported before
it is used: public names are loaded on first access, and ``dir(spotkick)`` lists them.
"""

from typing import TYPE_CHECKING, Any, Final

from spotkick.errors import require_extra
from spotkick.lazy_names import load_lazily
from spotkick.version import VERSION

if TYPE_CHECKING:
    from spotkick import (
        actions,
        encoding,
        evaluation,
        features,
        formats,
        highlights,
        losses,
        models,
        report,
        timeline,
    )
    from spotkick.api import (
        Model,
        evaluate,
        list_models,
        load_model,
        read_labels,
        read_predictions,
        spot,
        spot_with_scores,
        to_dataframe,
        train,
    )
    from spotkick.encoding import encode_shifts

__version__ = VERSION
__all__ = [
    "Model",
    "__version__",
    "actions",
    "encode_shifts",
    "encoding",
    "evaluate",
    "evaluation",
    "features",
    "formats",
    "highlights",
    "list_models",
    "load_model",
    "losses",
    "models",
    "read_labels",
    "read_predictions",
    "report",
    "spot",
    "spot_with_scores",
    "timeline",
    "to_dataframe",
    "train",
]

_HOMES: Final = {
    "Model": "spotkick.api",
    "encode_shifts": "spotkick.encoding",
    "evaluate": "spotkick.api",
    "list_models": "spotkick.api",
    "load_model": "spotkick.api",
    "read_labels": "spotkick.api",
    "read_predictions": "spotkick.api",
    "spot": "spotkick.api",
    "spot_with_scores": "spotkick.api",
    "to_dataframe": "spotkick.api",
    "train": "spotkick.api",
}
"""Public functions and classes -> the module that they are loaded from."""

_TORCH_ROOMS: Final = frozenset(("losses", "models"))
"""Modules that need the extra ``train``."""


_load_name = load_lazily(__name__, _HOMES)


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for."""
    if name in _TORCH_ROOMS:
        require_extra("torch", "train", f"spotkick.{name}")
    return _load_name(name)


def __dir__() -> list[str]:
    """Public names, also those that are not loaded yet: what completion shows."""
    return sorted(__all__)
