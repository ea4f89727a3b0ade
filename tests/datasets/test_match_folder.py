import json
from pathlib import Path

import pytest

from spotkick.datasets.match_folder import (
    MatchFolder,
    find_match_folders,
    find_matches,
    open_folder,
)
from spotkick.errors import InputError


def touch(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def video_names(folder: MatchFolder) -> dict[int, list[str]]:
    periods = folder.videos().periods
    return {
        period: [span.file.name for span in spans if span.file] for period, spans in periods.items()
    }


def test_find_matches_takes_folders_with_labels_features_or_videos(tmp_path: Path) -> None:
    touch(
        tmp_path,
        "l/s/b/Labels-v2.json",
        "l/s/a/1_ResNET_TF2_PCA512.npy",
        "l/s/c/2_720p.mkv",
        "l/s/d/notes.txt",
        "l/s/e/first half.mxf",
        "splits/train.txt",
    )
    assert find_matches(tmp_path) == ("l/s/a", "l/s/b", "l/s/c", "l/s/e")


def test_find_matches_root_that_is_a_match_is_called_as_itself(tmp_path: Path) -> None:
    touch(tmp_path, "m/Labels.json")
    assert find_matches(tmp_path / "m") == ("m",)


def test_find_matches_of_no_folder_is_refused(tmp_path: Path) -> None:
    touch(tmp_path, "x.json")
    with pytest.raises(InputError, match="this is a file"):
        find_matches(tmp_path / "x.json")
    with pytest.raises(InputError, match="nothing of that name"):
        find_matches(tmp_path / "y")


def test_find_matches_linked_league_is_followed_once(tmp_path: Path) -> None:
    touch(tmp_path / "disk", "epl/2016/m/Labels-v2.json")
    touch(tmp_path / "data", "own/2016/n/Labels-v2.json")
    (tmp_path / "data" / "england").symlink_to(tmp_path / "disk" / "epl", target_is_directory=True)
    (tmp_path / "data" / "again").symlink_to(tmp_path / "data" / "own", target_is_directory=True)
    assert find_matches(tmp_path / "data") == ("england/2016/m", "own/2016/n")


def test_match_folder_features_and_labels_by_name(tmp_path: Path) -> None:
    touch(tmp_path, "l/m/1_A.npy", "l/m/2_A.npy", "l/m/1_B_PCA512.npy", "l/m/A.npy")
    folder = MatchFolder(tmp_path, "l/m")
    assert folder.feature_names() == ("A", "B_PCA512")
    assert folder.features("A") == {1: folder.path / "1_A.npy", 2: folder.path / "2_A.npy"}
    assert folder.features("none") == {}
    assert folder.labels() == tmp_path / "l/m/Labels-v2.json"
    assert folder.label_files() == ()


def test_match_folder_that_is_missing_has_no_files(tmp_path: Path) -> None:
    folder = MatchFolder(tmp_path, "none")
    assert (folder.feature_names(), folder.features("A"), video_names(folder)) == ((), {}, {})
    assert not folder.videos()


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        (["1_720p.mkv", "1_224p.mkv", "2_224p.mkv"], {1: ["1_224p.mkv"], 2: ["2_224p.mkv"]}),
        (["720p.mp4"], {1: ["720p.mp4"]}),
        (["1.mp4", "2_part.mp4", "video.mp4"], {1: ["1.mp4"], 2: ["2_part.mp4"]}),
        (
            ["1_part2.mp4", "1_part1.mp4", "2.mp4"],
            {1: ["1_part1.mp4", "1_part2.mp4"], 2: ["2.mp4"]},
        ),
        (["1-1.mp4", "1-2.mp4", "1-10.mp4"], {1: ["1-1.mp4", "1-2.mp4", "1-10.mp4"]}),
        (["first half.mxf", "second half.mxf"], {1: ["first half.mxf"], 2: ["second half.mxf"]}),
        (["cup_H1.ts", "cup_H2.ts"], {1: ["cup_H1.ts"], 2: ["cup_H2.ts"]}),
    ],
)
def test_match_folder_videos_by_period_and_part(
    tmp_path: Path, names: list[str], chosen: dict[int, list[str]]
) -> None:
    touch(tmp_path / "m", *names)
    (folder,) = open_folder(tmp_path / "m")
    assert folder.match == "m"
    assert video_names(folder) == chosen
    left_out = {item.path.name for item in folder.videos().left_out}
    assert left_out == set(names) - {name for used in chosen.values() for name in used}


def test_match_folder_periods_file_decides(tmp_path: Path) -> None:
    touch(tmp_path, "m/broadcast.mp4", "m/720p.mp4")
    rows = [
        {"period": 1, "start_s": 754, "end_s": 3612, "file": "broadcast.mp4"},
        {"period": 2, "start_s": 4500, "file": "broadcast.mp4"},
    ]
    document = {"format": "spotkick-periods-1", "periods": rows}
    (tmp_path / "m" / "periods.json").write_text(json.dumps(document))
    videos = MatchFolder(tmp_path, "m").videos()
    assert [(span.period, span.start_s, span.end_s) for span in videos.spans] == [
        (1, 754.0, 3612.0),
        (2, 4500.0, None),
    ]
    assert [item.path.name for item in videos.left_out] == ["720p.mp4"]


def test_find_match_folders_recordings_with_free_names_are_matches(tmp_path: Path) -> None:
    touch(
        tmp_path,
        "rally 1.mp4",
        "rally 2.webm",
        "cup/leeds_H1.mkv",
        "cup/leeds_H2.mkv",
        "cup/derby.mkv",
    )
    found = {folder.match: video_names(folder) for folder in find_match_folders(tmp_path)}
    assert found == {
        "rally 1": {1: ["rally 1.mp4"]},
        "rally 2": {1: ["rally 2.webm"]},
        "cup/leeds": {1: ["leeds_H1.mkv"], 2: ["leeds_H2.mkv"]},
        "cup/derby": {1: ["derby.mkv"]},
    }
