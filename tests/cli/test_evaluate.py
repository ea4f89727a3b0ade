"""``spotkick evaluate`` from end to end on the golden files."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from spotkick.cli.main import build_app
from spotkick.errors import SpotkickError

GOLDEN = Path(__file__).parents[1] / "evaluation" / "golden"


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(build_app(("evaluate",)), ["evaluate", *map(str, arguments)])


def test_scores_and_json(tmp_path: Path) -> None:
    result = run(GOLDEN / "pred", GOLDEN / "gt", "--json", tmp_path / "scores.json")
    assert result.exit_code == 0, result.output
    document = json.loads((tmp_path / "scores.json").read_text())
    expected = json.loads((GOLDEN / "golden.json").read_text())["loose@2fps"]
    assert document["average_map"] == pytest.approx(expected["a_mAP"], abs=1e-12)
    assert document["visible"]["average_map"] == pytest.approx(expected["a_mAP_visible"], abs=1e-12)
    assert document["unshown"]["average_map"] == pytest.approx(expected["a_mAP_unshown"], abs=1e-12)
    assert document["n_videos"] == 3
    assert result.stdout.splitlines()[-1].split() == [
        "Average-mAP",
        "277",
        "425",
        "67.13",
        "65.40",
        "95.48",
    ]


def test_metric_rate_split_and_markdown(tmp_path: Path) -> None:
    split = tmp_path / "split.txt"
    split.write_text("lg/2020/game0\nlg/2020/game1\nlg/2020/game2\n")
    result = run(
        GOLDEN / "pred",
        GOLDEN / "gt",
        "--metric",
        "at1",
        "--frame-rate",
        "25",
        "--split",
        split,
        "--markdown",
    )
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[-1] == "| mAP | 277 | 425 | 3.59 | 5.77 | 6.24 |"


def test_split_may_be_named(tmp_path: Path) -> None:
    shutil.copytree(GOLDEN / "gt", tmp_path / "gt")
    (tmp_path / "gt" / "splits").mkdir()
    (tmp_path / "gt" / "splits" / "valid.txt").write_text("lg/2020/game1\n")
    result = run(
        GOLDEN / "pred", tmp_path / "gt", "--split", "valid", "--json", tmp_path / "scores.json"
    )
    assert result.exit_code == 0, result.output
    assert json.loads((tmp_path / "scores.json").read_text())["n_videos"] == 1


def test_predictions_of_other_classes_are_pointed_out(tmp_path: Path) -> None:
    (tmp_path / "classes.txt").write_text("Smash\nServe\n")
    result = run(GOLDEN / "pred", GOLDEN / "gt", "--classes", tmp_path / "classes.txt")
    assert (
        "no prediction is of the 2 classes of classes; others are chosen with --classes"
        in result.stderr
    )


def test_latex() -> None:
    result = run(GOLDEN / "pred", GOLDEN / "gt", "--latex")
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[0] == r"\begin{tabular}{lrrrrr}"
    assert r"Yellow-$>$red card & " in result.stdout
    assert lines[-4:] == [
        r"\midrule",
        r"Average-mAP & 277 & 425 & 67.13 & 65.40 & 95.48 \\",
        r"\bottomrule",
        r"\end{tabular}",
    ]
    with pytest.raises(SpotkickError, match="exclude each other"):
        CliRunner().invoke(
            build_app(("evaluate",)),
            ["evaluate", str(GOLDEN / "pred"), str(GOLDEN / "gt"), "--latex", "--markdown"],
            catch_exceptions=False,
        )


def test_thresholds_of_another_set(tmp_path: Path) -> None:
    pair = (GOLDEN / "pred", GOLDEN / "gt")
    result = run(
        *pair,
        "--tuned-on",
        *pair,
        "--json",
        tmp_path / "s.json",
        "--report",
        tmp_path / "r.html",
        "--legacy-frames",
    )
    assert result.exit_code == 0, result.output
    points = json.loads((tmp_path / "s.json").read_text())["operating_points"]
    assert points["tolerance_s"] == 10
    one = points["per_class"]["Corner"]
    assert one["tp"] + one["fn"] > 0
    assert 0 < one["f1"] <= 1
    assert (
        result.stdout.splitlines()[-1]
        == f"thresholds: best F1 at a tolerance of 10 s on {GOLDEN / 'pred'}"
    )
    assert "is chosen on " + str(GOLDEN / "pred") in (tmp_path / "r.html").read_text()


def test_labels_on_the_first_frame_are_left_out(tmp_path: Path) -> None:
    rows = [
        {"gameTime": "2 - 00:00", "label": "Substitution", "position": "0"},
        {"gameTime": "2 - 01:00", "label": "Substitution"},
    ]
    found = [
        {
            "gameTime": "2 - 01:00",
            "label": "Substitution",
            "position": "60000",
            "half": "2",
            "confidence": "0.9",
        }
    ]
    (tmp_path / "labels.json").write_text(json.dumps({"annotations": rows}))
    (tmp_path / "found.json").write_text(json.dumps({"predictions": found}))
    classes = tmp_path / "classes.txt"
    classes.write_text("Substitution\n")
    arguments = (tmp_path / "found.json", tmp_path / "labels.json", "--classes", classes)
    scores = [
        run(*arguments, *more).stdout.splitlines()[-1].split()[-1]
        for more in ((), ("--without-first-frame", "Substitution"))
    ]
    assert scores[1] == "100.00"
    assert float(scores[0]) < 60


def test_one_file_against_a_folder_or_a_file() -> None:
    prediction = GOLDEN / "pred/lg/2020/game0/results_spotting.json"
    folder = run(prediction, GOLDEN / "gt")
    file = run(prediction, GOLDEN / "gt/lg/2020/game0/Labels-v2.json")
    assert folder.exit_code == file.exit_code == 0, folder.output + file.output
    assert folder.stdout == file.stdout
    assert " 103 " in folder.stdout


def test_own_classes_and_what_they_leave_out(tmp_path: Path) -> None:
    classes = tmp_path / "class.txt"
    classes.write_text("Goal\nCorner\n")
    result = run(
        GOLDEN / "pred", GOLDEN / "gt", "--classes", classes, "--json", tmp_path / "scores.json"
    )
    assert result.exit_code == 0, result.output
    assert "warning: 250 labels with labels outside the class list were left out" in result.stderr
    document = json.loads((tmp_path / "scores.json").read_text())
    assert list(document["per_class"]) == ["Goal", "Corner"]
    assert any("outside the class list" in message for message in document["warnings"])


def test_grouped_classes_take_the_same_files() -> None:
    result = run(GOLDEN / "pred", GOLDEN / "gt", "--classes", "soccernet-v1")
    assert result.exit_code == 0, result.output
    assert [line.split()[0] for line in result.stdout.splitlines()[2:5]] == [
        "goal",
        "card",
        "substitution",
    ]


@pytest.mark.parametrize("arguments", [("--metric", "at9"), ("--no-such-option",)])
def test_wrong_usage(arguments: tuple[str, ...]) -> None:
    assert run(GOLDEN / "pred", GOLDEN / "gt", *arguments).exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((GOLDEN / "nothing", GOLDEN / "gt"), "no such file or folder"),
        ((GOLDEN / "gt", GOLDEN / "gt"), "no file named results_spotting.json"),
        ((GOLDEN / "pred", GOLDEN / "gt", "--classes", "soccernet-3"), "did you mean soccernet-v"),
        ((GOLDEN / "pred", GOLDEN / "gt", "--split", GOLDEN / "golden.json"), "a split must be"),
        ((GOLDEN / "pred", GOLDEN / "gt", "--legacy-frames"), "give --report"),
        (
            (GOLDEN / "pred", GOLDEN / "gt", "--without-first-frame", "Corners"),
            "did you mean 'Corner'",
        ),
        (
            (GOLDEN / "pred", GOLDEN / "gt", "--tuned-on", GOLDEN / "gt", GOLDEN / "gt"),
            "no file named results_spotting.json",
        ),
    ],
)
def test_input_at_fault(arguments: tuple[str | Path, ...], message: str) -> None:
    result = run(*arguments)
    assert isinstance(result.exception, SpotkickError)
    assert message in str(result.exception)


def test_program_prints_one_line_and_no_traceback(tmp_path: Path) -> None:
    split = tmp_path / "split.txt"
    split.write_text("lg/2020/game9\n")
    command = [
        sys.executable,
        "-c",
        "from spotkick.cli.main import run; run()",
        "evaluate",
        GOLDEN / "pred",
        GOLDEN / "gt",
    ]
    finished = subprocess.run(
        [*command, "--split", split], capture_output=True, text=True, check=False
    )
    assert finished.returncode == 1
    assert finished.stderr.count("\n") == 1
    assert "nothing for match 'lg/2020/game9'" in finished.stderr


def test_report(tmp_path: Path) -> None:
    result = run(GOLDEN / "pred", GOLDEN / "gt", "--report", tmp_path / "report.html")
    assert result.exit_code == 0, result.output
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert '<p class="value">67.1</p>' in page


def test_no_report_of_segments(tmp_path: Path) -> None:
    result = run(
        GOLDEN / "pred",
        GOLDEN / "gt",
        "--task",
        "activitynet",
        "--report",
        tmp_path / "report.html",
    )
    assert isinstance(result.exception, SpotkickError)
    assert "--report" in str(result.exception)
