"""``spotkick evaluate`` from end to end on the golden files."""

import gzip
import json
import shutil
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from spotkick.actions import SOCCERNET_V2, Action, MatchActions
from spotkick.cli.main import build_app
from spotkick.errors import ConfigError, InputError, SpotkickError
from spotkick.evaluation import evaluate_original
from spotkick.files import write_json
from spotkick.formats import read_label_set, read_results, write_labels, write_results
from spotkick.formats.scores import MatchScores, write_scores
from spotkick.formats.tables import write_table

GOLDEN = Path(__file__).parents[1] / "evaluation" / "golden"


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(build_app(("evaluate",)), ["evaluate", *map(str, arguments)])


def test_evaluate_golden_sets_prints_and_writes_official_scores(tmp_path: Path) -> None:
    result = run(GOLDEN / "pred", GOLDEN / "gt", "--json", tmp_path / "scores.json")
    assert result.exit_code == 0, result.output
    document = json.loads((tmp_path / "scores.json").read_text())
    expected = json.loads((GOLDEN / "golden.json").read_text())["loose@2fps"]
    assert document["average_map"] == pytest.approx(expected["a_mAP"], abs=1e-12)
    assert document["visible"]["average_map"] == pytest.approx(expected["a_mAP_visible"], abs=1e-12)
    assert document["unshown"]["average_map"] == pytest.approx(expected["a_mAP_unshown"], abs=1e-12)
    assert document["n_videos"] == 3
    assert result.stdout.splitlines()[-3].split() == [
        "Average-mAP",
        "277",
        "425",
        "67.13",
        "65.40",
        "95.48",
    ]
    assert result.stdout.splitlines()[-1] == (
        "3 matches, loose, 2 frames per second, class list soccernet-v2"
    )


def test_evaluate_metric_rate_and_split_print_markdown(tmp_path: Path) -> None:
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
    assert result.stdout.splitlines()[-3] == "| mAP | 277 | 425 | 3.59 | 5.77 | 6.24 |"


def test_evaluate_named_split_limits_matches(tmp_path: Path) -> None:
    shutil.copytree(GOLDEN / "gt", tmp_path / "gt")
    (tmp_path / "gt" / "splits").mkdir()
    (tmp_path / "gt" / "splits" / "valid.txt").write_text("lg/2020/game1\n")
    result = run(
        GOLDEN / "pred", tmp_path / "gt", "--split", "valid", "--json", tmp_path / "scores.json"
    )
    assert result.exit_code == 0, result.output
    assert json.loads((tmp_path / "scores.json").read_text())["n_videos"] == 1


def test_evaluate_predictions_of_other_classes_warn(tmp_path: Path) -> None:
    (tmp_path / "classes.txt").write_text("Smash\nServe\n")
    result = run(GOLDEN / "pred", GOLDEN / "gt", "--classes", tmp_path / "classes.txt")
    assert (
        "no prediction is of the 2 classes of classes; all are of soccernet-v2: give --classes "
        "soccernet-v2" in result.stderr
    )


def test_evaluate_latex_prints_booktabs() -> None:
    result = run(GOLDEN / "pred", GOLDEN / "gt", "--latex")
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[0] == "% 3 matches, loose, 2 frames per second, class list soccernet-v2"
    assert lines[1] == r"\begin{tabular}{lrrrrr}"
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


def test_evaluate_tuned_on_writes_operating_points(tmp_path: Path) -> None:
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


def test_evaluate_without_first_frame_leaves_labels_out(tmp_path: Path) -> None:
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
        run(*arguments, *more).stdout.splitlines()[-3].split()[-1]
        for more in ((), ("--without-first-frame", "Substitution"))
    ]
    assert scores[1] == "100.00"
    assert float(scores[0]) < 60


def test_evaluate_one_prediction_file_takes_labels_of_its_match() -> None:
    prediction = GOLDEN / "pred/lg/2020/game0/results_spotting.json"
    folder = run(prediction, GOLDEN / "gt")
    file = run(prediction, GOLDEN / "gt/lg/2020/game0/Labels-v2.json")
    assert folder.exit_code == file.exit_code == 0, folder.output + file.output
    assert folder.stdout == file.stdout
    assert " 103 " in folder.stdout


def test_evaluate_own_classes_warn_about_other_labels(tmp_path: Path) -> None:
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


def test_evaluate_grouped_classes_read_same_files() -> None:
    result = run(GOLDEN / "pred", GOLDEN / "gt", "--classes", "soccernet-v1")
    assert result.exit_code == 0, result.output
    assert [line.split()[0] for line in result.stdout.splitlines()[2:5]] == [
        "goal",
        "card",
        "substitution",
    ]


@pytest.mark.parametrize("arguments", [("--metric", "at9"), ("--no-such-option",)])
def test_evaluate_wrong_usage_exits_with_2(arguments: tuple[str, ...]) -> None:
    assert run(GOLDEN / "pred", GOLDEN / "gt", *arguments).exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((GOLDEN / "nothing", GOLDEN / "gt"), "no such file"),
        ((GOLDEN / "gt", GOLDEN / "gt"), "no file named results_spotting.json"),
        ((GOLDEN / "pred", GOLDEN / "gt", "--classes", "soccernet-3"), "did you mean soccernet-v"),
        ((GOLDEN / "pred", GOLDEN / "gt", "--split", GOLDEN / "golden.json"), "a split must be"),
        ((GOLDEN / "pred", GOLDEN / "gt", "--legacy-frames"), "give --report"),
        ((GOLDEN / "pred", GOLDEN / "gt", "--viewer", "http://127.0.0.1:8765"), "give --report"),
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
def test_evaluate_input_at_fault_names_fix(arguments: tuple[str | Path, ...], message: str) -> None:
    result = run(*arguments)
    assert isinstance(result.exception, SpotkickError)
    assert message in str(result.exception)


def test_evaluate_missing_match_prints_one_line(tmp_path: Path) -> None:
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


def test_evaluate_report_holds_score(tmp_path: Path) -> None:
    result = run(GOLDEN / "pred", GOLDEN / "gt", "--report", tmp_path / "report.html")
    assert result.exit_code == 0, result.output
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert '<p class="value">67.1</p>' in page


def test_evaluate_report_of_segments_is_refused(tmp_path: Path) -> None:
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


def score_of(result: Result, path: Path) -> float:
    assert result.exit_code == 0, result.output + repr(result.exception)
    return float(json.loads(path.read_text())["average_map"])


def write_ball_set(root: Path, offset_ms: int = 0) -> None:
    """One match of ball actions; predictions lie off by so much."""
    labels = tuple(
        Action(name, 1, 20_000 * number)
        for number, name in enumerate(("PASS", "DRIVE", "PASS", "NUTMEG"))
    )
    write_labels(root / "gt/l/s/m/Labels-ball.json", MatchActions("l/s/m", labels))
    found = tuple(Action(a.label, 1, a.position_ms + offset_ms, 0.9) for a in labels)
    write_results(root / "pred", [MatchActions("l/s/m", found)])


@pytest.mark.parametrize(
    "names", [("PASS", "DRIVE"), ("DRIVE",), ("PASS", "DRIVE", "NUTMEG"), ("NUTMEG", "PASS")]
)
def test_evaluate_own_ball_classes_use_ball_grid(tmp_path: Path, names: tuple[str, ...]) -> None:
    """0.52 s off: outside 12 frames of 25 a second, inside one frame of 2 a second."""
    write_ball_set(tmp_path, offset_ms=520)
    (tmp_path / "own.txt").write_text("\n".join(names))
    arguments = (tmp_path / "pred", tmp_path / "gt", "--classes", tmp_path / "own.txt")
    out = tmp_path / "s.json"
    assert score_of(run(*arguments, "--json", out), out) == 0
    document = json.loads(out.read_text())
    assert (document["frame_rate"], document["metric"]) == ("25", "at1")
    coarse = run(*arguments, "--json", out, "--frame-rate", "2")
    assert score_of(coarse, out) == pytest.approx(1)


@pytest.mark.parametrize("form", ["pred.csv", "pred.parquet", "pred.json", "pred.zip"])
def test_evaluate_predictions_of_other_formats_score_the_same(tmp_path: Path, form: str) -> None:
    matches = list(read_results(GOLDEN / "pred"))
    target = tmp_path / form
    if form.endswith(".zip"):
        write_results(target, matches)
    elif form.endswith(".json"):
        one = next(iter(matches))
        write_json(target, json.loads((GOLDEN / "pred" / one.match / RESULTS).read_text()))
    else:
        write_table(target, matches)
    out = tmp_path / "s.json"
    expected = json.loads((GOLDEN / "golden.json").read_text())["loose@2fps"]["a_mAP"]
    score = score_of(run(target, GOLDEN / "gt", "--json", out), out)
    if form.endswith(".json"):
        assert json.loads(out.read_text())["n_videos"] == 1
    else:
        assert score == pytest.approx(expected, abs=1e-12)


RESULTS = "results_spotting.json"


def test_evaluate_table_without_a_match_counts_it_as_empty(tmp_path: Path) -> None:
    """A table has no row for a match without predictions; a folder must have its file."""
    matches = list(read_results(GOLDEN / "pred"))
    write_table(tmp_path / "p.csv", matches[:2])
    write_results(tmp_path / "p", [*matches[:2], MatchActions(matches[2].match, ())])
    out = tmp_path / "s.json"
    result = run(tmp_path / "p.csv", GOLDEN / "gt", "--json", out)
    score = score_of(result, out)
    assert "has no predictions for 1 of 3 labelled matches" in result.stderr
    assert score == score_of(run(tmp_path / "p", GOLDEN / "gt", "--json", out), out)
    shutil.rmtree(tmp_path / "p" / matches[2].match)
    missing = run(tmp_path / "p", GOLDEN / "gt")
    assert "no predictions for 1 of 3 labelled matches" in str(missing.exception)


def test_evaluate_table_with_split_takes_its_matches(tmp_path: Path) -> None:
    write_table(tmp_path / "p.csv", list(read_results(GOLDEN / "pred")))
    (tmp_path / "s.txt").write_text("lg/2020/game1\n")
    arguments = (GOLDEN / "gt", "--split", tmp_path / "s.txt", "--json", tmp_path / "s.json")
    table = score_of(run(tmp_path / "p.csv", *arguments), tmp_path / "s.json")
    assert table == score_of(run(GOLDEN / "pred", *arguments), tmp_path / "s.json")


def test_evaluate_labels_as_table_score_the_same(tmp_path: Path) -> None:
    write_table(tmp_path / "labels.csv", list(read_label_set(GOLDEN / "gt")))
    out = tmp_path / "s.json"
    expected = json.loads((GOLDEN / "golden.json").read_text())["loose@2fps"]["a_mAP"]
    result = run(GOLDEN / "pred", tmp_path / "labels.csv", "--json", out)
    assert score_of(result, out) == pytest.approx(expected, abs=1e-12)


def test_evaluate_predictions_without_labels_warn(tmp_path: Path) -> None:
    shutil.copytree(GOLDEN / "pred", tmp_path / "pred")
    for name in ("a", "b"):
        shutil.copytree(GOLDEN / "pred/lg/2020/game0", tmp_path / f"pred/lg/2021/{name}")
    result = run(tmp_path / "pred", GOLDEN / "gt", "--json", tmp_path / "s.json")
    message = "predictions for 2 matches without labels were left out, the first is 'lg/2021/a'"
    assert message in result.stderr
    assert message in json.loads((tmp_path / "s.json").read_text())["warnings"]
    assert "3 matches" in result.stdout
    split = tmp_path / "split.txt"
    split.write_text("lg/2020/game0\n")
    chosen = run(tmp_path / "pred", GOLDEN / "gt", "--split", split)
    assert "without labels" not in chosen.stderr  # left out on purpose
    assert "1 match, loose" in chosen.stdout


def write_v1_set(root: Path) -> None:
    """Predictions under the names of the three classes of v1."""
    labels = [MatchActions("m", (Action("Goal", 1, 9000), Action("Yellow card", 2, 9000)))]
    write_labels(root / "gt/m/Labels-v2.json", labels[0])
    found = (Action("goal", 1, 9000, 0.9), Action("card", 2, 9000, 0.9))
    write_results(root / "pred", [MatchActions("m", found)])


@pytest.mark.parametrize("where", ["stamp", "scores"])
def test_evaluate_classes_not_given_are_those_of_predictions(tmp_path: Path, where: str) -> None:
    write_v1_set(tmp_path)
    names = ("goal", "card", "substitution")
    if where == "stamp":
        classes = {"names": names, "aliases": {}, "name": "x"}
        write_json(tmp_path / "pred/spotting.json", {"checkpoint": "0", "classes": classes})
    else:
        values = np.zeros((4, 3), dtype=np.float32)
        write_scores(
            tmp_path / "pred/m/scores.npz", MatchScores("m", names, Fraction(2), {1: values})
        )
    out = tmp_path / "s.json"
    result = run(tmp_path / "pred", tmp_path / "gt", "--json", out)
    assert score_of(result, out) == pytest.approx(2 / 3)
    assert json.loads(out.read_text())["class_list"] == "soccernet-v1"
    assert "classes are the 3 that" in result.stderr


def test_evaluate_classes_not_stated_warn_with_the_list_that_fits(tmp_path: Path) -> None:
    write_v1_set(tmp_path)
    result = run(tmp_path / "pred", tmp_path / "gt")
    assert result.exit_code == 0
    assert "all are of soccernet-v1: give --classes soccernet-v1" in result.stderr


def test_evaluate_formats_may_be_stated(tmp_path: Path) -> None:
    actions = (Action("dunk", 1, 60_000), Action("dunk", 2, 90_000))
    found = tuple(replace(action, confidence=0.9) for action in actions)
    labels, predictions = tmp_path / "labels.csv", tmp_path / "found.csv"
    write_table(labels, [MatchActions("m", actions)])
    write_table(predictions, [MatchActions("m", found)])
    (tmp_path / "own.txt").write_text("dunk\n")
    out = tmp_path / "s.json"
    arguments = (predictions, labels, "--classes", tmp_path / "own.txt", "--json", out)
    assert score_of(run(*arguments, "--from", "csv", "--labels-from", "csv"), out) == 1
    for option in ("--from", "--labels-from"):
        wrong = run(*arguments, option, "elan")
        assert isinstance(wrong.exception, SpotkickError)
        unknown = run(*arguments, option, "cvs")
        assert "did you mean csv?" in str(unknown.exception)


def test_evaluate_periods_count_as_given(tmp_path: Path) -> None:
    actions = tuple(Action("dunk", period, 60_000) for period in (1, 2, 3, 4))
    write_labels(tmp_path / "gt/m/Labels-v2.json", MatchActions("m", actions))
    found = tuple(Action("dunk", period, 60_000, 0.9) for period in (1, 2))
    write_results(tmp_path / "pred", [MatchActions("m", found)])
    (tmp_path / "own.txt").write_text("dunk\n")
    arguments = (tmp_path / "pred", tmp_path / "gt", "--classes", tmp_path / "own.txt")
    out = tmp_path / "s.json"
    assert score_of(run(*arguments, "--json", out), out) < 0.6
    assert score_of(run(*arguments, "--json", out, "--periods", "1,2"), out) == pytest.approx(1)
    wrong = run(*arguments, "--periods", "1-4")
    assert isinstance(wrong.exception, ConfigError)
    unlabelled = run(*arguments, "--periods", "9")
    assert isinstance(unlabelled.exception, ConfigError)
    assert "--periods 9: no label lies there" in str(unlabelled.exception)
    assert "periods 1, 2, 3, 4" in str(unlabelled.exception)


@pytest.mark.parametrize(
    ("metric", "text"),
    [
        ("teams", "mAP "),
        ("teams:loose", "mAP at 60 s"),
        ("frames:1,2,4", "mAP at 4 frames"),
        ("frames", "mAP at 0 frames"),
    ],
)
def test_evaluate_other_metrics_print_their_table(tmp_path: Path, metric: str, text: str) -> None:
    actions = tuple(Action("PASS", 1, 9000 * k, team=("left", "right")[k % 2]) for k in range(4))
    write_labels(tmp_path / "gt/m/Labels-ball.json", MatchActions("m", actions))
    found = tuple(Action("PASS", 1, a.position_ms, 0.9, team=a.team) for a in actions)
    write_results(tmp_path / "pred", [MatchActions("m", found)])
    out = tmp_path / "s.json"
    result = run(
        tmp_path / "pred",
        tmp_path / "gt",
        "--classes",
        "soccernet-ball-2023",
        "--metric",
        metric,
        "--json",
        out,
    )
    assert score_of(result, out) == pytest.approx(1)
    assert json.loads(out.read_text())["metric"] == metric
    assert "PASS" in result.stdout
    assert text in result.stdout


def test_evaluate_original2018_equals_python_function(tmp_path: Path) -> None:
    out = tmp_path / "s.json"
    score = score_of(
        run(GOLDEN / "pred", GOLDEN / "gt", "--metric", "original2018", "--json", out), out
    )
    expected = evaluate_original(
        read_results(GOLDEN / "pred"), read_label_set(GOLDEN / "gt"), SOCCERNET_V2
    )
    assert score == expected.average_map


def test_evaluate_nms_per_tolerance_is_named_and_lower(tmp_path: Path) -> None:
    out = tmp_path / "s.json"
    arguments = (GOLDEN / "pred", GOLDEN / "gt", "--json", out)
    plain = score_of(run(*arguments), out)
    suppressed = run(*arguments, "--nms", "per-tolerance")
    assert score_of(suppressed, out) != plain
    assert json.loads(out.read_text())["nms"] == "per-tolerance"
    assert "nms per-tolerance" in suppressed.stdout
    wrong = run(*arguments, "--nms", "per-tolerance", "--metric", "frames")
    assert isinstance(wrong.exception, ConfigError)


def test_evaluate_json_holds_binned_values(tmp_path: Path) -> None:
    out = tmp_path / "s.json"
    run(GOLDEN / "pred", GOLDEN / "gt", "--json", out)
    figures = json.loads(out.read_text())["figures"]
    assert len(figures["game_time"]["loose"]) == len(figures["game_time"]["tight"]) == 20
    assert figures["distance"]["tight"][-1]["high"] is None
    assert sum(part["n_labels"] for part in figures["game_time"]["loose"]) == 277


def test_evaluate_report_names_system_labels_split_and_date(tmp_path: Path) -> None:
    split = tmp_path / "valid.txt"
    split.write_text("lg/2020/game0\n")
    pages = []
    for _ in range(2):
        run(
            GOLDEN / "pred",
            GOLDEN / "gt",
            "--split",
            split,
            "--system",
            "CALF 3",
            "--date",
            "2026-05-04",
            "--report",
            tmp_path / "r.html",
        )
        pages.append((tmp_path / "r.html").read_text())
    assert pages[0] == pages[1]  # nothing comes from the clock
    assert "<h1>CALF 3: action spotting report</h1>" in pages[0]
    assert "Labels golden/gt, split valid, 1 match" in pages[0]
    assert "predictions of 2026-05-04" in pages[0]
    assert "1 match: no interval" in pages[0]
    wrong = run(GOLDEN / "pred", GOLDEN / "gt", "--date", "yesterday")
    assert isinstance(wrong.exception, ConfigError)


def test_evaluate_warnings_of_many_files_are_merged(tmp_path: Path) -> None:
    for number in range(3):
        rows = [
            {"gameTime": "1 - 00:01", "label": "Goal", "position": "1000", "visibility": "maybe"}
        ] * (number + 1)
        write_json(tmp_path / f"gt/m{number}/Labels-v2.json", {"annotations": rows})
        write_results(
            tmp_path / "pred", [MatchActions(f"m{number}", (Action("Goal", 1, 1000, 0.9),))]
        )
    result = run(tmp_path / "pred", tmp_path / "gt")
    lines = [line for line in result.stderr.splitlines() if "visibility" in line]
    assert len(lines) == 1
    assert lines[0].startswith("warning: 6 ")
    assert "in 3 files" in lines[0]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("p.json.gz", gzip.compress(b"{}", mtime=0)),
        ("p.csv", b"what,ever\n1,2\n"),
        ("p.txt", b"Goal 1:23\n"),
    ],
)
def test_evaluate_unreadable_predictions_are_not_called_a_zip(
    tmp_path: Path, name: str, content: bytes
) -> None:
    (tmp_path / name).write_bytes(content)
    result = run(tmp_path / name, GOLDEN / "gt")
    assert isinstance(result.exception, InputError)
    assert "zip" not in str(result.exception)


def write_segments(root: Path, subset: str = "validation") -> None:
    """One video with two detections, and labels with an ambiguous segment."""
    annotations = [
        {"segment": [0, 10], "label": "Jump"},
        {"segment": [20, 30], "label": "Jump"},
        {"segment": [50, 52], "label": "Ambiguous"},
    ]
    video = {"subset": subset, "duration": 90, "annotations": annotations}
    write_json(root / "l.json", {"database": {"v": video}})
    rows = [
        {"segment": [50, 52], "label": "Jump", "score": 0.9},
        {"segment": [0, 10], "label": "Jump", "score": 0.8},
        {"segment": [20, 30], "label": "Jump", "score": 0.7},
    ]
    write_json(root / "p.json", {"results": {"v": rows}, "version": "1", "external_data": {}})


@pytest.mark.parametrize(("ambiguous", "expected"), [("drop", 2 / 3), ("ignore", 1.0)])
def test_evaluate_ambiguous_segments_are_no_class(
    tmp_path: Path, ambiguous: str, expected: float
) -> None:
    write_segments(tmp_path)
    out = tmp_path / "s.json"
    result = run(
        tmp_path / "p.json",
        tmp_path / "l.json",
        "--task",
        "activitynet",
        "--ambiguous",
        ambiguous,
        "--overlaps",
        "0.3,0.5",
        "--json",
        out,
    )
    assert score_of(result, out) == pytest.approx(expected)
    document = json.loads(out.read_text())
    assert list(document["per_class"]) == ["Jump"]
    assert list(document["map_at"]) == ["0.3", "0.5"]


def test_evaluate_blocked_videos_do_not_count(tmp_path: Path) -> None:
    write_segments(tmp_path)
    document = json.loads((tmp_path / "l.json").read_text())
    document["database"]["w"] = document["database"]["v"]
    write_json(tmp_path / "l.json", document)
    out = tmp_path / "s.json"
    arguments = (tmp_path / "p.json", tmp_path / "l.json", "--task", "activitynet", "--json", out)
    both = score_of(run(*arguments), out)
    for name, content in (("b.txt", "w\n"), ("b.json", '["w"]')):
        (tmp_path / name).write_text(content)
        alone = score_of(run(*arguments, "--blocked", tmp_path / name), out)
        assert alone > both
    assert isinstance(run(*arguments, "--overlaps", "half").exception, ConfigError)


@pytest.mark.parametrize("name", ["v_v", "V1", "other"])
def test_evaluate_foreign_video_names_warn_and_name_nearest(tmp_path: Path, name: str) -> None:
    write_segments(tmp_path)
    document = json.loads((tmp_path / "p.json").read_text())
    write_json(tmp_path / "p.json", {**document, "results": {name: document["results"]["v"]}})
    result = run(tmp_path / "p.json", tmp_path / "l.json", "--task", "activitynet")
    assert result.exit_code == 0
    assert "3 of 3 detections lie in videos that are not among the 1 labelled ones" in result.stderr
    assert f"the first is '{name}'" in result.stderr


def test_evaluate_missing_subset_lists_subsets(tmp_path: Path) -> None:
    write_segments(tmp_path, subset="val")
    result = run(tmp_path / "p.json", tmp_path / "l.json", "--task", "activitynet")
    message = str(result.exception)
    assert "'val' (1 videos)" in message
    assert '--subset ""' in message
