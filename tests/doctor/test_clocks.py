import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from spotkick.doctor.examine import examine
from spotkick.doctor.findings import DoctorReport, Finding

MATCH = "epl/2016/final"


def rows(factor: float, shift_s: int = 0, period: int = 1) -> list[dict[str, Any]]:
    """Fouls every minute, whose position is ``factor`` times the seconds of the clock."""
    return [
        {
            "gameTime": f"{period} - {minute:02}:00",
            "label": "Foul",
            "position": str(round(factor * (60 * minute + shift_s))),
        }
        for minute in range(1, 20)
    ]


def write_labels(root: Path, annotations: list[dict[str, Any]], url: str = MATCH) -> Path:
    path = root / MATCH / "Labels-v2.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"UrlLocal": url, "annotations": annotations}))
    return path


def find(report: DoctorReport, check: str) -> list[Finding]:
    return [finding for finding in report.findings if finding.check == check]


def pack(root: Path) -> Path:
    path = root.with_suffix(".zip")
    with zipfile.ZipFile(path, "w") as archive:
        for file in root.rglob("*.json"):
            archive.write(file, file.relative_to(root).as_posix())
    return path


@pytest.mark.parametrize("given", ["tree", "match", "file", "zip"])
def test_examine_clock_and_position_are_compared_however_labels_are_given(
    tmp_path: Path, given: str
) -> None:
    file = write_labels(tmp_path / "data", rows(1))
    paths = {"tree": tmp_path / "data", "match": file.parent, "file": file}
    path = pack(tmp_path / "data") if given == "zip" else paths[given]
    (finding,) = find(examine(path), "clock-disagrees")
    assert (finding.where, finding.count) == (MATCH, 19)
    assert "positions are seconds" in finding.message


@pytest.mark.parametrize("given", ["folder", "zip"])
def test_examine_clock_of_predictions_is_compared(tmp_path: Path, given: str) -> None:
    path = tmp_path / "out" / MATCH / "results_spotting.json"
    path.parent.mkdir(parents=True)
    predictions = [{**row, "half": "1", "confidence": "0.5"} for row in rows(25)]
    path.write_text(json.dumps({"UrlLocal": MATCH, "predictions": predictions}))
    chosen = tmp_path / "out" if given == "folder" else pack(tmp_path / "out")
    (finding,) = find(examine(chosen), "clock-disagrees")
    assert "frames at 25 per second" in finding.message
    assert "by 40" in finding.fix


def test_examine_clock_of_a_table_is_compared(tmp_path: Path) -> None:
    lines = ["match;gameTime;position_ms;label"]
    lines += [f"m;{row['gameTime']};{row['position']};Foul" for row in rows(1000, shift_s=-30)]
    (tmp_path / "x.csv").write_text("\n".join(lines))
    (finding,) = find(examine(tmp_path / "x.csv"), "clock-disagrees")
    assert "-30 s from gameTime throughout" in finding.message


def test_examine_clock_of_second_half_that_counts_from_kick_off(tmp_path: Path) -> None:
    write_labels(tmp_path, rows(1000, shift_s=2700, period=2))
    (finding,) = find(examine(tmp_path), "clock-disagrees")
    assert "second half counts from the kick-off" in finding.message


def test_examine_clock_that_agrees_is_no_finding(tmp_path: Path) -> None:
    write_labels(tmp_path, rows(1000, shift_s=1))
    assert find(examine(tmp_path), "clock-disagrees") == []


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("epl/2016/semi-final", True),
        ("other/2016/final", True),
        (f"{MATCH}/", False),
        ("final", False),
        ("", False),
    ],
)
def test_examine_file_of_another_match_is_found(tmp_path: Path, url: str, found: bool) -> None:
    write_labels(tmp_path, rows(1000), url)
    assert bool(find(examine(tmp_path), "other-match")) == found
