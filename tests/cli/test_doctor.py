import json
from pathlib import Path

from typer.testing import CliRunner

from spotkick.cli.main import build_app

runner = CliRunner()


def test_doctor_errors_give_exit_code_1(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("time,label\n-5,Goal\n")
    arguments = [
        "doctor",
        str(tmp_path / "x.csv"),
        "--classes",
        "soccernet-v2",
        "--json",
        str(tmp_path / "report.json"),
    ]
    result = runner.invoke(build_app(["doctor", "evaluate"]), arguments)
    assert result.exit_code == 1
    assert "error: negative-position (1)" in result.output
    assert json.loads((tmp_path / "report.json").read_text())["errors"] == 1


def test_doctor_good_labels_give_exit_code_0(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("time,label\n5,Goal\n")
    result = runner.invoke(build_app(["doctor", "evaluate"]), ["doctor", str(tmp_path / "x.csv")])
    assert (result.exit_code, result.output.splitlines()[-1]) == (0, "nothing wrong was found")


def test_doctor_skipped_check_gives_exit_code_0(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("time,label\n-5,Goal\n")
    arguments = ["doctor", str(tmp_path / "x.csv"), "--skip", "negative-position"]
    result = runner.invoke(build_app(["doctor", "evaluate"]), arguments)
    assert (result.exit_code, result.output.splitlines()[-1]) == (0, "nothing wrong was found")
