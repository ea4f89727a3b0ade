from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from spotkick.actions import Action, MatchActions
from spotkick.datasets.match_folder import MatchFolder
from spotkick.doctor.findings import Finding
from spotkick.doctor.media import check_media
from spotkick.features.tracks import FeatureSource, write_source, write_track

HALF_FRAMES = 45 * 60 * 2
RNG = np.random.default_rng(0)


def write_features(folder: MatchFolder, name: str, frames: int) -> Path:
    path = folder.path / name
    write_track(RNG.standard_normal((frames, 2)).astype(np.float16), path)
    return path


def write_video(path: Path, seconds: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=5)
        stream.width, stream.height, stream.pix_fmt = 32, 32, "yuv420p"
        for number in range(5 * seconds):
            frame = av.VideoFrame.from_ndarray(
                np.full((32, 32, 3), number % 255, dtype=np.uint8), format="rgb24"
            )
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


@pytest.fixture
def folder(tmp_path: Path) -> MatchFolder:
    """A match with complete features."""
    found = MatchFolder(tmp_path, "league/match")
    for period in (1, 2):
        write_features(found, f"{period}_ResNET_TF2.npy", HALF_FRAMES)
    return found


def checks(folder: MatchFolder, *actions: Action) -> dict[str, Finding]:
    labels = MatchActions(folder.match, actions) if actions else None
    return {finding.check: finding for finding in check_media(folder, labels)}


def test_check_media_complete_match_has_no_findings(folder: MatchFolder) -> None:
    write_features(folder, "1_ResNET_5fps_TF2.npy", HALF_FRAMES * 5 // 2)
    write_features(folder, "2_ResNET_5fps_TF2.npy", HALF_FRAMES * 5 // 2 + 3)
    assert checks(folder, Action("Foul", 1, 2_700_000), Action("Foul", 2, 0)) == {}


def test_check_media_missing_period_is_found(folder: MatchFolder) -> None:
    (folder.path / "2_ResNET_TF2.npy").unlink()
    assert "no file of half 2" in checks(folder)["missing-half"].message
    assert checks(folder, Action("Foul", 1, 0)) == {}  # the labels say that there is one half only


def test_check_media_rate_other_than_the_name_says_is_found(folder: MatchFolder) -> None:
    write_features(folder, "1_mine.npy", HALF_FRAMES // 2)
    write_features(folder, "2_mine.npy", HALF_FRAMES // 2 - 3)
    found = checks(folder)
    assert list(found) == ["wrong-frame-rate"]
    assert "2697 frames fit 1 per second" in found["wrong-frame-rate"].message
    write_source(FeatureSource("mine", 2, Fraction(1)), folder.root)
    found = checks(folder)
    assert list(found) == ["lengths-disagree"]  # at the true rate, three seconds are missing
    assert "-3.0 s" in found["lengths-disagree"].message


def test_check_media_unusual_length_suggests_a_rate(tmp_path: Path) -> None:
    folder = MatchFolder(tmp_path, "m")
    for period in (1, 2):
        write_features(folder, f"{period}_mine.npy", 5 * 46 * 60)
    message = checks(folder)["unusual-length"].message
    assert message.endswith(
        "lasts 1:55:00 at 2 frames per second; at 5 per second it would be 46:00"
    )


def test_check_media_labels_beyond_the_end_are_found(folder: MatchFolder) -> None:
    found = checks(
        folder, Action("Foul", 1, 2_725_000), Action("Goal", 1, 2_800_000), Action("Foul", 2, 0)
    )["beyond-end"]
    assert found.count == 2
    assert "up to 100.0 s after the end of 1_ResNET_TF2.npy (45:00)" in found.message
    assert list(checks(folder, Action("Foul", 1, 2_701_000), Action("Foul", 2, 0))) == [
        "at-the-end"
    ]


def test_check_media_broken_and_repeated_values_are_found(folder: MatchFolder) -> None:
    values = np.zeros((HALF_FRAMES, 2), dtype=np.float16)
    values[0] = np.nan
    write_track(values, folder.path / "1_ResNET_TF2.npy")
    found = checks(folder)
    assert set(found) == {"broken-values", "still-features"}


def test_check_media_damaged_features_are_found(folder: MatchFolder) -> None:
    (folder.path / "1_ResNET_TF2.npy").write_bytes(b"\x93NUMPY")
    assert "not a readable .npy feature file" in checks(folder)["unreadable-features"].message


def test_check_media_features_are_compared_with_the_video(tmp_path: Path) -> None:
    folder = MatchFolder(tmp_path, "m")
    write_video(folder.path / "1_224p.mkv", 20)
    write_features(folder, "1_right.npy", 40)
    write_features(folder, "1_fast.npy", 100)
    write_features(folder, "1_cut.npy", 30)
    found = check_media(folder, MatchActions("m", (Action("Foul", 1, 23_500),)))
    messages = {(finding.check, finding.message.split(" ")[2]): finding for finding in found}
    assert set(messages) == {
        ("wrong-frame-rate", "1_fast.npy"),
        ("lengths-disagree", "1_cut.npy"),
        ("beyond-end", "1"),
        ("no-sound", "no"),
    }
    assert "100 frames fit 5 per second" in messages["wrong-frame-rate", "1_fast.npy"].message
    assert "8.5 s after the end of 1_cut.npy" in messages["beyond-end", "1"].message


def test_check_media_unreadable_video_is_found(tmp_path: Path) -> None:
    folder = MatchFolder(tmp_path, "m")
    folder.path.mkdir()
    for period in (1, 2):
        (folder.path / f"{period}_224p.mkv").write_bytes(b"no video")
    assert list(checks(folder)) == ["unreadable-video"]
