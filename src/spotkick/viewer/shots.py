"""Shot changes that the viewer has found, kept so that a video is searched once."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from spotkick.errors import InputError
from spotkick.files import read_json, write_json
from spotkick.video.probe import VideoInfo

SHOTS_FILE: Final = "shots.json"
"""File of shot changes."""


def write_shots(
    path: Path, found: Mapping[int, Sequence[float]], videos: Mapping[int, VideoInfo]
) -> None:
    """Write shot changes in seconds by period, with the size of the video that they belong to.

    Raises:
        StorageError: if the file cannot be written.
    """
    periods = {
        str(period): {
            "size_bytes": videos[period].size_bytes,
            "seconds": [round(second, 3) for second in seconds],
        }
        for period, seconds in found.items()
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, {"shots": periods}, indent=None)


def read_shots(path: Path, videos: Mapping[int, VideoInfo]) -> dict[int, tuple[float, ...]]:
    """Read them back, without damaged files and videos that are gone or have another size."""
    try:
        document = read_json(path) if path.is_file() else {}
    except InputError:
        return {}

    # Times of a video that was replaced since are not used.
    rows = document.get("shots") if isinstance(document, dict) else None
    found = {}
    for period, video in videos.items():
        row: Any = rows.get(str(period)) if isinstance(rows, dict) else None
        if (
            not isinstance(row, dict)
            or row.get("size_bytes") != video.size_bytes
            or not isinstance(row.get("seconds"), list)
        ):
            continue
        seconds = [
            second
            for second in row["seconds"]
            if isinstance(second, int | float) and math.isfinite(second)
        ]
        found[period] = tuple(float(second) for second in sorted(seconds))
    return found
