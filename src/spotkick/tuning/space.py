"""From candidates to configurations: which keys may be searched, and what a choice changes.

Most keys are keys of the configuration. Others are not, since K1 to K4 depend on each other:
``slicing.scale`` and ``slicing.scale.CLASS`` multiply what the configuration has;
``training.slicing_steps.K1`` to ``K4`` are widths, put in order.
"""

import itertools
import json
import math
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from typing import Any, Final

import numpy as np

from spotkick.errors import ConfigError
from spotkick.models.calf_kind import CalfConfig
from spotkick.pipelines.config import ExperimentConfig, without_bounds
from spotkick.training.tune_config import Candidates, Range, TuneConfig

Values = dict[str, Any]
"""Tables of a configuration, as TOML has them."""

Parse = Callable[[Values], object]
"""Validates tables; raises `ConfigError`."""

SCALE: Final = "slicing.scale"
STEPS: Final = "training.slicing_steps"
STEP_NAMES: Final = ("K1", "K2", "K3", "K4")

MAX_GRID: Final = 10_000
"""Most combinations of a grid."""

LOCALIZATION_SPACE: Final[Mapping[str, Candidates]] = {
    f"{STEPS}.K1": Range(low=1, high=5),
    f"{STEPS}.K2": Range(low=1, high=5),
    f"{STEPS}.K3": Range(low=1, high=10),
    f"{STEPS}.K4": Range(low=1, high=10),
    "training.boundary_weight": (0.5, 1.0, 2.0, 4.0),
}
"""Widths in steps, and the weight of the boundary loss."""


def spotting_space(config: ExperimentConfig) -> dict[str, Candidates]:
    """What is searched unless ``[tune.space]`` says something else; it depends on the network.

    For CALF these are the parameters that the paper searched; ranges hold its values and the
    configuration's. For networks without capsules and spots it is the learning rate, the length of
    per-frame targets, and the receptive field where there is a pyramid. What the configuration has
    is always a candidate, so that it is tried first and a search never ends below where it began.

    Source: CALF paper, section 4.1, for the parameters; the ranges are ours.
    """
    model, loss = config.model, config.loss
    if model.kind != "calf" or not isinstance(model, CalfConfig):
        return _dense_space(config)
    return {
        "model.capsule_dim": _with_own((4, 8, 16, 24, 32), model.capsule_dim),
        "model.receptive_field_s": _receptive_fields(config),
        "loss.location_weight": _range_with_own(1.0, 20.0, loss.location_weight),
        "loss.unmatched_weight": _range_with_own(0.1, 2.0, loss.unmatched_weight),
        "loss.segmentation_weight": _range_with_own(0.3, 300.0, loss.segmentation_weight),
    }


def _dense_space(config: ExperimentConfig) -> dict[str, Candidates]:
    """Of networks that give one logit per frame and class: no weight of a spotting loss counts."""
    loss, rate = config.loss, config.training.learning_rate
    space: dict[str, Candidates] = {
        "training.learning_rate": _range_with_own(3e-4, 1e-2, rate),
    }
    if getattr(config.model, "trunk", "") == "pyramid":
        space["model.receptive_field_s"] = _receptive_fields(config)
    if loss.segmentation in ("bce", "focal"):
        space["loss.target_radius_s"] = _range_with_own(0.5, 10.0, loss.target_radius_s)
    elif loss.segmentation == "gaussian":
        space["loss.target_sigma_s"] = _range_with_own(0.3, 10.0, loss.target_sigma_s)
    if loss.segmentation == "focal":
        space["loss.focal_gamma"] = _range_with_own(0.5, 4.0, loss.focal_gamma)
    return space


def _receptive_fields(config: ExperimentConfig) -> tuple[float, ...]:
    """Twelfths of the chunk, and what the configuration has."""
    parts = tuple(round(config.model.chunk_s * part / 12, 3) for part in range(1, 6))
    return _with_own(parts, config.model.receptive_field_s)


def _with_own(candidates: tuple[Any, ...], own: Any) -> tuple[Any, ...]:
    return tuple(sorted({*candidates, own}))


def _range_with_own(low: float, high: float, own: float) -> Range:
    """A logarithmic range that reaches to the configuration's own value, unless that is 0."""
    return Range(low=min(low, own) if own > 0 else low, high=max(high, own), log=True)


def scale_points(tune: TuneConfig, config: ExperimentConfig) -> list[tuple[str, tuple[float, ...]]]:
    """The grids over the context slicing: key, and factors; not 1, which was scored already."""
    factors = tuple(sorted(set(tune.slicing_scales) - {1.0}))
    if not factors:
        return []
    names = config.data.class_list().names if tune.slicing_by_class else ()
    return [(f"{SCALE}.{name}", factors) for name in names] or [(SCALE, factors)]


def apply(values: Values, chosen: Mapping[str, Any]) -> Values:
    """Tables with chosen values in them.

    Args:
        values: tables of the configuration; left as they are.
        chosen: values by key.

    Raises:
        ConfigError: if a key leads through something that is not a table, or a class of
            ``slicing.scale`` is not listed.
    """
    # A preset that is chosen replaces the bounds of the configuration: they would override it.
    result = deepcopy(without_bounds(values) if "slicing.preset" in chosen else values)
    steps = {
        key.rpartition(".")[2]: value
        for key, value in chosen.items()
        if key.startswith(f"{STEPS}.")
    }
    for key, value in chosen.items():
        if key == SCALE or key.startswith(f"{SCALE}."):
            _scale_bounds(result, key.removeprefix(SCALE).removeprefix("."), float(value))
        elif not key.startswith(f"{STEPS}."):
            _assign_key(result, key, list(value) if isinstance(value, tuple) else value)
    if steps:
        _assign_key(result, STEPS, _ordered_steps(steps))
    return result


def _assign_key(values: Values, key: str, value: Any) -> None:
    *sections, last = key.split(".")
    table = values
    for section in sections:
        inner = table.setdefault(section, {})
        if not isinstance(inner, dict):
            raise ConfigError(f"'{key}': '{section}' is a value, not a table")
        table = inner
    table[last] = value


def _scale_bounds(values: Values, name: str, factor: float) -> None:
    """Multiply K1 to K4 of one class, or of all when ``name`` is empty."""
    config = ExperimentConfig.parse(values)
    classes = config.data.class_list()
    if name and name not in classes.names:
        raise ConfigError(
            f"tune.space: '{SCALE}.{name}': no such class; there are {', '.join(classes.names)}"
        )
    bounds = dict(
        zip(classes.names, config.slicing.slicing(classes, config.data.rate).bounds_s, strict=True)
    )
    for changed in [name] if name else classes.names:
        _assign_class(values, changed, [round(factor * bound, 6) for bound in bounds[changed]])


def _assign_class(values: Values, name: str, bounds: Sequence[float]) -> None:
    # Not `_assign`: a class may have a dot in its name.
    values.setdefault("slicing", {}).setdefault("bounds_s", {})[name] = list(bounds)


def _ordered_steps(widths: Mapping[str, Any]) -> list[float]:
    """K1 to K4 from four widths; of each pair the larger one is the outer."""
    unknown = set(widths) - set(STEP_NAMES)
    missing = [name for name in STEP_NAMES if name not in widths]
    if unknown or missing:
        raise ConfigError(
            f"tune.space: {STEPS} needs all of K1, K2, K3 and K4, got {', '.join(sorted(widths))}"
        )
    one, two, three, four = (abs(widths[name]) for name in STEP_NAMES)
    return [-max(one, two), -min(one, two), min(three, four), max(three, four)]


def grid_points(values: Values, space: Mapping[str, Candidates], seed: int) -> list[dict[str, Any]]:
    """Every combination of the candidates, in random order.

    Of those that lead to the same configuration only the first is kept.

    Raises:
        ConfigError: if a range is continuous, or there are too many combinations.
    """
    lists: list[Sequence[Any]] = []
    for key, candidates in space.items():
        listed = candidates.values() if isinstance(candidates, Range) else candidates
        if listed is None:
            raise ConfigError(
                f"tune.sampler = grid: '{key}' is a continuous range; give it a step, or list its "
                "values"
            )
        lists.append(listed)

    count = math.prod(map(len, lists))
    if count > MAX_GRID:
        raise ConfigError(
            f"tune.sampler = grid: {count:,} combinations, more than {MAX_GRID:,}; search fewer "
            "values, or use gp"
        )

    # Configurations decide what is the same, not the values that were chosen.
    points: dict[str, dict[str, Any]] = {}
    for combination in itertools.product(*lists):
        point = dict(zip(space, combination, strict=True))
        points.setdefault(json.dumps(apply(values, point), sort_keys=True), point)
    order = np.random.default_rng(seed).permutation(len(points))
    found = list(points.values())
    return [found[index] for index in order]


def starting_point(
    values: Values, space: Mapping[str, Candidates], defaults: Values
) -> dict[str, Any] | None:
    """What the configuration has for each parameter, or None where that is not a candidate.

    Args:
        values: tables of the configuration.
        space: candidates.
        defaults: all tables with every default filled in.
    """
    point: dict[str, Any] = {}
    for key, candidates in space.items():
        value = _present_value(key, values, defaults)
        if isinstance(candidates, Range):
            if not isinstance(value, int | float) or not candidates.low <= value <= candidates.high:
                return None
            if (
                candidates.step is not None
                and abs(_step_remainder(value - candidates.low, candidates.step)) > 1e-9
            ):
                return None
        elif value not in candidates:
            return None
        point[key] = value
    return point


def _step_remainder(value: float, step: float) -> float:
    return value - round(value / step) * step


def _present_value(key: str, values: Values, defaults: Values) -> Any:
    if key == SCALE or key.startswith(f"{SCALE}."):
        return 1.0
    if key.startswith(f"{STEPS}."):
        steps = _look_up(STEPS, values, defaults)
        return abs(steps[STEP_NAMES.index(key.rpartition(".")[2])])
    found = _look_up(key, values, defaults)
    return tuple(found) if isinstance(found, list) else found


def _look_up(key: str, values: Values, defaults: Values) -> Any:
    for tables in (values, defaults):
        found: Any = tables
        for part in key.split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
        if found is not None:
            return found
    return None


def check_space(values: Values, space: Mapping[str, Candidates], parse: Parse) -> None:
    """Try the first and last candidate of each parameter in the configuration as it is.

    Raises:
        ConfigError: naming the parameter, if a key is unknown or a candidate is not valid.
    """
    steps = {
        key: _end_points(candidates)[0]
        for key, candidates in space.items()
        if key.startswith(f"{STEPS}.")
    }
    for key, candidates in space.items():
        for value in _end_points(candidates):
            try:
                parse(apply(values, {**(steps if key in steps else {}), key: value}))
            except ConfigError as error:
                raise ConfigError(
                    f"tune.space: {key} = {value}: {str(error).removeprefix('configuration: ')}"
                ) from None


def _end_points(candidates: Candidates) -> tuple[Any, ...]:
    if isinstance(candidates, Range):
        return (candidates.low, candidates.high)
    return candidates
