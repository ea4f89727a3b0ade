"""Action spotting in match video: what happens, and when.

`load_model` and `spot` work without torch, `evaluate` is the official metric; `spotkick.losses` and
`spotkick.models` need the extra ``train``. Nothing heavy is imported before it is used.
"""

import importlib
from typing import TYPE_CHECKING, Any, Final

from spotkick.errors import MissingExtraError
from spotkick.version import VERSION

if TYPE_CHECKING:
    from spotkick.api import load_model, spot, spot_with_scores
    from spotkick.evaluation import evaluate

__version__ = VERSION
__all__ = ["__version__", "evaluate", "load_model", "spot", "spot_with_scores"]

_HOMES: Final = {
    "evaluate": "spotkick.evaluation",
    "load_model": "spotkick.api",
    "spot": "spotkick.api",
    "spot_with_scores": "spotkick.api",
}
_ROOMS: Final = ("losses", "models", "evaluation", "features", "formats", "encoding")


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for."""
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    if name in _ROOMS:
        try:
            return importlib.import_module(f"spotkick.{name}")
        except ModuleNotFoundError as error:
            if error.name != "torch":
                raise
            raise MissingExtraError("torch", "train", f"spotkick.{name}") from error
    raise AttributeError(f"module 'spotkick' has no attribute {name!r}")
