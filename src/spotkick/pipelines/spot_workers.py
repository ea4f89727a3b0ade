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
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from spotkick.actions import ActionClasses
from spotkick.checkpoint import Checkpoint, DecodingConfig, read_checkpoint
from spotkick.errors import InputError, SpotkickWarning
from spotkick.files import read_bytes, read_json, write_json
from spotkick.pipelines.spot import (
    SpottingRun,
    SpottingSummary,
    describe_fault,
    network_for,
    report_failures,
)
from spotkick.pipelines.spot_inputs import InputOptions, SpottingJob, jobs_for
from spotkick.pipelines.spot_members import FurtherCheckpoint, open_further
from spotkick.pipelines.spot_outputs import MatchOutput
from spotkick.prediction import ChunkNetwork, SpottingSetup
from spotkick.processes import end_with_parent
from spotkick.reporter import Reporter, SilentReporter
from spotkick.stored_checkpoint import CONFIG_FILE, resolve_checkpoint

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
        further: folders of checkpoints whose scores are averaged with those of the first one.
        classes: that are asked for; the checkpoint's own when None.
        device: that networks run on; see `spotkick.devices.parse_device`.
    """

    checkpoint: Path
    inputs: tuple[Path, ...]
    options: InputOptions
    out: Path
    decoding: DecodingConfig
    runtime: str = "onnx"
    keep_scores: bool = True
    further: tuple[Path, ...] = ()
    classes: ActionClasses | None = None
    device: str = "auto"


def open_networks(
    request: SpottingRequest, checkpoint: Checkpoint
) -> tuple[ChunkNetwork, tuple[FurtherCheckpoint, ...]]:
    """The networks of a request.

    Raises:
        ConfigError: if the checkpoints cannot be averaged.
        CheckpointError: if one is damaged.
    """

    def open_network(own: Checkpoint) -> ChunkNetwork:
        return network_for(
            own, request.runtime, threads=request.options.threads, device=request.device
        )

    further = open_further(
        request.further,
        checkpoint,
        request.inputs,
        request.options,
        decoding=request.decoding,
        open_network=open_network,
    )
    return open_network(checkpoint), further


def claim_folder(
    request: SpottingRequest, jobs: Sequence[SpottingJob], *, resume: bool
) -> list[str]:
    """Write into the folder of results what makes them.

    Args:
        request: what to spot with, and where results go.
        jobs: the request's matches.
        resume: leave out matches whose results are there, of the very files that are there now.

    Returns:
        The matches that are to be spotted.

    Raises:
        InputError: with ``resume``, if the folder holds results of another checkpoint or other
            settings.
        StorageError: if the folder cannot be written.
    """
    config, *others = (
        read_bytes(resolve_checkpoint(folder) / CONFIG_FILE)
        for folder in (request.checkpoint, *request.further)
    )
    matches = [job.match for job in jobs]
    stamp: dict[str, Any] = {
        "checkpoint": hashlib.sha256(config).hexdigest(),
        "decoding": request.decoding.model_dump(mode="json"),
    }
    if others:
        stamp["further"] = [hashlib.sha256(own).hexdigest() for own in others]
    if request.classes is not None:
        stamp["wanted"] = list(request.classes.names)
    path = request.out / STAMP_FILE
    present = [job for job in jobs if resume and _output_of(request, job).results.is_file()]
    if present and not _holds_stamp(path, stamp):
        raise InputError(
            f"{request.out} holds results of another checkpoint or other settings; leave out "
            "--resume to replace them, or choose another --out"
        )

    # Results of files that were replaced since are made again.
    done = {job.match for job in present if _output_of(request, job).is_current(job.files)}
    classes = request.classes or read_checkpoint(request.checkpoint).classes
    write_json(path, {**stamp, "classes": _state_classes(classes)})
    return [match for match in matches if match not in done]


def _holds_stamp(path: Path, stamp: Mapping[str, Any]) -> bool:
    """Whether a folder's stamp says the same; what else it states is for readers."""
    held = read_json(path) if path.is_file() else None
    if not isinstance(held, dict):
        return False
    if any(held.get(key) != stamp.get(key) for key in ("further", "wanted")):
        return False
    return {key: held.get(key) for key in stamp} == dict(stamp)


def _state_classes(classes: ActionClasses) -> dict[str, Any]:
    """The class list of the results, from which ``evaluate`` knows the task."""
    return {
        "names": list(classes.names),
        "aliases": dict(classes.aliases),
        "name": classes.name,
    }


def _output_of(request: SpottingRequest, job: SpottingJob) -> MatchOutput:
    return MatchOutput.of_match(request.out, job.match)


def spot_in_processes(
    request: SpottingRequest,
    matches: Sequence[str],
    *,
    workers: int,
    reporter: Reporter | None = None,
) -> SpottingSummary:
    """Spot matches in several processes.

    A match that cannot be spotted does not stop the others, nor does a process that dies: what it
    had begun is tried once more, alone.

    Args:
        request: what to spot with, and where results go.
        matches: names of those of the request's matches that are wanted.
        workers: processes.
        reporter: shows which matches are done; silent when None.

    Returns:
        The sum over matches.

    Raises:
        InputError: if no match could be spotted.
        StorageError: if none could, as the system refuses to write.

    Warns:
        SpotkickWarning: for each match that was left out.
    """
    threads = request.options.threads or max(1, (os.cpu_count() or 1) // workers)
    shared = replace(request, options=replace(request.options, threads=threads))
    reporter, started = reporter or SilentReporter(), time.perf_counter()
    total, refused = SpottingSummary(0, 0, 0.0, 0.0, {}), False
    left, alone = list(matches), False
    with reporter.task("spot", len(matches), "matches") as progress:
        while left:
            unfinished: set[str] = set()
            with _open_pool(shared, 1 if alone else workers) as pool:
                for match, outcome in _collect_outcomes(pool, left):
                    if outcome is None:
                        unfinished.add(match)
                        continue
                    total = _add_summaries(total, outcome.summary)
                    refused = refused or outcome.refused
                    progress.advance()
                    reporter.line(outcome.line)

            # One after the other: the first that is left is the one that the process died of.
            left = [match for match in left if match in unfinished]
            if left and alone:
                total.failed[left[0]] = DIED
                progress.advance()
                reporter.line(f"{left[0]}: failed: {DIED}")
                del left[0]
            alone = bool(left) and not alone
    report_failures(total, refused)
    return replace(total, wall_s=time.perf_counter() - started)


@contextmanager
def _open_pool(request: SpottingRequest, workers: int) -> Iterator[ProcessPoolExecutor]:
    """A pool whose processes can spot; what waits is given up when the caller fails."""
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, context, initializer=_start_worker, initargs=(request,))
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


@dataclass(frozen=True, slots=True)
class MatchOutcome:
    """What a process made of one match.

    Attributes:
        summary: of this match.
        line: what came of it, for the user.
        messages: warnings.
        refused: whether the system refused to write.
    """

    summary: SpottingSummary
    line: str
    messages: tuple[str, ...] = ()
    refused: bool = False


def _collect_outcomes(
    pool: ProcessPoolExecutor, matches: Sequence[str]
) -> Iterator[tuple[str, MatchOutcome | None]]:
    """(match, its outcome, or None where a process died before it was finished)."""
    futures = {}
    for match in matches:
        try:
            futures[pool.submit(_spot_one, match)] = match
        except BrokenProcessPool:
            yield match, None

    # Results in the order in which they come.
    for future in as_completed(futures):
        match = futures[future]
        try:
            outcome = future.result()
        except BrokenProcessPool:
            yield match, None
            continue
        except Exception as error:
            reason = describe_fault(error)
            failed = SpottingSummary(0, 0, 0.0, 0.0, {match: reason})
            outcome = MatchOutcome(failed, f"{match}: failed: {reason}")
        for message in outcome.messages:
            warnings.warn(message, SpotkickWarning, stacklevel=2)
        yield match, outcome


def _add_summaries(total: SpottingSummary, one: SpottingSummary) -> SpottingSummary:
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
    further: tuple[FurtherCheckpoint, ...]
    jobs: dict[str, SpottingJob]


_worker: list[_Worker] = []
"""Of this process; filled by `_begin`."""


def _start_worker(request: SpottingRequest) -> None:
    end_with_parent()
    checkpoint = read_checkpoint(request.checkpoint)
    network, further = open_networks(request, checkpoint)
    jobs = {job.match: job for job in jobs_for(request.inputs, checkpoint, request.options)}
    _worker.append(_Worker(request, checkpoint, network, further, jobs))


def _spot_one(match: str) -> MatchOutcome:
    worker = _worker[0]
    request, checkpoint = worker.request, worker.checkpoint
    setup = SpottingSetup.from_checkpoint(checkpoint, request.decoding, request.classes)
    run = SpottingRun(
        worker.network,
        checkpoint,
        setup,
        request.out,
        keep_scores=request.keep_scores,
        reporter=SilentReporter(),
        further=worker.further,
    )

    # Warnings are shown by the program itself, which all processes report to.
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", SpotkickWarning)
        line = run.spot(worker.jobs[match])
    messages = tuple(
        str(warning.message) for warning in caught if issubclass(warning.category, SpotkickWarning)
    )
    return MatchOutcome(run.summary(0.0), line, messages, run.refused)
