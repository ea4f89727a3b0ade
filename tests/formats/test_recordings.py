import pytest

from spotkick.formats.recordings import recording_of_path


@pytest.mark.parametrize("size", ["_720p", "_HQ", "_LQ", "_hq", "_1080P", "_HD", ""])
def test_recording_of_path_size_of_a_period_video_is_no_part_of_the_match(size: str) -> None:
    assert recording_of_path(f"season/match/2{size}.mkv") == "season/match/2"
    assert recording_of_path(f"season/match{size}/clip_2.mkv") == f"season/match{size}/clip_2"
