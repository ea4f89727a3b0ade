import json
from pathlib import Path

import pytest

from spotkick.checkpoint import Checkpoint, read_checkpoint
from spotkick.datasets.periods import PeriodSpan
from spotkick.demo.run import SHIPPED
from spotkick.errors import ConfigError, InputError
from spotkick.pipelines.spot_inputs import (
    InputOptions,
    SpottingJob,
    jobs_for,
    load_silently,
)


@pytest.fixture(scope="module")
def checkpoint() -> Checkpoint:
    return read_checkpoint(SHIPPED)


def touch(root: Path, *names: str) -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return root


def spans_of(job: SpottingJob) -> list[tuple[int, float, float | None, str]]:
    return [
        (span.period, span.start_s, span.end_s, span.file.name if span.file else "")
        for spans in job.files.values()
        for span in spans
    ]


def test_jobs_for_spans_cut_one_recording_into_periods(
    checkpoint: Checkpoint, tmp_path: Path
) -> None:
    touch(tmp_path, "final.mp4")
    options = InputOptions(spans=(PeriodSpan(1, 5.0, 9.0), PeriodSpan(2, 12.0)))
    (job,) = jobs_for([tmp_path / "final.mp4"], checkpoint, options)
    assert job.match == "final"
    assert spans_of(job) == [(1, 5.0, 9.0, "final.mp4"), (2, 12.0, None, "final.mp4")]
    assert job.notes == ("final.mp4: period 1 from 0:05 to 0:09, period 2 from 0:12 to the end",)


def test_jobs_for_periods_file_beside_the_video_counts(
    checkpoint: Checkpoint, tmp_path: Path
) -> None:
    touch(tmp_path, "a.mp4", "b.mp4")
    rows = [{"period": p, "start_s": 10 * p, "file": "a.mp4"} for p in (1, 2)]
    document = {"format": "spotkick-periods-1", "periods": rows}
    (tmp_path / "periods.json").write_text(json.dumps(document))
    jobs = jobs_for([tmp_path / "a.mp4", tmp_path / "b.mp4"], checkpoint)
    assert [spans_of(job) for job in jobs] == [
        [(1, 10.0, 20.0, "a.mp4"), (2, 20.0, None, "a.mp4")],
        [(1, 0.0, None, "b.mp4")],
    ]

    # One period alone, and a start that is given, are taken at their word.
    (second,) = jobs_for([tmp_path / "a.mp4"], checkpoint, InputOptions(period=2))
    assert spans_of(second) == [(2, 20.0, None, "a.mp4")]
    (given,) = jobs_for([tmp_path / "a.mp4"], checkpoint, InputOptions(period=2, start_s=3.0))
    assert spans_of(given) == [(2, 3.0, None, "a.mp4")]


@pytest.mark.parametrize(
    ("name", "period"), [("2_720p.mkv", 2), ("cup_H2.mp4", 2), ("1.mp4", 1), ("x.mp4", 1)]
)
def test_jobs_for_file_states_its_period_by_name(
    checkpoint: Checkpoint, tmp_path: Path, name: str, period: int
) -> None:
    touch(tmp_path, name)
    (job,) = jobs_for([tmp_path / name], checkpoint)
    assert list(job.files) == [period]


def test_jobs_for_split_period_is_joined_and_said(checkpoint: Checkpoint, tmp_path: Path) -> None:
    touch(tmp_path, "m/1_part1.mp4", "m/1_part2.mp4", "m/2_part1.mp4", "m/interview.mp4")
    (job,) = jobs_for([tmp_path / "m"], checkpoint)
    assert [(period, file) for period, _, _, file in spans_of(job)] == [
        (1, "1_part1.mp4"),
        (1, "1_part2.mp4"),
        (2, "2_part1.mp4"),
    ]
    assert any("1_part1.mp4, 1_part2.mp4" in note for note in job.notes)
    assert any("interview.mp4 is left out" in note for note in job.notes)


def test_jobs_for_folder_of_recordings_gives_a_match_for_each(
    checkpoint: Checkpoint, tmp_path: Path
) -> None:
    touch(tmp_path, "season/monday.mxf", "season/tuesday.vob", "season/notes.txt")
    jobs = jobs_for([tmp_path / "season"], checkpoint)
    assert [job.match for job in jobs] == ["monday", "tuesday"]


def test_jobs_for_missing_file_among_others_fails_alone(
    checkpoint: Checkpoint, tmp_path: Path
) -> None:
    touch(tmp_path, "a.mp4")
    with pytest.raises(InputError, match="does not exist"):
        jobs_for([tmp_path / "gone.mp4"], checkpoint)
    good, bad = jobs_for([tmp_path / "a.mp4", tmp_path / "gone.mp4"], checkpoint)
    assert good.match == "a"
    with pytest.raises(InputError, match=r"gone\.mp4 does not exist"):
        load_silently(bad)


def test_jobs_for_address_is_named_as_such(checkpoint: Checkpoint) -> None:
    with pytest.raises(InputError, match="is an address"):
        jobs_for([Path("https://example.com/live.m3u8")], checkpoint)


def test_jobs_for_files_of_one_name_are_told_apart_by_folder(
    checkpoint: Checkpoint, tmp_path: Path
) -> None:
    touch(tmp_path, "leeds/1_720p.mkv", "derby/1_720p.mkv")
    paths = [tmp_path / "leeds" / "1_720p.mkv", tmp_path / "derby" / "1_720p.mkv"]
    assert [job.match for job in jobs_for(paths, checkpoint)] == ["leeds/1_720p", "derby/1_720p"]
    with pytest.raises(InputError, match="given twice"):
        jobs_for([paths[0], paths[0]], checkpoint)


def test_input_options_contradictions_are_refused() -> None:
    with pytest.raises(ConfigError, match="must not be negative"):
        InputOptions(start_s=-1.0)
    with pytest.raises(ConfigError, match="leave out --start"):
        InputOptions(start_s=1.0, spans=(PeriodSpan(1),))


def test_jobs_for_spans_of_a_folder_with_two_recordings_are_refused(
    checkpoint: Checkpoint, tmp_path: Path
) -> None:
    touch(tmp_path, "m/1.mp4", "m/2.mp4")
    options = InputOptions(spans=(PeriodSpan(1), PeriodSpan(2, 12.0)))
    with pytest.raises(InputError, match="one recording of the whole match"):
        jobs_for([tmp_path / "m"], checkpoint, options)
