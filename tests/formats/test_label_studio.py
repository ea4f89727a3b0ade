import json
import warnings
from collections import Counter
from fractions import Fraction
from pathlib import Path

import pytest

from spotkick.actions import Action, MatchActions, Visibility
from spotkick.errors import InputError, SpotkickWarning
from spotkick.formats.convert import convert
from spotkick.formats.label_studio import (
    read_label_studio,
    read_label_studio_segments,
    write_label_studio_segments,
)
from spotkick.formats.segments import Segment, VideoSegments


def unread_of(path: Path) -> Counter[str]:
    """What a reader leaves out."""
    found: Counter[str] = Counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SpotkickWarning)
        read_label_studio_segments(path, unread=found)
    return +found


def task(
    ranges: list[dict[str, int]], data: dict[str, object] | None = None, **region: object
) -> dict[str, object]:
    value = {"ranges": ranges, "timelinelabels": ["Moving"]}
    result = [
        {"type": "timelinelabels", "value": value, **region},
        {"type": "choices", "value": {"choices": ["good"]}},
    ]
    return {
        "id": 1,
        "data": {"video": "/data/local-files/?d=rally/2.mp4", **(data or {})},
        "annotations": [{"result": result}],
    }


def test_read_label_studio_ranges_start_at_1_with_both_ends_inside(tmp_path: Path) -> None:
    path = tmp_path / "export.json"
    path.write_text(
        json.dumps(
            [task([{"start": 1, "end": 25}, {"start": 51, "end": 51}], {"fps": 25}, score=0.5)]
        )
    )
    assert read_label_studio_segments(path) == (
        VideoSegments(
            "rally/2", None, (Segment(0, 1, "Moving", 0.5), Segment(2, 2, "Moving", 0.5))
        ),
    )
    assert read_label_studio(path) == (
        MatchActions("rally", (Action("Moving", 2, 0, 0.5), Action("Moving", 2, 2000, 0.5))),
    )


def test_read_label_studio_unknown_frame_rate_is_a_warning(tmp_path: Path) -> None:
    path = tmp_path / "export.json"
    path.write_text(json.dumps([task([{"start": 49, "end": 49}])]))
    with pytest.warns(
        UserWarning, match="1 tasks do not state the frame rate .* default of 24 is assumed"
    ):
        (match,) = read_label_studio(path)
    assert match.actions[0].position_ms == 2000
    (match,) = read_label_studio(path, frame_rate=Fraction(48))
    assert match.actions[0].position_ms == 1000


def test_write_label_studio_segments_on_the_frame_grid_come_back(tmp_path: Path) -> None:
    segments = (
        Segment(0.0, 2.0, "a", None, "home", Visibility.NOT_SHOWN),
        Segment(0.04, 0.08, "b"),
        Segment(1.0, 1.0, "c"),
    )
    videos = (VideoSegments("v", None, segments),)
    write_label_studio_segments(tmp_path / "x.json", videos, frame_rate=Fraction(25))
    (video,) = read_label_studio_segments(tmp_path / "x.json")
    assert video.segments[0] == segments[0]
    assert video.segments[1].start_s == 0.04  # one frame long: it comes back as a spot
    assert video.segments[2] == segments[2]


def test_read_label_studio_predictions_count_without_an_annotation(tmp_path: Path) -> None:
    value = {"ranges": [{"start": 1, "end": 1}], "timelinelabels": ["x"]}
    predictions = [{"result": [{"type": "timelinelabels", "value": value, "score": 0.25}]}]
    path = tmp_path / "x.json"
    path.write_text(
        json.dumps(
            {"data": {"video": "v.mp4", "fps": 25}, "annotations": [], "predictions": predictions}
        )
    )
    assert read_label_studio(path) == (MatchActions("v", (Action("x", 1, 0, 0.25),)),)


def test_read_label_studio_reversed_range_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text(json.dumps([task([{"start": 9, "end": 8}], {"fps": 25})]))
    with pytest.raises(
        InputError, match=r"ranges\[0\] must not end before it starts, found 9 to 8"
    ):
        read_label_studio(path)


def annotation(label: str, **fields: object) -> dict[str, object]:
    value = {"ranges": [{"start": 26, "end": 26}], "timelinelabels": [label]}
    return {"result": [{"type": "timelinelabels", "value": value}], **fields}


def export(tmp_path: Path, **groups: object) -> Path:
    path = tmp_path / "export.json"
    path.write_text(json.dumps([{"id": 1, "data": {"video": "v.mp4", "fps": 25}, **groups}]))
    return path


@pytest.mark.parametrize("mark", ["was_cancelled", "skipped"])
def test_read_label_studio_skipped_annotation_is_left_out(tmp_path: Path, mark: str) -> None:
    kept, skipped = annotation("Foul"), annotation("Goal", **{mark: True})
    path = export(tmp_path, annotations=[skipped, kept])
    assert [action.label for action in read_label_studio(path)[0]] == ["Foul"]
    assert unread_of(path) == {"skipped annotation": 1}


def test_read_label_studio_only_skipped_annotation_shows_the_predictions(tmp_path: Path) -> None:
    path = export(
        tmp_path,
        annotations=[annotation("Goal", was_cancelled=True)],
        predictions=[annotation("Foul", score=0.5)],
    )
    assert [action.label for action in read_label_studio(path)[0]] == ["Foul"]


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ({"ground_truth": True, "updated_at": "2024-01-01"}, {"updated_at": "2024-02-01"}, "a"),
        ({"updated_at": "2024-03-01"}, {"updated_at": "2024-02-01"}, "a"),
        ({"id": 7}, {"id": 12}, "b"),
        ({"completed_by": 1}, {"completed_by": 2}, "b"),
    ],
)
@pytest.mark.parametrize("group", ["annotations", "predictions"])
def test_read_label_studio_one_of_several_annotations_counts(
    tmp_path: Path, group: str, first: dict[str, object], second: dict[str, object], expected: str
) -> None:
    path = export(tmp_path, **{group: [annotation("a", **first), annotation("b", **second)]})
    with pytest.warns(UserWarning, match="1 x annotation beside the ground truth or the latest"):
        (match,) = read_label_studio(path)
    assert [action.label for action in match] == [expected]


def test_read_label_studio_region_without_label_or_of_other_type_is_counted(
    tmp_path: Path,
) -> None:
    regions = [
        {"type": "timelinelabels", "value": {"ranges": [{"start": 1, "end": 1}]}},
        {"type": "labels", "value": {"start": "3", "end": "4", "labels": ["a word"]}},
        {"type": "choices", "value": {"choices": ["good"]}},
    ]
    path = export(tmp_path, annotations=[{"result": [*regions, *annotation("a")["result"]]}])
    with pytest.warns(UserWarning, match="not read|without a label"):
        (match,) = read_label_studio(path)
    assert [action.label for action in match] == ["a"]
    assert unread_of(path) == {
        "region without a label, left out": 1,
        'region of type "labels", not read': 1,
    }


@pytest.mark.parametrize(
    ("video", "name"),
    [
        ("/data/upload/3/ab12cd34-match.mp4", "match"),
        ("s3://bucket/cup/game%201.mkv", "game 1"),
        ("https://host/media/game.mxf?token=a/b.mp4", "game"),
        ("/data/local-files/?d=cup%2Fgame.wav", "cup/game"),
    ],
)
def test_read_label_studio_names_of_its_storages_are_match_names(
    tmp_path: Path, video: str, name: str
) -> None:
    path = export(tmp_path, annotations=[annotation("a")], data={"video": video, "fps": 25})
    assert [match.match for match in read_label_studio(path)] == [name]
    convert(path, tmp_path / "out", to="soccernet-v2")
    assert (tmp_path / "out" / name / "Labels-v2.json").is_file()


@pytest.mark.parametrize("mark", [{"original_length": 60.0}, {}])
def test_read_label_studio_regions_of_an_audio_track_have_seconds(
    tmp_path: Path, mark: dict[str, float]
) -> None:
    value = {"start": 3.2, "end": 4.1, "channel": 0, "labels": ["Goal"]}
    path = tmp_path / "export.json"
    task = {
        "data": {"video": "v.mp4"},  # no frame rate is needed, and none is warned about
        "annotations": [{"result": [{"type": "labels", "value": value, **mark}]}],
    }
    path.write_text(json.dumps([task]))
    assert read_label_studio_segments(path) == (
        VideoSegments("v", None, (Segment(3.2, 4.1, "Goal"),)),
    )
