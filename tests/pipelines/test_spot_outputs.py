import json
import os
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from spotkick.actions import Action, MatchActions
from spotkick.datasets.periods import PeriodSpan
from spotkick.errors import InputError
from spotkick.formats.scores import MatchScores, read_scores
from spotkick.pipelines.spot_outputs import (
    INPUTS_FILE,
    MatchOutput,
    read_outputs,
    read_spotted_periods,
)


def results(
    *periods: int, classes: tuple[str, ...] = ("Goal",)
) -> tuple[MatchActions, MatchScores]:
    actions = tuple(Action("Goal", period, 1000 * period, 0.5) for period in periods)
    values = {period: np.full((4, len(classes)), period / 10, np.float32) for period in periods}
    return MatchActions("m", actions), MatchScores("m", classes, Fraction(2), values)


def read_periods(path: Path) -> list[str]:
    return [row["half"] for row in json.loads(path.read_text())["predictions"]]


@pytest.mark.parametrize("out", ["folder", "m.json"])
@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
def test_write_other_periods_of_an_earlier_run_stay(
    tmp_path: Path, out: str, order: tuple[int, int]
) -> None:
    output = MatchOutput.of_match(tmp_path / out, "m")
    assert output.write(*results(order[0]), {}, keep_scores=True) == ()
    assert output.write(*results(order[1]), {}, keep_scores=True) == (order[0],)
    assert read_periods(output.results) == ["1", "2"]
    assert sorted(read_scores(output.scores).periods) == [1, 2]


def test_write_same_periods_again_replaces_them(tmp_path: Path) -> None:
    output = MatchOutput.of_match(tmp_path, "m")
    output.write(*results(1, 2, 2), {}, keep_scores=True)
    assert output.write(*results(1, 2), {}, keep_scores=True) == ()
    assert read_periods(output.results) == ["1", "2"]


def test_write_scores_of_other_classes_are_not_joined(tmp_path: Path) -> None:
    output = MatchOutput.of_match(tmp_path, "m")
    output.write(*results(1), {}, keep_scores=True)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.*")}
    with pytest.raises(InputError, match="other classes"):
        output.write(*results(2, classes=("Goal", "Foul")), {}, keep_scores=True)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.*")} == before


def test_is_current_notices_replaced_files_and_new_periods(tmp_path: Path) -> None:
    video = tmp_path / "1_720p.mkv"
    video.write_bytes(b"first")
    files = {1: (PeriodSpan(1, 0.0, 9.0, video),)}
    output = MatchOutput.of_match(tmp_path / "out", "m")
    assert not output.is_current(files)
    output.write(*results(1), files, keep_scores=False)
    assert output.is_current(files)

    assert not output.is_current({**files, 2: (PeriodSpan(2, 9.0, None, video),)})
    assert not output.is_current({1: (PeriodSpan(1, 1.0, 9.0, video),)})
    video.write_bytes(b"other")
    os.utime(video, ns=(1, 1))
    assert not output.is_current(files)


def test_read_spotted_periods_gives_what_was_spotted(tmp_path: Path) -> None:
    video = tmp_path / "match.mp4"
    video.write_bytes(b"video")
    first, second = PeriodSpan(1, 4.3, 24.0, video), PeriodSpan(2, 30.5, None, video, position_s=2)
    output = MatchOutput.of_match(tmp_path / "out", "m")
    assert read_spotted_periods(output.results.parent) == ()
    output.write(*results(1, 2), {1: (first,), 2: (second,)}, keep_scores=False)
    name = Path("match.mp4")
    assert read_spotted_periods(output.results.parent) == (
        replace(first, file=name),
        replace(second, file=name),
    )
    assert not output.is_current({2: (replace(second, position_s=3),)})

    (tmp_path / "out" / "m" / INPUTS_FILE).write_text(
        '{"format": "spotkick-spotting-inputs-1", "periods": {"1": [{"file": "a"}]}}'
    )
    with pytest.raises(InputError, match="not a record of inputs"):
        read_spotted_periods(output.results.parent)


def test_is_current_results_without_a_record_count(tmp_path: Path) -> None:
    output = MatchOutput.of_match(tmp_path, "m")
    output.write(*results(1), {}, keep_scores=False)
    (tmp_path / "m" / INPUTS_FILE).unlink()
    assert output.is_current({1: (PeriodSpan(1, file=tmp_path / "1.mkv"),)})


@pytest.mark.parametrize("out", ["folder", "m.json"])
def test_read_outputs_gives_what_was_written(tmp_path: Path, out: str) -> None:
    predicted, scores = results(1, 2)
    MatchOutput.of_match(tmp_path / out, "m").write(predicted, scores, {}, keep_scores=False)
    assert read_outputs(tmp_path / out, ["m"]) == (predicted,)


def test_of_match_name_that_leads_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="match name"):
        MatchOutput.of_match(tmp_path, "../elsewhere")
