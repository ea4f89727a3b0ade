import json
from pathlib import Path

import pytest

from spotkick.errors import InputError
from spotkick.formats.detect import detect_document, detect_format


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (
            {"UrlLocal": "m", "annotations": [{"gameTime": "1 - 00:01", "label": "x"}]},
            "soccernet-v1",
        ),
        (
            {
                "UrlLocal": "m",
                "annotations": [{"gameTime": "1 - 00:01", "label": "x", "position": "1000"}],
            },
            "soccernet-v2",
        ),
        (
            {"UrlLocal": "m", "predictions": [{"half": "1", "position": "1000"}]},
            "soccernet-results",
        ),
        ({"UrlLocal": "m", "predictions": [{"frame": 1, "label": "x"}], "fps": 25}, "osl-v1"),
        ({"version": 1, "videos": []}, "osl-v1"),
        ({"version": "2.0", "task": "action_spotting", "data": []}, "osl-v2"),
        (
            [{"video": "v", "num_frames": 3, "events": [{"frame": 1, "label": "x"}], "fps": 2}],
            "e2e-spot",
        ),
        (
            [{"video": "v", "events": [{"frame": 1, "label": "x", "score": 0.1}], "fps": 2}],
            "e2e-spot-results",
        ),
        ({"version": "VERSION 1.3", "database": {}}, "activitynet"),
        ({"version": "VERSION 1.3", "results": {}, "external_data": {}}, "activitynet-results"),
        ({"v_1": {"duration_second": 1, "annotations": []}}, "activitynet"),
        ([{"id": 1, "data": {"video": "x"}, "annotations": []}], "label-studio"),
        (
            {"project": {}, "config": {}, "attribute": {}, "file": {}, "view": {}, "metadata": {}},
            "via3",
        ),
        ({"classes": [], "labels": {}}, "fiftyone"),
    ],
)
def test_detect_document_known_shapes_are_recognised(document: object, expected: str) -> None:
    assert detect_document(document, "x.json") == expected


@pytest.mark.parametrize("document", [{}, [], 3, None, "text", {"unknown": 1}, [1, 2], [{"a": 1}]])
def test_detect_document_of_unknown_kind_lists_formats(document: object) -> None:
    with pytest.raises(InputError, match=r"was not recognised.* name it with --from"):
        detect_document(document, "x.json")


def test_detect_format_file_name_tells_ball_labels_from_others(tmp_path: Path) -> None:
    folder = tmp_path / "league/season/match"
    folder.mkdir(parents=True)
    text = json.dumps(
        {
            "UrlLocal": "m",
            "annotations": [{"gameTime": "1 - 00:01", "label": "PASS", "position": "1000"}],
        }
    )
    (folder / "Labels-ball.json").write_text(text)
    assert detect_format(folder / "Labels-ball.json") == "soccernet-ball"
    assert detect_format(tmp_path) == "soccernet-ball"


def test_detect_format_content_decides_without_a_suffix(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("<?xml version='1.0'?><ANNOTATION_DOCUMENT/>")
    (tmp_path / "b").write_bytes(b"PAR1....")
    assert [detect_format(tmp_path / name) for name in "ab"] == ["elan", "parquet"]


def test_detect_format_folder_without_known_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no label or prediction files of a known format"):
        detect_format(tmp_path)


def test_detect_format_missing_path_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        detect_format(tmp_path / "nothing.json")
