"""Names of the videos as an edit list has them: reels of at most eight letters and digits."""

import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Final

SINGLE_REEL: Final = "AX"
"""Name of the only video of an edit list: the CMX name of an auxiliary source, which a file is."""

_MAX_LENGTH: Final = 8


def name_reels(paths: Sequence[Path]) -> dict[Path, str]:
    """Name videos by the letters and digits of their file names, each differently.

    Example:
        >>> paths = [Path(name) for name in ("1_first.mp4", "1_first_half.mp4", "試合.mp4")]
        >>> list(name_reels(paths).values())
        ['1FIRST', '1FIRSTHA', 'REEL3']
    """
    names: dict[Path, str] = {}
    for number, path in enumerate(paths, start=1):
        base = _plain_letters(path.stem)[:_MAX_LENGTH] or f"REEL{number}"
        names[path] = _make_unique(base, set(names.values()))
    return names


def _make_unique(base: str, taken: set[str]) -> str:
    name, number = base, 1
    while name in taken:
        number += 1
        name = base[: _MAX_LENGTH - len(str(number))] + str(number)
    return name


def _plain_letters(text: str) -> str:
    """Capital letters and digits; accents are left out."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return "".join(letter for letter in plain.upper() if letter.isalnum())
