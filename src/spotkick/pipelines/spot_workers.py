"""Spotting thousands of matches: several processes, and going on after an interruption.

Each process reads the checkpoint for itself and spots whole matches, so that they share nothing but
the folder of results. A match counts as done when its results are there, which are written last; a
stamp in the folder says which checkpoint and settings made them.
"""

import hashlib
import multiprocessing
import os
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from spotkick.checkpoint import CONFIG_FILE, Checkpoint, DecodingConfig, read_checkpoint
from spotkick.errors import InputError, SpotkickWarning
from spotkick.files import read_bytes, read_json, write_json
from spotkick.formats.results import RESULTS_FILE
from spotkick.pipelines.spot import SpottingSummary, first_failure, network_for, run_spotting
from spotkick.pipelines.spot_inputs import InputOptions, SpottingJob, jobs_for
from spotkick.prediction import ChunkNetwork
from spotkick.processes import end_with_parent

STAMP_FILE: Final = "spotting.json"
DIED: Final = "its process died twice, perhaps for lack of memory; try fewer --workers"


@dataclass(frozen=True, slots=True)
class SpottingRequest:
    """All that a process needs to spot matches on its own.

    Attributes:
        checkpoint: folder.
        inputs: as on the command line; see `spotkick.pipelines.spot_inputs.jobs_for`.
        options: what the paths do not say.
        out: folder of the results.
        decoding: how outputs become actions.
        runtime: ``onnx`` or ``torch``.
        keep_scores: write the scores of every frame too.
    """

    checkpoint: Path
    inputs: tuple[Path, ...]
    options: InputOptions
    out: Path
    decoding: DecodingConfig
    runtime: str = "onnx"
    keep_scores: bool = True


def is_folder(out: Path) -> bool:
    """Whether results go into a folder, and not into one file."""
    return out.suffix not in (".zip", ".json")


def claim_folder(request: SpottingRequest, matches: Sequence[str], *, resume: bool) -> list[str]:
    """Write into the folder of results what makes them.

    Args:
        request: what to spot with, and where results go.
        matches: names of the request's matches.
        resume: leave out matches whose results are there.

    Returns:
        The matches that are to be spotted.

    Raises:
        InputError: with ``resume``, if the folder holds results of another checkpoint or other
            settings.
        StorageError: if the folder cannot be written.
    """
    config = read_bytes(request.checkpoint / CONFIG_FILE)
    stamp = {
        "checkpoint": hashlib.sha256(config).hexdigest(),
        "decoding": request.decoding.model_dump(mode="json"),
    }
    path = request.out / STAMP_FILE
    done = {match for match in matches if resume and (request.out / match / RESULTS_FILE).is_file()}
    if done and not (path.is_file() and read_json(path) == stamp):
        raise InputError(
            f"{request.out} holds results of another checkpoint or other settings; leave out --resume to replace them, "
            "or choose another --out"
        )
    write_json(path, stamp)
    return [match for match in matches if match not in done]


def spot_in_processes(
    request: SpottingRequest,
    matches: Sequence[str],
    *,
    workers: int,
    on_match: Callable[[str], None],
) -> SpottingSummary:
    """Spot matches in several processes.

    A match that cannot be spotted does not stop the others, nor does a process that dies: what it
    had begun is tried once more, alone.

    Args:
        request: what to spot with, and where results go.
        matches: names of those of the request's matches that are wanted.
        workers: processes.
        on_match: is told of each match that is finished, or failed.

    Returns:
        The sum over matches.

    Raises:
        InputError: if no match could be spotted.
        StorageError: if a result cannot be written.

    Warns:
        SpotkickWarning: for each match that was left out.
    """
    threads = request.options.threads or max(1, (os.cpu_count() or 1) // workers)
    shared = replace(request, options=replace(request.options, threads=threads, progress=None))
    started = time.perf_counter()
    total = SpottingSummary(0, 0, 0.0, 0.0, {})
    left, alone = list(matches), False
    while left:
        unfinished: list[str] = []
        pool = ProcessPoolExecutor(
            1 if alone else workers,
            multiprocessing.get_context("spawn"),
            initializer=_begin,
            initargs=(shared,),
        )
        try:
            for match, outcome in _outcomes(pool, left):
                if outcome is None:
                    unfinished.append(match)
                    continue
                total = _added(total, outcome)
                on_match(match)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
        left = [match for match in left if match in set(unfinished)]
        if left and alone:
            # One after the other: the first that is left is the one that the process died of.
            total.failed[left[0]] = DIED
            on_match(left.pop(0))
        alone = bool(left) and not alone
    if not total.matches:
        raise InputError(first_failure(total.failed))
    for match, reason in total.failed.items():
        warnings.warn(f"{match} was left out: {reason}", SpotkickWarning, stacklevel=2)
    return replace(total, wall_s=time.perf_counter() - started)


def _outcomes(
    pool: ProcessPoolExecutor, matches: Sequence[str]
) -> Iterator[tuple[str, SpottingSummary | None]]:
    """(match, its summary, or None where a process died before it was finished)."""
    futures = {}
    for match in matches:
        try:
            futures[pool.submit(_spot_one, match)] = match
        except BrokenProcessPool:
            yield match, None
    for future in as_completed(futures):
        try:
            outcome, messages = future.result()
        except BrokenProcessPool:
            yield futures[future], None
            continue
        for message in messages:
            warnings.warn(message, SpotkickWarning, stacklevel=2)
        yield futures[future], outcome


def _added(total: SpottingSummary, one: SpottingSummary) -> SpottingSummary:
    return SpottingSummary(
        total.matches + one.matches,
        total.actions + one.actions,
        total.footage_s + one.footage_s,
        0.0,
        {**total.failed, **one.failed},
    )


@dataclass(slots=True)
class _Worker:
    """What a process keeps from match to match."""

    request: SpottingRequest
    checkpoint: Checkpoint
    network: ChunkNetwork
    jobs: dict[str, SpottingJob]


_worker: list[_Worker] = []
"""Of this process; filled by `_begin`."""


def _begin(request: SpottingRequest) -> None:
    end_with_parent()
    checkpoint = read_checkpoint(request.checkpoint)
    network = network_for(checkpoint, request.runtime, threads=request.options.threads)
    jobs = {job.match: job for job in jobs_for(request.inputs, checkpoint, request.options)}
    _worker.append(_Worker(request, checkpoint, network, jobs))


def _spot_one(match: str) -> tuple[SpottingSummary, list[str]]:
    worker = _worker[0]
    request = worker.request
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", SpotkickWarning)
        try:
            summary = run_spotting(
                [worker.jobs[match]],
                worker.network,
                worker.checkpoint,
                request.out,
                decoding=request.decoding,
                keep_scores=request.keep_scores,
            )
        except InputError as error:
            reason = str(error).removeprefix(f"{match}: ")
            summary = SpottingSummary(0, 0, 0.0, 0.0, {match: reason})
    return summary, [
        str(warning.message) for warning in caught if issubclass(warning.category, SpotkickWarning)
    ]
