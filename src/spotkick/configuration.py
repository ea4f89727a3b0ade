"""Configurations: TOML in, frozen and validated objects out.

A misspelt key is answered with the nearest valid one.
"""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any, Self, get_args

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails
from rapidfuzz import process

from spotkick.errors import ConfigError
from spotkick.files import read_bytes


class FrozenConfig(BaseModel):
    """Base of all configurations: frozen, typed, unknown keys rejected."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @classmethod
    def parse(cls, values: Mapping[str, Any], where: str = "configuration") -> Self:
        """Validate plain values, as read from TOML or JSON.

        Args:
            values: nested tables.
            where: names their origin in messages.

        Raises:
            ConfigError: on unknown keys (with the nearest valid name), missing keys, and values out
                of range.
        """
        try:
            return cls.model_validate(dict(values))
        except ValidationError as error:
            raise ConfigError(
                f"{where}: {'; '.join(_describe_problem(detail, cls) for detail in error.errors())}"
            ) from None

    def replace(self, **changes: Any) -> Self:
        """The same configuration with some fields changed, validated again.

        Raises:
            ConfigError: as `parse`.
        """
        return type(self).parse({**self.model_dump(), **changes})


def nearest(name: str, valid: Iterable[str]) -> str | None:
    """The valid name that a misspelt one most resembles, or None when nothing is near.

    Example:
        >>> nearest("learning_rat", ["learning_rate", "epochs"])
        'learning_rate'
    """
    names = list(valid)
    found = process.extractOne(name, names, score_cutoff=60)
    if found is None:
        found = process.extractOne(name, names, processor=str.casefold, score_cutoff=60)
    return None if found is None else str(found[0])


def suggestion(name: str, valid: Sequence[str]) -> str:
    """End of a message about an unknown name: the nearest valid one, or the list of all."""
    guess = nearest(name, valid)
    return f"did you mean '{guess}'?" if guess else f"valid: {', '.join(valid)}"


def _describe_problem(detail: ErrorDetails, config: type[BaseModel]) -> str:
    location = [str(part) for part in detail["loc"]]
    key = ".".join(location)
    if detail["type"] == "extra_forbidden":
        return f"unknown key '{key}', {suggestion(location[-1], _fields_at(config, location[:-1]))}"
    if detail["type"] == "missing":
        return f"key '{key}' is required"
    reason = detail["msg"].removeprefix("Value error, ")
    if detail["type"] == "value_error" and isinstance(detail["input"], dict):
        # A table as a whole: keys that do not go together.
        return f"{key}: {reason}" if key else reason
    return f"'{key}' = {detail['input']!r}: {reason[:1].lower()}{reason[1:]}"


def _fields_at(config: type[BaseModel], location: Sequence[str]) -> list[str]:
    """Keys of the table at ``location``.

    Indices of lists, keys of mappings and tags of unions lead to no other table.
    """
    for name in location:
        field = config.model_fields.get(name)
        config = (None if field is None else _table_of(field.annotation)) or config
    return list(config.model_fields)


def _table_of(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((table for table in map(_table_of, get_args(annotation)) if table), None)


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file as nested tables.

    Raises:
        InputError: if it cannot be read.
        ConfigError: if it is not TOML.
    """
    data = read_bytes(path)
    try:
        return tomllib.loads(data.decode("utf-8-sig"))
    except ValueError as error:  # the parent of errors of TOML, of UTF-8 and of numbers too long
        raise ConfigError(f"{path}: not a TOML file: {error}") from error
    except RecursionError as error:
        raise ConfigError(f"{path}: TOML nested too deeply to be a configuration") from error


def with_overrides(values: Mapping[str, Any], assignments: Iterable[str]) -> dict[str, Any]:
    """Apply ``section.key=value`` assignments; values are TOML, bare words are strings.

    Raises:
        ConfigError: if an assignment has no ``=``, or sets a key below something that is not a
            table.

    Example:
        >>> with_overrides({"training": {"epochs": 5}}, ["training.epochs=2", "name=test"])
        {'training': {'epochs': 2}, 'name': 'test'}
    """
    result: dict[str, Any] = deepcopy(dict(values))
    for assignment in assignments:
        path, equals, text = assignment.partition("=")
        if not equals or not path.strip():
            raise ConfigError(
                f"--set needs key=value such as training.epochs=20, got '{assignment}'"
            )
        table = result
        *sections, key = (part.strip() for part in path.split("."))
        for section in sections:
            inner = table.setdefault(section, {})
            if not isinstance(inner, dict):
                raise ConfigError(f"--set {path}: '{section}' is a value, not a table")
            table = inner
        try:
            table[key] = tomllib.loads(f"value = {text}")["value"]
        except (ValueError, RecursionError):
            table[key] = text
    return result
