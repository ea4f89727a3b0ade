"""Configurations: TOML in, frozen and validated objects out; a misspelt key is answered with the nearest valid one."""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

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
            ConfigError: on unknown keys (with the nearest valid name), missing keys, and values out of range.
        """
        try:
            return cls.model_validate(dict(values))
        except ValidationError as error:
            raise ConfigError(f"{where}: {'; '.join(_describe(detail, cls) for detail in error.errors())}") from None

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
    found = process.extractOne(name, list(valid), score_cutoff=60)
    return None if found is None else str(found[0])


def suggestion(name: str, valid: Sequence[str]) -> str:
    """End of a message about an unknown name: the nearest valid one, or the list of all."""
    guess = nearest(name, valid)
    return f"did you mean '{guess}'?" if guess else f"valid: {', '.join(valid)}"


def _describe(detail: ErrorDetails, config: type[BaseModel]) -> str:
    location = [str(part) for part in detail["loc"]]
    key = ".".join(location)
    if detail["type"] == "extra_forbidden":
        return f"unknown key '{key}', {suggestion(location[-1], _fields_at(config, location[:-1]))}"
    if detail["type"] == "missing":
        return f"key '{key}' is required"
    return f"'{key}' = {detail['input']!r}: {detail['msg'][:1].lower()}{detail['msg'][1:]}"


def _fields_at(config: type[BaseModel], location: Sequence[str]) -> list[str]:
    for name in location:
        field = config.model_fields.get(name)
        annotation = None if field is None else field.annotation
        if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
            return []
        config = annotation
    return list(config.model_fields)


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file as nested tables.

    Raises:
        InputError: if it cannot be read.
        ConfigError: if it is not TOML.
    """
    data = read_bytes(path)
    try:
        return tomllib.loads(data.decode("utf-8-sig"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: not a TOML file: {error}") from error


def with_overrides(values: Mapping[str, Any], assignments: Iterable[str]) -> dict[str, Any]:
    """Apply ``section.key=value`` assignments, values in TOML syntax (bare words are taken as strings).

    Raises:
        ConfigError: if an assignment has no ``=``, or sets a key below something that is not a table.

    Example:
        >>> with_overrides({"training": {"epochs": 5}}, ["training.epochs=2", "name=test"])
        {'training': {'epochs': 2}, 'name': 'test'}
    """
    result: dict[str, Any] = {key: dict(value) if isinstance(value, Mapping) else value for key, value in values.items()}
    for assignment in assignments:
        path, equals, text = assignment.partition("=")
        if not equals or not path.strip():
            raise ConfigError(f"--set needs key=value such as training.epochs=20, got '{assignment}'")
        table = result
        *sections, key = (part.strip() for part in path.split("."))
        for section in sections:
            inner = table.setdefault(section, {})
            if not isinstance(inner, dict):
                raise ConfigError(f"--set {path}: '{section}' is a value, not a table")
            table = inner
        try:
            table[key] = tomllib.loads(f"value = {text}")["value"]
        except tomllib.TOMLDecodeError:
            table[key] = text
    return result
