"""VIA3 projects (VGG video annotator): temporal segments with attributes.

The label is the first attribute of temporal segments; further attributes called ``team``,
``visibility`` and ``confidence`` hold what else is known. Times are seconds.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from spotkick.actions import MatchActions
from spotkick.errors import InputError
from spotkick.files import read_json
from spotkick.formats.capabilities import Capabilities
from spotkick.formats.fields import (
    optional_confidence,
    optional_team,
    optional_visibility,
    require_list,
    require_object,
    require_seconds,
    require_text,
    required,
    shown,
)
from spotkick.formats.json_output import write_document
from spotkick.formats.recordings import recording_of_path
from spotkick.formats.segments import (
    MILLISECONDS,
    Segment,
    VideoSegments,
    matches_of_segments,
    segments_of_matches,
)

CAPACITY: Final = Capabilities(intervals=True)

FIELDS: Final = frozenset(
    {
        *(
            "project.vid_list[]",
            "project.data_format_version",
            "project.creator",
            "project.created",
            "project.pid",
            "project.rev",
        ),
        *("project.rev_timestamp", "project.pname", "config"),
        *(
            f"attribute.*.{field}"
            for field in ("aname", "anchor_id", "type", "desc", "options", "default_option_id")
        ),
        *(f"file.*.{field}" for field in ("fid", "fname", "type", "loc", "src")),
        *(
            "view.*.fid_list[]",
            "metadata.*.vid",
            "metadata.*.flg",
            "metadata.*.z[]",
            "metadata.*.av",
        ),
    }
)
"""Fields that are read or can be derived."""

TEMPORAL: Final = "FILE1_Z2_XY0"
"""Anchor of attributes that describe a stretch of time."""

_LABEL, _TEAM, _VISIBILITY, _CONFIDENCE = "action", "team", "visibility", "confidence"
_TEXT, _SELECT = 1, 4
_VIDEO_FILE: Final = 4
_LOCAL: Final = 1


def read_via3_segments(path: Path) -> tuple[VideoSegments, ...]:
    """Read the temporal segments of a project.

    Raises:
        InputError: if the file is not a VIA3 project, or a value is malformed.
    """
    document = require_object(read_json(path), str(path))
    attributes = _attributes(document, str(path))
    names = dict(_view_names(document, str(path)))
    segments: dict[str, list[Segment]] = {name: [] for name in names.values()}
    metadata = require_object(required(document, "metadata", str(path)), f"{path}: metadata")
    for identifier, value in metadata.items():
        where = f"{path}: metadata.{shown(identifier)}"
        entry = require_object(value, where)
        times = require_list(required(entry, "z", where), f"{where}.z")
        if not times or entry.get("xy"):
            continue  # a label of the whole file, or a box in one frame
        view = str(required(entry, "vid", where))
        if view not in names:
            raise InputError(f"{where}.vid names view {view!r}, which the project does not have")
        values = {
            attributes[key][0]: attributes[key][1].get(str(given), given)
            for key, given in require_object(entry.get("av") or {}, f"{where}.av").items()
            if key in attributes
        }
        segments[names[view]].append(_segment(times, values, where))
    return tuple(VideoSegments(name, None, tuple(found)) for name, found in segments.items())


def _attributes(document: Mapping[str, Any], where: str) -> dict[str, tuple[str, dict[str, Any]]]:
    """Attributes of temporal segments: identifier -> (role, option texts). The first that is not ours by name is the label."""
    found = {}
    for key, value in require_object(
        required(document, "attribute", where), f"{where}: attribute"
    ).items():
        attribute = require_object(value, f"{where}: attribute.{shown(key)}")
        if attribute.get("anchor_id") == TEMPORAL:
            options = require_object(
                attribute.get("options") or {}, f"{where}: attribute.{shown(key)}.options"
            )
            found[key] = (str(attribute.get("aname", "")).strip().lower(), options)
    ours = (_TEAM, _VISIBILITY, _CONFIDENCE)
    label = next((key for key, (name, _) in found.items() if name == _LABEL), None)
    label = label or next((key for key, (name, _) in found.items() if name not in ours), None)
    if label is None and found:
        raise InputError(
            f"{where}: no attribute of temporal segments holds the label; call it '{_LABEL}'"
        )
    return {
        key: (_LABEL if key == label else name, options) for key, (name, options) in found.items()
    }


def _view_names(document: Mapping[str, Any], where: str) -> Iterator[tuple[str, str]]:
    files = require_object(required(document, "file", where), f"{where}: file")
    for view, value in require_object(required(document, "view", where), f"{where}: view").items():
        entry = require_object(value, f"{where}: view.{shown(view)}")
        listed = require_list(
            required(entry, "fid_list", f"{where}: view.{shown(view)}"),
            f"{where}: view.{shown(view)}.fid_list",
        )
        for key in listed[:1]:
            file = require_object(files.get(str(key)), f"{where}: file.{shown(key)}")
            name = file.get("fname") or file.get("src")
            yield view, recording_of_path(require_text(name, f"{where}: file.{shown(key)}.fname"))


def _segment(times: list[Any], values: Mapping[str, Any], where: str) -> Segment:
    bounds = [require_seconds(time, f"{where}.z") for time in times]
    if bounds != sorted(bounds):
        raise InputError(f"{where}.z must be times in order, found {bounds[0]:g} to {bounds[-1]:g}")
    return Segment(
        start_s=bounds[0],
        end_s=bounds[-1],
        label=require_text(values.get(_LABEL), f"{where}.av: the label"),
        score=None
        if values.get(_CONFIDENCE) == ""
        else optional_confidence(values, f"{where}.av", _CONFIDENCE),
        team=optional_team(values.get(_TEAM), f"{where}.av: the team"),
        visibility=optional_visibility(values.get(_VISIBILITY), f"{where}.av: the visibility"),
    )


def read_via3(path: Path) -> tuple[MatchActions, ...]:
    """Read the starts of temporal segments as actions.

    Raises:
        InputError: if the file is not a VIA3 project, or a value is malformed.
    """
    return matches_of_segments(read_via3_segments(path))


def write_via3_segments(
    path: Path, videos: Sequence[VideoSegments], *, video_suffix: str = ".mp4"
) -> None:
    """Write a project; the videos are local files, which the annotator asks for when it opens them.

    Args:
        path: the JSON file.
        videos: what to write.
        video_suffix: of the video files that the project names.

    Raises:
        StorageError: if the file cannot be written.
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
    document = {
        "project": {
            "pid": "__VIA_PROJECT_ID__",
            "rev": "__VIA_PROJECT_REV_ID__",
            "rev_timestamp": "__VIA_PROJECT_REV_TIMESTAMP__",
            "pname": path.stem,
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
            "1": _attribute(_LABEL, _SELECT, options),
            "2": _attribute(_TEAM, _TEXT, {}),
            "3": _attribute(_VISIBILITY, _TEXT, {}),
            "4": _attribute(_CONFIDENCE, _TEXT, {}),
        },
        "file": {
            key: _file(key, f"{video.video}{video_suffix}")
            for key, video in zip(keys, videos, strict=True)
        },
        "view": {key: {"fid_list": [key]} for key in keys},
        "metadata": {
            f"{key}_{index:08d}": _entry(key, segment, numbers)
            for index, (key, segment) in enumerate(entries)
        },
    }
    write_document(path, document, videos)


def _attribute(name: str, kind: int, options: Mapping[str, str]) -> dict[str, Any]:
    return {
        "aname": name,
        "anchor_id": TEMPORAL,
        "type": kind,
        "desc": name,
        "options": dict(options),
        "default_option_id": "",
    }


def _file(key: str, name: str) -> dict[str, Any]:
    return {"fid": key, "fname": name, "type": _VIDEO_FILE, "loc": _LOCAL, "src": name}


def _entry(view: str, segment: Segment, numbers: Mapping[str, str]) -> dict[str, Any]:
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


def write_via3(path: Path, matches: Sequence[MatchActions]) -> None:
    """Write actions as temporal segments of no length; see `write_via3_segments`.

    Raises:
        StorageError: if the file cannot be written.
        InputError: if a period cannot be part of a video name.
    """
    write_via3_segments(path, segments_of_matches(matches))
