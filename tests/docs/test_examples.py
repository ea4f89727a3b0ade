"""Python examples of the documentation run as they stand, page by page."""

import re
from pathlib import Path
from typing import Any

import pytest

import spotkick

ROOT = Path(__file__).parents[2]
PAGES = (
    "docs/add-feature.md",
    "docs/add-metric.md",
    "docs/demo.md",
    "docs/encoding.md",
    "docs/quickstart-python.md",
)


def python_blocks(page: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(encoding="utf-8"), re.DOTALL)


def run_blocks(page: str, blocks: list[str]) -> dict[str, Any]:
    """Run blocks one after the other; gives the names that they define."""
    namespace: dict[str, Any] = {"__name__": "example"}
    for number, block in enumerate(blocks, start=1):
        exec(compile(block, f"{page}, example {number}", "exec"), namespace)  # noqa: S102
    return namespace


@pytest.mark.filterwarnings("ignore::spotkick.errors.SpotkickWarning")
@pytest.mark.parametrize("page", PAGES)
def test_python_blocks_of_page_run(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    blocks = python_blocks(page)
    assert blocks, f"{page} has no example"
    run_blocks(page, blocks)


@pytest.mark.filterwarnings("ignore::spotkick.errors.SpotkickWarning")
def test_own_model_of_readme_is_short_and_learns() -> None:
    (block,) = (block for block in python_blocks("README.md") if "torch.nn" in block)
    assert len([line for line in block.splitlines() if line.strip()]) <= 25
    namespace = run_blocks("README.md", [block])
    assert 0 < namespace["loss"].item() < 0.2


def test_overview_of_readme_names_what_exists() -> None:
    overview = python_blocks("README.md")[0]
    names = set(re.findall(r"spotkick\.(\w+)", overview))
    assert names <= set(dir(spotkick))
    assert len(overview.splitlines()) <= 8
