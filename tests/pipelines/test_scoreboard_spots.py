import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from spotkick.actions import Action, MatchActions
from spotkick.datasets.periods import PERIODS_FILE, PeriodSpan
from spotkick.errors import InputError
from spotkick.formats.scores import MatchScores
from spotkick.pipelines.scoreboard_spots import confirm_goals, shift_to_positions


def scores_of(frames: int) -> MatchScores:
    values = np.full((frames, 2), 0.5, dtype=np.float32)
    return MatchScores("m", ("Goal", "Foul"), Fraction(2), {1: values, 2: values})


def write_changes(folder: Path, rows: object) -> Path:
    video = folder / "match.mp4"
    video.write_bytes(b"")
    document = {"format": "spotkick-periods-1", "periods": [], "scores": {"match.mp4": rows}}
    (folder / PERIODS_FILE).write_text(json.dumps(document))
    return video


GOAL = {"before_s": 700.0, "after_s": 704.0, "old": [0, 0], "new": [1, 0], "taken_back": False}


def test_shift_to_positions_file_that_begins_late_counts_from_the_kickoff() -> None:
    spots = MatchActions("m", (Action("Goal", 1, 5000), Action("Foul", 2, 7000)))
    files = {1: (PeriodSpan(1, position_s=1200.0),), 2: (PeriodSpan(2),)}
    moved, scores = shift_to_positions(spots, scores_of(10), files)
    assert [action.position_ms for action in moved.actions] == [1_205_000, 7000]
    assert {period: len(values) for period, values in scores.periods.items()} == {1: 2410, 2: 10}
    assert not scores.periods[1][:2400].any()


def test_shift_to_positions_whole_periods_stay_as_they_are() -> None:
    spots, scores = MatchActions("m", (Action("Goal", 1, 5000),)), scores_of(3)
    assert shift_to_positions(spots, scores, {1: (PeriodSpan(1),)}) == (spots, scores)


def test_confirm_goals_change_of_score_makes_its_goal_sure_and_others_unlikely(
    tmp_path: Path,
) -> None:
    video = write_changes(tmp_path, [GOAL])
    found = (
        Action("Goal", 1, 580_000, confidence=0.3),
        Action("Goal", 1, 2_000_000, confidence=0.6),
        Action("Foul", 1, 2_000_000, confidence=0.6),
    )
    files = {1: (PeriodSpan(1, 100.0, 2900.0, video),)}
    fused = confirm_goals(MatchActions("m", found), files, ("Goal", "Foul")).actions
    assert [round(action.confidence or 0, 2) for action in fused] == [0.96, 0.15, 0.6]


@pytest.mark.parametrize("classes", [("Foul",), ("dunk", "block")])
def test_confirm_goals_task_without_goals_changes_nothing(
    tmp_path: Path, classes: tuple[str, ...]
) -> None:
    video = write_changes(tmp_path, [GOAL])
    match = MatchActions("m", (Action(classes[0], 1, 5),))
    assert confirm_goals(match, {1: (PeriodSpan(1, file=video),)}, classes) is match


def test_confirm_goals_video_without_record_changes_nothing(tmp_path: Path) -> None:
    match = MatchActions("m", (Action("Goal", 1, 5, confidence=0.4),))
    files = {1: (PeriodSpan(1, file=tmp_path / "other.mp4"),)}
    assert confirm_goals(match, files, ("Goal",)) == match


@pytest.mark.parametrize("rows", [[{"before_s": 1}], [3], [{**GOAL, "new": ["a", "b"]}]])
def test_confirm_goals_damaged_record_is_refused_in_one_line(tmp_path: Path, rows: object) -> None:
    video = write_changes(tmp_path, rows)
    with pytest.raises(InputError, match="run 'spotkick clock' again"):
        confirm_goals(MatchActions("m", ()), {1: (PeriodSpan(1, file=video),)}, ("Goal",))
