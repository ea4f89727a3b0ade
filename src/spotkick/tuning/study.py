"""The search itself: stages of trials in a storage that several processes may share.

Nothing here knows what is tuned. An objective gets the values of a trial and a folder, and returns
a score; higher is better. A stage ends when as many trials have been tried as were wanted; trials
that failed count, those that were interrupted are tried again, from where their folder says they
were.
"""

import math
import os
import platform
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

import optuna
from optuna.exceptions import UpdateFinishedTrialError
from optuna.storages.journal import JournalFileBackend
from optuna.trial import FrozenTrial, Trial, TrialState

from spotkick.errors import (
    CheckpointError,
    ConfigError,
    InputError,
    MissingExtraError,
    StorageError,
)
from spotkick.reporter import Reporter
from spotkick.training.tune_config import Candidates, TuneConfig
from spotkick.tuning.sampler import SeededSampler, decode, distribution, encode

INTERRUPTED: Final = "interrupted"
"""Mark of a trial that was broken off and is tried again under another number."""

SURPLUS: Final = "surplus"
"""Mark of a trial that two processes began at once when only one was left."""

POLL_S: Final = 2.0

UNNAMED_S: Final = 600.0
"""A trial that has no process after this time was lost right after it was created."""


class Pruned(Exception):  # noqa: N818 - it is no error
    """A trial is not worth going on with."""


class Report(Protocol):
    """Takes down a validation score in the middle of a trial."""

    def __call__(self, step: int, score: float) -> None:
        """Args: step, grows within a trial; score, so far. Raises: Pruned."""


Objective = Callable[[dict[str, Any], str, Report], float]
"""(values by key, a name that an interrupted trial keeps, report) -> score."""

OnTrial = Callable[[FrozenTrial], None]


@dataclass(frozen=True, slots=True)
class Stage:
    """Trials that belong together.

    Attributes:
        name: of the study in the storage.
        space: candidates by key.
        trials: how many are tried.
        points: tried first, in this order.
        fingerprint: of what scores depend on; a storage that holds a stage of this name with
            another one is refused.
    """

    name: str
    space: Mapping[str, Candidates]
    trials: int
    points: Sequence[Mapping[str, Any]] = ()
    fingerprint: str = ""


def open_storage(url: str) -> optuna.storages.BaseStorage:
    """Open or create a storage.

    Args:
        url: a file path or ``journal:///path`` (a journal file, which processes of one machine may
            share), or a database URL such as ``sqlite:///search.db``.

    Raises:
        StorageError: if it cannot be opened.
    """
    try:
        if "://" in url and not url.startswith("journal://"):
            return optuna.storages.RDBStorage(url)
        backend = JournalFileBackend(url.removeprefix("journal://"))
        return optuna.storages.JournalStorage(backend)
    except Exception as error:  # whatever the driver of a database raises
        reason = str(error).partition("\n")[0]
        raise StorageError(
            f"cannot open the storage {url}: {reason}; give a file, or a database URL like "
            "sqlite:///x.db"
        ) from error


@dataclass(frozen=True, slots=True)
class OpenStage:
    """A stage with its study; see `open_stage`."""

    stage: Stage
    study: optuna.Study
    storage: optuna.storages.BaseStorage

    def trials(self) -> list[FrozenTrial]:
        """All trials that were ever begun or queued."""
        return self.study.get_trials(deepcopy=False)

    def mark(self, number: int, name: str) -> None:
        """Mark a running trial."""
        _set_attribute(self.storage, self.stage.name, number, name, True)


def _set_attribute(
    storage: optuna.storages.BaseStorage, study_name: str, number: int, name: str, value: Any
) -> None:
    study_id = storage.get_study_id_from_name(study_name)
    storage.set_trial_user_attr(
        storage.get_trial_id_from_study_id_trial_number(study_id, number), name, value
    )


def open_stage(storage: optuna.storages.BaseStorage, stage: Stage, config: TuneConfig) -> OpenStage:
    """The study of a stage, created with its points unless it is there.

    Raises:
        ConfigError: if the storage holds another search under this name.
    """

    def begin(number: int) -> None:
        # Before anything is drawn, which may take seconds: a process that dies meanwhile is known.
        _set_attribute(storage, stage.name, number, "worker", _worker_name())

    study = optuna.create_study(
        storage=storage,
        study_name=stage.name,
        direction="maximize",
        load_if_exists=True,
        sampler=SeededSampler(config, begin),
        pruner=optuna.pruners.MedianPruner(config.prune_after)
        if config.prune
        else optuna.pruners.NopPruner(),
    )
    known = study.user_attrs.get("fingerprint")
    if known is None:
        study.set_user_attr("fingerprint", stage.fingerprint)
    elif known != stage.fingerprint:
        raise ConfigError(
            f"the storage already holds a search '{stage.name}' of another configuration; "
            "give tune.name another value, or choose another --out or --storage"
        )
    for point in stage.points:
        study.enqueue_trial(encode(point, stage.space), skip_if_exists=True)
    return OpenStage(stage, study, storage)


def run_stage(
    opened: OpenStage,
    objective: Objective,
    *,
    on_trial: OnTrial,
    wait: bool,
    reporter: Reporter,
) -> None:
    """Try what is left to try in a stage.

    Args:
        opened: of `open_stage`.
        objective: scores one trial; an exception fails that trial only, unless the data or the disk
            cause it.
        on_trial: called after each trial that this process finished.
        wait: do not return before the trials that other processes have begun are finished, too.
        reporter: receives a line when others are waited for.

    Raises:
        InputError: if the data are at fault, which would be so in all trials.
        StorageError: if results cannot be written.
    """
    has_reported = False
    while True:
        while (trial := _next_trial(opened)) is not None:
            on_trial(_try_trial(opened, trial, objective))
        running = [trial for trial in opened.trials() if trial.state == TrialState.RUNNING]
        if not wait or not running:
            return
        if not has_reported:
            others = ", ".join(
                sorted({str(trial.user_attrs.get("worker", "?")) for trial in running})
            )
            many = "one trial" if len(running) == 1 else f"{len(running)} trials"
            reporter.line(
                f"waiting for {many} of '{opened.stage.name}' that other processes have begun "
                f"({others})"
            )
            has_reported = True
        time.sleep(POLL_S)


def _next_trial(opened: OpenStage) -> Trial | None:
    stage = opened.stage
    _reclaim_lost(opened)

    # Enough were begun, and none waits to be tried again.
    trials = opened.trials()
    if (
        not any(trial.state == TrialState.WAITING for trial in trials)
        and sum(map(_is_counted, trials)) >= stage.trials
    ):
        return None

    # Another process may have begun the last one meanwhile.
    trial = opened.study.ask(
        fixed_distributions={
            key: distribution(candidates) for key, candidates in stage.space.items()
        }
    )
    if (
        sum(_is_counted(other) for other in opened.trials() if other.number < trial.number)
        >= stage.trials
    ):
        trial.set_user_attr(SURPLUS, True)
        opened.study.tell(trial, state=TrialState.FAIL)
        return None
    return trial


def _is_counted(trial: FrozenTrial) -> bool:
    return not {INTERRUPTED, SURPLUS} & set(trial.user_attrs)


def _try_trial(opened: OpenStage, trial: Trial, objective: Objective) -> FrozenTrial:
    """One trial, whose state the study gets in any case."""
    begun = time.monotonic()

    def report(step: int, score: float) -> None:
        trial.report(score, step)
        if trial.should_prune():
            raise Pruned

    # What a trial ends with; data and disk end the search.
    score: float | None = None
    try:
        score = objective(
            decode(trial.params, opened.stage.space), run_name(opened.stage, trial), report
        )
        state = TrialState.COMPLETE if math.isfinite(score) else TrialState.FAIL
        problem = f"the score is {score}"
    except Pruned:
        state, problem = TrialState.PRUNED, ""
    except (InputError, StorageError, CheckpointError, MissingExtraError):
        _requeue_trial(opened, trial)
        raise
    except Exception as error:  # a bad choice of parameters fails in many ways; the search goes on
        state, problem = TrialState.FAIL, str(error).partition("\n")[0] or type(error).__name__
    except BaseException:  # Ctrl-C, or the end of the process
        _requeue_trial(opened, trial)
        raise

    if state == TrialState.FAIL:
        trial.set_user_attr("error", problem[:500])
    trial.set_user_attr("seconds", round(time.monotonic() - begun, 1))
    return opened.study.tell(trial, score if state == TrialState.COMPLETE else None, state=state)


def _requeue_trial(opened: OpenStage, trial: Trial | FrozenTrial) -> None:
    """Note that a trial was broken off, and put what it tried back into the queue."""
    try:
        opened.mark(trial.number, INTERRUPTED)
        opened.study.tell(trial.number, state=TrialState.FAIL)
    except (UpdateFinishedTrialError, ValueError):
        return  # another process was faster
    if trial.params:
        origin = trial.user_attrs.get("origin", trial.number)
        opened.study.enqueue_trial(dict(trial.params), user_attrs={"origin": origin})


def _reclaim_lost(opened: OpenStage) -> None:
    """Put lost trials back into the queue: their process here died, or never named itself."""
    host = platform.node()
    for trial in opened.trials():
        if trial.state != TrialState.RUNNING:
            continue

        # A process of another machine cannot be looked up; one without a name is given time.
        where, _, process = str(trial.user_attrs.get("worker", "")).rpartition(":")
        # optuna stores local times without a zone.
        now = datetime.now()  # noqa: DTZ005
        age_s = (now - trial.datetime_start).total_seconds() if trial.datetime_start else 0.0
        if (where == host and not _is_alive(int(process))) or (not where and age_s > UNNAMED_S):
            _requeue_trial(opened, trial)


def run_name(stage: Stage, trial: Trial | FrozenTrial) -> str:
    """Name of a trial's run folder, which an interrupted trial keeps under another number."""
    origin = trial.user_attrs.get("origin", trial.number)
    return f"{re.sub(r'[^A-Za-z0-9_.-]+', '-', stage.name)}-{origin:04d}"


def _worker_name() -> str:
    return f"{platform.node()}:{os.getpid()}"


def _is_alive(process: int) -> bool:
    if os.name == "nt":
        return True  # there, signal 0 is Ctrl-C
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def best_trial(study: optuna.Study) -> FrozenTrial | None:
    """The finished trial with the best score, of equals the first; None when there is none."""
    done = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    return max(done, key=lambda trial: (trial.value, -trial.number), default=None)
