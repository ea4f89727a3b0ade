from pathlib import Path

import pytest

from spotkick.actions import Action, MatchActions
from spotkick.datasets.match_folder import MatchFolder
from spotkick.formats.recordings import (
    MediaReference,
    group_recordings,
    name_recordings,
    recording_of_path,
    split_periods,
)


@pytest.mark.parametrize("size", ["_720p", "_HQ", "_LQ", "_hq", "_1080P", "_HD", ""])
def test_recording_of_path_size_of_a_period_video_is_no_part_of_the_match(size: str) -> None:
    assert recording_of_path(f"season/match/2{size}.mkv") == "season/match/2"
    assert recording_of_path(f"season/match{size}/clip_2.mkv") == f"season/match{size}/clip_2"


@pytest.mark.parametrize(
    ("file", "period"),
    [
        ("first_half.mp4", 1),
        ("2nd half.mkv", 2),
        ("H2_720p.mov", 2),
        ("extra_time_1.mp4", 3),
        ("penalties.mp4", 5),
        ("1_224p.mkv", 1),
    ],
)
def test_recording_of_path_period_is_that_of_a_match_folder(
    tmp_path: Path, file: str, period: int
) -> None:
    assert recording_of_path(f"cup/final/{file}") == f"cup/final/{period}"
    (tmp_path / "final").mkdir()
    (tmp_path / "final" / file).touch()
    assert list(MatchFolder(tmp_path, "final").videos().periods) == [period]
    assert name_recordings([MediaReference(file)], "final") == [f"final/{period}"]


@pytest.mark.parametrize(
    "file", ["arsenal_1st_half.mp4", "first_half_part2.mp4", "halfpipe.mp4", "1_alcaraz.mp4"]
)
def test_recording_of_path_other_names_stay_recordings_of_their_own(file: str) -> None:
    assert recording_of_path(f"clips/{file}") == f"clips/{file.removesuffix('.mp4')}"


def test_split_periods_names_that_read_as_periods_come_back() -> None:
    matches = (MatchActions("cup/first_half", (Action("Goal", 1, 1000),)), MatchActions("H2", ()))
    assert group_recordings(split_periods(matches)) == matches
