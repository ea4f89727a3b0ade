"""Where scores are worked out: in other processes, or in this one."""

from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from multiprocessing import get_context
from typing import TypeVar

from spotkick.processes import end_with_parent

_Result = TypeVar("_Result")


class _InlinePool(Executor):
    """Runs what is submitted at once, in this process."""

    def submit(  # type: ignore[override]  # narrower, as only positions are passed here
        self, work: Callable[..., _Result], /, *arguments: object
    ) -> Future[_Result]:
        done: Future[_Result] = Future()
        done.set_result(work(*arguments))
        return done


def open_pool(workers: int) -> Executor:
    """Processes that end with this one; this process itself where one worker is enough."""
    if workers <= 1:
        return _InlinePool()
    return ProcessPoolExecutor(workers, get_context("spawn"), initializer=end_with_parent)
