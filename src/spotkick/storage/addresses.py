"""Addresses of objects, and the local paths that stand for them."""

import os
import re
from pathlib import Path, PurePosixPath
from typing import Final, NamedTuple

FOLDER: Final = "spotkick-objects"
"""Name of the folder that stands for all object storage; its parent is the cache."""

_ADDRESS: Final = re.compile(r"(s3|gs|gcs|memory):/{1,2}([^/].*)?", re.DOTALL)
_UNSAFE_CHARACTERS: Final = frozenset("\\\0")
DEFAULT_LIMIT_BYTES: Final = 50 * 10**9
_UNITS: Final = {"": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12}


class Place(NamedTuple):
    """Where an object lies.

    Attributes:
        root: folder of the cache on this machine.
        url: address, such as ``s3://bucket/league/match/1.mp4``.
    """

    root: Path
    url: str


def parse_address(path: Path | str) -> str | None:
    """The address that a path of the command line is; None for files of this machine.

    A path object has lost one of the two slashes.

    Example:
        >>> parse_address(Path("s3://bucket/match"))
        's3://bucket/match'
    """
    matched = _ADDRESS.fullmatch(str(path))
    if matched is None or os.path.lexists(path):
        return None
    return f"{matched[1]}://{(matched[2] or '').rstrip('/')}"


def cache_root() -> Path:
    """The folder of the cache: ``SPOTKICK_CACHE``, else the user's own."""
    own = os.environ.get("SPOTKICK_CACHE")
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return (Path(own) if own else Path(base) / "spotkick").absolute()


def cache_limit_bytes() -> int:
    """How large fetched objects may become: ``SPOTKICK_CACHE_SIZE``, such as ``200GB``; 50 GB.

    Raises:
        ConfigError: if it is no size.
    """
    from spotkick.errors import ConfigError

    text = os.environ.get("SPOTKICK_CACHE_SIZE", "")
    matched = re.fullmatch(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([kmgt]?b)?\s*", text.lower())
    if not text:
        return DEFAULT_LIMIT_BYTES
    if matched is None:
        raise ConfigError(f"SPOTKICK_CACHE_SIZE must be a size such as 200GB, got '{text}'")
    return int(float(matched[1]) * _UNITS[matched[2] or ""])


def local_path(url: str, root: Path | None = None) -> Path:
    """The path that stands for an address.

    Raises:
        InputError: if the name of the object would lead out of the folder of the cache.

    Example:
        >>> local_path("s3://bucket/a/1.mp4", Path("/cache")).as_posix()
        '/cache/spotkick-objects/s3/bucket/a/1.mp4'
    """
    from spotkick.errors import InputError

    # Names of objects are free text: what a store lists must not reach other files of this machine.
    scheme, _, key = url.partition("://")
    parts = PurePosixPath(key).parts
    if any(part in ("..", "/") or set(part) & _UNSAFE_CHARACTERS for part in parts):
        raise InputError(
            f"{url!r}: the name of this object cannot be a path of this machine ('..', a backslash "
            "or a NUL); rename the object"
        )
    return (root or cache_root()) / FOLDER / scheme / Path(*parts)


def find_place(path: Path) -> Place | None:
    """The object that a local path stands for; None for other files."""
    parts = path.absolute().parts
    if FOLDER not in parts:
        return None
    at = parts.index(FOLDER)
    if len(parts) < at + 3:
        return None
    return Place(Path(*parts[:at]), f"{parts[at + 1]}://{'/'.join(parts[at + 2 :])}")
