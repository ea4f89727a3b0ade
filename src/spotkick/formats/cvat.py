"""CVAT XML 1.1: tracks of a video task, or tags of its frames, as segments. Only read.

A track is visible from a frame with ``outside="0"`` to the next with ``outside="1"``; a tag that
frames in a row have is one segment. The file counts frames of the video, also where a task has only
every n-th of them, and does not state their rate.

Source: CVAT's export (``abs_frame_id`` in cvat/apps/dataset_manager/bindings.py).
"""

import re
from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET

from spotkick.errors import InputError
from spotkick.formats.capabilities import Capabilities
from spotkick.formats.fields import RATE_FIX, require_integer, require_label
from spotkick.formats.format import Family, Format, ReadOptions
from spotkick.formats.recordings import MediaReference, name_recordings
from spotkick.formats.sample import Certainty, Sample
from spotkick.formats.segments import MILLISECONDS, Segment, VideoSegments
from spotkick.formats.xml_tree import parse_xml, text_of
from spotkick.timeline import position_of_frame

_WHAT: Final = "a CVAT XML export"
_ROOT: Final = "annotations"
_SOURCES: Final = ("./meta/task/source", "./meta/source", "./meta/project/tasks/task/source")
_STEP: Final = re.compile(r"step\s*=\s*(\d+)")


def read_cvat_segments(path: Path, options: ReadOptions) -> tuple[VideoSegments, ...]:
    """Read the tracks and tags of an export.

    Raises:
        InputError: if the file is no such export, it holds several tasks, or the frame rate is not
            given.
    """
    root = parse_xml(path, _WHAT)
    if root.tag != _ROOT:
        raise InputError(f"{path}: {_WHAT} starts with <{_ROOT}>, found <{root.tag[:40]}>")
    if options.frame_rate is None:
        raise InputError(f"{path}: CVAT counts frames and does not state their rate: {RATE_FIX}")

    _require_one_task(root, path)

    # A task may have every n-th frame of the video only.
    found = _STEP.search(text_of(root.find(".//frame_filter")))
    step = max(1, int(found[1])) if found else 1
    spans = [*_read_tracks(root, str(path), step), *_read_tags(root, str(path), step)]
    rate = options.frame_rate
    segments = tuple(
        Segment(_seconds(first, rate), _seconds(last, rate), label)
        for label, first, last in sorted(spans, key=lambda span: span[1])
    )
    options.unread.update(_count_unread(root))
    source = next(filter(None, (text_of(root.find(place)) for place in _SOURCES)), "")
    (name,) = name_recordings([MediaReference(source or path.stem)], path.stem)
    return (VideoSegments(name, None, segments),)


def _require_one_task(root: ET.Element, path: Path) -> None:
    """Refuse projects: their frames are numbered on from task to task, whatever the video."""
    tasks = root.findall("./meta/project/tasks/task")
    if len(tasks) > 1:
        raise InputError(
            f"{path}: an export of one task is needed, this project has {len(tasks)}; export each "
            "task by itself"
        )


def _seconds(frame: int, rate: Fraction) -> float:
    return position_of_frame(frame, rate) / MILLISECONDS


def _read_tracks(root: ET.Element, path: str, step: int) -> Iterator[tuple[str, int, int]]:
    """Label, first frame, and first frame after each stretch in which a track is visible."""
    for track in root.findall("track"):
        where = f"{path}: track {track.get('id', '')[:20]}"
        label = require_label(track.get("label"), f"{where}: label")
        begun: int | None = None
        last = 0
        for shape in track:
            frame = require_integer(shape.get("frame"), f"{where}: frame")
            is_outside = shape.get("outside") == "1"
            if begun is not None and is_outside:
                yield label, begun, frame
                begun = None
            elif begun is None and not is_outside:
                begun = frame
            last = frame
        if begun is not None:
            yield label, begun, last + step


def _read_tags(root: ET.Element, path: str, step: int) -> Iterator[tuple[str, int, int]]:
    """The same for tags of frames; frames in a row are one stretch."""
    frames: dict[str, set[int]] = {}
    for image in root.findall("image"):
        number = require_integer(image.get("id"), f"{path}: image: id")
        for tag in image.findall("tag"):
            label = require_label(tag.get("label"), f"{path}: image {number}: tag")
            frames.setdefault(label, set()).add(number)
    for label, numbers in frames.items():
        for first in sorted(number for number in numbers if number - step not in numbers):
            last = first
            while last + step in numbers:
                last += step
            yield label, first, last + step


def _count_unread(root: ET.Element) -> Counter[str]:
    counts: Counter[str] = Counter()
    counts["place in the image"] = len(root.findall("./track/*"))
    counts["shape on an image"] = sum(
        child.tag != "tag" for image in root.findall("image") for child in image
    )
    counts["attribute"] = len(root.findall(".//attribute[@name]"))
    return +counts


def _detect_cvat(sample: Sample) -> Certainty:
    if sample.is_folder or sample.xml_root != _ROOT:
        return Certainty.NO
    known = re.search(r"<(?:version|meta|track|image)\b", sample.text)
    return Certainty.NAME if known else Certainty.NO


FORMAT: Final = Format(
    name="cvat",
    title="CVAT XML",
    description="CVAT XML 1.1 for video (tracks) or images (tags)",
    family=Family.TOOL,
    capabilities=Capabilities(
        confidence=False,
        team=False,
        visibility=False,
        frames=True,
        negative=False,
        intervals=True,
        one_match=True,
    ),
    detect=_detect_cvat,
    segment_reader=read_cvat_segments,
)
