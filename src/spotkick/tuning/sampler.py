"""Drawing values for trials: candidates as optuna's distributions, and a resumable sampler."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.samplers import BaseSampler, GPSampler, RandomSampler, TPESampler
from optuna.trial import FrozenTrial

from spotkick.training.tune_config import Candidates, Range, TuneConfig

_SEED_STRIDE: Final = 100_003


class SeededSampler(BaseSampler):
    """Draws with a sampler per trial, seeded by its number, so that resumed searches agree."""

    def __init__(self, config: TuneConfig, on_begin: Callable[[int], None]) -> None:
        """Prepare a sampler.

        Args:
            config: names the sampler and its seed.
            on_begin: called with the number of a trial before anything is drawn.
        """
        self._config, self._on_begin = config, on_begin

    def before_trial(self, study: optuna.Study, trial: FrozenTrial) -> None:
        """Report the trial."""
        del study
        self._on_begin(trial.number)

    def _make_sampler(self, trial: FrozenTrial) -> BaseSampler:
        seed = (self._config.seed * _SEED_STRIDE + trial.number) % 2**32
        startup = self._config.startup_trials
        if self._config.sampler == "gp":
            return GPSampler(seed=seed, n_startup_trials=startup, warn_independent_sampling=False)
        if self._config.sampler == "tpe":
            return TPESampler(seed=seed, n_startup_trials=startup, multivariate=True)
        return RandomSampler(seed=seed)

    def infer_relative_search_space(
        self, study: optuna.Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """As the trial's own sampler has it."""
        return self._make_sampler(trial).infer_relative_search_space(study, trial)

    def sample_relative(
        self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """As the trial's own sampler has it."""
        return self._make_sampler(trial).sample_relative(study, trial, search_space)

    def sample_independent(
        self,
        study: optuna.Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """Drawn at random, as in trials before the sampler learns."""
        # RandomSampler would draw the same for parameters of the same kind: the name is part of the
        # seed.
        mixed = (
            self._config.seed * _SEED_STRIDE + trial.number + sum(param_name.encode()) * 7919
        ) % 2**32
        return RandomSampler(seed=mixed).sample_independent(
            study, trial, param_name, param_distribution
        )


def distribution(candidates: Candidates) -> BaseDistribution:
    """What optuna draws from: a range's numbers, an index into a number list, else the choice."""
    if isinstance(candidates, Range):
        if candidates.whole:
            return IntDistribution(
                int(candidates.low),
                int(candidates.high),
                log=candidates.log,
                step=int(candidates.step or 1),
            )
        return FloatDistribution(
            candidates.low, candidates.high, log=candidates.log, step=candidates.step
        )
    if _is_ordered(candidates):
        return IntDistribution(0, len(candidates) - 1)
    return CategoricalDistribution(
        [value if isinstance(value, str) else repr(value) for value in candidates]
    )


def _is_ordered(candidates: Sequence[Any]) -> bool:
    return all(
        isinstance(value, int | float) and not isinstance(value, bool) for value in candidates
    )


def decode(params: Mapping[str, Any], space: Mapping[str, Candidates]) -> dict[str, Any]:
    """Values of the configuration from what optuna drew."""
    found: dict[str, Any] = {}
    for key, candidates in space.items():
        if key not in params:
            continue
        drawn = params[key]
        if isinstance(candidates, Range):
            # Rounded to what a person would write into a configuration.
            found[key] = float(f"{drawn:.4g}") if isinstance(drawn, float) else drawn
        elif _is_ordered(candidates):
            found[key] = sorted(candidates)[drawn]
        else:
            found[key] = next(value for value in candidates if drawn in (value, repr(value)))
    return found


def encode(point: Mapping[str, Any], space: Mapping[str, Candidates]) -> dict[str, Any]:
    """What optuna would have to draw for these values."""
    drawn: dict[str, Any] = {}
    for key, value in point.items():
        candidates = space[key]
        if isinstance(candidates, Range):
            drawn[key] = value
        elif _is_ordered(candidates):
            drawn[key] = sorted(candidates).index(value)
        else:
            drawn[key] = value if isinstance(value, str) else repr(value)
    return drawn
