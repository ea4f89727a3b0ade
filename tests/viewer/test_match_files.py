"""Which files become which match."""

from pathlib import Path

import pytest

from spotkick.datasets.periods import PeriodSpan
from spotkick.errors import InputError, SpotkickWarning
from spotkick.files import write_json
from spotkick.viewer.match_files import MatchFiles
from spotkick.viewer.match_finding import find_match_files

LABELS = {"UrlLocal": "", "annotations": []}
RESULTS = {"UrlLocal": "", "predictions": []}
MATCH = "league/season/match"


def by_name(*paths: Path) -> dict[str, MatchFiles]:
    return {files.name: files for files in find_match_files(paths)}


def test_find_match_files_joins_files_of_one_name(tmp_path: Path) -> None:
    write_json(tmp_path / "data" / MATCH / "Labels-v2.json", LABELS)
    write_json(tmp_path / "run" / "predictions" / MATCH / "results_spotting.json", RESULTS)
    for name in ("1_720p.mkv", "1_224p.mkv", "2_224p.mkv", "notes.txt", ".hidden.mp4"):
        (tmp_path / "data" / MATCH / name).touch()
    (files,) = find_match_files([tmp_path / "run", tmp_path / "data"])
    assert files.name == MATCH
    assert files.labels == tmp_path / "data" / MATCH / "Labels-v2.json"
    assert files.predictions == tmp_path / "run" / "predictions" / MATCH / "results_spotting.json"
    folder = tmp_path / "data" / MATCH
    assert files.videos == {
        period: (PeriodSpan(period, file=folder / f"{period}_224p.mkv"),) for period in (1, 2)
    }


def test_find_match_files_match_folder_is_called_as_itself(tmp_path: Path) -> None:
    write_json(tmp_path / "final" / "Labels.json", LABELS)
    write_json(tmp_path / "final" / "Labels-v2.json", LABELS)
    (files,) = find_match_files([tmp_path / "final"])
    assert files.name == "final"
    assert files.labels is not None
    assert files.labels.name == "Labels-v2.json"


def test_find_match_files_recordings_are_matches_of_their_own(tmp_path: Path) -> None:
    for name in ("rally 1.mp4", "rally 2.webm"):
        (tmp_path / "clips" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "clips" / name).touch()
    write_json(tmp_path / "out" / "rally 2" / "results_spotting.json", RESULTS)
    found = by_name(tmp_path / "clips", tmp_path / "out")
    assert set(found) == {"rally 1", "rally 2"}
    assert found["rally 2"].predictions is not None
    assert found["rally 2"].video_files == (tmp_path / "clips" / "rally 2.webm",)
    assert found["rally 1"].review_path(None) == tmp_path / "clips" / "rally 1.review.jsonl"
    assert found["rally 2"].review_path(None) == tmp_path / "out" / "rally 2" / "review.jsonl"
    assert (
        found["rally 1"].review_path(tmp_path / "e") == tmp_path / "e" / "rally 1" / "review.jsonl"
    )


@pytest.mark.parametrize(
    ("name", "field"),
    [("mine.json", "labels"), ("theirs.json", "predictions"), ("reel.json", "clips")],
)
def test_find_match_files_single_files_by_their_content(
    tmp_path: Path, name: str, field: str
) -> None:
    key = {"labels": "annotations", "predictions": "predictions", "clips": "clips"}[field]
    write_json(tmp_path / name, {key: []})
    (files,) = find_match_files([tmp_path / name])
    assert getattr(files, field) == tmp_path / name


def test_key_differs_and_shows_no_file_name(tmp_path: Path) -> None:
    for number in range(50):
        write_json(tmp_path / f"match {number}" / "Labels-v2.json", LABELS)
    keys = {files.key for files in find_match_files([tmp_path])}
    assert len(keys) == 50
    assert all(len(key) == 16 and int(key, 16) >= 0 for key in keys)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"events": []}'])
def test_find_match_files_other_json_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "x.json").write_text(content)
    with pytest.raises(InputError, match=r"x\.json"):
        find_match_files([tmp_path / "x.json"])


def test_find_match_files_nothing_to_show_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.txt").touch()
    with pytest.raises(InputError, match="no labels, predictions or videos"):
        find_match_files([tmp_path])
    with pytest.raises(InputError, match="the format was not recognised"):
        find_match_files([tmp_path / "x.txt"])
    with pytest.raises(InputError, match="no such file"):
        find_match_files([tmp_path / "y"])
    with pytest.raises(InputError, match="no path was given"):
        find_match_files([])


def write_system(folder: Path, match: str = MATCH, *, scores: bool = False) -> None:
    write_json(folder / match / "results_spotting.json", RESULTS)
    if scores:
        (folder / match / "scores.npz").touch()


@pytest.mark.parametrize("one_root", [True, False])
def test_find_match_files_systems_are_never_mixed(tmp_path: Path, one_root: bool) -> None:
    write_json(tmp_path / "labels" / MATCH / "Labels-v2.json", LABELS)
    write_system(tmp_path / "predictions" / "a", scores=True)
    write_system(tmp_path / "predictions" / "bb")
    write_system(tmp_path / "predictions" / "c", scores=True)
    runs = tmp_path / "predictions"
    roots = [runs] if one_root else [runs / "a", runs / "bb", runs / "c"]
    (files,) = find_match_files([*roots, tmp_path / "labels"])
    assert files.name == MATCH
    assert [(system.place.parts[-4], system.scores is None) for system in files.systems] == [
        ("a", False),
        ("bb", True),
        ("c", False),
    ]
    (note,) = files.notes
    assert "3 systems: a is reviewed, and bb, c" in note


def test_find_match_files_scores_of_another_folder_complete_the_only_system(tmp_path: Path) -> None:
    write_system(tmp_path / "spots")
    (tmp_path / "curves" / MATCH).mkdir(parents=True)
    (tmp_path / "curves" / MATCH / "scores.npz").touch()
    (files,) = find_match_files([tmp_path / "spots", tmp_path / "curves"])
    assert (files.predictions, files.scores, files.others) != (None, None, [])
    assert files.others == []


def test_find_match_files_labels_and_videos_found_twice_are_named(tmp_path: Path) -> None:
    for name in ("old", "new"):
        write_json(tmp_path / name / MATCH / "Labels-v2.json", LABELS)
        (tmp_path / name / MATCH / "1_224p.mp4").touch()
    (files,) = find_match_files([tmp_path / "old", tmp_path / "new"])
    assert files.labels == tmp_path / "old" / MATCH / "Labels-v2.json"
    assert [note.partition(" were found twice")[0] for note in files.notes] == [
        "labels",
        "videos of period 1",
    ]


@pytest.mark.parametrize(
    ("labels", "predictions", "joined"),
    [
        ("labels/l/s/m", "predictions/l/s/m", True),
        ("data/l/s/m", "out/best/l/s/m", True),
        ("l/s/m", "predictions/l/s/m", True),
        ("epl/m", "laliga/m", False),
        ("labels/l/s/m", "predictions/l/s/other", False),
    ],
)
def test_find_match_files_folders_of_one_project_are_joined(
    tmp_path: Path, labels: str, predictions: str, joined: bool
) -> None:
    write_json(tmp_path / labels / "Labels-v2.json", LABELS)
    write_system(tmp_path, predictions)
    found = find_match_files([tmp_path])
    assert len(found) == (1 if joined else 2)
    assert found[0].name.endswith("/m")


@pytest.mark.parametrize("name", ["match", "video", "final"])
def test_find_match_files_results_of_spot_join_the_video_they_are_named_after(
    tmp_path: Path, name: str
) -> None:
    video = tmp_path / "evening" / f"{name}.mkv"
    video.parent.mkdir()
    video.touch()
    write_json(tmp_path / "out" / name / "results_spotting.json", RESULTS)
    (files,) = find_match_files([tmp_path / "out", video])
    assert files.name == name
    assert files.predictions == tmp_path / "out" / name / "results_spotting.json"
    assert files.video_files == (video,)


def test_find_match_files_video_called_like_its_folder_is_the_match_of_the_folder(
    tmp_path: Path,
) -> None:
    video = tmp_path / "labels" / "final" / "final.mp4"
    video.parent.mkdir(parents=True)
    video.touch()
    write_json(tmp_path / "pred" / "final" / "results_spotting.json", RESULTS)
    (files,) = find_match_files([tmp_path / "labels", tmp_path / "pred"])
    assert (files.name, files.video_files) == ("final", (video,))
    assert files.predictions == tmp_path / "pred" / "final" / "results_spotting.json"


def test_find_match_files_results_of_other_matches_do_not_join_a_video(tmp_path: Path) -> None:
    (tmp_path / "match.mkv").touch()
    write_json(tmp_path / "out" / "other" / "results_spotting.json", RESULTS)
    assert len(find_match_files([tmp_path / "out", tmp_path / "match.mkv"])) == 2


def test_find_match_files_folder_of_links_that_lead_out_is_not_read(tmp_path: Path) -> None:
    write_json(tmp_path / "outside" / "l" / "s" / "m" / "Labels-v2.json", LABELS)
    shown = tmp_path / "shown"
    shown.mkdir()
    (shown / "x").symlink_to(tmp_path / "outside", target_is_directory=True)
    with (
        pytest.warns(SpotkickWarning, match="1 folders are links to places outside"),
        pytest.raises(InputError, match="no labels, predictions or videos found"),
    ):
        find_match_files([shown])
