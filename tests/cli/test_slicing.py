import tomllib
from pathlib import Path

from typer.testing import CliRunner

from spotkick.cli.main import build_app


def test_slicing_prints_a_block_for_the_configuration(tmp_path: Path) -> None:
    rows = [
        f"{60 * n + offset},{label}"
        for n in range(30)
        for label, offset in (("serve", 0), ("smash", 4.5))
    ]
    (tmp_path / "rally.csv").write_text("\n".join(["time,label", *rows]))
    out, plot = tmp_path / "slicing.toml", tmp_path / "slicing.svg"
    arguments = [
        "slicing",
        str(tmp_path / "rally.csv"),
        "--out",
        str(out),
        "--plot",
        str(plot),
        "--compare",
        "v2",
    ]
    result = CliRunner().invoke(build_app(["slicing", "evaluate"]), arguments)
    assert result.exit_code == 0, result.output
    assert tomllib.loads(out.read_text())["slicing"]["bounds_s"]["smash"] == [
        -4.5,
        -4.5,
        55.5,
        55.5,
    ]
    assert out.read_text() in result.output
    assert plot.read_text().startswith("<svg ")
