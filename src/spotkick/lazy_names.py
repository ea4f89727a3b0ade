"""Public names of a package that are imported when they are first asked for."""

import importlib
from collections.abc import Callable, Mapping
from typing import Any


def load_lazily(package: str, homes: Mapping[str, str]) -> Callable[[str], Any]:
    """The ``__getattr__`` of a package whose public names are imported on first access.

    Submodules are found, too, so that ``spotkick.formats.convert`` needs no import of its own.

    Args:
        package: full name of the package.
        homes: public name -> module that defines it.

    Example:
        >>> load_lazily("spotkick", {"InputError": "spotkick.errors"})("InputError").__name__
        'InputError'
    """

    def load_name(name: str) -> Any:
        if name in homes:
            return getattr(importlib.import_module(homes[name]), name)
        module = f"{package}.{name}"
        if not name.startswith("_"):
            try:
                return importlib.import_module(module)
            except ModuleNotFoundError as error:
                if error.name != module:  # a dependency of the submodule is missing
                    raise
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    return load_name
