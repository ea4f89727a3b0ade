from collections.abc import Callable
from typing import Any

import pytest

from spotkick.actions import MatchActions
from spotkick.errors import InputError
from spotkick.evaluation import evaluate
from spotkick.report import SystemComparison, compare_results, comparison_page, comparison_table

ATTACK = '</title><script>alert("x")</script>'


@pytest.fixture
def result(planted: Callable[..., Any]) -> SystemComparison:
    good, labels = planted(matches=10, kept=0.9)
    poor, _ = planted(matches=10, kept=0.3, seed=1)
    return compare_results({"poor_1": poor, "good|1": good, "same": good}, labels, resamples=40)


def test_comparison_table_planted_systems_has_order_leads_probabilities(
    result: SystemComparison,
) -> None:
    assert result.comparison.order == ("good|1", "same", "poor_1")
    rows = [line.split("  ") for line in comparison_table(result).splitlines()[2:5]]
    cells = [[cell.strip() for cell in row if cell.strip()] for row in rows]
    assert [row[0] for row in cells] == ["good|1", "same", "poor_1"]
    assert cells[0][-2:] == ["0.0", "0.500"]  # equal systems: a coin
    assert cells[1][-1] == "1.000"
    lead = result.scores["same"].average_map - result.scores["poor_1"].average_map
    assert cells[1][-2] == f"{100 * lead:.1f}"


@pytest.mark.filterwarnings("ignore::spotkick.errors.SpotkickWarning")
def test_compare_results_scores_are_those_of_evaluator(planted: Callable[..., Any]) -> None:
    good, labels = planted()
    poor, _ = planted(kept=0.5, seed=3)
    found = compare_results({"a": good, "b": poor}, labels, metric="tight", resamples=5)
    assert found.scores["b"].average_map == evaluate(poor, labels, metric="tight").average_map


def test_comparison_table_special_signs_are_escaped(result: SystemComparison) -> None:
    markdown = comparison_table(result, style="markdown").splitlines()
    assert markdown[2].startswith("| good\\|1 | ")
    assert {line.replace("\\|", "").count("|") for line in markdown[:5]} == {8}
    latex = comparison_table(result, style="latex")
    assert latex.count(r"\\") == 4
    assert r"poor\_1 & " in latex
    assert r"95 \% interval" in latex
    assert latex.isascii()


def test_comparison_page_planted_systems_has_all_sections(
    result: SystemComparison, check: Any
) -> None:
    page = check(comparison_page(result))
    assert [given["id"] for name, given in page.elements if name == "section"] == [
        "overview",
        "pairs",
        "classes",
        "tolerances",
        "warnings",
    ]
    assert "good|1 over poor_1" in page.text


def test_comparison_page_hostile_names_are_escaped(planted: Callable[..., Any], check: Any) -> None:
    found, labels = planted(matches=2)
    systems = {ATTACK: found, "b": [MatchActions(match.match, ()) for match in found]}
    page = check(
        comparison_page(compare_results(systems, labels, metric="at1", resamples=3), title=ATTACK)
    )
    assert page.count("script") == 1
    assert ATTACK in page.text


def test_compare_results_one_system_is_refused(planted: Callable[..., Any]) -> None:
    found, labels = planted(matches=1)
    with pytest.raises(InputError, match="at least two"):
        compare_results({"a": found}, labels)


def test_comparison_page_equal_classes_have_no_star(planted: Callable[..., Any]) -> None:
    found, labels = planted(matches=2)
    other = [MatchActions(m.match, m.actions[::2]) for m in found]
    page = comparison_page(compare_results({"a": found, "b": found}, labels, resamples=3))
    assert "\N{BLACK STAR}" not in page
    assert "\N{BLACK STAR}" in comparison_page(
        compare_results({"a": found, "b": other}, labels, resamples=3)
    )


@pytest.mark.parametrize("matches", [1, 10])
def test_comparison_table_identical_systems_are_equal(
    planted: Callable[..., Any], matches: int
) -> None:
    found, labels = planted(matches=matches)
    result = compare_results({"a": found, "b": found, "c": found}, labels, resamples=20)
    verdict = comparison_table(result).splitlines()[-1]
    assert verdict.startswith("a = b = c (loose)")
    assert "0.0 %" not in verdict


def test_comparison_table_equal_systems_ahead_of_another(result: SystemComparison) -> None:
    verdict = comparison_table(result).splitlines()[-1]
    assert verdict.startswith("good|1 = same > poor_1 (loose): the order holds in 100.0 %")


def test_comparison_page_shared_warnings_are_shown_once(planted: Callable[..., Any]) -> None:
    found, labels = planted(matches=1)
    page = comparison_page(compare_results({"a": found, "b": found}, labels, ["Goal", "Corner"]))
    assert page.count("outside the class list were left out") == 2  # labels and predictions
