"""Several ranks on one machine: forked processes with gloo, and a watchdog."""

import multiprocessing
import pickle
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import distributed

HANG_S = 40
"""Ranks that take longer wait for each other for ever."""


def run_ranks(size: int, work: Callable[[int], Any], folder: Path) -> list[Any]:
    """Results of ``work(rank)`` in each of several processes that form a group.

    Raises:
        AssertionError: if a rank fails or hangs.
    """
    context = multiprocessing.get_context("fork")

    def run(rank: int) -> None:
        torch.set_num_threads(1)
        distributed.init_process_group(
            "gloo", init_method=f"file://{folder / 'ranks'}", rank=rank, world_size=size
        )
        found = work(rank)
        (folder / f"{rank}.pickle").write_bytes(pickle.dumps(found))
        distributed.destroy_process_group()

    processes = [context.Process(target=run, args=(rank,)) for rank in range(size)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # forks beside threads, from 3.12 on
        for process in processes:
            process.start()

    # One limit for all; nobody survives it.
    try:
        for process in processes:
            process.join(HANG_S)
        codes = [process.exitcode for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.join()
    assert codes == [0] * size, f"exit codes of the ranks: {codes}; None is one that hangs"
    return [pickle.loads((folder / f"{rank}.pickle").read_bytes()) for rank in range(size)]  # noqa: S301
