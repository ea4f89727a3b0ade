import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from spotkick.actions import SOCCERNET_BALL, SOCCERNET_V1, SOCCERNET_V2, Action, MatchActions
from spotkick.doctor.examine import examine, guess_classes
from spotkick.doctor.findings import DoctorReport, Finding, Severity
from spotkick.errors import InputError
from spotkick.features.tracks import write_track


def write_labels(
    root: Path, match: str, rows: list[dict[str, str]], name: str = "Labels-v2.json"
) -> None:
    (root / match).mkdir(parents=True, exist_ok=True)
    (root / match / name).write_text(json.dumps({"UrlLocal": match, "annotations": rows}))


def row(
    period: int, position_ms: int, label: str = "Foul", clock: str | None = None
) -> dict[str, str]:
    minutes, seconds = divmod(position_ms // 1000, 60)
    return {
        "gameTime": clock or f"{period} - {minutes:02}:{seconds:02}",
        "label": label,
        "position": str(position_ms),
    }


def checks(report: DoctorReport) -> list[tuple[str, str]]:
    return [(finding.check, finding.where) for finding in report.findings]


def test_a_data_set(tmp_path: Path) -> None:
    write_labels(tmp_path, "l/s/good", [row(1, 1000), row(2, 2000)])
    write_labels(tmp_path, "l/s/clock", [row(1, 61_000, clock="1 - 01:05"), row(2, 2000)])
    write_labels(tmp_path, "l/s/half", [row(1, 1000)])
    (tmp_path / "l/s/broken").mkdir()
    (tmp_path / "l/s/broken/Labels-v2.json").write_text("{")
    write_track(np.ones((9, 2), dtype=np.float16), tmp_path / "l/s/bare/1_mine.npy")
    report = examine(tmp_path)
    assert (report.kind, report.matches, report.actions) == ("data set (Labels-v2.json)", 5, 5)
    found = checks(report)
    assert ("clock-disagrees", "l/s/clock") in found
    assert ("missing-half", "l/s/half") in found
    assert ("unreadable-labels", "l/s/broken") in found
    assert ("no-labels", "l/s/bare") in found
    assert not [check for check, where in found if where == "l/s/good"]


def test_one_match_folder(tmp_path: Path) -> None:
    write_labels(tmp_path, "l/s/m", [row(1, -5, clock="1 - 00:00"), row(2, 0)])
    report = examine(tmp_path / "l/s/m")
    assert (report.kind, checks(report)) == (
        "match folder (Labels-v2.json)",
        [("negative-position", "m")],
    )


def test_predictions_and_their_labels(tmp_path: Path) -> None:
    write_labels(tmp_path / "gt", "l/s/m", [row(1, 0)])
    rows = [
        {
            "gameTime": "1 - 00:00",
            "label": "Nothing",
            "position": "0",
            "half": "1",
            "confidence": "0.5",
        }
    ]
    rows += [{**rows[0], "label": "Foul", "position": str(1000 * number)} for number in range(3)]
    (tmp_path / "out/l/s/other").mkdir(parents=True)
    (tmp_path / "out/l/s/other/results_spotting.json").write_text(
        json.dumps({"UrlLocal": "", "predictions": rows})
    )
    report = examine(tmp_path / "out", labels=tmp_path / "gt")
    assert report.kind == "predictions (soccernet-results)"
    assert checks(report) == [
        ("dropped-class", "l/s/other"),
        ("missing-prediction", "l/s/m"),
        ("unlabelled-match", "l/s/other"),
    ]
    assert report.errors == 2


def test_labels_of_another_tool(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("video,time,label\nm,5,PASS\nm,5.01,PASS\n")
    assert checks(examine(tmp_path / "x.csv")) == [("duplicate-action", "m")]
    (tmp_path / "y.csv").write_text("video,time,label\nm,5,PASS\nm,5.41,PASS\n")
    assert checks(examine(tmp_path / "y.csv")) == [
        ("near-duplicate", "m")
    ]  # ball actions have a finer grid
    assert checks(examine(tmp_path / "y.csv", frame_rate=Fraction(2))) == [
        ("duplicate-action", "m")
    ]


def test_nothing_of_a_known_kind(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file or folder"):
        examine(tmp_path / "missing")
    with pytest.raises(InputError, match="no label or prediction files of a known format"):
        examine(tmp_path)


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (["Goal", "Foul", "Corner"], SOCCERNET_V2),
        (["soccer-ball", "y-card"], SOCCERNET_V1),
        (["PASS", "DRIVE", "mistyped"], SOCCERNET_BALL),
        (["smash", "drop"], None),
        ([], None),
    ],
)
def test_the_class_list_is_guessed(labels: list[str], expected: object) -> None:
    assert (
        guess_classes([MatchActions("m", tuple(Action(label, 1, 0) for label in labels))])
        is expected
    )


def test_the_report_puts_the_worst_first_and_counts_the_rest() -> None:
    remarks = [
        Finding(Severity.INFO, "remark", f"m{number}", "small", "nothing") for number in range(5)
    ]
    error = Finding(Severity.ERROR, "broken", "m", "bad", "mend it", 7)
    report = DoctorReport("data", "data set", 6, 100, (*remarks, error))
    assert report.lines() == [
        "data: data set, 6 matches, 100 actions",
        "error: broken (7 in 1 places)",
        "    m: bad",
        "    remedy: mend it",
        "info: remark (5)",
        "    m0: small",
        "    m1: small",
        "    m2: small",
        "    ... and 2 more",
        "    remedy: nothing",
        "1 errors, 0 warnings, 5 remarks",
    ]
    assert json.loads(json.dumps(report.to_json()))["findings"][5]["count"] == 7
    assert DoctorReport("x", "labels", 1, 1, ()).lines()[-1] == "nothing wrong was found"
