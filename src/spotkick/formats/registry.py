"""The catalogue of file formats: what each is called, what it can hold, and who reads and writes it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

from spotkick.actions import MatchActions
from spotkick.errors import InputError
from spotkick.files import write_json
from spotkick.formats import (
    activitynet,
    e2e_spot,
    elan,
    fiftyone,
    label_studio,
    label_tree,
    osl,
    results,
    soccernet,
    tables,
    thumos,
    via3,
)
from spotkick.formats.capabilities import Capabilities
from spotkick.formats.segments import VideoSegments, segments_of_matches

Matches = Sequence[MatchActions]
Videos = Sequence[VideoSegments]


@dataclass(frozen=True, slots=True)
class Format:
    """A file format.

    Attributes:
        title: for people.
        capacity: what it can hold.
        read: path, frame rate or None -> matches.
        write: path, matches, frame rate.
        read_segments: path, frame rate or None -> videos; None for formats of moments.
        write_segments: path, videos, frame rate.
        fields: of its JSON files that are read or can be derived, see
            `spotkick.formats.unread_fields`.
    """

    title: str
    capacity: Capabilities
    read: Callable[[Path, Fraction | None], Sequence[MatchActions]]
    write: Callable[[Path, Matches, Fraction], object]
    read_segments: Callable[[Path, Fraction | None], Videos] | None = None
    write_segments: Callable[[Path, Videos, Fraction], object] | None = None
    fields: frozenset[str] = frozenset()


def _labels_format(title: str, capacity: Capabilities, filename: str) -> Format:
    return Format(
        title=title,
        capacity=capacity,
        read=lambda path, _: tuple(
            soccernet.read_label_set(path, filename=None if path.suffix == ".json" else filename)
        ),
        write=lambda path, matches, _: label_tree.write_label_tree(path, matches, filename),
        fields=label_tree.LABEL_FIELDS,
    )


def _write_results(path: Path, matches: Matches, _: Fraction) -> None:
    if path.suffix != ".json":
        results.write_results(path, matches)
        return
    if len(matches) != 1:
        raise InputError(
            f"{path}: a prediction file holds one match, {len(matches)} were given; name a folder or .zip instead"
        )
    write_json(path, results.results_document(matches[0]))


FORMATS: Final[Mapping[str, Format]] = {
    "soccernet-v1": _labels_format(
        "SoccerNet Labels.json", label_tree.V1_CAPACITY, label_tree.V1_FILE
    ),
    "soccernet-v2": _labels_format(
        "SoccerNet Labels-v2.json", label_tree.V2_CAPACITY, label_tree.V2_FILE
    ),
    "soccernet-ball": _labels_format(
        "SoccerNet Labels-ball.json", label_tree.V2_CAPACITY, label_tree.BALL_FILE
    ),
    "soccernet-results": Format(
        title="SoccerNet results_spotting.json, folder or zip",
        capacity=label_tree.RESULT_CAPACITY,
        read=lambda path, _: tuple(results.read_results(path)),
        write=_write_results,
        fields=label_tree.RESULT_FIELDS,
    ),
    "osl-v1": Format(
        title="OpenSportsLab JSON version 1",
        capacity=osl.CAPACITY,
        read=lambda path, _: osl.read_osl_v1(path),
        write=lambda path, matches, _: osl.write_osl_v1(path, matches),
        fields=osl.V1_FIELDS,
    ),
    "osl-v2": Format(
        title="OpenSportsLab JSON version 2.0",
        capacity=osl.CAPACITY,
        read=lambda path, _: osl.read_osl_v2(path),
        write=lambda path, matches, _: osl.write_osl_v2(path, matches),
        fields=osl.V2_FIELDS,
    ),
    "e2e-spot": Format(
        title="E2E-Spot labels",
        capacity=e2e_spot.LABEL_CAPACITY,
        read=lambda path, _: e2e_spot.read_e2e_spot(path),
        write=lambda path, matches, rate: e2e_spot.write_e2e_spot(path, matches, frame_rate=rate),
        fields=e2e_spot.FIELDS,
    ),
    "e2e-spot-results": Format(
        title="E2E-Spot predictions",
        capacity=e2e_spot.RESULT_CAPACITY,
        read=lambda path, _: e2e_spot.read_e2e_spot(path),
        write=lambda path, matches, rate: e2e_spot.write_e2e_spot_results(
            path, matches, frame_rate=rate
        ),
        fields=e2e_spot.FIELDS,
    ),
    "activitynet": Format(
        title="ActivityNet labels",
        capacity=activitynet.LABEL_CAPACITY,
        read=lambda path, _: activitynet.read_activitynet(path),
        write=lambda path, matches, _: activitynet.write_activitynet(path, matches),
        read_segments=lambda path, _: activitynet.read_activitynet_segments(path),
        write_segments=lambda path, videos, _: activitynet.write_activitynet_segments(path, videos),
        fields=activitynet.FIELDS,
    ),
    "activitynet-results": Format(
        title="ActivityNet detections",
        capacity=activitynet.RESULT_CAPACITY,
        read=lambda path, _: activitynet.read_activitynet(path),
        write=lambda path, matches, _: activitynet.write_activitynet_results(
            path, segments_of_matches(matches)
        ),
        read_segments=lambda path, _: activitynet.read_activitynet_segments(path),
        write_segments=lambda path, videos, _: activitynet.write_activitynet_results(path, videos),
        fields=activitynet.FIELDS,
    ),
    "thumos": Format(
        title="THUMOS14 labels, a folder",
        capacity=thumos.LABEL_CAPACITY,
        read=lambda path, _: thumos.read_thumos(path),
        write=lambda path, matches, _: thumos.write_thumos(path, matches),
        read_segments=lambda path, _: thumos.read_thumos_segments(path),
        write_segments=lambda path, videos, _: thumos.write_thumos_segments(path, videos),
    ),
    "thumos-results": Format(
        title="THUMOS14 detections",
        capacity=thumos.RESULT_CAPACITY,
        read=lambda path, _: thumos.read_thumos(path),
        write=lambda path, matches, _: thumos.write_thumos_results(
            path, segments_of_matches(matches)
        ),
        read_segments=lambda path, _: thumos.read_thumos_segments(path),
        write_segments=lambda path, videos, _: thumos.write_thumos_results(path, videos),
    ),
    "label-studio": Format(
        title="Label Studio timeline labels",
        capacity=label_studio.CAPACITY,
        read=lambda path, rate: label_studio.read_label_studio(path, frame_rate=rate),
        write=lambda path, matches, rate: label_studio.write_label_studio(
            path, matches, frame_rate=rate
        ),
        read_segments=lambda path, rate: label_studio.read_label_studio_segments(
            path, frame_rate=rate
        ),
        write_segments=lambda path, videos, rate: label_studio.write_label_studio_segments(
            path, videos, frame_rate=rate
        ),
        fields=label_studio.FIELDS,
    ),
    "via3": Format(
        title="VIA3 project",
        capacity=via3.CAPACITY,
        read=lambda path, _: via3.read_via3(path),
        write=lambda path, matches, _: via3.write_via3(path, matches),
        read_segments=lambda path, _: via3.read_via3_segments(path),
        write_segments=lambda path, videos, _: via3.write_via3_segments(path, videos),
        fields=via3.FIELDS,
    ),
    "elan": Format(
        title="ELAN .eaf, a file or a folder",
        capacity=elan.CAPACITY,
        read=lambda path, _: elan.read_elan(path),
        write=lambda path, matches, _: elan.write_elan(path, matches),
        read_segments=lambda path, _: elan.read_elan_segments(path),
        write_segments=lambda path, videos, _: elan.write_elan_segments(path, videos),
    ),
    "fiftyone": Format(
        title="FiftyOne temporal detections (labels.json)",
        capacity=fiftyone.CAPACITY,
        read=lambda path, rate: fiftyone.read_fiftyone(path, frame_rate=rate),
        write=lambda path, matches, _: fiftyone.write_fiftyone(path, matches),
        read_segments=lambda path, rate: fiftyone.read_fiftyone_segments(path, frame_rate=rate),
        write_segments=lambda path, videos, _: fiftyone.write_fiftyone_segments(path, videos),
        fields=fiftyone.FIELDS,
    ),
    "csv": Format(
        title="CSV table",
        capacity=tables.CAPACITY,
        read=lambda path, _: tables.read_table(path),
        write=lambda path, matches, _: tables.write_table(path, matches),
    ),
    "parquet": Format(
        title="Parquet table",
        capacity=tables.CAPACITY,
        read=lambda path, _: tables.read_table(path),
        write=lambda path, matches, _: tables.write_table(path, matches),
    ),
}
"""Name -> format, in the order of the documentation."""
