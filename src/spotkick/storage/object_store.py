"""Listing, reading and writing objects through fsspec, with one-line errors."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from spotkick.errors import InputError, SpotkickError, StorageError, require_extra

_VERSION_KEYS: Final = ("ETag", "etag", "VersionId", "generation", "LastModified", "created")
_TIME_KEYS: Final = ("LastModified", "updated", "mtime", "created")


@dataclass(frozen=True, slots=True)
class StoredObject:
    """What a listing states about an object.

    Attributes:
        url: its address.
        size_bytes: of its contents.
        version: changes with the contents.
        modified_ns: when it was written, in nanoseconds since 1970; 0 where it is not known.
    """

    url: str
    size_bytes: int
    version: str
    modified_ns: int = 0


def list_objects(url: str, *, recursive: bool = True) -> list[StoredObject]:
    """The objects at an address, and below it.

    Args:
        url: of an object or a folder.
        recursive: whether folders in it are listed, too.

    Raises:
        InputError: if it cannot be listed.
        MissingExtraError: if the package for such addresses is not installed.
    """
    with _reading_store(url):
        store, path = _open_store(url)
        found = store.find(path, maxdepth=None if recursive else 1, detail=True)

    # Listings name objects without their scheme.
    scheme = url.partition("://")[0]
    return [
        _describe_object(f"{scheme}://{name.lstrip('/')}", info)
        for name, info in sorted(found.items())
        if info.get("type") == "file" and not name.endswith("/")
    ]


def list_folders(url: str) -> list[str]:
    """Addresses of the folders that lie directly at an address."""
    with _reading_store(url):
        store, path = _open_store(url)
        rows = store.ls(path, detail=True)
    scheme = url.partition("://")[0]
    names = [row["name"].strip("/") for row in rows if row.get("type") == "directory"]
    return [f"{scheme}://{name}" for name in sorted(names)]


def download(url: str, path: Path) -> None:
    """Copy an object into a file.

    Raises:
        InputError: if it cannot be read.
    """
    with _reading_store(url):
        store, source = _open_store(url)
        store.get_file(source, str(path))


def send(path: Path, url: str) -> StoredObject:
    """Copy a file into an object, which is replaced in one step.

    Raises:
        StorageError: if the store refuses.
    """
    try:
        store, target = _open_store(url)
        store.put_file(str(path), target)
        return _describe_object(url, store.info(target))
    except SpotkickError:
        raise
    except Exception as error:
        raise StorageError(
            f"cannot write {url}: {_shorten_error(error)}; check the address and the permissions"
        ) from error


def _open_store(url: str) -> tuple[Any, str]:
    scheme = url.partition("://")[0]
    module = {"s3": "s3fs", "gs": "gcsfs", "gcs": "gcsfs"}.get(scheme, "fsspec")
    require_extra(module, "storage", f"{scheme}://")
    from fsspec.core import url_to_fs

    # Listings of another process's writes must not be stale.
    store, path = url_to_fs(url)
    store.invalidate_cache()
    return store, path


def _describe_object(url: str, info: dict[str, Any]) -> StoredObject:
    size = int(info.get("size") or 0)
    version = next((str(info[key]) for key in _VERSION_KEYS if info.get(key)), "")
    return StoredObject(url, size, f"{version}/{size}", _read_time(info))


def _read_time(info: dict[str, Any]) -> int:
    value = next((info[key] for key in _TIME_KEYS if info.get(key)), None)
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    seconds = value.timestamp() if isinstance(value, datetime) else float(value or 0)
    return int(seconds) * 10**9


@contextmanager
def _reading_store(url: str) -> Iterator[None]:
    """Turn what a store raises into one line."""
    try:
        yield
    except SpotkickError:
        raise
    except FileNotFoundError as error:
        raise InputError(f"{url}: no such object or bucket") from error
    except Exception as error:
        raise InputError(
            f"{url}: cannot be read: {_shorten_error(error)}; check the address and the credentials"
        ) from error


def _shorten_error(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
