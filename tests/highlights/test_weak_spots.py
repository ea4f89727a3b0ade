from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from spotkick.actions import Action
from spotkick.datasets.period_video import PeriodVideo
from spotkick.errors import InputError
from spotkick.highlights.choosing import propose
from spotkick.highlights.config import HighlightsConfig
from spotkick.highlights.weak_spots import find_missed_classes, find_strongest
from spotkick.video.probe import VideoInfo

CONFIG = HighlightsConfig(class_thresholds={"Yellow card": 0.63})
WEAK = (
    Action("Goal", 1, 100_000, 0.30),
    Action("Goal", 1, 400_000, 0.25),
    Action("Goal", 1, 700_000, 0.05),
    Action("Throw-in", 1, 900_000, 0.33),
)


def video() -> dict[int, PeriodVideo]:
    info = VideoInfo(
        path=Path("a.mp4"),
        container="",
        codec="",
        stream_index=0,
        width_px=96,
        height_px=64,
        rotation_deg=0,
        frame_rate=Fraction(25),
        duration_s=2700.0,
        start_s=0.0,
        audio_index=None,
        audio_rate_hz=0,
        size_bytes=1,
    )
    return {1: PeriodVideo.from_file(info)}


def test_propose_no_spot_reaches_its_threshold_shows_the_strongest_as_possible() -> None:
    proposal = propose(WEAK, None, video(), CONFIG)
    assert [(clip.title, clip.main.score) for clip in proposal.clips] == [
        ("Possible goal", 0.30),
        ("Possible goal", 0.25),
    ]
    assert proposal.notes[0].startswith("no spot reaches its threshold")


def test_propose_given_threshold_is_kept() -> None:
    with pytest.raises(InputError, match=r"no spot reaches its threshold \(the best has 0.33\)"):
        propose(WEAK, None, video(), CONFIG.replace(is_strict=True))


def test_propose_strong_spot_keeps_weak_ones_out() -> None:
    strong = (*WEAK, Action("Corner", 1, 1_000_000, 0.9))
    proposal = propose(strong, None, video(), CONFIG)
    assert [clip.title for clip in proposal.clips] == ["Corner"]
    assert proposal.notes == (
        "Goal: no spot reaches 0.34, the best has 0.30 at 1 - 01:40; --threshold 0.30 shows it",
    )


def test_find_missed_classes_only_of_interest_and_not_far_below() -> None:
    spots = [
        Action("Yellow card", 1, 60_000, 0.30),
        Action("Red card", 1, 60_000, 0.05),
        Action("Throw-in", 1, 60_000, 0.30),
        Action("Goal", 1, 60_000, 0.9),
        Action("Penalty", 1, 60_000),
    ]
    (missed,) = find_missed_classes(spots, CONFIG)
    assert (missed.label, missed.threshold, missed.best) == ("Yellow card", 0.63, spots[0])


def test_find_strongest_many_equal_spots_are_limited() -> None:
    spots = [replace(WEAK[0], position_ms=1000 * n) for n in range(30)]
    assert len(find_strongest(spots, CONFIG)) == 5
    assert find_strongest([Action("Goal", 1, 5, 0.0)], CONFIG) == ()
