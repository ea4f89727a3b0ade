import json
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from spotkick.errors import InputError, SpotkickWarning
from spotkick.formats.segments import Segment, VideoSegments
from spotkick.formats.via3 import (
    read_via3,
    read_via3_segments,
    write_via3_segments,
)


def unread_of(path: Path) -> Counter[str]:
    """What a reader leaves out."""
    found: Counter[str] = Counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SpotkickWarning)
        read_via3_segments(path, unread=found)
    return +found


def project(metadata: dict[str, Any], attribute: dict[str, Any] | None = None) -> dict[str, Any]:
    """A project as the annotator saves it."""
    options = {"0": "Smash", "1": "Drop"}
    activity = {
        "aname": "Activity",
        "anchor_id": "FILE1_Z2_XY0",
        "type": 4,
        "desc": "",
        "options": options,
        "default_option_id": "",
    }
    return {
        "project": {"pid": "__VIA_PROJECT_ID__", "vid_list": ["1"], "data_format_version": "3.1.1"},
        "config": {},
        "attribute": {"1": activity} if attribute is None else attribute,
        "file": {"1": {"fid": "1", "fname": "badminton.mp4", "type": 4, "loc": 1, "src": ""}},
        "view": {"1": {"fid_list": ["1"]}},
        "metadata": metadata,
    }


def test_read_via3_segments_options_are_resolved_and_other_metadata_left_out(
    tmp_path: Path,
) -> None:
    metadata = {
        "1_aB3dE6gH": {"vid": "1", "flg": 0, "z": [1.5, 2.25], "xy": [], "av": {"1": "1"}},
        "1_file": {"vid": "1", "flg": 0, "z": [], "xy": [], "av": {"2": "outdoor"}},
        "1_box": {"vid": "1", "flg": 0, "z": [3.0], "xy": [2, 10, 10, 5, 5], "av": {"3": "player"}},
        "1_text": {"vid": "1", "flg": 0, "z": [4.0], "xy": [], "av": {"1": "Let"}},
    }
    path = tmp_path / "via.json"
    path.write_text(json.dumps(project(metadata)))
    assert read_via3_segments(path) == (
        VideoSegments("badminton", None, (Segment(1.5, 2.25, "Drop"), Segment(4.0, 4.0, "Let"))),
    )


def test_write_via3_segments_attributes_are_declared(tmp_path: Path) -> None:
    write_via3_segments(
        tmp_path / "x.json", (VideoSegments("a/b", None, (Segment(1, 2, "Drop", 0.5),)),)
    )
    document = json.loads((tmp_path / "x.json").read_text())
    assert (
        document["project"]["pid"] == "__VIA_PROJECT_ID__"
    )  # the annotator replaces these marks, and asks for them
    assert document["attribute"]["1"]["options"] == {"0": "Drop"}
    assert {attribute["anchor_id"] for attribute in document["attribute"].values()} == {
        "FILE1_Z2_XY0"
    }
    assert document["file"]["1"]["fname"] == "a/b.mp4"


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ({"1_a": {"vid": "7", "z": [1, 2], "av": {"1": "0"}}}, "names view '7'"),
        (
            {"1_a": {"vid": "1", "z": [2, 1], "av": {"1": "0"}}},
            "must be times in order, found 2 to 1",
        ),
        ({"1_a": {"vid": "1", "z": [1, 2], "av": {"1": 3}}}, "the label must be text"),
        ({"1_a": {"vid": "1", "z": "now", "av": {"1": "0"}}}, 'must be a list, found "now"'),
    ],
)
def test_read_via3_segments_malformed_project_is_refused(
    tmp_path: Path, metadata: dict[str, Any], message: str
) -> None:
    path = tmp_path / "via.json"
    path.write_text(json.dumps(project(metadata)))
    with pytest.raises(InputError, match=message):
        read_via3_segments(path)


def temporal(name: str, kind: int, **options: str) -> dict[str, Any]:
    return {"aname": name, "anchor_id": "FILE1_Z2_XY0", "type": kind, "options": options}


def entry(**values: str) -> dict[str, Any]:
    return {
        "vid": "1",
        "flg": 0,
        "z": [1, 2],
        "xy": [],
        "av": {k[1:]: v for k, v in values.items()},
    }


@pytest.mark.parametrize(
    ("attributes", "values", "labels", "unread"),
    [
        ({"1": temporal("event", 2, a="Goal", b="Foul")}, {"_1": "a,b"}, ["Goal", "Foul"], {}),
        ({"1": temporal("event", 2, **{"0": "Goal"})}, {"_1": "0"}, ["Goal"], {}),
        ({"1": temporal("event", 1)}, {"_1": "a,b"}, ["a,b"], {}),
        (
            {"1": temporal("player", 1), "2": temporal("event", 4, g="Goal")},
            {"_1": "Smith", "_2": "g"},
            ["Goal"],
            {"attribute 'player' of the source": 1},
        ),
        (
            {"1": temporal("half", 1), "2": temporal("TEMPORAL-SEGMENTS", 3, g="Goal")},
            {"_1": "first", "_2": "g"},
            ["Goal"],
            {"attribute 'half' of the source": 1},
        ),
        (
            {"1": temporal("x", 1), "2": temporal("y", 1), "3": temporal("Team", 1)},
            {"_1": "Goal", "_2": "left foot", "_3": "home"},
            ["Goal"],
            {"attribute 'y' of the source": 1},
        ),
    ],
)
def test_read_via3_segments_label_attribute_is_chosen_and_others_counted(
    tmp_path: Path,
    attributes: dict[str, Any],
    values: dict[str, str],
    labels: list[str],
    unread: dict[str, int],
) -> None:
    path = tmp_path / "via.json"
    path.write_text(json.dumps(project({"1_a": entry(**values)}, attributes)))
    (video,) = read_via3_segments(path)
    assert [segment.label for segment in video.segments] == labels
    assert unread_of(path) == unread


@pytest.mark.parametrize("values", [{}, {"_1": ""}])
def test_read_via3_segments_segment_without_label_is_left_out(
    tmp_path: Path, values: dict[str, str]
) -> None:
    path = tmp_path / "via.json"
    path.write_text(json.dumps(project({"1_a": entry(**values), "1_b": entry(_1="0")})))
    with pytest.warns(UserWarning, match="1 segments have no label and were left out"):
        (video,) = read_via3_segments(path)
    assert [segment.label for segment in video.segments] == ["Smash"]
    assert unread_of(path) == {"segment without a label": 1}


@pytest.mark.parametrize(
    ("files", "matches"),
    [
        (["1_720p.mkv", "2_720p.mkv"], {"via"}),
        (["/x/A/1_HQ.mkv", "/x/A/2_HQ.mkv"], {"A"}),
        (["/x/A/1_HQ.mkv", "/y/A/1_HQ.mkv"], {"x/A", "y/A"}),
        (["C:\\v\\a.mp4", "D:\\w\\a.mp4"], {"v/a", "w/a"}),
        (["1.mp4", "2.mp4"], {"1", "2"}),
    ],
)
def test_read_via3_periods_are_joined_and_matches_kept_apart(
    tmp_path: Path, files: list[str], matches: set[str]
) -> None:
    document = project({"1_a": entry(_1="0"), "2_a": {**entry(_1="0"), "vid": "2"}})
    document["file"] = {str(n): {"fid": n, "fname": name} for n, name in enumerate(files, start=1)}
    document["view"] = {"1": {"fid_list": [1]}, "2": {"fid_list": [2]}}
    path = tmp_path / "via.json"
    path.write_text(json.dumps(document))
    found = read_via3(path)
    assert {match.match for match in found} == matches
    assert sum(len(match) for match in found) == 2
