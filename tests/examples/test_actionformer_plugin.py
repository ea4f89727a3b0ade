import runpy
from pathlib import Path

EXAMPLE = Path(__file__).parents[2] / "examples" / "actionformer_plugin.py"


def test_actionformer_plugin_is_short_and_learns() -> None:
    lines = [line.strip() for line in EXAMPLE.read_text().splitlines()]
    assert sum(bool(line) and not line.startswith("#") for line in lines) <= 60
    assert runpy.run_path(str(EXAMPLE))["main"](80) >= 0.6
