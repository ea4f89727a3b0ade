"""The checkpoints that ship with the package: which names there are, and where each lies.

A shipped checkpoint is the folder ``assets/checkpoints/NAME``, so that one that is added there is
known by its name everywhere. `spotkick.model_cards` describes what each of them is good for.
"""

from pathlib import Path
from typing import Final

from spotkick.configuration import nearest

SHIPPED_FOLDER: Final = Path(__file__).parent / "assets" / "checkpoints"

_CONFIG_FILE: Final = "config.json"


def list_shipped() -> tuple[str, ...]:
    """Names of the shipped checkpoints, in alphabetical order."""
    return tuple(sorted(path.parent.name for path in SHIPPED_FOLDER.glob(f"*/{_CONFIG_FILE}")))


def find_shipped(name: Path | str) -> Path | None:
    """Folder of a shipped checkpoint; None where no shipped one has the name.

    Example:
        >>> find_shipped("demo").name
        'demo'
        >>> find_shipped("runs/demo") is None
        True
    """
    return SHIPPED_FOLDER / str(name) if str(name) in list_shipped() else None


def describe_unknown(name: Path | str) -> str:
    """End of a message about a checkpoint that is not there: which shipped one may be meant.

    Only a bare name can stand for a shipped checkpoint; a path with folders has no suggestion.
    """
    shipped = list_shipped()
    if len(Path(name).parts) != 1 or not shipped:
        return ""
    guess = nearest(str(name), shipped)
    if guess is not None:
        return f"; did you mean the shipped checkpoint '{guess}'?"
    return f"; the shipped checkpoints are {', '.join(shipped)}"


def find_source(path: Path) -> Path:
    """A feature set or checkpoint that an option names: what is there, else a shipped one."""
    return path if path.exists() else find_shipped(path) or path
