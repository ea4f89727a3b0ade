"""Spotting what the command line names: feature files, match folders, whole splits."""

import time
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from spotkick.actions import ActionClasses, MatchActions
from spotkick.checkpoint import Checkpoint, DecodingConfig
from spotkick.cluster.executors import Executor, SerialExecutor
from spotkick.cluster.ledger import Ledger
from spotkick.cluster.running import run_work
from spotkick.cluster.work import Work, WorkItem
from spotkick.devices import parse_device
from spotkick.errors import (
    ConfigError,
    InputError,
    SpotkickWarning,
    StorageError,
    require_extra,
)
from spotkick.formats.results import write_results
from spotkick.onnx_runtime import has_cuda
from spotkick.peaks import is_likely
from spotkick.pipelines.scoreboard_spots import SPOKEN_SPREAD_MS, confirm_goals, shift_to_positions
from spotkick.pipelines.spot_inputs import SpottingJob
from spotkick.pipelines.spot_members import FurtherCheckpoint
from spotkick.pipelines.spot_outputs import MatchOutput, is_folder
from spotkick.prediction import (
    ChunkNetwork,
    ChunkOutput,
    Member,
    OnnxNetwork,
    SpottingSetup,
    spot_match_together,
)
from spotkick.reporter import Reporter, SilentReporter, format_duration
from spotkick.storage import fetched, upload
from spotkick.tasks import merge_side_names, merge_side_values, merge_sides


@dataclass(frozen=True, slots=True)
class SpottingSummary:
    """What was done.

    Attributes:
        matches: matches spotted.
        actions: spots written.
        footage_s: length of what was spotted.
        wall_s: time that it took.
        failed: match -> why it could not be spotted.
        likely: spots at or above the checkpoint's threshold for their class.
    """

    matches: int
    actions: int
    footage_s: float
    wall_s: float
    failed: dict[str, str]
    likely: int = 0


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


@dataclass(frozen=True, slots=True)
class SpottedMatch:
    """What came of one match.

    Attributes:
        actions: spots.
        footage_s: length of what was spotted.
        kept: periods of an earlier run that stay in its results.
        likely: spots at or above the checkpoint's threshold for their class.
    """

    actions: MatchActions
    footage_s: float
    kept: tuple[int, ...] = ()
    likely: int = 0


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


@dataclass(frozen=True, slots=True)
class MatchSpotter:
    """Spots matches with one network, and writes their results.

    Attributes:
        network: runs chunks.
        checkpoint: what the network was trained for.
        setup: how outputs become actions.
        out: see `run_spotting`.
        keep_scores: write the scores of every frame too.
        further: checkpoints whose scores are averaged with those of the first one.
    """

    network: ChunkNetwork
    checkpoint: Checkpoint
    setup: SpottingSetup
    out: Path
    keep_scores: bool
    further: tuple[FurtherCheckpoint, ...] = ()

    def spot(self, job: SpottingJob, reporter: Reporter) -> SpottedMatch:
        """Spot one match; results are written in one step, unless they go into an archive.

        Raises:
            SpotkickError: if it cannot be spotted.
        """
        output = MatchOutput.of_match(self.out, job.match)
        files = [span.file for spans in job.files.values() for span in spans]
        with fetched([*files, output.scores]):
            return self._spot_here(job, output, reporter)

    def _spot_here(self, job: SpottingJob, output: MatchOutput, reporter: Reporter) -> SpottedMatch:
        tracks = job.load(reporter)
        for track in tracks.values():
            self.checkpoint.feature_source.require_compatible(track.source, track.where)
        members = [Member(self.network, tracks, self.setup)]
        members += [other.join(job.match, tracks, reporter) for other in self.further]
        predicted, scores = spot_match_together(members, job.match)
        task = replace(self.checkpoint.task, classes=self.setup.wanted)
        predicted = merge_sides(predicted, task)
        predicted, scores = shift_to_positions(predicted, scores, job.files)
        spoken = self.checkpoint.feature_source.is_commentary
        predicted = confirm_goals(
            predicted,
            job.files,
            merge_side_names(scores.classes, scores.sides),
            spot_spread_ms=SPOKEN_SPREAD_MS if spoken else 0,
        )

        # An archive is written once, at the end.
        kept: tuple[int, ...] = ()
        if self.out.suffix != ".zip":
            kept = output.write(predicted, scores, job.files, keep_scores=self.keep_scores)
        if is_folder(self.out):
            upload([output.results.parent])
        thresholds = merge_side_values(self.checkpoint.config.thresholds, task)
        return SpottedMatch(
            predicted,
            sum(track.duration_s for track in tracks.values()),
            kept,
            likely=count_likely(predicted, thresholds),
        )


def report_failures(summary: SpottingSummary, refused: bool = False) -> None:
    """Warn of each match that was left out.

    Args:
        summary: what was done.
        refused: whether the system refused to write.

    Raises:
        InputError: if there is no other match.
        StorageError: the same, where the system refused to write.
    """
    if not summary.matches:
        text = first_failure(summary.failed)
        raise StorageError(text) if refused else InputError(text)
    for match, reason in summary.failed.items():
        warnings.warn(f"{match} was left out: {reason}", SpotkickWarning, stacklevel=3)


def count_likely(spots: MatchActions, thresholds: Mapping[str, float]) -> int:
    """Spots at or above the threshold of their class, those that the viewer shows at first."""
    return sum(is_likely(spot, thresholds) for spot in spots.actions)


def describe_count(spots: int, likely: int) -> str:
    """How many spots, the likely ones first: most of the others only serve the metric."""
    if likely == spots:
        return f"{spots:,} spots"
    return f"{likely:,} likely spots ({spots:,} with weak ones)"


def speed_line(summary: SpottingSummary) -> str:
    """One line for people: how much was spotted, and how fast."""
    times = summary.footage_s / max(summary.wall_s, 1e-9)
    plural = "match" if summary.matches == 1 else "matches"
    spots = describe_count(summary.actions, summary.likely)
    return (
        f"{summary.matches} {plural}, {spots}, {times:,.0f} times real time "
        f"({summary.wall_s:.1f} s)"
    )


def first_failure(failed: Mapping[str, str]) -> str:
    """One line about matches none of which could be spotted.

    It says why the first failed, and how many more did.
    """
    if not failed:
        return "there is nothing to spot"
    match, reason = next(iter(failed.items()))
    return f"{match}: {reason}" + (
        f"; {len(failed) - 1} more could not be spotted either" if len(failed) > 1 else ""
    )
