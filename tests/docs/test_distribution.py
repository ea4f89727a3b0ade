"""What the wheel and the source distribution hold, as the build backend lists it."""

import re
from pathlib import Path

import pytest
from hatchling.builders.plugin.interface import BuilderInterface
from hatchling.builders.sdist import SdistBuilder
from hatchling.builders.wheel import WheelBuilder

from spotkick.shipped_folders import SHIPPED_FOLDER, list_shipped

ROOT = Path(__file__).parents[2]
NOTICE = ROOT / "src" / "spotkick" / "assets" / "NOTICE.md"
LARGEST_BYTES = 40_000_000
LARGEST_CHECKPOINT_BYTES = 10_000_000


def list_files(builder: type[BuilderInterface]) -> dict[str, Path]:
    """Place in the package -> file, from ``spotkick/`` on."""
    included = builder(str(ROOT)).recurse_included_files()
    return {file.distribution_path.removeprefix("src/"): Path(file.path) for file in included}


@pytest.mark.parametrize("builder", [WheelBuilder, SdistBuilder])
def test_distribution_holds_checkpoints_and_notice(builder: type[BuilderInterface]) -> None:
    files = list_files(builder)
    assert files["spotkick/assets/NOTICE.md"].read_text() == NOTICE.read_text()
    for name in list_shipped():
        inside = [path for path in (SHIPPED_FOLDER / name).rglob("*") if path.is_file()]
        places = {
            f"spotkick/assets/checkpoints/{path.relative_to(SHIPPED_FOLDER)}" for path in inside
        }
        assert places <= set(files)
        assert sum(path.stat().st_size for path in inside) <= LARGEST_CHECKPOINT_BYTES
    assert sum(path.stat().st_size for path in files.values()) <= LARGEST_BYTES


def test_notice_names_everything_that_others_made() -> None:
    headings = re.findall(r"^## (.+)$", NOTICE.read_text(), re.MULTILINE)
    assets = {path.name for path in NOTICE.parent.iterdir()} - {NOTICE.name, SHIPPED_FOLDER.name}
    shipped = {f"{SHIPPED_FOLDER.name}/{name}/" for name in list_shipped()}
    assert {heading.rstrip("/") for heading in headings} >= assets
    assert set(headings) >= shipped
