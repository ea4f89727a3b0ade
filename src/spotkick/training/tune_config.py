"""The ``[tune]`` table of an experiment's TOML file: what is searched, how, and by which score.

Source: CALF paper, section 4.1: Bayesian optimisation of f, r, alpha_2, beta and lambda_seg, then a
grid search over K.
"""

import math
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, field_validator, model_validator

from spotkick.configuration import FrozenConfig
from spotkick.errors import ConfigError

TABLE: Final = "tune"
"""Name of the table; training ignores it after checking it."""

_MAX_STEPS: Final = 10_000

_Count = Annotated[int, Field(ge=1)]
_Choice = bool | int | float | str | tuple[bool | int | float | str, ...]


class Range(FrozenConfig):
    """Numbers from ``low`` to ``high``.

    Attributes:
        low: smallest value.
        high: largest value.
        step: distance of neighbours, counted from ``low``; without it every number between is
            possible.
        log: search on a logarithmic scale; goes without ``step``.
    """

    low: int | float
    high: int | float
    step: Annotated[int | float, Field(gt=0)] | None = None
    log: bool = False

    @model_validator(mode="after")
    def _check_range(self) -> Self:
        if self.low >= self.high:
            raise ValueError(f"low must be less than high, got {self.low:g} and {self.high:g}")
        if self.log and self.low <= 0:
            raise ValueError(f"a logarithmic scale needs low > 0, got {self.low:g}")
        if self.log and self.step is not None:
            raise ValueError("log and step exclude each other; choose one")
        if self.step is not None and (self.high - self.low) / self.step > _MAX_STEPS:
            raise ValueError(
                f"more than {_MAX_STEPS:,} steps; leave step out for a continuous range"
            )
        return self

    @property
    def whole(self) -> bool:
        """Whether only whole numbers are meant: nothing is written with a decimal point."""
        return all(isinstance(value, int) for value in (self.low, self.high, self.step or 1))

    def values(self) -> list[int | float] | None:
        """Every value, or None when there is no end of them."""
        step = 1 if self.step is None and self.whole and not self.log else self.step
        if step is None:
            return None
        count = math.floor((self.high - self.low) / step + 1e-9)
        return [
            self.low + place * step if self.whole else round(self.low + place * step, 9)
            for place in range(count + 1)
        ]


Candidates = Range | tuple[_Choice, ...]
"""Values that a parameter may take: a range, or a list."""


class TuneConfig(FrozenConfig):
    """What `spotkick tune` searches, and how.

    Attributes:
        name: of the search in its storage; the name of the TOML file when empty.
        sampler: ``gp`` (Gaussian process), ``tpe`` (tree of Parzen estimators), ``random``, or
            ``grid``: every combination, in random order.
        startup_trials: random trials before the sampler learns from results. The first trial is the
            configuration as it is.
        seed: of the search. Trials train with ``training.seed``.
        seeds: trainings per trial, with ``training.seed`` and the numbers after it; their mean
            counts.
        epochs: of each trial; 0 for as many as ``[training]`` says.
        validate_every: epochs between validations; 0 for what ``[training]`` says (spotting), or
            only at the end (localization).
        prune: stop trials whose validation score is below the median of earlier ones at the same
            epoch.
        prune_after: trials that are never stopped, so that there is a median.
        score: of localization: area under the AR-AN curve, or average recall with 1, 10 or 100
            proposals. Spotting is scored by loose Average-mAP.
        space: candidates by configuration key; the paper's parameters when empty. ``slicing.scale``
            multiplies all K, ``slicing.scale.CLASS`` those of a class;
            ``training.slicing_steps.K1`` to ``K4`` are a localizer's, as widths.
        slicing_scales: spotting: factors of all K that are tried after the search; none when empty.
        slicing_by_class: try the factors for one class after the other instead of for all at once.
        keep_runs: keep the checkpoints of all trials.
    """

    name: str = ""
    sampler: Literal["gp", "tpe", "random", "grid"] = "gp"
    startup_trials: _Count = 10
    seed: Annotated[int, Field(ge=0)] = 0
    seeds: _Count = 1
    epochs: Annotated[int, Field(ge=0)] = 0
    validate_every: Annotated[int, Field(ge=0)] = 0
    prune: bool = True
    prune_after: _Count = 5
    score: Literal["auc", "ar1", "ar10", "ar100"] = "auc"
    space: dict[str, Candidates] = Field(default_factory=dict)
    slicing_scales: tuple[Annotated[float, Field(gt=0)], ...] = (0.5, 0.75, 1.5, 2.0)
    slicing_by_class: bool = False
    keep_runs: bool = False

    @field_validator("space", mode="before")
    @classmethod
    def _flatten_space(cls, space: Any) -> Any:
        """One table with dotted keys: TOML reads unquoted keys with dots as tables in tables."""
        return _flatten_tables(space) if isinstance(space, Mapping) else space

    @field_validator("space", mode="after")
    @classmethod
    def _check_lists(cls, space: dict[str, Candidates]) -> dict[str, Candidates]:
        for key, candidates in space.items():
            if isinstance(candidates, Range):
                continue
            if len({repr(value) for value in candidates}) < max(len(candidates), 1):
                raise ValueError(
                    f"'{key}' needs a list of different values, got {list(candidates)}"
                )
            if any(isinstance(value, float) and not math.isfinite(value) for value in candidates):
                raise ValueError(f"'{key}' must list finite numbers, got {list(candidates)}")
        return space


def _flatten_tables(table: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in table.items():
        if isinstance(value, Mapping) and not {"low", "high"} & set(value):
            flat.update(_flatten_tables(value, f"{prefix}{name}."))
        else:
            flat[f"{prefix}{name}"] = value
    return flat


def take_tune_table(values: Mapping[str, Any], where: str) -> tuple[dict[str, Any], TuneConfig]:
    """Part an experiment's tables into those of the training and the ``[tune]`` table.

    Raises:
        ConfigError: if the table has unknown keys or values out of range.
    """
    rest = dict(values)
    table = rest.pop(TABLE, {})
    if not isinstance(table, Mapping):
        raise ConfigError(f"{where}: '{TABLE}' must be a table")
    return rest, TuneConfig.parse(table, f"{where}: [{TABLE}]")
