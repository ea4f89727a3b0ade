"""How many processes a machine has room for, and how its cores are shared by them."""

import os


def count_local(workers: int) -> int:
    """Workers of a cluster of this machine: as many as are asked for, else one for each core."""
    return workers if workers > 1 else os.cpu_count() or 1


def share_cores(threads: int, workers: int) -> int:
    """CPU threads of each of several processes.

    Args:
        threads: asked for; 0 for the cores of the machine, shared by all processes.
        workers: processes.
    """
    return threads or max(1, (os.cpu_count() or 1) // workers)
