"""What is read of a match; a damaged file takes away what it holds, not the match."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from spotkick.actions import Action, MatchActions
from spotkick.files import write_json
from spotkick.formats.results import write_results
from spotkick.highlights.candidates import Candidate
from spotkick.highlights.clips import Clip
from spotkick.highlights.edit_list import Stretch, make_edit_list, make_source
from spotkick.highlights.edit_list_files import write_list
from spotkick.highlights.edit_list_format import ReelListing
from spotkick.video.probe import probe
from spotkick.viewer.match_documents import match_document
from spotkick.viewer.match_finding import find_match_files
from spotkick.viewer.match_loading import load_match


def document(folder: Path) -> dict[str, Any]:
    (files,) = find_match_files([folder])
    return match_document(load_match(files), "/api", {})


def test_match_document_clips_are_those_that_highlights_wrote(
    tmp_path: Path, halves: tuple[Path, Path]
) -> None:
    (tmp_path / "1_90p.mp4").write_bytes(halves[0].read_bytes())
    info = probe(tmp_path / "1_90p.mp4")
    goal, corner = Candidate("Goal", 1, 5.4, 0.9), Candidate("Corner", 1, 6.0, 0.8)
    clip = Clip(1, 3.0, 8.0, (goal, corner), 0.9, goal)
    edits = make_edit_list(
        "x", [Stretch(make_source(info), Fraction(3), Fraction(5), clip.title, clip.reason, 0.9)]
    )
    write_list("json", tmp_path / "clips.json", ReelListing(edits, (clip,)))
    (shown,) = document(tmp_path)["clips"]
    assert (shown["period"], shown["start_s"], shown["end_s"], shown["label"]) == (
        1,
        3.0,
        8.0,
        "Goal, Corner",
    )
    assert "Goal spotted at 1 - 00:05" in shown["reason"]


def test_match_document_spot_in_the_last_second_does_not_make_the_period_longer(
    tmp_path: Path, halves: tuple[Path, Path]
) -> None:
    (tmp_path / "1_90p.mp4").write_bytes(halves[0].read_bytes())
    for position_ms, duration_s in ((19_600, 20.0), (20_400, 21.4)):
        spots = MatchActions("m", (Action("Goal", 1, position_ms, 0.9),))
        write_results(tmp_path, [spots])
        written = tmp_path / "m" / "results_spotting.json"
        written.replace(tmp_path / "results_spotting.json")
        (period,) = document(tmp_path)["periods"]
        assert period["duration_s"] == duration_s


@pytest.mark.parametrize(
    ("clips", "warning"),
    [
        ({"clips": 3}, "a list 'clips' is needed"),
        ({"clips": [{}]}, "clip 1 needs the numbers"),
        ({"clips": [7]}, "clip 1 needs the numbers"),
        ({"clips": [{"period": 1, "start_s": "x", "end_s": 2}]}, "clip 1 needs the numbers"),
        ({"clips": [{"period": 1, "start_s": 5, "end_s": 2}]}, "must end after it starts"),
    ],
)
def test_load_match_damaged_clips_are_a_warning(
    tmp_path: Path, clips: object, warning: str
) -> None:
    write_json(tmp_path / "clips.json", clips)
    write_json(tmp_path / "Labels-v2.json", {"annotations": []})
    shown = document(tmp_path)
    assert shown["clips"] == []
    assert any(warning in text for text in shown["warnings"])


def test_match_document_clip_of_missing_period_is_left_out(tmp_path: Path) -> None:
    write_json(tmp_path / "clips.json", {"clips": [{"period": 4, "start_s": 1, "end_s": 2}]})
    write_json(tmp_path / "Labels-v2.json", {"annotations": []})
    assert document(tmp_path)["clips"] == []


def test_load_match_damaged_files_are_warnings(tmp_path: Path) -> None:
    for name in (
        "Labels-v2.json",
        "results_spotting.json",
        "scores.npz",
        "clips.json",
        "1_224p.mp4",
    ):
        (tmp_path / name).write_text("nonsense")
    shown = document(tmp_path)
    assert len(shown["warnings"]) == 5
    assert shown["predictions"] == shown["labels"] == []
    assert shown["scores"] is None
