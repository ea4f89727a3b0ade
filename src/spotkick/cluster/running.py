"""Doing all items of a piece of work, with a second try for those whose process died."""

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final, TypeVar

from spotkick.cluster.executors import Executor
from spotkick.cluster.ledger import Ledger
from spotkick.cluster.work import Outcome, Work, WorkItem
from spotkick.errors import SpotkickWarning
from spotkick.reporter import Reporter

R = TypeVar("R")

DIED: Final = "its process died twice, perhaps for lack of memory; try fewer --workers"


def run_work(
    executor: Executor,
    work: Work[R],
    items: Sequence[WorkItem],
    reporter: Reporter,
    *,
    ledger: Ledger | None = None,
    inner: Reporter | None = None,
) -> Iterator[Outcome[R]]:
    """Do all items; each outcome is done or failed, in the order in which they come.

    An item that fails does not stop the others, nor does a process that dies: what it had begun is
    tried once more, alone.

    Args:
        executor: where items are done.
        work: what is done.
        items: with names of their own.
        reporter: shows how many are done.
        ledger: gets a line for each item.
        inner: shows how far an item of this process is; ``reporter`` unless given.

    Raises:
        SpotkickError: if what all items share cannot be opened.
        ClusterError: if the machines are gone.

    Warns:
        SpotkickWarning: what items of other processes warn of.
    """
    with reporter.task(work.title, len(items), work.unit) as progress:
        for outcome in _run_all(executor, work, items, inner or reporter):
            if outcome.opening:
                raise outcome.make_error()
            for message in outcome.messages:
                warnings.warn(message, SpotkickWarning, stacklevel=2)
            if ledger is not None:
                ledger.add(outcome)
            progress.advance()
            yield outcome


def _run_all(
    executor: Executor, work: Work[R], items: Sequence[WorkItem], reporter: Reporter
) -> Iterator[Outcome[R]]:
    """All outcomes; lost items are tried alone, so that each finds out about itself."""
    left, alone = list(items), False
    while left:
        unfinished = {item.name for item in left}
        for outcome in executor.run(work, left, reporter, alone=alone):
            if outcome.state == "lost":
                if not alone:
                    continue
                outcome = replace(outcome, state="failed", error=DIED)
            unfinished.discard(outcome.item)
            yield outcome
        left = [item for item in left if item.name in unfinished]
        alone = bool(left) and not alone
