import json
from pathlib import Path

from typer.testing import CliRunner

from spotkick.cli.main import build_app

runner = CliRunner()


def test_convert_prints_what_is_lost(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("time,label,team,remark\n1.01,a,home,nice\n")
    arguments = [
        "convert",
        str(tmp_path / "x.csv"),
        str(tmp_path / "y.json"),
        "--to",
        "e2e-spot-results",
        "--rate",
        "25",
    ]
    result = runner.invoke(
        build_app(["convert", "evaluate"]), [*arguments, "--json", str(tmp_path / "report.json")]
    )
    assert result.exit_code == 0, result.output
    assert result.output.splitlines() == [
        "csv -> e2e-spot-results: 1 actions of 1 matches",
        "  lost: missing confidence, 1 times (set to 1)",
        "  lost: team, 1 times (left out)",
        "  lost: position within the frame, 1 times (moved to the start of the frame)",
        "  lost: field 'remark' of the source, 1 times (not read)",
        "  note: positions are counted at 25 frames per second",
    ]
    assert json.loads((tmp_path / "y.json").read_text())[0]["events"] == [
        {"frame": 25, "label": "a", "score": 1.0}
    ]
    assert json.loads((tmp_path / "report.json").read_text())["source_format"] == "csv"
