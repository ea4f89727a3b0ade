"""Spotting what the command line names: feature files, match folders, whole splits."""

import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from spotkick.actions import ActionClasses
from spotkick.checkpoint import Checkpoint, DecodingConfig
from spotkick.cluster.executors import Executor, SerialExecutor
from spotkick.cluster.ledger import Ledger
from spotkick.cluster.running import run_work
from spotkick.cluster.work import Work, WorkItem
from spotkick.devices import parse_device
from spotkick.errors import ConfigError, StorageError, require_extra
from spotkick.formats.results import write_results
from spotkick.onnx_runtime import has_cuda
from spotkick.pipelines.spot_inputs import SpottingJob
from spotkick.pipelines.spot_match import MatchSpotter, SpottedMatch
from spotkick.pipelines.spot_members import FurtherCheckpoint
from spotkick.pipelines.spot_outputs import MatchOutput, is_folder
from spotkick.pipelines.spot_summary import SpottingSummary, describe_count, report_failures
from spotkick.prediction import ChunkNetwork, ChunkOutput, OnnxNetwork, SpottingSetup
from spotkick.reporter import Reporter, SilentReporter, format_duration


def network_for(
    checkpoint: Checkpoint, runtime: str = "onnx", *, threads: int = 0, device: str = "auto"
) -> ChunkNetwork:
    """The network of a checkpoint, ready to run.

    Args:
        checkpoint: a verified one.
        runtime: ``onnx``, or ``torch``.
        threads: CPU threads; 0 leaves the runtime's own choice.
        device: a name of `spotkick.devices.parse_device`; ``cuda`` takes torch where this ONNX
            Runtime was not built for it.

    Raises:
        ConfigError: on another runtime, or a device that is not there.
        MissingExtraError: if torch is asked for and not installed.
    """
    wants_cuda = parse_device(device).kind == "cuda"
    if runtime == "onnx" and wants_cuda and not has_cuda():
        require_extra("torch", "train", "--device cuda without onnxruntime-gpu")
        runtime = "torch"
    if runtime == "onnx":
        return OnnxNetwork.from_checkpoint(checkpoint, threads=threads, device=device)
    if runtime != "torch":
        raise ConfigError(f"--runtime must be onnx or torch, got '{runtime}'")
    require_extra("torch", "train", "--runtime torch")
    from spotkick.models.loading import load_runner

    return load_runner(checkpoint, ChunkOutput, device=device, threads=threads)


def run_spotting(
    jobs: Iterable[SpottingJob],
    network: ChunkNetwork,
    checkpoint: Checkpoint,
    out: Path,
    *,
    decoding: DecodingConfig | None = None,
    keep_scores: bool = True,
    reporter: Reporter | None = None,
    further: Sequence[FurtherCheckpoint] = (),
    classes: ActionClasses | None = None,
) -> SpottingSummary:
    """Spot matches one after the other and write each as soon as it is done.

    A match that cannot be spotted, for whatever reason, is reported and left out; the others are
    not lost.

    Args:
        jobs: of `spotkick.pipelines.spot_inputs.jobs_for`.
        network: runs chunks.
        checkpoint: what the network was trained for.
        out: folder of ``<match>/results_spotting.json`` and ``scores.npz``; a ``.zip`` for results
            alone; or a ``.json`` file when there is one match.
        decoding: replaces the checkpoint's own.
        keep_scores: write the scores of every frame too.
        reporter: shows how far the work is; silent when None.
        further: checkpoints whose scores are averaged with those of the first one.
        classes: that are asked for; see `SpottingSetup.from_checkpoint`.

    Raises:
        InputError: if no match could be spotted.
        StorageError: if none could, as the system refuses to write.

    Warns:
        SpotkickWarning: for each match that was left out.
    """
    spotter = MatchSpotter(
        network,
        checkpoint,
        SpottingSetup.from_checkpoint(checkpoint, decoding, classes),
        out,
        keep_scores=keep_scores,
        further=tuple(further),
    )
    named = {job.match: job for job in jobs}
    work = Work("spot", lambda _: lambda item, shown: spotter.spot(named[item.name], shown))
    return spot_all(SerialExecutor(), work, list(named), out, reporter=reporter)


def spot_all(
    executor: Executor,
    work: "Work[SpottedMatch]",
    matches: Sequence[str],
    out: Path,
    *,
    reporter: Reporter | None = None,
    ledger: Ledger | None = None,
) -> SpottingSummary:
    """Have matches spotted, show what came of each, and add it up.

    Args:
        executor: where they are spotted.
        work: spots one.
        matches: their names.
        out: as of `run_spotting`; an archive is written at the end.
        reporter: shows how far the work is; silent when None.
        ledger: gets a line for each match.

    Raises:
        InputError: if no match could be spotted.
        StorageError: if none could, as the system refuses to write.

    Warns:
        SpotkickWarning: for each match that was left out.
    """
    reporter, started = reporter or SilentReporter(), time.perf_counter()
    done: dict[str, SpottedMatch] = {}
    failed: dict[str, str] = {}
    refused = False

    # One match is shown by the progress of its video alone.
    shown = reporter if len(matches) > 1 else SilentReporter()
    items = [WorkItem(match) for match in matches]
    outcomes = run_work(executor, work, items, shown, ledger=ledger, inner=reporter)
    for outcome in outcomes:
        if outcome.result is None:
            failed[outcome.item] = outcome.error
            refused = refused or outcome.kind == StorageError.__name__
            shown.line(f"{outcome.item}: failed: {outcome.error}")
            continue
        spotted = done[outcome.item] = outcome.result
        said = reporter if spotted.kept else shown
        said.line(_describe_match(outcome.item, spotted, outcome.seconds, out))

    # In the order that was asked for, not in that in which they came
    collected = [done[match].actions for match in matches if match in done]
    if out.suffix == ".zip" and collected:
        write_results(out, collected)
    summary = SpottingSummary(
        len(done),
        sum(len(spotted.actions.actions) for spotted in done.values()),
        sum(spotted.footage_s for spotted in done.values()),
        time.perf_counter() - started,
        failed,
        likely=sum(spotted.likely for spotted in done.values()),
    )
    report_failures(summary, refused)
    return summary


def _describe_match(match: str, spotted: SpottedMatch, seconds: float, out: Path) -> str:
    """The line that ends a match."""
    where = MatchOutput.of_match(out, match).results if is_folder(out) else out
    kept = (
        f" (kept from before: period {', '.join(map(str, spotted.kept))})" if spotted.kept else ""
    )
    return (
        f"{match}: {describe_count(len(spotted.actions.actions), spotted.likely)} in "
        f"{format_duration(spotted.footage_s)}, took {format_duration(seconds)}: {where}{kept}"
    )
