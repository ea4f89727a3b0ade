"""Listing object storage into the folder that stands for it."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from spotkick.errors import InputError
from spotkick.storage.addresses import cache_root, find_place, local_path, parse_address
from spotkick.storage.cache import is_large, locked, place_contents, place_empty, read_record
from spotkick.storage.object_store import StoredObject, list_folders, list_objects

MAX_DEPTH: Final = 4
"""So many folders above an address are looked at; see `spotkick.datasets.match_names`."""

_DOWNLOADS: Final = 16
"""Small objects that are fetched at the same time: each waits for the network most of the time."""


def localise(path: Path, *, may_be_missing: bool = False) -> Path:
    """The local path for an address of object storage; other paths as they are.

    Args:
        path: of the command line.
        may_be_missing: there need be nothing at the address yet, as for outputs.

    Raises:
        InputError: if there is nothing at the address, or it cannot be listed.
        MissingExtraError: if the package for such addresses is not installed.
    """
    url = parse_address(path)
    if url is None:
        return path

    # An output may be new, an input has to be there.
    root = cache_root()
    try:
        found = list_objects(url)
    except InputError:
        if not may_be_missing:
            raise
        found = []
    if not found and not may_be_missing:
        raise InputError(f"{url}: there is nothing at this address")

    local = local_path(url, root)
    if [stored.url for stored in found] == [url]:
        # What lies beside a single object may say where its periods are.
        found = list_objects(url.rpartition("/")[0], recursive=False)
    elif found or not local.suffix:
        local.mkdir(parents=True, exist_ok=True)
    _place_objects(found, root)
    if found:
        _place_surroundings(url, root)
    return local


def _place_surroundings(url: str, root: Path) -> None:
    """What lies above a match and says what its name is, and what made its features."""
    for _ in range(MAX_DEPTH):
        url = url.rpartition("/")[0]
        if url.endswith(":/") or not url.partition("://")[2]:
            return
        for folder in list_folders(url):
            if folder.endswith((".source", "/splits")):
                _place_objects(list_objects(folder), root)


def attach(paths: Iterable[Path | None]) -> None:
    """List again what local paths stand for, in a process that may be on another machine.

    Raises:
        InputError: if an address cannot be listed.
    """
    for path in dict.fromkeys(paths):
        place = None if path is None else find_place(path)
        if place is None:
            continue

        # One process of a machine at a time, so that small objects are fetched once.
        with locked(place.root / "listing", wait=True):
            localise(Path(place.url), may_be_missing=True)


def _place_objects(found: Iterable[StoredObject], root: Path) -> None:
    """Files for objects: small ones with their contents, large ones empty until they are asked for.

    What is here in the same version stays.
    """
    small: list[tuple[Path, StoredObject]] = []
    for stored in found:
        path = local_path(stored.url, root)
        record = read_record(path)
        if record is not None and record.version == stored.version and path.is_file():
            continue
        if is_large(path, stored.size_bytes):
            place_empty(path, stored)
        else:
            small.append((path, stored))

    # (path, object) of all that is read while matches are searched for
    with ThreadPoolExecutor(_DOWNLOADS) as pool:
        for done in [pool.submit(place_contents, *row) for row in small]:
            done.result()
