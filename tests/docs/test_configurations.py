"""TOML of the documentation and the shipped configurations is what the program accepts."""

import re
import tomllib
from pathlib import Path

import pytest

from spotkick.pipelines.config import ExperimentConfig
from spotkick.training.tune_config import take_tune_table

ROOT = Path(__file__).parents[2]


def toml_blocks() -> list[tuple[str, str]]:
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    return [
        (f"{page.name}-{number}", block)
        for page in pages
        for number, block in enumerate(
            re.findall(r"```toml\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL), start=1
        )
    ]


@pytest.mark.parametrize(
    "block", [block for _, block in toml_blocks()], ids=[name for name, _ in toml_blocks()]
)
def test_toml_of_page_is_accepted(block: str) -> None:
    rest, tune = take_tune_table(tomllib.loads(block), "page")
    assert rest or tune
    ExperimentConfig.parse(rest, "page")


def test_pages_have_toml_of_a_search() -> None:
    assert sum("[tune]" in block for _, block in toml_blocks()) >= 3


@pytest.mark.parametrize("path", sorted((ROOT / "configs").glob("*.toml")), ids=lambda p: p.stem)
def test_every_configuration_is_explained_in_a_comment(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# ")
    assert tomllib.loads(text)
