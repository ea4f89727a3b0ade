import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from spotkick.doctor.examine import examine
from spotkick.doctor.findings import DoctorReport
from spotkick.errors import ConfigError, InputError
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


def test_examine_data_set_finds_planted_mistakes(tmp_path: Path) -> None:
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


def test_examine_match_folder_is_called_as_itself(tmp_path: Path) -> None:
    write_labels(tmp_path, "l/s/m", [row(1, -5, clock="1 - 00:00"), row(2, 0)])
    report = examine(tmp_path / "l/s/m")
    assert (report.kind, checks(report)) == (
        "match folder (Labels-v2.json)",
        [("negative-position", "l/s/m")],
    )


def test_examine_predictions_against_labels_names_missing_matches(tmp_path: Path) -> None:
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
    rows += [{**rows[0], "label": "Foul", "position": str(500 * number)} for number in range(3)]
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


def test_examine_predictions_beside_labels_are_told_apart(tmp_path: Path) -> None:
    write_labels(tmp_path, "l/s/m", [row(1, 1000), row(2, 2000)])
    predictions = [{**row(1, 1000), "half": "1", "confidence": "0.5"}]
    (tmp_path / "l/s/m/results_spotting.json").write_text(
        json.dumps({"UrlLocal": "l/s/m", "predictions": predictions})
    )
    write_track(np.ones((9, 2), dtype=np.float16), tmp_path / "l/s/m/1_mine.npy")
    report = examine(tmp_path, labels=tmp_path)
    assert report.kind.startswith("predictions")
    assert (report.actions, checks(report)) == (1, [])


def test_examine_table_uses_the_grid_of_its_classes(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("video,time,label\nm,5,PASS\nm,5.01,PASS\n")
    assert checks(examine(tmp_path / "x.csv")) == [("duplicate-action", "m")]
    (tmp_path / "y.csv").write_text("video,time,label\nm,5,PASS\nm,5.41,PASS\n")
    assert checks(examine(tmp_path / "y.csv")) == [
        ("near-duplicate", "m")
    ]  # ball actions have a finer grid
    assert checks(examine(tmp_path / "y.csv", frame_rate=Fraction(2))) == [
        ("duplicate-action", "m")
    ]


def test_examine_nothing_of_a_known_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file or folder"):
        examine(tmp_path / "missing")
    with pytest.raises(InputError, match="no label or prediction files of a known format"):
        examine(tmp_path)


def test_examine_reader_warnings_are_findings(tmp_path: Path) -> None:
    rows = [{**row(1, 1000), "visibility": "hidden"}]
    write_labels(tmp_path, "l/s/m", rows)
    found = {finding.check: finding for finding in examine(tmp_path).findings}
    assert "visibility other than" in found["reader-warning"].message


def test_examine_rate_of_files_that_count_frames(tmp_path: Path) -> None:
    region = {"ranges": [{"start": 2251, "end": 2251}], "timelinelabels": ["Goal"]}
    result = [{"type": "timelinelabels", "value": region, "from_name": "a", "to_name": "v"}]
    task = {"id": 1, "data": {"video": "m.mp4"}, "annotations": [{"id": 1, "result": result}]}
    (tmp_path / "e.json").write_text(json.dumps([task]))
    assert [check for check, _ in checks(examine(tmp_path / "e.json"))] == ["reader-warning"]
    assert checks(examine(tmp_path / "e.json", rate=Fraction(25))) == []


@pytest.mark.parametrize(("sport", "found"), [(None, True), ("soccer", True), ("none", False)])
def test_examine_sport_decides_whose_rules_are_checked(
    tmp_path: Path, sport: str | None, found: bool
) -> None:
    write_labels(tmp_path, "l/s/m", [row(1, 1000, "Goal"), row(1, 9000, "Goal"), row(2, 1, "Foul")])
    report = examine(tmp_path, sport=sport)
    assert ("impossible-pair" in dict(checks(report))) == found


def test_examine_own_classes_are_not_judged_by_soccer(tmp_path: Path) -> None:
    rows = [row(period, 1000 * period, "smash") for period in (1, 2, 3, 4)]
    write_labels(tmp_path, "l/s/m", rows)
    assert checks(examine(tmp_path)) == []


def test_examine_skipped_checks_are_left_out(tmp_path: Path) -> None:
    write_labels(tmp_path, "l/s/m", [row(1, -5, clock="1 - 00:00"), row(2, 0)])
    assert checks(examine(tmp_path, skip=["negative-position"])) == []


def test_examine_unknown_sport_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="soccer or none"):
        examine(tmp_path, sport="chess")


def test_examine_sets_of_recordings_have_no_missing_half(tmp_path: Path) -> None:
    lines = ["video,time,label"] + [f"clip{n},5,Goal" for n in range(3)]
    (tmp_path / "x.csv").write_text("\n".join(lines))
    assert checks(examine(tmp_path / "x.csv")) == []


def test_examine_features_at_another_rate_than_their_labels_say(tmp_path: Path) -> None:
    for number in range(2):
        name = f"l/s/m{number}"
        rows = [row(1, 20_000 * index + 500, "smash") for index in range(30)]
        write_labels(tmp_path, name, rows)
        write_track(
            np.random.default_rng(0).normal(size=(7500, 2)).astype(np.float16),
            tmp_path / name / "1_mine.npy",
        )
    found = [
        finding for finding in examine(tmp_path).findings if finding.check == "wrong-frame-rate"
    ]
    assert len(found) == 2
    assert "fit 25/2 per second" in found[0].message
