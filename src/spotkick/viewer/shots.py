"""Shot changes that the viewer has found, kept so that a video is searched once."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from spotkick.datasets.period_video import PeriodVideo
from spotkick.errors import InputError
from spotkick.files import read_json, write_json

SHOTS_FILE: Final = "shots.json"
"""File of shot changes."""

_IDENTITY: Final = ("size_bytes", "begin_s", "stretches")


def write_shots(
    path: Path, found: Mapping[int, Sequence[float]], videos: Mapping[int, PeriodVideo]
) -> None:
    """Write shot changes in seconds by period, with the video that they belong to.

    Raises:
        StorageError: if the file cannot be written.
    """
    periods = {
        str(period): {
            **_identify_video(videos[period]),
            "seconds": [round(second, 3) for second in seconds],
        }
        for period, seconds in found.items()
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, {"shots": periods}, indent=None)


def read_shots(path: Path, videos: Mapping[int, PeriodVideo]) -> dict[int, tuple[float, ...]]:
    """Read them back.

    Those of a video that is gone, has another size or other periods now are left out, and so is a
    damaged file.
    """
    try:
        document = read_json(path) if path.is_file() else {}
    except InputError:
        return {}

    # Times of a video that was replaced since are not used.
    rows = document.get("shots") if isinstance(document, dict) else None
    found = {}
    for period, video in videos.items():
        row: Any = rows.get(str(period)) if isinstance(rows, dict) else None
        identity = _identify_video(video)
        if (
            not isinstance(row, dict)
            or {key: row.get(key) for key in _IDENTITY} != dict.fromkeys(_IDENTITY) | identity
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


def _identify_video(video: PeriodVideo) -> dict[str, Any]:
    """The size of a whole file, and of other periods also the stretches that they consist of."""
    size_bytes = sum(stretch.info.size_bytes for stretch in video.stretches)
    if video.is_whole_file:
        return {"size_bytes": size_bytes}
    stretches = [
        [stretch.info.path.name, stretch.start_s, stretch.end_s] for stretch in video.stretches
    ]
    return {"size_bytes": size_bytes, "begin_s": video.begin_s, "stretches": stretches}
