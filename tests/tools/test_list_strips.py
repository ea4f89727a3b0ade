import importlib.util
from pathlib import Path

from support.list_readers import read_clips

ROOT = Path(__file__).parents[2]


def test_list_strips_picture_shows_what_the_lists_contain() -> None:
    spec = importlib.util.spec_from_file_location("list_strips", ROOT / "tools/list_strips.py")
    assert spec is not None
    assert spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    lists = tool.make_lists()
    rows = {kind: read_clips(kind, text, tool.RATE) for kind, text in sorted(lists.items())}
    assert tool.draw_strips(rows, tool.RATE) == (ROOT / "docs/images/lists.svg").read_text()
