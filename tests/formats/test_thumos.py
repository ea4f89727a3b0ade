import zipfile
from pathlib import Path

import pytest

from spotkick.errors import InputError
from spotkick.formats.segments import Segment, VideoSegments
from spotkick.formats.thumos import (
    read_thumos_segments,
    write_thumos_results,
    write_thumos_segments,
)


def test_read_thumos_segments_official_labels_are_read(tmp_path: Path) -> None:
    (tmp_path / "BaseballPitch_val.txt").write_text(
        "video_validation_0000266  72.8 76.4\r\nvideo_validation_0000681  44.0 50.9\n"
    )
    (tmp_path / "Ambiguous_test.txt").write_text("video_test_0000004  0.2 1.1\n\n")
    assert read_thumos_segments(tmp_path) == (
        VideoSegments("video_test_0000004", None, (Segment(0.2, 1.1, "Ambiguous"),), "test"),
        VideoSegments(
            "video_validation_0000266", None, (Segment(72.8, 76.4, "BaseballPitch"),), "validation"
        ),
        VideoSegments(
            "video_validation_0000681", None, (Segment(44.0, 50.9, "BaseballPitch"),), "validation"
        ),
    )


def test_read_thumos_segments_detections_use_the_class_list(tmp_path: Path) -> None:
    (tmp_path / "detclasslist.txt").write_text("7 BaseballPitch\n9 BasketballDunk\n")
    (tmp_path / "run.txt").write_text("video_test_0000004 1.5 2 9 0.75\n")
    assert read_thumos_segments(tmp_path / "run.txt") == (
        VideoSegments("video_test_0000004", None, (Segment(1.5, 2.0, "BasketballDunk", 0.75),)),
    )


def test_write_thumos_names_with_spaces_come_back(tmp_path: Path) -> None:
    videos = (
        VideoSegments(
            "Chelsea 1 - 1 Burnley/1", None, (Segment(0.1, 1 / 3, "Yellow->red card", 1e-07),)
        ),
    )
    write_thumos_results(tmp_path / "run.txt", videos)
    assert read_thumos_segments(tmp_path / "run.txt") == videos


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("video 1.0 2.0 7", "run.txt:1: a video name and 4 further fields are needed"),
        ("video 1.0 2.0 3 0.5", "class 3 is not in detclasslist.txt"),
        ("video 1.0 inf 7 0.5", "must be a finite number"),
    ],
)
def test_read_thumos_segments_malformed_line_is_refused(
    tmp_path: Path, line: str, message: str
) -> None:
    (tmp_path / "detclasslist.txt").write_text("7 BaseballPitch\n")
    (tmp_path / "run.txt").write_text(line)
    with pytest.raises(InputError, match=message):
        read_thumos_segments(tmp_path / "run.txt")


def test_write_thumos_segments_class_that_is_no_file_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be part of a THUMOS file name"):
        write_thumos_segments(tmp_path, (VideoSegments("v", None, (Segment(0, 1, "../../etc"),)),))


def test_read_thumos_segments_folder_without_labels_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no THUMOS label files"):
        read_thumos_segments(tmp_path)


def test_read_thumos_segments_reversed_segments_have_no_length(tmp_path: Path) -> None:
    (tmp_path / "detclasslist.txt").write_text("7 BaseballPitch\n")
    (tmp_path / "run.txt").write_text("video 2.0 1.0 7 0.5\nvideo 3.0 4.0 7 0.5\n")
    with pytest.warns(UserWarning, match="1 segments end before they start"):
        (video,) = read_thumos_segments(tmp_path / "run.txt")
    assert [segment.length_s for segment in video.segments] == [0, 1]


def test_read_thumos_segments_detections_without_class_list_name_what_is_missing(
    tmp_path: Path,
) -> None:
    path = tmp_path / "run.txt"
    path.write_text("video_test_0000001 1.0 2.0 7 0.5\n")
    with pytest.raises(InputError, match=r"run\.txt: .*put detclasslist\.txt"):
        read_thumos_segments(path)


def test_read_thumos_segments_archive_is_to_be_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "labels.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("gt/Diving_test.txt", "video_test_0000001 1.0 2.0\n")
    with pytest.raises(InputError, match=r"labels\.zip: .*unpack it"):
        read_thumos_segments(path)
