import runpy
from pathlib import Path

EXAMPLE = Path(__file__).parents[2] / "examples" / "actionformer_plugin.py"


def test_the_example_is_short_and_learns() -> None:
    assert len(EXAMPLE.read_text().splitlines()) <= 60
    assert runpy.run_path(str(EXAMPLE))["main"](80) >= 0.6
