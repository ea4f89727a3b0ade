"""The design page shows the layers that import-linter holds."""

import re
import tomllib
from pathlib import Path

from spotkick.cli.main import COMMANDS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "design.md").read_text(encoding="utf-8")


def test_table_of_rooms_equals_import_contract() -> None:
    contract = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    layers = [
        {room.strip() for room in layer.split("|")} for layer in contract["contracts"][0]["layers"]
    ]
    rows = re.findall(r"^\| \d+ \| ([^|]*) \|", PAGE, re.MULTILINE)
    assert [set(re.findall(r"`(\w+)`", row)) for row in rows] == layers


def test_command_contract_names_every_command() -> None:
    contract = PAGE.partition("## The command line")[2]
    named = re.findall(r"^spotkick ([\w-]+)", contract, re.MULTILINE)
    assert {*named, "detect"} == set(COMMANDS)
