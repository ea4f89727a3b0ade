"""VIA3 projects (VGG video annotator): temporal segments with attributes.

The label is the attribute of temporal segments that is called ``action``, ``event``, ``label``,
``class`` or ``activity``; without such a name the first one with options, else the first. The
attributes ``team``, ``visibility`` and ``confidence`` hold what else is known, further ones are not
read, and counted. Times are seconds.
"""

import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from spotkick.actions import MatchActions
from spotkick.errors import InputError, SpotkickWarning
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
from spotkick.formats.format import Family, Format
from spotkick.formats.json_files import write_document
from spotkick.formats.recordings import MediaReference, name_recordings
from spotkick.formats.sample import Certainty
from spotkick.formats.segments import (
    Segment,
    VideoSegments,
    matches_of_segments,
    segments_of_matches,
)
from spotkick.formats.via3_attributes import (
    CONFIDENCE,
    LABEL,
    TEAM,
    VISIBILITY,
    Attribute,
    read_attributes,
    unread_attributes,
)
from spotkick.formats.via3_document import format_project

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


def read_via3_segments(
    path: Path | str, *, unread: Counter[str] | None = None
) -> tuple[VideoSegments, ...]:
    """Read the temporal segments of a project.

    Each checked option of a checkbox gives a segment of its own; a segment without a label is left
    out, with a warning.

    Args:
        path: the project.
        unread: gets the segments that are left out, and the values of attributes that are not read.

    Raises:
        InputError: if the file is not a VIA3 project, or a value is malformed.
    """
    path = Path(path)
    document = require_object(read_json(path), str(path))
    attributes = read_attributes(document, str(path))
    views = dict(_view_files(document, str(path)))
    names = dict(zip(views, name_recordings([*views.values()], path.stem), strict=True))
    segments: dict[str, list[Segment]] = {name: [] for name in names.values()}
    unread = Counter() if unread is None else unread
    unlabelled = 0

    for where, entry in _temporal_entries(document, str(path)):
        view = str(required(entry, "vid", where))
        if view not in names:
            raise InputError(f"{where}.vid names view {view!r}, which the project does not have")
        found = _read_entry(entry, attributes, where)
        segments[names[view]].extend(found)
        unlabelled += not found
        unread.update(unread_attributes(entry, attributes))

    if unlabelled:
        unread["segment without a label"] += unlabelled
        warnings.warn(
            f"{path}: {unlabelled} segments have no label and were left out",
            SpotkickWarning,
            stacklevel=2,
        )
    return tuple(VideoSegments(name, None, tuple(found)) for name, found in segments.items())


def _temporal_entries(
    document: Mapping[str, Any], path: str
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Entries of stretches of time; those of whole files, and of boxes in one frame, are none."""
    metadata = require_object(required(document, "metadata", path), f"{path}: metadata")
    for identifier, value in metadata.items():
        where = f"{path}: metadata.{shown(identifier)}"
        entry = require_object(value, where)
        times = require_list(required(entry, "z", where), f"{where}.z")
        if times and not entry.get("xy"):
            yield where, entry


def _view_files(document: Mapping[str, Any], where: str) -> Iterator[tuple[str, MediaReference]]:
    """The first file of each view."""
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
            yield view, MediaReference(require_text(name, f"{where}: file.{shown(key)}.fname"))


def _read_entry(
    entry: Mapping[str, Any], attributes: Mapping[str, Attribute], where: str
) -> list[Segment]:
    """One segment for each label of an entry."""
    bounds = [require_seconds(time, f"{where}.z") for time in entry["z"]]
    if bounds != sorted(bounds):
        raise InputError(f"{where}.z must be times in order, found {bounds[0]:g} to {bounds[-1]:g}")

    # Role -> values, options by their texts.
    values: dict[str, list[Any]] = {}
    for key, given in require_object(entry.get("av") or {}, f"{where}.av").items():
        if key in attributes and attributes[key].role:
            values[attributes[key].role] = attributes[key].texts(given)
    single = {role: found[0] for role, found in values.items() if found}

    return [
        Segment(
            start_s=bounds[0],
            end_s=bounds[-1],
            label=require_text(label, f"{where}.av: the label"),
            score=optional_confidence(single, f"{where}.av", CONFIDENCE),
            team=optional_team(single.get(TEAM), f"{where}.av: the team"),
            visibility=optional_visibility(single.get(VISIBILITY), f"{where}.av: the visibility"),
        )
        for label in values.get(LABEL, [])
        if label is not None
    ]


def read_via3(path: Path | str) -> tuple[MatchActions, ...]:
    """Read the starts of temporal segments as actions.

    Raises:
        InputError: if the file is not a VIA3 project, or a value is malformed.
    """
    return matches_of_segments(read_via3_segments(path))


def write_via3_segments(
    path: Path | str, videos: Sequence[VideoSegments], *, video_suffix: str = ".mp4"
) -> None:
    """Write a project; the videos are local files, which the annotator asks for when it opens them.

    Args:
        path: the JSON file.
        videos: what to write.
        video_suffix: of the video files that the project names.

    Raises:
        StorageError: if the file cannot be written.
    """
    document = format_project(Path(path).stem, videos, video_suffix)
    write_document(path, document, videos)


def write_via3(path: Path | str, matches: Sequence[MatchActions]) -> None:
    """Write actions as temporal segments of no length; see `write_via3_segments`.

    Raises:
        StorageError: if the file cannot be written.
        InputError: if a period cannot be part of a video name.
    """
    write_via3_segments(path, segments_of_matches(matches))


FORMAT: Final = Format(
    name="via3",
    title="VIA3 project",
    description="VGG video annotator project",
    family=Family.TOOL,
    capabilities=Capabilities(intervals=True),
    detect=lambda sample: (
        Certainty.MARK if sample.has_keys("project", "metadata", "view") else Certainty.NO
    ),
    writer=lambda path, matches, _: write_via3(path, matches),
    segment_reader=lambda path, options: read_via3_segments(path, unread=options.unread),
    segment_writer=lambda path, videos, _: write_via3_segments(path, videos),
    fields=FIELDS,
)
