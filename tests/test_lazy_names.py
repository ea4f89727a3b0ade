"""Names that are imported on first access."""

import sys

import pytest

from spotkick.lazy_names import load_lazily


def test_load_lazily_name_and_submodule() -> None:
    load_name = load_lazily("spotkick.formats", {"InputError": "spotkick.errors"})
    assert load_name("InputError").__name__ == "InputError"
    assert load_name("convert").__name__ == "spotkick.formats.convert"


@pytest.mark.parametrize("name", ["nothing", "_private", "__wrapped__"])
def test_load_lazily_unknown_name_is_attribute_error(name: str) -> None:
    with pytest.raises(AttributeError, match=f"'spotkick.formats' has no attribute '{name}'"):
        load_lazily("spotkick.formats", {})(name)


def test_load_lazily_missing_dependency_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "spotkick.losses.matching", raising=False)
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ModuleNotFoundError, match="torch"):
        load_lazily("spotkick.losses", {})("matching")
