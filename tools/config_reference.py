"""Write docs/configuration.md: every key of every configuration, from the pydantic models.

``python tools/config_reference.py`` writes the page; with ``--check`` it fails when the page is out
of date. Types, ranges and defaults come from the fields, descriptions from the ``Attributes:``
section of the class.
"""

import argparse
import inspect
import re
import sys
import types
from collections.abc import Iterator, Mapping
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from spotkick.highlights.config import HighlightsConfig
from spotkick.localization.experiment import LocalizationExperiment
from spotkick.models.dense_kind import DenseConfig
from spotkick.pipelines.config import ExperimentConfig
from spotkick.training.tune_config import Range, TuneConfig

TARGET: Final = Path(__file__).parent.parent / "docs" / "configuration.md"

PAGES: Final[tuple[tuple[str, str, type[BaseModel], str], ...]] = (
    (
        "Spotting",
        "The file that `spotkick train` and `spotkick tune` read. All keys have defaults.",
        ExperimentConfig,
        "",
    ),
    (
        "Dense networks",
        'The table `[model]` with `kind = "dense"`; see [The network](network.md).',
        DenseConfig,
        "model",
    ),
    (
        "Parameter search",
        "The table `[tune]` of the same file; see [Tuning](tuning.md).",
        TuneConfig,
        "tune",
    ),
    (
        "Ranges",
        "A range of numbers in `[tune.space]`; a list names the values instead.",
        Range,
        "tune.space.KEY",
    ),
    (
        "Localization",
        (
            "The file of a localizer, which `spotkick train` reads, too; "
            "see [Localization](localization.md)."
        ),
        LocalizationExperiment,
        "",
    ),
    (
        "Highlights",
        (
            "Keys of `HighlightsConfig`, which a program sets; the most used ones are options of "
            "`spotkick highlights`."
        ),
        HighlightsConfig,
        "",
    ),
)
"""Title, introduction, model and name of the table of each part of the page."""

_HEAD: Final = """# Configuration

Written by `tools/config_reference.py` from the configuration classes.

A configuration is a TOML file. Keys that are not listed here are refused with the nearest valid
name. `--set section.key=value` replaces a single value, and may be repeated; the value is written
as in TOML, and words need no quotes.
"""

_BOUNDS: Final = (("ge", "≥"), ("gt", ">"), ("le", "≤"), ("lt", "<"))


def describe_attributes(model: type[BaseModel]) -> dict[str, str]:
    """Descriptions of a class's attributes by name, from its docstring and those it inherits."""
    described: dict[str, str] = {}
    for base in reversed(model.__mro__):
        text = inspect.cleandoc(base.__doc__ or "")
        _, found, section = text.partition("Attributes:\n")
        if not found:
            continue
        # The section ends where the indentation does.
        section = re.split(r"\n(?=\S)", section)[0]
        for part in re.split(r"\n(?=    \S)", "\n" + section):
            name, colon, meaning = part.strip().partition(":")
            if colon and name.strip() in model.model_fields:
                described[name.strip()] = " ".join(meaning.split())
    return described


def format_type(annotation: Any) -> str:
    """A type as people write it in TOML.

    Example:
        >>> format_type(tuple[float, float]), format_type(Literal["a", "b"])
        ('list of 2 numbers', '`a`, `b`')
    """
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return format_type(arguments[0])
    if origin is Literal:
        return ", ".join(f"`{value}`" for value in arguments)
    if origin in (Union, types.UnionType):
        shown = list(dict.fromkeys(format_type(a) for a in arguments if a is not type(None)))
        return " or ".join(shown)
    if origin is tuple:
        return _format_list(arguments)
    if origin in (dict, Mapping):
        return f"table by name of {_plural(format_type(arguments[1]))}"
    if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
        return f"`{annotation.__name__}`"
    if inspect.isclass(annotation) and issubclass(annotation, Enum):
        return ", ".join(f"`{member.value}`" for member in annotation)
    plain = {int: "whole number", float: "number", str: "text", bool: "`true` or `false`"}
    return plain.get(annotation, "table")


def _format_list(arguments: tuple[Any, ...]) -> str:
    kind = _plural(format_type(arguments[0]))
    return f"list of {kind}" if arguments[-1] is Ellipsis else f"list of {len(arguments)} {kind}"


def _plural(kind: str) -> str:
    plurals = {"whole number": "whole numbers", "number": "numbers", "text": "texts"}
    if kind.startswith("list of"):
        return "lists" + kind.removeprefix("list")
    return plurals.get(kind, kind)


def format_range(field: FieldInfo) -> str:
    """Limits of a number, such as ``≥ 0, < 1``; empty where there are none."""
    found: dict[str, Any] = {}
    for item in field.metadata:
        found.update(
            {
                name: getattr(item, name)
                for name, _ in _BOUNDS
                if getattr(item, name, None) is not None
            }
        )
    return ", ".join(f"{sign} {found[name]:g}" for name, sign in _BOUNDS if name in found)


def format_default(field: FieldInfo) -> str:
    """The default in TOML's syntax."""
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    return "" if value is None else f"`{_to_toml(value)}`"


def _to_toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Enum | str):
        return f'"{value.value if isinstance(value, Enum) else value}"'
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(_to_toml, value))}]"
    if isinstance(value, Mapping):
        return (
            "{}"
            if not value
            else f"{{{', '.join(f'{k} = {_to_toml(v)}' for k, v in value.items())}}}"
        )
    return f"{value:g}" if isinstance(value, float) else str(value)


def _model_of(annotation: Any) -> type[BaseModel] | None:
    """The configuration that a field holds, where it is a table of its own."""
    if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in (Annotated, Union, types.UnionType):
        return next(filter(None, map(_model_of, get_args(annotation))), None)
    return None


def rows(model: type[BaseModel], table: str) -> Iterator[str]:
    """Markdown of a configuration: its own keys, then each table below it."""
    described = describe_attributes(model)
    own = {name: f for name, f in model.model_fields.items() if _model_of(f.annotation) is None}
    if own:
        yield f"### `[{table}]`\n" if table else "### Keys outside of tables\n"
        yield "| key | type | default | meaning |\n|---|---|---|---|"
        for name, field in own.items():
            limits = format_range(field)
            kind = format_type(field.annotation) + (f", {limits}" if limits else "")
            yield f"| `{name}` | {kind} | {format_default(field)} | {described.get(name, '')} |"
        yield ""

    for name, field in model.model_fields.items():
        inner = _model_of(field.annotation)
        if inner is not None:
            # Where kinds share a table, the page shows that of the default.
            inner = type(field.default) if isinstance(field.default, inner) else inner
            yield from rows(inner, f"{table}.{name}" if table else name)


def write_page() -> str:
    """The whole page as Markdown."""
    parts = [_HEAD]
    for title, introduction, model, table in PAGES:
        text = "\n".join(rows(model, table)).replace("``", "`")
        parts.append(f"## {title}\n\n{introduction}\n\n{text}")
    return "\n".join(parts).rstrip() + "\n"


def main() -> None:
    """Write or check."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="fail where the page is out of date")
    text = write_page()
    if not parser.parse_args().check:
        TARGET.write_text(text, encoding="utf-8")
    elif not TARGET.is_file() or TARGET.read_text(encoding="utf-8") != text:
        sys.exit(
            f"{TARGET.name} is out of date: run python tools/config_reference.py and commit it"
        )


if __name__ == "__main__":
    main()
