"""``spotkick compare`` from end to end on the golden files."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from spotkick.cli.compare import name_systems
from spotkick.cli.main import build_app
from spotkick.errors import ConfigError, InputError
from spotkick.formats import read_results, write_results

GOLDEN = Path(__file__).parents[1] / "evaluation" / "golden"


def run(*arguments: str | Path) -> Result:
    # a second command keeps the name of the first on the command line
    return CliRunner().invoke(build_app(("compare", "evaluate")), ["compare", *map(str, arguments)])


@pytest.fixture
def weaker(tmp_path: Path) -> Path:
    """The golden predictions without every other one."""
    matches = [
        type(match)(match.match, match.actions[::2]) for match in read_results(GOLDEN / "pred")
    ]
    write_results(tmp_path / "weaker", matches)
    return tmp_path / "weaker"


def test_table_report_and_json(tmp_path: Path, weaker: Path) -> None:
    report, scores = tmp_path / "out.html", tmp_path / "out.json"
    result = run(
        weaker,
        f"full={GOLDEN / 'pred'}",
        "--labels",
        GOLDEN / "gt",
        "--resamples",
        "20",
        "--report",
        report,
        "--json",
        scores,
    )
    assert result.exit_code == 0, result.output
    rows = [line.split()[:2] for line in result.stdout.splitlines()[2:4]]
    assert rows[0] == ["full", "67.1"]
    assert rows[1][0] == "weaker"
    document = json.loads(scores.read_text())
    assert document["order"] == ["full", "weaker"]
    assert document["metric"] == "loose"
    assert "full over weaker" in report.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("option", "start"), [("--markdown", "| system |"), ("--latex", "% The order")]
)
def test_tables_for_papers(weaker: Path, option: str, start: str) -> None:
    result = run(
        weaker,
        GOLDEN / "pred",
        "--labels",
        GOLDEN / "gt",
        "--resamples",
        "5",
        option,
        "--metric",
        "tight",
    )
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith(start)


def test_what_cannot_be_compared(weaker: Path) -> None:
    one = run(weaker, "--labels", GOLDEN / "gt")
    assert isinstance(one.exception, ConfigError)
    nothing = run(weaker, GOLDEN / "gt", "--labels", GOLDEN / "gt")
    assert isinstance(nothing.exception, InputError)
    two = run(weaker, GOLDEN / "pred", "--labels", GOLDEN / "gt", "--markdown", "--latex")
    assert isinstance(two.exception, ConfigError)


def test_names_tell_systems_apart() -> None:
    assert list(name_systems(["runs/a/pred", "runs/b/pred", "best=other/x"])) == [
        "a/pred",
        "b/pred",
        "best",
    ]
    assert name_systems(["A=x", "y"])["A"] == Path("x")
    with pytest.raises(ConfigError, match="two systems have the name"):
        name_systems(["a=x", "a=y"])
