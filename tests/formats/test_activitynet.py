import json
from pathlib import Path

import pytest

from spotkick.actions import Action, MatchActions
from spotkick.errors import InputError
from spotkick.formats.activitynet import (
    read_activitynet,
    read_activitynet_segments,
    write_activitynet_results,
    write_activitynet_segments,
)
from spotkick.formats.segments import Segment, VideoSegments

LABELS = (
    VideoSegments(
        "v_1",
        82.73,
        (Segment(6.195, 77.25, "Drinking coffee"), Segment(0.0, 0.0, "Start")),
        "training",
    ),
    VideoSegments("v_2", 10.0, (), "testing"),
)


def test_write_activitynet_segments_labels_come_back(tmp_path: Path) -> None:
    write_activitynet_segments(tmp_path / "gt.json", LABELS)
    assert read_activitynet_segments(tmp_path / "gt.json") == LABELS
    assert json.loads((tmp_path / "gt.json").read_text())["version"] == "VERSION 1.3"


def test_read_activitynet_proposals_are_refused(tmp_path: Path) -> None:
    proposals = (VideoSegments("v_1", None, (Segment(1.5, 2.5, "", 0.9),)),)
    write_activitynet_results(tmp_path / "p.json", proposals)
    assert json.loads((tmp_path / "p.json").read_text())["results"] == {
        "v_1": [{"score": 0.9, "segment": [1.5, 2.5]}]
    }
    assert read_activitynet_segments(tmp_path / "p.json") == proposals
    with pytest.raises(InputError, match="1 segments have no label"):
        read_activitynet(tmp_path / "p.json")


def test_read_activitynet_segments_bmn_annotations_are_read(tmp_path: Path) -> None:
    video = {
        "duration_second": 20.5,
        "duration_frame": 500,
        "annotations": [{"segment": [1, 2.25], "label": "Dive"}],
        "feature_frame": 496,
    }
    (tmp_path / "anet_anno_action.json").write_text(json.dumps({"v_a": video}))
    expected = VideoSegments("v_a", 20.5, (Segment(1, 2.25, "Dive"),))
    assert read_activitynet_segments(tmp_path / "anet_anno_action.json") == (expected,)


def test_read_activitynet_segments_become_actions_at_their_starts(tmp_path: Path) -> None:
    write_activitynet_segments(
        tmp_path / "gt.json", (VideoSegments("m/2", None, (Segment(1.2345, 9, "x"),)),)
    )
    assert read_activitynet(tmp_path / "gt.json") == (MatchActions("m", (Action("x", 2, 1234),)),)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (
            {"database": {"v": {"annotations": [{"segment": [2], "label": "x"}]}}},
            r"must be \[start, end\], found a list of 1",
        ),
        ({"database": {"v": 4}}, "must be an object, found 4"),
        (
            {"results": {"v": [{"segment": [1, float("nan")]}]}},
            "must be a finite number, found NaN",
        ),
        ({"other": 1}, "has 'database' or 'results', found an object with \"other\""),
    ],
)
def test_read_activitynet_segments_malformed_file_names_the_place(
    tmp_path: Path, document: object, message: str
) -> None:
    (tmp_path / "x.json").write_text(json.dumps(document))
    with pytest.raises(InputError, match=message):
        read_activitynet_segments(tmp_path / "x.json")


@pytest.mark.parametrize(
    "document",
    [
        {"database": {"v": {"annotations": [{"segment": [9.0, 8.99], "label": "x"}]}}},
        {"results": {"v": [{"segment": [9.0, 8.99], "label": "x", "score": 0.5}]}},
        {"v": {"annotations": [{"segment": [9.0, -1], "label": "x"}]}},
    ],
)
def test_read_activitynet_segments_reversed_segment_has_no_length(
    tmp_path: Path, document: dict[str, object]
) -> None:
    """In the official evaluation it overlaps nothing, which is also so without a length."""
    path = tmp_path / "x.json"
    path.write_text(json.dumps(document))
    with pytest.warns(UserWarning, match="1 segments end before they start"):
        (video,) = read_activitynet_segments(path)
    assert [(segment.start_s, segment.end_s) for segment in video.segments] == [(9.0, 9.0)]
