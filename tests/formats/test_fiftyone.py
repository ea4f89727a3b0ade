import json
from fractions import Fraction
from pathlib import Path

import pytest

from spotkick.errors import InputError
from spotkick.formats.fiftyone import read_fiftyone_segments
from spotkick.formats.segments import Segment, VideoSegments

DOCUMENT = {
    "classes": ["run", "kick"],
    "labels": {
        "uuid1": [
            {"label": 1, "support": [1, 50], "confidence": 0.5},
            {"label": "run", "support": [26, 26], "attributes": {"team": "home"}},
        ],
        "uuid2": [{"label": "kick", "timestamps": [0.5, 1.25]}],
        "uuid3": None,
    },
}


def test_read_fiftyone_segments_frames_and_timestamps_are_read(tmp_path: Path) -> None:
    (tmp_path / "labels.json").write_text(json.dumps(DOCUMENT))
    assert read_fiftyone_segments(tmp_path, frame_rate=Fraction(25)) == (
        VideoSegments(
            "uuid1", None, (Segment(0, 2, "kick", 0.5), Segment(1, 1, "run", None, "home"))
        ),
        VideoSegments("uuid2", None, (Segment(0.5, 1.25, "kick"),)),
        VideoSegments("uuid3", None, ()),
    )


def test_read_fiftyone_segments_frames_without_a_rate_are_refused(tmp_path: Path) -> None:
    (tmp_path / "labels.json").write_text(json.dumps(DOCUMENT))
    with pytest.raises(
        InputError,
        match="counts frames, and the file does not state the frame rate: "
        "give it with --rate, here or to",
    ):
        read_fiftyone_segments(tmp_path / "labels.json")


def test_read_fiftyone_segments_unlisted_class_number_is_refused(tmp_path: Path) -> None:
    (tmp_path / "labels.json").write_text(
        json.dumps({"classes": ["a"], "labels": {"v": [{"label": 1, "timestamps": [0, 1]}]}})
    )
    with pytest.raises(InputError, match="is class 1, but the file lists 1 classes"):
        read_fiftyone_segments(tmp_path / "labels.json")
