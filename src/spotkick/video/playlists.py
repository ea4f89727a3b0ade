"""HLS playlists on disk, also those of a recorder that is running still, or died.

FFmpeg waits for more of a playlist without end mark. Every reader of a file must see the same
video, so that such a playlist is read as it stands when it is opened.
"""

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_FIRST_LINE: Final = b"#EXTM3U"
_END_MARK: Final = "#EXT-X-ENDLIST"
_SEGMENT_MARK: Final = "#EXTINF"
_URI: Final = re.compile(r'URI="([^"]*)"')


def is_playlist(path: Path) -> bool:
    """Whether a file is an HLS playlist."""
    with path.open("rb") as file:
        return file.read(16).lstrip(b"\xef\xbb\xbf").startswith(_FIRST_LINE)


def has_open_end(path: Path) -> bool:
    """Whether a file is a playlist of segments without end mark."""
    if not is_playlist(path):
        return False
    text = path.read_text(encoding="utf-8", errors="replace")
    return _SEGMENT_MARK in text and _END_MARK not in text


@contextmanager
def closed_playlist(path: Path) -> Iterator[Path]:
    """A copy of a playlist with end mark, for as long as it takes to open it."""
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    folder = path.resolve().parent
    lines = [_make_absolute(line, folder) for line in lines]
    with tempfile.TemporaryDirectory() as temporary:
        copy = Path(temporary) / path.name
        copy.write_text("\n".join([*lines, _END_MARK, ""]), encoding="utf-8")
        yield copy


def _make_absolute(line: str, folder: Path) -> str:
    """A line of a playlist whose names of files are valid in any folder."""
    if line.startswith("#"):
        return _URI.sub(lambda found: f'URI="{_join_name(folder, found[1])}"', line)
    return _join_name(folder, line.strip()) if line.strip() else line


def _join_name(folder: Path, name: str) -> str:
    """A name made absolute; an address with a protocol stays, and is refused by FFmpeg."""
    return name if "://" in name or name.startswith("data:") else str(folder / name)
