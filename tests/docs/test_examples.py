"""Python examples of the documentation run as they stand, page by page."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = (
    "README.md",
    "docs/add-feature.md",
    "docs/add-metric.md",
    "docs/demo.md",
    "docs/encoding.md",
    "docs/quickstart-python.md",
)


def python_blocks(page: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.filterwarnings("ignore::spotkick.errors.SpotkickWarning")
@pytest.mark.parametrize("page", PAGES)
def test_python_blocks_of_page_run(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    blocks = python_blocks(page)
    assert blocks, f"{page} has no example"
    namespace: dict[str, object] = {"__name__": "example"}
    for number, block in enumerate(blocks, start=1):
        exec(compile(block, f"{page}, example {number}", "exec"), namespace)  # noqa: S102
