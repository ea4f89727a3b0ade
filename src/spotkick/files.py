"""Reading and writing files: atomic writes, JSON with one-line errors, safe archives.

A reader of a result never sees half a file: data go to a temporary file in the same folder, are
flushed to disk, and take the final name in one step. Ctrl-C or a full disk leave the former file as
it was.
"""

import json
import os
import shutil
import tempfile
import uuid
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any, Final

from spotkick.errors import InputError, SpotkickError, StorageError

MAX_JSON_BYTES: Final = 512 * 1024 * 1024
"""Largest JSON document that is read; a match's predictions take well under 1 MB."""

_HIDDEN: Final = (".", "__pycache__")

MAX_ARCHIVE_BYTES: Final = 4 * 1024 * 1024 * 1024
"""Largest total size that an archive may unpack to."""


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yield a temporary path that takes the name ``path`` on success, and is removed on failure.

    Raises:
        StorageError: if the system refuses to write (no space, no permission, a missing mount).
    """
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
        os.close(handle)
        temporary = Path(name)
        yield temporary

        # On disk before it takes the name, with the mode that a plain open() would have given.
        with temporary.open("rb+") as written:
            os.fsync(written.fileno())
        temporary.chmod(0o666 & ~_read_umask())
        temporary.replace(path)
    except OSError as error:
        raise _storage_error(path, error) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def _storage_error(path: Path, error: OSError) -> StorageError:
    reason = error.strerror or str(error)
    return StorageError(
        f"cannot write {path}: {reason}; nothing was changed, free space or choose another place"
    )


def _read_umask() -> int:
    """The process's file mode mask (mkstemp ignores it)."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


def check_outputs(outputs: Mapping[str, Path | None], inputs: Iterable[Path]) -> None:
    """Check before any work that no output would replace an input or another output.

    Links are resolved, so that two names of one file count as one.

    Args:
        outputs: option or purpose -> path; None where nothing is written.
        inputs: files and folders that are read. An output inside an input folder is allowed.

    Raises:
        InputError: naming the two that are the same file.
    """
    # Identity of a file -> what it is, for the message.
    known = {_file_identity(path): f"the input {path}" for path in inputs}
    for option, path in outputs.items():
        if path is None:
            continue
        identity = _file_identity(path)
        if identity in known:
            raise InputError(
                f"{option} {path} would overwrite {known[identity]}; give it another name"
            )
        known[identity] = f"the output of {option}"


def _file_identity(path: Path) -> tuple[int, int] | str:
    """Device and inode of an existing file, which hard links share; else the resolved name."""
    resolved = path.resolve()
    try:
        status = resolved.stat()
        return status.st_dev, status.st_ino
    except OSError:
        return os.path.normcase(resolved)


def walk_folders(root: Path) -> Iterator[Path]:
    """A folder and all below it, each once; hidden ones are left out, links come last."""
    waiting, links = [root], list[Path]()
    seen: set[tuple[int, int]] = set()
    while waiting or links:
        folder = waiting.pop() if waiting else links.pop(0)
        try:
            status = folder.stat()
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name, reverse=True)
        except OSError:
            continue  # a link that leads nowhere, or a folder that may not be read
        if (status.st_dev, status.st_ino) in seen:
            continue
        seen.add((status.st_dev, status.st_ino))
        yield folder

        # Real folders are walked to their ends before the first link is followed.
        for entry in entries:
            if entry.name.startswith(_HIDDEN):
                continue
            if entry.is_dir(follow_symlinks=False):
                waiting.append(Path(entry.path))
            elif entry.is_dir():
                links.append(Path(entry.path))


def write_bytes(path: Path, data: bytes) -> None:
    """Write a whole file atomically.

    Raises:
        StorageError: see `atomic_path`.
    """
    with atomic_path(path) as temporary:
        temporary.write_bytes(data)


def write_text(path: Path, text: str) -> None:
    """Write a UTF-8 text file atomically, with line feeds at line ends.

    Half a surrogate pair, which JSON files may hold and UTF-8 may not, is written as JSON's escape
    of it.

    Raises:
        StorageError: see `atomic_path`.
    """
    write_bytes(path, text.encode(errors="backslashreplace"))


def write_json(path: Path, value: Any, *, indent: int | None = 2) -> None:
    """Write strict JSON (no NaN or Infinity) atomically.

    Raises:
        StorageError: see `atomic_path`.
    """
    write_text(path, json.dumps(value, indent=indent, ensure_ascii=False, allow_nan=False) + "\n")


def write_json_once(path: Path, value: Any) -> bool:
    """Write strict JSON unless the file is there; of several processes, one alone writes.

    Returns:
        whether this call wrote it.

    Raises:
        StorageError: see `atomic_path`.
    """
    if path.exists():
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    own = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    write_json(own, value)

    # A second name is refused where there is one already, in one step.
    try:
        os.link(own, path)
    except FileExistsError:
        return False
    except OSError:
        own.replace(path)  # a file system without links
    finally:
        own.unlink(missing_ok=True)
    return True


def read_bytes(path: Path, *, limit: int = MAX_JSON_BYTES) -> bytes:
    """Read a whole file of at most ``limit`` bytes.

    Raises:
        InputError: if it does not exist, is not a readable file, or is larger.
    """
    try:
        if not path.is_file():
            raise InputError(
                f"{path}: no such file"
                if not path.exists()
                else f"{path}: a file is needed, this is a folder"
            )
        size = path.stat().st_size
        if size > limit:
            raise InputError(f"{path}: {size:,} bytes, more than the limit of {limit:,}")
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from error


def parse_json(data: bytes, where: str) -> Any:
    """Parse JSON text; ``where`` names its origin in messages.

    Raises:
        InputError: if the bytes are not UTF-8, not JSON, or nested too deeply.
    """
    try:
        return json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise InputError(
            f"{where}: not UTF-8 text (byte {error.start}); save the file as UTF-8"
        ) from error
    except RecursionError as error:
        raise InputError(
            f"{where}: JSON nested too deeply to be a label or prediction file"
        ) from error
    except ValueError as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"{where}: not valid JSON: {reason}{_explain_end(error, data)}") from error


def _explain_end(error: ValueError, data: bytes) -> str:
    """A file that was cut off fails at its end, or in a string that never ends."""
    if not isinstance(error, json.JSONDecodeError) or not error.doc.strip():
        return "; the file is empty" if not data.strip() else ""
    ends = error.pos >= len(error.doc.rstrip()) or error.msg.startswith("Unterminated string")
    return "; the file is cut off there" if ends else ""


def read_json(path: Path, *, limit: int = MAX_JSON_BYTES) -> Any:
    """Read a JSON file.

    Raises:
        InputError: if it is missing, too large or malformed.
    """
    return parse_json(read_bytes(path, limit=limit), str(path))


def check_archive(
    archive: zipfile.ZipFile, where: str, *, limit: int = MAX_ARCHIVE_BYTES
) -> list[zipfile.ZipInfo]:
    """List the files of an archive after checking that it can be read safely.

    Raises:
        InputError: on absolute names, ``..`` parts, encrypted members, or more than ``limit``
            unpacked bytes.
    """
    # Every member, before anything is unpacked.
    members = [member for member in archive.infolist() if not member.is_dir()]
    for member in members:
        parts = PurePosixPath(member.filename.replace("\\", "/"))
        if parts.is_absolute() or ".." in parts.parts or (parts.parts and ":" in parts.parts[0]):
            raise InputError(
                f"{where}: archive member {member.filename!r} points outside the archive"
            )
        if member.flag_bits & 0x1:
            raise InputError(
                f"{where}: archive member {member.filename!r} is encrypted; provide it unencrypted"
            )

    # The sizes that the archive states; reading stops at them.
    total = sum(member.file_size for member in members)
    if total > limit:
        raise InputError(f"{where}: unpacks to {total:,} bytes, more than the limit of {limit:,}")
    return members


def open_archive(path: Path) -> zipfile.ZipFile:
    """Open a zip file.

    Raises:
        InputError: if it is missing or not a zip file.
    """
    try:
        return zipfile.ZipFile(path)
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise InputError(f"{path}: not a readable zip file: {error}") from error


@contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """Yield a temporary folder that takes the name ``path`` on success; it is removed on failure.

    A former folder of that name is replaced as a whole.

    Raises:
        StorageError: if the system refuses to write.
    """
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent))
        new, former = temporary / "new", temporary / "former"
        new.mkdir()
        yield new

        # Two renames: where the second one fails, the first is taken back.
        if path.exists():
            path.replace(former)
        try:
            new.replace(path)
        except OSError:
            if former.exists():
                former.replace(path)
            raise
    except OSError as error:
        raise _storage_error(path, error) from error
    finally:
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)


@contextmanager
def reading_arrays(path: Path, what: str, fix: str) -> Iterator[None]:
    """Turn every error of reading a damaged ``.npy`` or ``.npz`` file into one line.

    numpy, zipfile and zlib raise a dozen unrelated types, `zlib.error`, `tokenize.TokenError` and
    `MemoryError` for a vast shape among them, so that a list of types would miss one. Do nothing
    but reading inside.

    Args:
        path: the file that is read.
        what: what it should be, with its article.
        fix: what the user can do.

    Raises:
        InputError: if anything but a `SpotkickError` was raised inside.
    """
    try:
        yield
    except SpotkickError:
        raise
    except Exception as error:
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise InputError(f"{path} is not {what} ({reason}); {fix}") from error
