"""The whole search: a TOML file in; the best configuration, a table of trials and a summary out."""

import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import optuna
from optuna.trial import FrozenTrial

from spotkick.errors import ConfigError, StorageError
from spotkick.files import write_json, write_text
from spotkick.localization.experiment import (
    LocalizationExperiment,
    parse_localization_experiment,
)
from spotkick.pipelines.config import ExperimentConfig, is_localization, read_tables
from spotkick.reporter import Reporter
from spotkick.training.tune_config import Candidates, TuneConfig, take_tune_table
from spotkick.tuning.objectives import (
    Train,
    localizer_trainer,
    objective_of,
    train_spotter,
    trial_values,
)
from spotkick.tuning.results import (
    TrialRow,
    described,
    importance,
    to_toml,
    trial_rows,
    trials_csv,
    trials_json,
)
from spotkick.tuning.sampler import decode
from spotkick.tuning.space import (
    LOCALIZATION_SPACE,
    Values,
    apply,
    check_space,
    grid_points,
    scale_points,
    spotting_space,
    starting_point,
)
from spotkick.tuning.study import (
    OpenStage,
    Stage,
    best_trial,
    open_stage,
    open_storage,
    run_name,
    run_stage,
)

JOURNAL_FILE: Final = "search.journal"
TRIALS_FOLDER: Final = "trials"
BEST_FILE: Final = "best.toml"
TRIALS_CSV: Final = "trials.csv"
TRIALS_JSON: Final = "trials.json"


@dataclass(frozen=True, slots=True)
class Search:
    """What is searched.

    Attributes:
        values: tables of the configuration, without ``[tune]``.
        tune: how.
        name: of the search.
        localization: whether a localizer is tuned, or a spotter.
        space: candidates of the first stage.
    """

    values: Values
    tune: TuneConfig
    name: str
    localization: bool
    space: Mapping[str, Candidates]

    def parse(self, values: Values) -> ExperimentConfig | LocalizationExperiment:
        """Validate tables of a configuration."""
        if not self.localization:
            return ExperimentConfig.parse(values)
        return parse_localization_experiment(values, "configuration")

    def trainer(self) -> Train:
        """What scores one configuration."""
        return localizer_trainer(self.tune) if self.localization else train_spotter


@dataclass(frozen=True, slots=True)
class Found:
    """What a search has found.

    Attributes:
        values: tables of the best configuration.
        score: of it; None before the first finished trial.
        where: the trial that it comes from.
        rows: all trials.
        importance: share of each parameter of the first stage.
    """

    values: Values
    score: float | None = None
    where: str = ""
    rows: tuple[TrialRow, ...] = ()
    importance: Mapping[str, float] = field(default_factory=dict)


def read_search(
    path: Path, assignments: Sequence[str] = (), *, data_root: Path | None = None
) -> Search:
    """Read a TOML file of an experiment with a ``[tune]`` table.

    Args:
        path: configuration of ``spotkick train`` or ``spotkick proposals --train``.
        assignments: ``section.key=value`` that replace values of the file.
        data_root: replaces ``data.root`` of a spotter's configuration.

    Raises:
        InputError: if the file cannot be read.
        ConfigError: if a key is unknown, a value or a candidate is not valid, or there is no
            validation split.
    """
    values, tune = take_tune_table(read_tables(path, assignments), str(path))
    localization = is_localization(values)
    if data_root is not None:
        if localization:
            raise ConfigError(
                "--data is for spotting; a localizer's configuration names data.labels and "
                "data.features"
            )
        values = apply(values, {"data.root": str(data_root)})
    search = Search(values, tune, tune.name or path.stem, localization, {})
    experiment = search.parse(values)
    if not experiment.data.valid:
        raise ConfigError(f"{path}: the search needs a validation split: set data.valid")
    space = tune.space or (
        spotting_space(experiment)
        if isinstance(experiment, ExperimentConfig)
        else LOCALIZATION_SPACE
    )
    check_space(values, space, search.parse)
    return Search(values, tune, search.name, localization, space)


def run_search(
    search: Search,
    out: Path,
    *,
    trials: int,
    storage: str = "",
    train: Train | None = None,
    reporter: Reporter,
) -> Found:
    """Search until ``trials`` trials have been made in all, then try the grids.

    Results are written after each trial.

    Args:
        search: of `read_search`.
        out: folder for ``best.toml``, ``trials.csv``, ``trials.json`` and, unless ``storage`` is
            given, the storage.
        trials: of the first stage, those that the storage holds already included.
        storage: see `spotkick.tuning.study.open_storage`.
        train: replaces what scores a configuration.
        reporter: receives lines.

    Raises:
        InputError: if data are missing or damaged.
        ConfigError: if the storage holds another search, or every trial failed.
        StorageError: if results or the storage cannot be written.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    runs = _Runs(
        search,
        out,
        train or search.trainer(),
        open_storage(storage or _journal_path(out)),
        reporter,
    )

    # The first stage begins with the configuration as it is.
    grids = (
        scale_points(search.tune, ExperimentConfig.parse(search.values))
        if not search.localization
        else []
    )
    point = starting_point(
        search.values, search.space, search.parse(search.values).model_dump(mode="json")
    )
    if point is None:
        reporter.line(
            "the configuration's own values are not among the candidates; it is not tried as it is"
        )

    # A storage that holds another search under this name is refused.
    how = search.tune.model_dump(
        mode="json", exclude={"keep_runs", "slicing_scales", "slicing_by_class"}
    )
    fingerprint = _hash_values([_of_scores(search.values), how, str(dict(search.space))])

    points = [] if point is None else [point]
    if search.tune.sampler == "grid":
        points += [
            other
            for other in grid_points(search.values, search.space, search.tune.seed)
            if other != point
        ]
        trials = min(trials, len(points))
    first = Stage(search.name, search.space, trials, points[:trials], fingerprint)
    runs.stage(first, wait=bool(grids))

    # Then one grid after the other, each on top of the best so far.
    for key, factors in grids:
        base = _hash_values(_of_scores(runs.found().values))
        points = [{key: factor} for factor in factors]
        runs.stage(
            Stage(f"{search.name}/{key}/{base}", {key: factors}, len(points), points, base),
            wait=(key, factors) != grids[-1],
        )
    return runs.found()


class _Runs:
    """The stages that were opened so far, and where their results go."""

    def __init__(
        self,
        search: Search,
        out: Path,
        train: Train,
        storage: optuna.storages.BaseStorage,
        reporter: Reporter,
    ) -> None:
        self._search, self._out, self._train, self._storage, self._reporter = (
            search,
            out,
            train,
            storage,
            reporter,
        )
        self._opened: list[tuple[OpenStage, Values]] = []

    def stage(self, stage: Stage, *, wait: bool) -> None:
        """Run a stage on top of the best configuration so far."""
        search, base = self._search, self.found().values
        opened = open_stage(self._storage, stage, search.tune)
        self._opened.append((opened, base))
        folder = self._out / TRIALS_FOLDER
        settings = trial_values(base, search.tune, localization=search.localization)
        objective = objective_of(settings, self._train, seeds=search.tune.seeds, folder=folder)

        def on_trial(trial: FrozenTrial) -> None:
            if not search.tune.keep_runs:
                shutil.rmtree(folder / run_name(stage, trial), ignore_errors=True)
            self._write_results(opened, trial)

        run_stage(opened, objective, on_trial=on_trial, wait=wait, reporter=self._reporter)
        if self.found().score is None:
            reason = next(
                (row.error for row in reversed(self.found().rows) if row.error), "all were pruned"
            )
            raise ConfigError(
                f"none of {len(self.found().rows)} trials was finished; the last reason: {reason}"
            )
        self._write_results(opened, None)

    def found(self) -> Found:
        """The best of all stages."""
        best = Found(self._search.values)
        for opened, base in self._opened:
            trial = best_trial(opened.study)
            if trial is not None and (best.score is None or (trial.value or 0.0) > best.score):
                values = apply(base, decode(trial.params, opened.stage.space))
                best = Found(values, trial.value, f"trial {trial.number} of '{opened.stage.name}'")
        rows = [row for opened, _ in self._opened for row in trial_rows(opened)]
        shares = importance(self._opened[0][0].study) if self._opened else {}
        return Found(best.values, best.score, best.where, tuple(rows), shares)

    def _write_results(self, opened: OpenStage, trial: FrozenTrial | None) -> None:
        """Write what is known, and show the trial that was finished."""
        # The tables, and the best configuration.
        found = self.found()
        write_text(self._out / TRIALS_CSV, trials_csv(found.rows))
        best = {"score": found.score, "where": found.where, "values": found.values}
        document = {
            "best": best,
            "importance": dict(found.importance),
            "trials": trials_json(found.rows),
        }
        write_json(self._out / TRIALS_JSON, document)
        if found.score is not None:
            write_text(self._out / BEST_FILE, to_toml(found.values, self._write_comment(found)))
        if trial is None:
            return

        # A line for the user.
        done = sum(
            row.stage == opened.stage.name and row.state not in ("running", "waiting")
            for row in found.rows
        )
        row = next(
            row
            for row in found.rows
            if (row.stage, row.number) == (opened.stage.name, trial.number)
        )
        best_so_far = "" if found.score is None else f"  best {found.score:.4f}"
        self._reporter.line(
            f"{opened.stage.name} {done}/{opened.stage.trials}  {described(row)}{best_so_far}"
            f"  {row.seconds:.0f} s"
        )

    def _write_comment(self, found: Found) -> str:
        tune = self._search.tune
        metric = (
            f"{tune.score} of the validation subset"
            if self._search.localization
            else "Average-mAP on the validation split"
        )
        trained = f", trained for {tune.epochs} epochs" if tune.epochs else ""
        several = f", mean of {tune.seeds} seeds" if tune.seeds > 1 else ""
        return (
            f"Found by spotkick tune: {found.where}, {metric} {found.score:.4f}{several}{trained}."
        )


def _journal_path(out: Path) -> str:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(
            f"cannot make the folder {out}: {error.strerror}; choose another --out"
        ) from error
    return str(out / JOURNAL_FILE)


def _of_scores(values: Values) -> Values:
    """Tables without what may differ between machines that share a search."""
    free = {"data": ("root", "features_root"), "training": ("threads", "device")}
    return {
        name: {key: value for key, value in table.items() if key not in free.get(name, ())}
        if isinstance(table, dict)
        else table
        for name, table in values.items()
    }


def _hash_values(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()[:8]
