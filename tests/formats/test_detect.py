import json
import zipfile
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
        ({"samples": [{"filepath": "x.mp4"}]}, "fiftyone-samples"),
        ([{"video": "v", "annotator": 1, "annotation_id": 2}], "label-studio-min"),
    ],
)
def test_detect_document_known_shapes_are_recognised(document: object, expected: str) -> None:
    assert detect_document(document, "x.json") == expected


@pytest.mark.parametrize("document", [{}, [], 3, None, "text", {"unknown": 1}, [1, 2], [{"a": 1}]])
def test_detect_document_of_unknown_kind_lists_formats(document: object) -> None:
    with pytest.raises(
        InputError, match=r"was not recognised.*formats that are read: soccernet-v2"
    ):
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


FOREIGN = {
    "m.srt": ("1\r\n00:00:01,000 --> 00:00:03,500\r\nUnderway.\r\n", "an SRT subtitle file"),
    "m.vtt": ("\ufeffWEBVTT\n\n00:01.000 --> 00:03.500\nUnderway.\n", "a WebVTT subtitle file"),
    "reel.edl": ("TITLE: reel\nFCM: NON-DROP FRAME\n", "an edit decision list"),
    "notes.txt": ("some remarks\n", "a text file"),
    "file.xml": ("<file><notes/></file>", "an XML file with the root element 'file'"),
    "x.xml": ("<match/>", "an XML file with the root element 'match'"),
    "page.html": ("<!DOCTYPE html><html></html>", "a web page"),
    "coco.json": (
        '{"videos": [{"id": 1}], "annotations": [{"label": "Goal"}], "categories": []}',
        "a COCO file",
    ),
    "images.json": ('{"images": [], "annotations": [], "categories": []}', "a COCO file"),
    "cvat.json": ('{"version": 0, "tags": [], "shapes": [], "tracks": []}', "a CVAT JSON export"),
    "boris.boris": ('{"observations": {}, "behaviors_conf": {}}', "a BORIS project"),
    "wyscout.json": ('{"events": [], "meta": {}}', "an event file of Wyscout"),
    "whisper.json": ('{"segments": [{"start": 0, "text": "Go"}]}', "a transcript of Whisper"),
    "scores.json": ('{"average_map": 0.5, "per_class": {}}', "a report of 'spotkick evaluate'"),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_detect_format_file_of_another_tool_is_named(tmp_path: Path, name: str) -> None:
    content, kind = FOREIGN[name]
    (tmp_path / name).write_text(content)
    with pytest.raises(
        InputError, match=f"this is .*{kind}.* which is not read; .* are read"
    ) as caught:
        detect_format(tmp_path / name)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"\xd0\xcf\x11\xe0....", "an old Excel"),
        (b"\x00\x00\x00\x20ftypisom", "a video"),
        (b"\x80\x04\x95pickle", "a Python pickle"),
        ("\ufefftime,label\n".encode("utf-16-le"), "a text in UTF-16"),
        (b"PK\x03\x04 cut off", "not a readable zip file"),
    ],
)
def test_detect_format_binary_file_is_named(tmp_path: Path, data: bytes, kind: str) -> None:
    (tmp_path / "x").write_bytes(data)
    with pytest.raises(InputError, match=kind):
        detect_format(tmp_path / "x")


def test_detect_format_excel_workbook_is_named(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.xlsx", "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    with pytest.raises(InputError, match=r"an Excel workbook.*save the sheet as 'CSV UTF-8'"):
        detect_format(tmp_path / "x.xlsx")


@pytest.mark.parametrize("content", ['{"annotations": [', '[{"video": '])
def test_detect_format_damaged_json_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "x.json").write_text(content)
    with pytest.raises(InputError, match="not valid JSON"):
        detect_format(tmp_path / "x.json")


def test_detect_format_unknown_format_offers_no_option_of_another_command(tmp_path: Path) -> None:
    source = tmp_path / "file.dat"
    source.write_bytes(b"\x00\x01")
    with pytest.raises(InputError) as caught:
        detect_format(source)
    assert "--" not in str(caught.value)
