"""The folder that stands for object storage: what is fetched into it, and what has to go.

Each file has a record beside the tree that says which version of the object it is; a large one
whose contents are here has a mark, too. Large contents together stay below a limit: the least
recently used are emptied first, never those in use. A file that is emptied keeps its name, size and
time.
"""

import hashlib
import json
import os
import sys
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final, TextIO

from spotkick.errors import StorageError
from spotkick.files import write_text
from spotkick.storage.addresses import FOLDER, cache_limit_bytes, find_place
from spotkick.storage.object_store import StoredObject, download, send
from spotkick.video_names import VIDEO_SUFFIXES

if sys.platform != "win32":  # there, one process at a time uses the cache
    import fcntl

_WAIT_S: Final = 0.2
_WORTH_BYTES: Final = 10**6
"""After so much was written, the cache is looked through."""


_LARGE_SUFFIXES: Final = {*VIDEO_SUFFIXES, ".npy", ".npz", ".wav", ".mp3", ".m4a", ".flac", ".ogg"}
_LARGE_BYTES: Final = 64 * 1024 * 1024


def is_large(path: Path, size_bytes: int) -> bool:
    """Whether contents wait until they are asked for; models beside features never do."""
    if path.parent.suffix == ".source":
        return False
    return path.suffix.lower() in _LARGE_SUFFIXES or size_bytes > _LARGE_BYTES


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of a file of the cache.

    Attributes:
        url: of the object.
        size_bytes: of the object.
        version: of the object.
        modified_ns: time that the file shows.
    """

    url: str
    size_bytes: int
    version: str
    modified_ns: int


def place_empty(path: Path, stored: StoredObject) -> None:
    """Make a file of the size and time of an object, without its contents."""
    path.parent.mkdir(parents=True, exist_ok=True)
    own = path.with_name(f".{uuid.uuid4().hex}.part")
    with own.open("wb") as file:
        file.truncate(stored.size_bytes)
    os.utime(own, ns=(stored.modified_ns, stored.modified_ns))
    own.replace(path)
    _write_record(path, stored)
    _mark_of(path).unlink(missing_ok=True)


def place_contents(path: Path, stored: StoredObject, *, is_large: bool = False) -> None:
    """Fetch an object into its file, in one step; a large one may be emptied again."""
    path.parent.mkdir(parents=True, exist_ok=True)
    own = path.with_name(f".{uuid.uuid4().hex}.part")
    try:
        download(stored.url, own)
        os.utime(own, ns=(stored.modified_ns, stored.modified_ns))
        own.replace(path)
    except OSError as error:
        raise StorageError(f"cannot write {path}: {error.strerror or error}; free space") from error
    finally:
        own.unlink(missing_ok=True)
    _write_record(path, stored)
    if is_large:
        _mark_used(path)


def read_record(path: Path) -> Record | None:
    """The record of a file; None where it stands for no object."""
    place = _record_path(path)
    try:
        return Record(**json.loads(place.read_text("utf-8"))) if place else None
    except (OSError, ValueError, TypeError):
        return None


def _write_record(path: Path, stored: StoredObject) -> None:
    record = Record(stored.url, stored.size_bytes, stored.version, stored.modified_ns)
    place = _record_path(path)
    if place is not None:
        write_text(place, json.dumps(asdict(record)))


def _record_path(path: Path) -> Path | None:
    place = find_place(path)
    return place and _beside(place.root, path, "records")


def _beside(root: Path, path: Path, kind: str) -> Path:
    relative = path.absolute().relative_to(root / FOLDER)
    return root / kind / relative.parent / f"{relative.name}.json"


def _mark_of(path: Path) -> Path:
    """Exists while a large file holds its contents; its time is that of the last use."""
    place = find_place(path)
    return _beside(place.root if place else Path(), path, "held")


def _mark_used(path: Path) -> None:
    mark = _mark_of(path)
    mark.parent.mkdir(parents=True, exist_ok=True)
    mark.touch()


@contextmanager
def fetched(paths: Iterable[Path | None]) -> Iterator[None]:
    """Have the contents of files here while the block lasts; other files are passed over.

    All files of one call get their room at once, so that several processes cannot wait for each
    other.

    Raises:
        InputError: if an object cannot be read.
        StorageError: if the files together are larger than the cache may be.
    """
    wanted = [path for path in dict.fromkeys(paths) if path is not None and read_record(path)]
    if not wanted:
        yield
        return

    # Room first, then one object after the other.
    place = find_place(wanted[0])
    root = place.root if place else Path()
    with ExitStack() as pins:
        _make_room(root, wanted, pins)
        for path in wanted:
            record = read_record(path)
            if record is not None and not _mark_of(path).exists():
                place_contents(path, _stored_of(record), is_large=True)
            _mark_used(path)
        yield


def _stored_of(record: Record) -> StoredObject:
    return StoredObject(record.url, record.size_bytes, record.version, record.modified_ns)


def _make_room(root: Path, wanted: list[Path], pins: ExitStack) -> None:
    """Pin the wanted files, and empty others until all that is held stays below the limit."""
    limit = cache_limit_bytes()
    records = {path: read_record(path) for path in wanted}
    need = sum(record.size_bytes for record in records.values() if record)
    if need > limit:
        raise StorageError(
            f"{wanted[0]}: one match needs {need:,} bytes, more than the cache of {limit:,}; "
            "set SPOTKICK_CACHE_SIZE to more"
        )

    # One process at a time looks for room; the pins of this one are kept once there is enough.
    while True:
        with locked(root / "lock", wait=True):
            own = ExitStack()
            for path in wanted:
                own.enter_context(locked(_pin_path(root, path), shared=True, wait=True))
            held = _empty_least_used(root, set(wanted), limit - need)
            if held + need <= limit:
                pins.enter_context(own)
                return
            own.close()
        time.sleep(_WAIT_S)  # other processes use so much at the moment


def _empty_least_used(root: Path, kept: set[Path], limit: int) -> int:
    """Empty files until those that are held, without the kept ones, fit a limit.

    Returns:
        bytes that are held by others after it.
    """
    held: list[tuple[float, Path, int]] = []
    for mark in (root / "held").rglob("*.json"):
        path = root / FOLDER / mark.relative_to(root / "held").with_suffix("")
        if path not in kept and path.is_file():
            held.append((mark.stat().st_mtime, path, path.stat().st_size))

    # The oldest first; a file that another process uses is passed over.
    total = sum(size for _, _, size in held)
    for _, path, size in sorted(held, key=lambda row: row[0]):
        if total <= limit:
            break
        record = read_record(path)
        with locked(_pin_path(root, path)) as is_free:
            if is_free and record is not None:
                place_empty(path, _stored_of(record))
                total -= size
    return total


def _pin_path(root: Path, path: Path) -> Path:
    return root / "pins" / hashlib.sha256(str(path).encode()).hexdigest()[:32]


@contextmanager
def locked(path: Path, *, shared: bool = False, wait: bool = False) -> Iterator[bool]:
    """Hold a lock of this machine; it ends with the process.

    Yields:
        whether it is held; without ``wait``, another process may have it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        yield _take_lock(file, shared=shared, wait=wait)


def _take_lock(file: TextIO, *, shared: bool, wait: bool) -> bool:
    if sys.platform == "win32":
        return True
    kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    try:
        fcntl.flock(file, kind if wait else kind | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def upload(paths: Iterable[Path]) -> None:
    """Send files, and the files of folders, that were written since they were last sent.

    Those of this machine are passed over. The newest goes last, as commands write what says that a
    match is done at the end.

    Raises:
        StorageError: if the store refuses.
    """
    for path in paths:
        place = find_place(path)
        if place is None:
            continue
        files = [path] if path.is_file() else [own for own in path.rglob("*") if own.is_file()]
        files.sort(key=lambda own: (own.stat().st_mtime_ns, own.name))
        sent = sum(_upload_file(file) for file in files if not file.name.endswith(".part"))
        if sent > _WORTH_BYTES:
            with locked(place.root / "lock", wait=True):
                _empty_least_used(place.root, set(), cache_limit_bytes())


def upload_results(out: Path) -> None:
    """Send what a run writes beside its matches: a file of results, or the files of a folder.

    Raises:
        StorageError: if the store refuses.
    """
    if find_place(out) is None:
        return
    files = [path for path in out.iterdir() if path.is_file()] if out.is_dir() else [out]
    upload(path for path in files if path.exists())


def _upload_file(path: Path) -> int:
    """Bytes that were sent: none of a file that is there already."""
    place, record, status = find_place(path), read_record(path), path.stat()
    if place is None:
        return 0
    known = record and (record.size_bytes, record.modified_ns)
    if known == (status.st_size, status.st_mtime_ns):
        return 0
    stored = replace(send(path, place.url), modified_ns=status.st_mtime_ns)
    _write_record(path, stored)
    if is_large(path, status.st_size):
        _mark_used(path)
    return status.st_size
