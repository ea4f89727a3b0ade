"""``spotkick compare`` from end to end on the golden files."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from spotkick.cli.main import build_app
from spotkick.errors import ConfigError, InputError
from spotkick.formats import read_results, write_results
from spotkick.formats.tables import write_table
from spotkick.pipelines.compare import name_systems

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


def test_compare_two_systems_writes_table_report_json(tmp_path: Path, weaker: Path) -> None:
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
    ("option", "start"),
    [
        ("--markdown", "| system |"),
        ("--latex", "% pred $>$ weaker (tight); 3 matches: no"),
    ],
)
def test_compare_table_styles_print_markdown_and_latex(
    weaker: Path, option: str, start: str
) -> None:
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


def test_compare_input_at_fault_is_refused(weaker: Path) -> None:
    one = run(weaker, "--labels", GOLDEN / "gt")
    assert isinstance(one.exception, ConfigError)
    nothing = run(weaker, GOLDEN / "gt", "--labels", GOLDEN / "gt")
    assert isinstance(nothing.exception, InputError)
    two = run(weaker, GOLDEN / "pred", "--labels", GOLDEN / "gt", "--markdown", "--latex")
    assert isinstance(two.exception, ConfigError)


def test_name_systems_paths_get_distinct_names() -> None:
    assert list(name_systems(["runs/a/pred", "runs/b/pred", "best=other/x"])) == [
        "a/pred",
        "b/pred",
        "best",
    ]
    assert name_systems(["A=x", "y"])["A"] == Path("x")
    with pytest.raises(ConfigError, match="two systems have the name"):
        name_systems(["a=x", "a=y"])


@pytest.mark.parametrize("matches", [1, 2, 3])
def test_compare_few_matches_claim_no_interval(tmp_path: Path, weaker: Path, matches: int) -> None:
    split = tmp_path / "split.txt"
    split.write_text("".join(f"lg/2020/game{number}\n" for number in range(matches)))
    page, out = tmp_path / "r.html", tmp_path / "s.json"
    result = run(
        weaker,
        GOLDEN / "pred",
        "--labels",
        GOLDEN / "gt",
        "--split",
        split,
        "--report",
        page,
        "--json",
        out,
    )
    assert result.exit_code == 0, result.output
    name = "1 match" if matches == 1 else f"{matches} matches"
    for text in (result.stdout, page.read_text()):
        assert f"{name}: no interval" in text
        assert "95 %" not in text
        assert "P(stays ahead)" not in text
    document = json.loads(out.read_text())
    assert document["order_probability"] is None
    assert document["split"] == "split"


def test_compare_predictions_of_other_formats(tmp_path: Path, weaker: Path) -> None:
    write_table(tmp_path / "full.csv", list(read_results(GOLDEN / "pred")))
    result = run(weaker, tmp_path / "full.csv", "--labels", GOLDEN / "gt")
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[2].split()[:2] == ["full.csv", "67.1"]


def test_compare_other_metrics_are_refused(weaker: Path) -> None:
    result = run(weaker, GOLDEN / "pred", "--labels", GOLDEN / "gt", "--metric", "frames:1")
    assert isinstance(result.exception, ConfigError)
    usage = run(weaker, GOLDEN / "pred", "--labels", GOLDEN / "gt", "--metric", "at9")
    assert usage.exit_code == 2
