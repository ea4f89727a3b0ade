"""Figures of the page."""

import subprocess
import sys
from pathlib import Path

import pytest

from page_figures import Counts, count_module, count_rooms

TOOL = Path(__file__).parents[2] / "tools" / "page_figures.py"


def function(name: str, lines: list[str]) -> str:
    return f'def {name}():\n    """Text.\n\n    # no comment\n    """\n' + "".join(
        f"    {line}\n" if line else "\n" for line in lines
    )


def test_count_module_function_without_blank_line_is_counted() -> None:
    counts = count_module(function("work", ["x = 1"] * 20))
    assert (counts.measured, counts.without_blank, counts.body_lines) == (1, 1, 20)
    assert counts.comments == 0


def test_count_module_blank_line_and_comments_are_counted() -> None:
    body = ["x = 1"] * 10 + ["", "# why"] + ["x = 2"] * 10
    counts = count_module(function("work", body))
    assert (counts.without_blank, counts.comments, counts.body_lines) == (0, 1, 22)


@pytest.mark.parametrize("length", [19, 61])
def test_count_module_other_lengths_are_not_measured(length: int) -> None:
    assert count_module(function("work", ["x = 1"] * length)).measured == 0


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("_looks", (1, 1)),
        ("_looks_", (1, 1)),
        ("_read_file", (1, 0)),
        ("public", (0, 0)),
        ("__init__", (0, 0)),
    ],
)
def test_count_module_private_names(name: str, expected: tuple[int, int]) -> None:
    counts = count_module(f"def {name}():\n    pass\n")
    assert (counts.privates, counts.one_word_privates) == expected


def test_count_module_long_lines() -> None:
    counts = count_module(f"x = '{'a' * 95}'\ny = '{'a' * 94}'\n")
    assert (counts.lines, counts.long_lines) == (2, 1)


def test_over_limits_names_each_figure_that_is_over() -> None:
    assert Counts().over_limits() == []
    bad = Counts(100, 2, 4, 2, 100, 2, privates=10, one_word_privates=2)
    assert len(bad.over_limits()) == 4
    good = Counts(100, 1, 4, 1, 100, 3, privates=20, one_word_privates=3)
    assert good.over_limits() == []


def test_count_rooms_and_check_of_a_tree(tmp_path: Path) -> None:
    (tmp_path / "room").mkdir()
    (tmp_path / "room" / "a.py").write_text("def _looks():\n    pass\n")
    (tmp_path / "top.py").write_text("x = 1\n")
    assert set(count_rooms(tmp_path)) == {"room", "(modules)"}
    done = subprocess.run(
        [sys.executable, str(TOOL), "--check", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "100% of the private functions have names of one word" in done.stderr
