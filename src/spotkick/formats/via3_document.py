"""What is written as a VIA3 project: its attributes, files and entries."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from spotkick.formats.segments import MILLISECONDS, Segment, VideoSegments
from spotkick.formats.via3_attributes import (
    CONFIDENCE,
    LABEL,
    SELECT,
    TEAM,
    TEMPORAL,
    TEXT,
    VISIBILITY,
)

_VIDEO_FILE: Final = 4
_LOCAL: Final = 1


def format_project(name: str, videos: Sequence[VideoSegments], video_suffix: str) -> dict[str, Any]:
    """A project of local videos.

    Args:
        name: of the project.
        videos: what it holds.
        video_suffix: of the video files that it names.
    """
    labels = sorted({segment.label for video in videos for segment in video.segments})
    options = {str(number): label for number, label in enumerate(labels)}
    numbers = {label: number for number, label in options.items()}
    keys = [str(number) for number in range(1, len(videos) + 1)]
    entries = [
        (key, segment)
        for key, video in zip(keys, videos, strict=True)
        for segment in video.segments
    ]

    # Three marks that the annotator replaces, then attributes, files and entries.
    return {
        "project": {
            "pid": "__VIA_PROJECT_ID__",
            "rev": "__VIA_PROJECT_REV_ID__",
            "rev_timestamp": "__VIA_PROJECT_REV_TIMESTAMP__",
            "pname": name,
            "creator": "spotkick",
            "created": 0,
            "data_format_version": "3.1.1",
            "vid_list": keys,
        },
        "config": {
            "file": {"loc_prefix": {"1": "", "2": "", "3": "", "4": ""}},
            "ui": {"file_content_align": "center"},
        },
        "attribute": {
            "1": _attribute_of(LABEL, SELECT, options),
            "2": _attribute_of(TEAM, TEXT, {}),
            "3": _attribute_of(VISIBILITY, TEXT, {}),
            "4": _attribute_of(CONFIDENCE, TEXT, {}),
        },
        "file": {
            key: _file_of(key, f"{video.video}{video_suffix}")
            for key, video in zip(keys, videos, strict=True)
        },
        "view": {key: {"fid_list": [key]} for key in keys},
        "metadata": {
            f"{key}_{index:08d}": _entry_of(key, segment, numbers)
            for index, (key, segment) in enumerate(entries)
        },
    }


def _attribute_of(name: str, kind: int, options: Mapping[str, str]) -> dict[str, Any]:
    return {
        "aname": name,
        "anchor_id": TEMPORAL,
        "type": kind,
        "desc": name,
        "options": dict(options),
        "default_option_id": "",
    }


def _file_of(key: str, name: str) -> dict[str, Any]:
    return {"fid": key, "fname": name, "type": _VIDEO_FILE, "loc": _LOCAL, "src": name}


def _entry_of(view: str, segment: Segment, numbers: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, str] = {"1": numbers[segment.label]}
    if segment.team is not None:
        values["2"] = segment.team
    if segment.visibility is not None:
        values["3"] = str(segment.visibility)
    if segment.score is not None:
        values["4"] = repr(segment.score)
    times = [
        round(seconds * MILLISECONDS) / MILLISECONDS for seconds in (segment.start_s, segment.end_s)
    ]
    return {"vid": view, "flg": 0, "z": times, "xy": [], "av": values}
