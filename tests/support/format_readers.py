"""Every format, read by a program that is not ours or literally by its publisher's description.

Nothing here is imported from the package: what these readers find is compared with what ours find.
"""

import gzip
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pandas as pd
import textgrid
from kloppy.infra.serializers.code.sportscode import SportsCodeDeserializer, SportsCodeInputs
from pympi import Elan
from yt_dlp.extractor.common import InfoExtractor


@dataclass(frozen=True, order=True)
class FoundAction:
    """An action as a file has it.

    Attributes:
        recording: the video, ``match/period`` where a match has several.
        label: class name.
        start_s: seconds in the recording.
        end_s: seconds, None in formats of spots.
        score: of a prediction, None in formats that have none.
    """

    recording: str
    label: str
    start_s: float
    end_s: float | None = None
    score: float | None = None


Found = Iterator[FoundAction]
Reader = Callable[[Path, Fraction], Iterable[FoundAction]]


@dataclass(frozen=True)
class IndependentReader:
    """What reads a format here.

    Attributes:
        read: file or folder and frame rate -> its actions.
        program: package that reads it, or the description that the reader follows.
        is_package: whether it is a program that is not ours.
    """

    read: Reader
    program: str
    is_package: bool = False


def _load(path: Path) -> Any:
    data = path.read_bytes()
    return json.loads(gzip.decompress(data) if path.suffix == ".gz" else data)


def _stem(name: str) -> str:
    return name.rpartition(".")[0]


def _files(path: Path, suffix: str) -> Iterator[tuple[str, Path]]:
    """One file a recording: the name below the folder, without its suffix."""
    if path.is_file():
        yield path.stem, path
        return
    for file in path.rglob(f"*{suffix}"):
        yield _stem(file.relative_to(path).as_posix()), file


def _read_soccernet(path: Path, _rate: Fraction, *, file_name: str) -> Found:
    for file in path.rglob(file_name):
        game = file.parent.relative_to(path).as_posix()
        document = _load(file)
        for item in document.get("annotations") or document.get("predictions") or []:
            half, _, clock = item["gameTime"].partition(" - ")
            minutes, seconds = clock.split(":")
            start_s = 60 * int(minutes) + int(seconds)
            if "position" in item:
                start_s = int(item["position"]) / 1000
            score = float(item["confidence"]) if "confidence" in item else None
            yield FoundAction(f"{game}/{half}", item["label"], start_s, None, score)


def _read_activitynet(path: Path, _rate: Fraction) -> Found:
    for video, entry in _load(path)["database"].items():
        for item in entry["annotations"]:
            yield FoundAction(video, item["label"], *map(float, item["segment"]))


def _read_activitynet_results(path: Path, _rate: Fraction) -> Found:
    for video, items in _load(path)["results"].items():
        for item in items:
            start_s, end_s = map(float, item["segment"])
            yield FoundAction(video, item["label"], start_s, end_s, float(item["score"]))


def _read_thumos(path: Path, _rate: Fraction) -> Found:
    """As the toolkit's ``textread(file, '%s%f%f')``: fields between blanks."""
    for file in path.glob("*_*.txt"):
        label = file.stem.rpartition("_")[0]
        for line in file.read_text().splitlines():
            video, start, end = line.split()
            yield FoundAction(video, label, float(start), float(end))


def _read_thumos_results(path: Path, _rate: Fraction) -> Found:
    """As the toolkit's ``textread(file, '%s%f%f%d%f')``; classes by ``detclasslist.txt``."""
    listed = (path.parent / "detclasslist.txt").read_text().splitlines()
    names = dict(line.split() for line in listed)
    for line in path.read_text().splitlines():
        video, start, end, number, score = line.split()
        yield FoundAction(video, names[number], float(start), float(end), float(score))


def _read_e2e_spot(path: Path, _rate: Fraction) -> Found:
    """Frames of videos that were extracted at ``fps``; labels are among those of ``class.txt``."""
    class_file = path.parent / "class.txt"
    known = class_file.read_text().splitlines() if class_file.exists() else None
    for video in _load(path):
        for event in video["events"]:
            assert known is None or event["label"] in known
            start_s = event["frame"] / video["fps"]
            yield FoundAction(video["video"], event["label"], start_s, None, event.get("score"))


def _read_osl_v1(path: Path, _rate: Fraction) -> Found:
    for video in _load(path)["videos"]:
        for item in video["annotations"]:
            start_s = int(item["position"]) / 1000
            name = _stem(video.get("path") or video["path_video"])
            yield FoundAction(name, item["label"], start_s, None, item.get("confidence"))


def _read_osl_v2(path: Path, _rate: Fraction) -> Found:
    for item in _load(path)["data"]:
        for event in item["events"]:
            score = event.get("confidence", event.get("confidence_score"))
            start_s = int(event["position_ms"]) / 1000
            yield FoundAction(item["id"], event["label"], start_s, None, score)


def _read_audacity(path: Path, _rate: Fraction) -> Found:
    for name, file in _files(path, ".txt"):
        rows = pd.read_csv(
            file, sep="\t", header=None, names=["start", "end", "label"], quoting=3, comment="\\"
        )
        for row in rows.itertuples(index=False):
            yield FoundAction(name, str(row.label), float(row.start), float(row.end))


def _read_cvat(path: Path, rate: Fraction) -> Found:
    """Frames that show each track or tag, laid together where they follow each other."""
    root = ET.parse(path).getroot()  # noqa: S314, a file of the tests
    filtered = root.findtext(".//frame_filter") or "step=1"
    step = int(filtered.partition("=")[2])
    shown: dict[tuple[str, str], set[int]] = {}
    for track in root.iter("track"):
        key = track.attrib["id"], track.attrib["label"]
        boxes = sorted((int(box.attrib["frame"]), box.attrib["outside"]) for box in track)
        ends = [frame for frame, _ in boxes[1:]] + [boxes[-1][0] + step]
        for (frame, outside), end in zip(boxes, ends, strict=True):
            if outside == "0":
                shown.setdefault(key, set()).update(range(frame, end, step))
    for image in root.iter("image"):
        for tag in image.iter("tag"):
            shown.setdefault(("", tag.attrib["label"]), set()).add(int(image.attrib["id"]))

    name = _stem(root.findtext("./meta/task/source") or "")
    for (_, label), frames in shown.items():
        places = enumerate(sorted(frames))
        for _, run in groupby(places, key=lambda place: place[1] - step * place[0]):
            held = [frame for _, frame in run]
            start_s, end_s = (float(frame / rate) for frame in (held[0], held[-1] + step))
            yield FoundAction(name, label, start_s, end_s)


def _read_elan(path: Path, _rate: Fraction) -> Found:
    for name, file in _files(path, ".eaf"):
        document = Elan.Eaf(str(file), suppress_version_warning=True)
        for tier in document.get_tier_names():
            for start, end, value in document.get_annotation_data_for_tier(tier):
                yield FoundAction(name, value or tier, start / 1000, end / 1000)


def _read_fiftyone(path: Path, _rate: Fraction) -> Found:
    """``labels``: uuid -> detections, which have ``timestamps`` in seconds or a ``support``."""
    document = _load(path)
    for video, items in document["labels"].items():
        for item in items or ():
            label = item["label"]
            if isinstance(label, int):
                label = document["classes"][label]
            start_s, end_s = item["timestamps"]
            yield FoundAction(video, label, start_s, end_s, item.get("confidence"))


def _read_fiftyone_samples(path: Path, _rate: Fraction) -> Found:
    for sample in _load(path)["samples"]:
        rate = sample["metadata"]["frame_rate"]
        for field in sample.values():
            if isinstance(field, dict) and field.get("_cls") == "TemporalDetections":
                for item in field["detections"]:
                    start_s, end_s = _span_of(*item["support"], rate)
                    name = _stem(sample["filepath"])
                    yield FoundAction(name, item["label"], start_s, end_s, item.get("confidence"))


def _read_label_studio(path: Path, _rate: Fraction) -> Found:
    for task in _load(path):
        rate = task["data"]["fps"]
        for group in (task.get("annotations") or []) + (task.get("predictions") or []):
            for region in group["result"]:
                for bounds in region["value"].get("ranges", ()):
                    (label,) = region["value"]["timelinelabels"]
                    start_s, end_s = _span_of(bounds["start"], bounds["end"], rate)
                    name = _stem(_without_upload(task["data"]["video"]))
                    yield FoundAction(name, label, start_s, end_s, region.get("score"))


def _without_upload(name: str) -> str:
    """Label Studio keeps uploads as ``/data/upload/<project>/<8 digits>-<name>``."""
    return re.sub(r"^/data/upload/\d+/[0-9a-f]{8}-", "", name)


def _read_label_studio_min(path: Path, rate: Fraction) -> Found:
    for task in _load(path):
        for region in task["events"]:
            for bounds in region["ranges"]:
                (label,) = region["timelinelabels"]
                start_s, end_s = _span_of(bounds["start"], bounds["end"], float(rate))
                yield FoundAction(_stem(task["video"]), label, start_s, end_s)


def _span_of(first: int, last: int, rate: float) -> tuple[float, float]:
    """Frames count from 1 and both are inside; one frame is a spot."""
    return (first - 1) / rate, (last if last > first else first - 1) / rate


def _read_statsbomb(path: Path, _rate: Fraction) -> Found:
    """Goals, corners and cards, by the names of StatsBomb's open-data specification."""
    for event in _load(path):
        hours, minutes, seconds = map(float, event["timestamp"].split(":"))
        start_s = 3600 * hours + 60 * minutes + seconds
        recording = f"{_statsbomb_match(path)}/{event['period']}"
        if event.get("shot", {}).get("outcome", {}).get("name") == "Goal":
            yield FoundAction(recording, "Goal", start_s)
        if event.get("pass", {}).get("type", {}).get("name") == "Corner":
            yield FoundAction(recording, "Corner", start_s)
        if event.get("foul_committed", {}).get("card"):
            yield FoundAction(
                recording, event["foul_committed"]["card"]["name"].capitalize(), start_s
            )


def _statsbomb_match(path: Path) -> str:
    named = [event["team"]["name"] for event in _load(path) if "tactics" in event]
    return " - ".join(dict.fromkeys(named))


def _read_sportscode(path: Path, _rate: Fraction) -> Found:
    """Instances ``Start period 2`` say where a period begins; times count from there."""
    for name, file in _files(path, ".xml"):
        starts_s, rows = {1: 0.0}, []
        data = SportsCodeInputs(io.BytesIO(file.read_bytes()))
        for code in SportsCodeDeserializer().deserialize(data).codes:
            start_s, end_s = (at.total_seconds() for at in (code.timestamp, code.end_timestamp))
            if code.code.startswith("Start period "):
                starts_s[int(code.code.split()[-1])] = start_s
            else:
                rows.append((code.code, start_s, end_s, code.labels.get("Confidence")))
        for label, start_s, end_s, confidence in rows:
            period = max(number for number, at_s in starts_s.items() if at_s <= start_s)
            recording = f"{name}/{period}" if len(starts_s) > 1 else name
            base_s = starts_s[period]
            score = None if confidence is None else float(confidence)
            yield FoundAction(recording, label, start_s - base_s, end_s - base_s, score)


def _read_text_grid(path: Path, _rate: Fraction) -> Found:
    for name, file in _files(path, ".TextGrid"):
        for tier in textgrid.TextGrid.fromFile(str(file)):
            for item in tier:
                if item.mark:
                    yield FoundAction(name, item.mark, float(item.minTime), float(item.maxTime))


def _read_via3(path: Path, _rate: Fraction) -> Found:
    """Metadata of a view has times ``z`` and values ``av`` by attribute and option."""
    document = _load(path)
    attributes = document["attribute"]
    for entry in document["metadata"].values():
        (file,) = document["view"][entry["vid"]]["fid_list"]
        values = {}
        for key, value in entry["av"].items():
            options = attributes[key]["options"]
            values[attributes[key]["aname"].lower()] = options.get(value, value)
        if len(entry["z"]) == 2:
            score = values.get("confidence")
            name = _stem(document["file"][file]["fname"])
            label = values.get("action") or values["activity"]
            start_s, end_s = entry["z"]
            yield FoundAction(name, label, start_s, end_s, float(score) if score else None)


def _read_chapters(path: Path, _rate: Fraction) -> Found:
    for name, file in _files(path, ".txt"):
        extractor: Any = InfoExtractor()
        found = extractor._extract_chapters_from_description(file.read_text(), 10**6)
        for chapter in found:
            if chapter["title"] != "Start of the video":
                yield FoundAction(name, chapter["title"], float(chapter["start_time"]))


def _read_table(rows: pd.DataFrame) -> Found:
    for row in rows.to_dict("records"):
        recording = f"{row['match']}/{row['period']}"
        confidence = row.get("confidence")
        score = None if confidence is None or pd.isna(confidence) else float(confidence)
        yield FoundAction(recording, row["label"], row["position_ms"] / 1000, None, score)


def _package(read: Reader, name: str) -> IndependentReader:
    return IndependentReader(read, name, is_package=True)


READERS: dict[str, IndependentReader] = {
    **{
        name: IndependentReader(
            partial(_read_soccernet, file_name=file),
            "the SoccerNet development kit's description",
        )
        for name, file in (
            ("soccernet-v2", "Labels-v2.json"),
            ("soccernet-ball", "Labels-ball.json"),
            ("soccernet-v1", "Labels.json"),
            ("soccernet-results", "results_spotting.json"),
        )
    },
    "activitynet": IndependentReader(_read_activitynet, "ActivityNet's evaluation README"),
    "activitynet-results": IndependentReader(
        _read_activitynet_results, "ActivityNet's evaluation README"
    ),
    "e2e-spot": IndependentReader(_read_e2e_spot, "E2E-Spot's README"),
    "e2e-spot-results": IndependentReader(_read_e2e_spot, "E2E-Spot's README"),
    "osl-v1": IndependentReader(_read_osl_v1, "OpenSportsLab's annotation format 1"),
    "osl-v2": IndependentReader(_read_osl_v2, "OpenSportsLab's annotation format 2.0"),
    "thumos": IndependentReader(_read_thumos, "the THUMOS14 toolkit's README"),
    "thumos-results": IndependentReader(_read_thumos_results, "the THUMOS14 toolkit's README"),
    "audacity": _package(_read_audacity, "pandas"),
    "cvat": IndependentReader(_read_cvat, "CVAT's XML annotation format 1.1"),
    "elan": _package(_read_elan, "pympi"),
    "fiftyone": IndependentReader(_read_fiftyone, "FiftyOne's dataset formats"),
    "fiftyone-samples": IndependentReader(_read_fiftyone_samples, "FiftyOne's dataset formats"),
    "label-studio": IndependentReader(_read_label_studio, "Label Studio's JSON format"),
    "label-studio-min": IndependentReader(_read_label_studio_min, "Label Studio's JSON-MIN"),
    "provider-events": IndependentReader(_read_statsbomb, "StatsBomb's open-data specification"),
    "sportscode": _package(_read_sportscode, "kloppy"),
    "textgrid": _package(_read_text_grid, "textgrid"),
    "via3": IndependentReader(_read_via3, "VIA 3's project format"),
    "chapters": _package(_read_chapters, "yt-dlp"),
    "csv": _package(lambda path, _: _read_table(pd.read_csv(path)), "pandas"),
    "parquet": _package(lambda path, _: _read_table(pd.read_parquet(path)), "pandas"),
}
"""Name of a format -> what reads it here."""


def coverage_table() -> str:
    """Each format with what reads it here, as the Markdown table of the documentation."""
    rows = [
        f"| `{name}` | {reader.program} | {'a program' if reader.is_package else 'a description'} |"
        for name, reader in READERS.items()
    ]
    return "\n".join(["| format | read by | which is |", "|---|---|---|", *rows])
