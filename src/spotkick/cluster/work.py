"""Work on many matches: a list of items, and what is opened once in a process to do them.

Nothing here knows what is done with a match. `Work.open` is called once in each process, and reads
networks and models; what it returns is called for each item. Both travel to other processes, so
that they are dataclasses or functions of modules, never closures, unless all stays in one process.
"""

import time
import uuid
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Any, Final, Generic, Literal, TypeAlias, TypeVar

from spotkick.errors import (
    CheckpointError,
    ConfigError,
    InputError,
    MissingExtraError,
    SpotkickError,
    SpotkickWarning,
    StorageError,
)
from spotkick.reporter import Reporter, SilentReporter
from spotkick.version import VERSION

R = TypeVar("R")

State: TypeAlias = Literal["done", "failed", "lost"]
"""What came of an item; ``lost`` where its process died before it was finished."""

_KINDS: Final = {
    kind.__name__: kind for kind in (InputError, ConfigError, CheckpointError, StorageError)
}


@dataclass(frozen=True, slots=True)
class WorkItem:
    """One match, or whatever is done as a whole.

    Attributes:
        name: unique within the work.
        payload: what the name does not say; travels to other processes.
    """

    name: str
    payload: Any = None


Run: TypeAlias = Callable[[WorkItem, Reporter], R]
"""Does one item, and shows how far it is."""


@dataclass(frozen=True, slots=True)
class Work(Generic[R]):
    """What is done with each of many items.

    Attributes:
        title: verb for the user, which the ledger is named after, too.
        open: opens what all items of a process share.
        unit: what an item is, in the plural.
        find_problem: why a result counts as a failure; empty where it does not.
        token: tells two pieces of work apart that one process is given.
    """

    title: str
    open: Callable[[Reporter], Run[R]]
    unit: str = "matches"
    find_problem: Callable[[R], str] | None = None
    token: str = field(default_factory=lambda: uuid.uuid4().hex)


@dataclass(frozen=True, slots=True)
class Outcome(Generic[R]):
    """What came of one item.

    Attributes:
        item: its name.
        state: see `State`.
        seconds: that it took.
        result: of an item that is done, or whose result counts as a failure.
        error: one line, of an item that failed.
        kind: name of the error's class; empty where nothing foresaw it.
        messages: warnings, for the user.
        opening: whether what all items share could not be opened.
    """

    item: str
    state: State
    seconds: float = 0.0
    result: R | None = None
    error: str = ""
    kind: str = ""
    messages: tuple[str, ...] = ()
    opening: bool = False

    def make_error(self) -> SpotkickError:
        """The error that the item ended with, to be raised where the user sees it."""
        return _KINDS.get(self.kind, SpotkickError)(self.error)


def run_item(work: Work[R], run: Run[R], item: WorkItem, reporter: Reporter) -> Outcome[R]:
    """Do one item with what is open; any failure of it is kept, so that the next one is tried."""
    started = time.perf_counter()
    try:
        result = run(item, reporter)
    except Exception as error:
        return _describe_failure(item, error, time.perf_counter() - started)
    problem = work.find_problem(result) if work.find_problem else ""
    state: State = "failed" if problem else "done"
    return Outcome(item.name, state, time.perf_counter() - started, result, error=problem)


def _describe_failure(item: WorkItem, error: Exception, seconds: float) -> Outcome[Any]:
    if not isinstance(error, SpotkickError):
        return Outcome(item.name, "failed", seconds, error=describe_fault(error))
    # A missing package fails every match, as a wrong option does.
    kind = "ConfigError" if isinstance(error, MissingExtraError) else type(error).__name__
    return Outcome(item.name, "failed", seconds, error=str(error), kind=kind)


def describe_fault(error: Exception) -> str:
    """One line about an error that nothing foresaw."""
    reason = " ".join(str(error).split())
    return f"unexpected {type(error).__name__}{f': {reason}' if reason else ''}; please report it"


_lock: Final = Lock()
_opened: Final[dict[str, Run[Any]]] = {}
"""What this process has open: the run of one piece of work, by its token."""


def run_in_worker(work: Work[R], item: WorkItem, version: str) -> Outcome[R]:
    """Do one item in a process that was started for it, and collect its warnings.

    Items of one process run one at a time, whatever threads it has: warnings and networks are
    shared by them.

    Args:
        work: opened when its first item comes.
        item: to do.
        version: of spotkick, where the item comes from.
    """
    if version != VERSION:
        reason = f"a worker runs spotkick {VERSION}, and this is {version}; install the same"
        return Outcome(item.name, "failed", error=reason, kind="ConfigError", opening=True)

    # Warnings are shown by the program itself, which all processes report to.
    with _lock, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", SpotkickWarning)
        outcome = _open_and_run(work, item)
    messages = tuple(
        str(warning.message) for warning in caught if issubclass(warning.category, SpotkickWarning)
    )
    return replace(outcome, messages=messages)


def _open_and_run(work: Work[R], item: WorkItem) -> Outcome[R]:
    started = time.perf_counter()
    if work.token not in _opened:
        # What an earlier piece of work has left open takes memory.
        _opened.clear()
        try:
            _opened[work.token] = work.open(SilentReporter())
        except Exception as error:
            failed = _describe_failure(item, error, time.perf_counter() - started)
            return replace(failed, opening=True)
    return run_item(work, _opened[work.token], item, SilentReporter())
