"""Fonts of burnt-in captions: the bundled one, or another where a letter is missing from it.

The bundled font has Latin, Greek, Cyrillic, Armenian, Hebrew, Arabic and Georgian letters. For
others (Chinese, Japanese, Korean, Thai, ...) the fonts of the system are searched.
"""

import os
import sys
import unicodedata
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files as resource_files
from pathlib import Path
from typing import Any, Final

from spotkick.errors import InputError, SpotkickWarning, require_extra

_BUNDLED: Final = "assets/fonts/DejaVuSans-captions.ttf"
_SUFFIXES: Final = (".ttf", ".otf", ".ttc", ".otc")
_MAX_SYSTEM_FONTS: Final = 1000
_PREFERRED_NAMES: Final = ("noto", "sourcehan", "hiragino", "yugoth", "msgothic", "malgun", "arial")
"""Beginnings of font file names that are tried first, without spaces and in lower case."""

_ABSENT: Final = "\U0010fffd"
"""A private character that no font has: it shows what a font draws for a missing one."""

_CHECK_SIZE_PX: Final = 24
_MAX_NAMED: Final = 12


@dataclass(frozen=True, slots=True)
class TextRun:
    """A piece of a line in one font.

    Attributes:
        text: of the piece.
        font: file.
    """

    text: str
    font: Path


def bundled_font() -> Path:
    """The font that ships with the package."""
    return Path(str(resource_files("spotkick") / _BUNDLED))


def load_font(path: Path, size_px: int) -> Any:
    """A font of Pillow.

    Raises:
        InputError: if the file is missing or no font.
        MissingExtraError: if the package pillow is not installed.
    """
    require_extra("PIL", "highlights", "burning captions in", package="pillow")
    from PIL import ImageFont

    try:
        return ImageFont.truetype(str(path), size_px)
    except (OSError, ValueError) as error:
        reason = "no such file" if not path.exists() else f"not a font that can be read ({error})"
        raise InputError(f"--font {path}: {reason}; give a .ttf, .otf or .ttc file") from error


def split_runs(line: str, font: Path | None = None) -> tuple[TextRun, ...]:
    """Cut a line into pieces that one font each can draw.

    Args:
        line: of text.
        font: tried first, before the bundled one and those of the system.

    Returns:
        one piece, where one font has all letters. Letters that no font has stay in the first font.
    """
    first = [path for path in (font, bundled_font()) if path is not None]
    wanted = [letter for letter in dict.fromkeys(line) if _is_drawn(letter)]
    for path in first:
        if all(has_glyph(path, letter) for letter in wanted):
            return (TextRun(line, path),)

    # Letters without a font of their own, such as spaces, go with the letter before them.
    chosen = {letter: find_font(letter, first) for letter in wanted}
    runs: list[TextRun] = []
    for letter in line:
        path = chosen.get(letter) or (runs[-1].font if runs else first[0])
        if runs and runs[-1].font == path:
            runs[-1] = TextRun(runs[-1].text + letter, path)
        else:
            runs.append(TextRun(letter, path))
    return tuple(runs)


def find_font(letter: str, first: Sequence[Path]) -> Path | None:
    """A font that has a letter, None where there is none.

    Args:
        letter: one character.
        first: fonts that are tried before those of the system.
    """
    for path in first:
        if has_glyph(path, letter):
            return path
    return _find_system_font(letter)


@lru_cache(maxsize=4096)
def _find_system_font(letter: str) -> Path | None:
    return next((path for path in _system_fonts() if has_glyph(path, letter)), None)


@lru_cache(maxsize=16384)
def has_glyph(path: Path, letter: str) -> bool:
    """Whether a font draws a character as something else than a missing one."""
    try:
        font = _checking_font(path)
        return bool(_draw_letter(font, letter) != _draw_letter(font, _ABSENT))
    except (InputError, OSError, ValueError):
        return False


@lru_cache(maxsize=256)
def _checking_font(path: Path) -> Any:
    return load_font(path, _CHECK_SIZE_PX)


def _draw_letter(font: Any, letter: str) -> tuple[tuple[int, int], bytes]:
    mask = font.getmask(letter)
    return mask.size, bytes(mask)


def _is_drawn(letter: str) -> bool:
    """Whether a character has a shape of its own; spaces, marks and controls have none."""
    return not letter.isspace() and unicodedata.category(letter)[0] not in "CMZ"


@lru_cache(maxsize=1)
def _system_fonts() -> tuple[Path, ...]:
    """Font files of the system, well known ones with many letters first."""
    found = [path for folder in _font_folders() for path in _iterate_fonts(folder)]

    def rank(path: Path) -> tuple[int, str]:
        name = path.name.lower().replace(" ", "").replace("-", "")
        known = [number for number, start in enumerate(_PREFERRED_NAMES) if name.startswith(start)]
        return (known[0] if known else len(_PREFERRED_NAMES), str(path))

    return tuple(sorted(dict.fromkeys(found), key=rank)[:_MAX_SYSTEM_FONTS])


def _font_folders() -> list[Path]:
    home = Path.home()
    if sys.platform == "win32":
        windows = Path(os.environ.get("WINDIR", r"C:\Windows")) / "Fonts"
        local = Path(os.environ.get("LOCALAPPDATA", str(home))) / "Microsoft/Windows/Fonts"
        return [windows, local]
    if sys.platform == "darwin":
        return [Path("/System/Library/Fonts"), Path("/Library/Fonts"), home / "Library/Fonts"]
    return [
        Path("/usr/share/fonts"),
        Path("/usr/local/share/fonts"),
        home / ".local/share/fonts",
        home / ".fonts",
    ]


def _iterate_fonts(folder: Path) -> Iterator[Path]:
    try:
        yield from (path for path in folder.rglob("*") if path.suffix.lower() in _SUFFIXES)
    except OSError:
        return


def warn_about_missing_letters(texts: Sequence[str], font: Path | None = None) -> None:
    """Warn once about letters of captions that no font can draw, or not in their joined form."""
    first = [path for path in (font, bundled_font()) if path is not None]
    letters = [letter for letter in dict.fromkeys("".join(texts)) if _is_drawn(letter)]
    missing = [letter for letter in letters if find_font(letter, first) is None]
    if missing:
        names = " ".join(missing[:_MAX_NAMED]) + (" ..." if len(missing) > _MAX_NAMED else "")
        warnings.warn(
            f"no font has these letters of the captions: {names}; they are drawn as boxes, "
            f"give one that has them with --font FILE.ttf",
            SpotkickWarning,
            stacklevel=3,
        )
    if not _can_shape() and any(unicodedata.bidirectional(letter) == "AL" for letter in letters):
        warnings.warn(
            "Arabic letters of the captions are drawn unjoined: Pillow was installed without Raqm",
            SpotkickWarning,
            stacklevel=3,
        )


def _can_shape() -> bool:
    from PIL import features

    return bool(features.check("raqm"))
