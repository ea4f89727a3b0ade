"""Worker processes that do not outlive the program that started them."""

import os
from collections.abc import Callable
from multiprocessing import parent_process
from threading import Thread


def end_with_parent() -> None:
    """Make this worker process end as soon as its parent is gone; call it first in the worker.

    Workers of a pool do not notice that their parent was killed: they finish their work, then wait
    for ever with all their memory.
    """
    parent = parent_process()
    if parent is not None:
        Thread(target=_exit_after, args=(parent.join,), daemon=True).start()


def _exit_after(join: Callable[[], None]) -> None:
    join()
    os._exit(1)
