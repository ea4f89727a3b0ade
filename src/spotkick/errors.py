"""The exceptions that spotkick raises on purpose: one root, few children; `require_extra`.

Every message says what is wrong, the rule, the value and the fix, on one line: the command line
prints it as it is and exits with code 1.
"""

import importlib
from types import ModuleType


class SpotkickError(Exception):
    """Root of all errors that a user can fix; the command line shows no traceback of them."""


class InputError(SpotkickError):
    """A file or folder of the user cannot be used: missing, damaged, malformed, contradictory."""


class ConfigError(SpotkickError):
    """A configuration value or key is not valid."""


class CheckpointError(SpotkickError):
    """A checkpoint is damaged, incomplete, or does not fit the features or classes at hand."""


class StorageError(SpotkickError):
    """A result could not be written (no space, no permission); nothing half-written remains."""


class ClusterError(SpotkickError):
    """Machines that share the work are gone, or never came; what is done stays done."""


class MissingExtraError(SpotkickError):
    """An optional dependency is needed for what was asked."""

    def __init__(self, package: str, extra: str, purpose: str) -> None:
        """Name the missing ``package``, the ``extra`` that brings it, and what needs it."""
        super().__init__(
            f"{purpose} needs the package '{package}', which is not installed: "
            f"pip install 'spotkick[{extra}]'"
        )


class SpotkickWarning(UserWarning):
    """Something was repaired, ignored or dropped; the result is usable, the message says how."""


def require_extra(
    module: str, extra: str, purpose: str, *, package: str | None = None
) -> ModuleType:
    """Import a module of an optional dependency.

    Args:
        module: to import, such as ``sklearn.decomposition``.
        extra: of spotkick that brings it.
        purpose: what needs it, as the start of the error message.
        package: name to install, where it is not the first part of ``module``.

    Raises:
        MissingExtraError: if it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        missing = (error.name or module).partition(".")[0]
        if missing != module.partition(".")[0]:
            raise
        raise MissingExtraError(package or missing, extra, purpose) from error
