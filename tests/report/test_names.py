"""Names and dates on reports come from what was given and from files, not from the clock."""

import os
from pathlib import Path

import pytest

from spotkick.report.names import ReportNames, name_of_path, newest_date


def test_subtitle_empty_names_are_left_out() -> None:
    assert ReportNames().subtitle("3 matches") == "3 matches"
    full = ReportNames("s", labels="SoccerNet", split="test", date="2026-01-02")
    assert full.subtitle("3 matches", "metric loose") == (
        "Labels SoccerNet, split test, 3 matches, metric loose, predictions of 2026-01-02"
    )


def test_title_system_comes_first() -> None:
    assert ReportNames().title("Action spotting report") == "Action spotting report"
    assert ReportNames("CALF").title("Action report") == "CALF: action report"


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/runs/calf/predictions.zip", "calf/predictions"),
        ("/runs/calf", "runs/calf"),
        ("/found.csv", "found"),
        ("/", ""),
    ],
)
def test_name_of_path_keeps_two_parts(path: str, name: str) -> None:
    assert name_of_path(Path(path)) == name


def test_newest_date_is_that_of_the_newest_file(tmp_path: Path) -> None:
    assert newest_date([tmp_path]) == ""
    for name, seconds in (("a/x.json", 86_400), ("a/b/y.json", 3 * 86_400), ("z.json", 0)):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("{}")
        os.utime(tmp_path / name, (seconds, seconds))
    assert newest_date([tmp_path]) == "1970-01-04"
    assert newest_date([tmp_path / "z.json", tmp_path / "gone"]) == "1970-01-01"
