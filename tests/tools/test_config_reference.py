"""The page of configuration keys."""

from typing import Annotated, Literal

import pytest
from pydantic import Field

import config_reference
from spotkick.configuration import FrozenConfig


class Inner(FrozenConfig):
    """A table.

    Attributes:
        kind: of the two,
            on two lines.
    """

    kind: Literal["a", "b"] = "a"


class Outer(FrozenConfig):
    """A configuration.

    Attributes:
        size: in metres.
        names: of things.
        pair: two of them.
        inner: a table.

    Raises:
        ConfigError: not an attribute.
    """

    size: Annotated[float, Field(gt=0, le=2)]
    names: tuple[str, ...] = ("x",)
    pair: tuple[float, float] | None = None
    inner: Inner = Inner()


def test_rows_show_type_range_default_and_meaning() -> None:
    page = "\n".join(config_reference.rows(Outer, ""))
    assert "| `size` | number, > 0, ≤ 2 | required | in metres. |" in page
    assert '| `names` | list of texts | `["x"]` | of things. |' in page
    assert "| `pair` | list of 2 numbers |  | two of them. |" in page
    assert "### `[inner]`" in page
    assert '| `kind` | `a`, `b` | `"a"` | of the two, on two lines. |' in page


def test_describe_attributes_leaves_out_other_sections() -> None:
    described = config_reference.describe_attributes(Outer)
    assert list(described) == ["size", "names", "pair", "inner"]


@pytest.mark.parametrize("part", config_reference.PAGES, ids=lambda part: part[0])
def test_every_key_of_the_program_is_described(
    part: tuple[str, str, type[FrozenConfig], str],
) -> None:
    lines = [line for line in config_reference.rows(part[2], part[3]) if line.startswith("| `")]
    assert lines
    assert [line for line in lines if line.endswith("|  |")] == []


def test_page_is_up_to_date() -> None:
    written = config_reference.TARGET.read_text(encoding="utf-8")
    assert written == config_reference.write_page(), "run python tools/config_reference.py"
