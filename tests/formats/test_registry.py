"""One declaration is enough: a new format, added as a file, is used by everything."""

import importlib
import re
import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest

from spotkick import formats
from spotkick.actions import Action, MatchActions
from spotkick.errors import ConfigError, InputError
from spotkick.formats.convert import convert
from spotkick.formats.detect import detect_format
from spotkick.formats.reading import read_actions
from spotkick.formats.registry import (
    FORMATS,
    collect_formats,
    export_file_name,
    find_format,
    formats_table,
)
from spotkick.viewer.exporting import export_labels, list_formats

DOCS = Path(__file__).parents[2] / "docs"
MODULE = "label_lines"
LABELS = (
    MatchActions("final", (Action("Goal", 1, 1500), Action("Foul", 2, 61_001))),
    MatchActions("cup/semi", (Action("Goal", 1, 7),)),
)


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The format of docs/add-format.md, as one more file of the package."""
    code = re.search(r"```python\n(.*?)```", (DOCS / "add-format.md").read_text(), re.DOTALL)
    assert code is not None
    folder = tmp_path / "package"
    folder.mkdir()
    (folder / f"{MODULE}.py").write_text(code[1])
    monkeypatch.setattr(formats, "__path__", [*formats.__path__, str(folder)])
    importlib.invalidate_caches()
    for name, form in collect_formats().items():
        monkeypatch.setitem(FORMATS, name, form)
    yield "label-lines"
    sys.modules.pop(f"{formats.__name__}.{MODULE}", None)


def test_collect_formats_new_module_is_found_without_another_change(toy: str) -> None:
    assert toy in FORMATS
    assert f"| `{toy}` | text, one action a line | | | | | milliseconds | |" in formats_table()
    assert (toy, "Label lines") in {(each["name"], each["title"]) for each in list_formats()}


def test_convert_format_of_a_new_module_there_and_back(toy: str, tmp_path: Path) -> None:
    FORMATS["soccernet-v2"].write(tmp_path / "set", LABELS, Fraction(25))
    report = convert(tmp_path / "set", tmp_path / "x.lines")  # known by its suffix
    assert (report.target_format, report.actions) == (toy, 3)
    assert detect_format(tmp_path / "x.lines") == toy
    assert sorted(read_actions(tmp_path / "x.lines"), key=str) == sorted(LABELS, key=str)
    convert(tmp_path / "x.lines", tmp_path / "back", to="soccernet-v2")
    assert sorted(read_actions(tmp_path / "back"), key=str) == sorted(LABELS, key=str)


def test_export_labels_format_of_a_new_module_is_offered(toy: str) -> None:
    download = export_labels(LABELS[0], toy)
    assert download.name == "final.label-lines.lines"
    assert download.data.startswith(b"# label lines\nfinal|1|1500|Goal\n")


def test_read_actions_error_of_a_new_module_is_one_line(toy: str, tmp_path: Path) -> None:
    (tmp_path / "x.lines").write_text("# label lines\nfinal|1|soon|Goal\n")
    with pytest.raises(InputError, match=r"x\.lines:2: position must be a finite number"):
        read_actions(tmp_path / "x.lines", format=toy)


def test_formats_table_is_the_one_of_the_documentation() -> None:
    page = (DOCS / "formats.md").read_text()
    assert formats_table() in page, "run python tools/formats_table.py"


def test_collect_formats_every_module_declares_its_names_once() -> None:
    assert list(collect_formats()) == list(FORMATS)
    assert all(name == form.name for name, form in FORMATS.items())


def test_find_format_unknown_name_suggests_a_near_one() -> None:
    with pytest.raises(ConfigError, match=r"unknown format 'labelstudio', .* label-studio\?"):
        find_format("labelstudio")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("soccernet-v1", "Labels.json"),
        ("soccernet-results", "results_spotting.json"),
        ("csv", "final.csv"),
        ("elan", "final.elan"),
        ("thumos-results", "final.thumos-results.txt"),
        ("osl-v2", "final.osl-v2.json"),
    ],
)
def test_export_file_name_is_what_the_format_expects(name: str, expected: str) -> None:
    assert export_file_name(FORMATS[name], "final") == expected
