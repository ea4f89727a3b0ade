"""Spotting what the command line names: feature files, match folders, whole splits."""

import time
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from spotkick.actions import ActionClasses, MatchActions
from spotkick.checkpoint import Checkpoint, DecodingConfig
from spotkick.devices import parse_device
from spotkick.errors import (
    ConfigError,
    InputError,
    SpotkickError,
    SpotkickWarning,
    StorageError,
    require_extra,
)
from spotkick.features.tracks import FeatureTrack
from spotkick.formats.results import write_results
from spotkick.onnx_runtime import has_cuda
from spotkick.pipelines.scoreboard_spots import confirm_goals, shift_to_positions
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
from spotkick.tasks import merge_sides


@dataclass(frozen=True, slots=True)
class SpottingSummary:
    """What was done.

    Attributes:
        matches: matches spotted.
        actions: spots written.
        footage_s: length of what was spotted.
        wall_s: time that it took.
        failed: match -> why it could not be spotted.
    """

    matches: int
    actions: int
    footage_s: float
    wall_s: float
    failed: dict[str, str]


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
    setup = SpottingSetup.from_checkpoint(checkpoint, decoding, classes)
    reporter, jobs = reporter or SilentReporter(), list(jobs)
    run = SpottingRun(
        network,
        checkpoint,
        setup,
        out,
        keep_scores=keep_scores,
        reporter=reporter,
        further=further,
    )
    started = time.perf_counter()

    # One match is shown by the progress of its video alone.
    shown = reporter if len(jobs) > 1 else SilentReporter()
    with shown.task("spot", len(jobs), "matches") as progress:
        for job in jobs:
            line = run.spot(job)
            progress.advance()
            (reporter if job.match in run.kept else shown).line(line)
    if run.collected:
        write_results(out, run.collected)
    summary = run.summary(time.perf_counter() - started)
    report_failures(summary, run.refused)
    return summary


@dataclass(slots=True)
class SpottingRun:
    """Spots matches with one network, and adds up what came of it.

    Attributes:
        network: runs chunks.
        checkpoint: what the network was trained for.
        setup: how outputs become actions.
        out: see `run_spotting`.
        keep_scores: write the scores of every frame too.
        reporter: shows how far a video is read.
        further: checkpoints whose scores are averaged with those of the first one.
        matches: matches spotted so far.
        actions: spots written.
        footage_s: length of what was spotted.
        refused: whether the system refused to write a result.
        kept: match -> periods of an earlier run that stay in its results.
        failed: match -> why it could not be spotted.
        collected: results that are to be written at the end, into an archive.
    """

    network: ChunkNetwork
    checkpoint: Checkpoint
    setup: SpottingSetup
    out: Path
    keep_scores: bool
    reporter: Reporter
    further: Sequence[FurtherCheckpoint] = ()
    matches: int = 0
    actions: int = 0
    footage_s: float = 0.0
    refused: bool = False
    kept: dict[str, tuple[int, ...]] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    collected: list[MatchActions] = field(default_factory=list)

    def spot(self, job: SpottingJob) -> str:
        """Spot one match; any failure of it is kept, so that the next one is tried.

        Returns:
            a line that says what came of it.
        """
        started = time.perf_counter()
        try:
            predicted, tracks, kept = self._spot_and_write(job)
        except SpotkickError as error:
            self.failed[job.match] = str(error)
            self.refused = self.refused or isinstance(error, StorageError)
        except Exception as error:
            self.failed[job.match] = describe_fault(error)
        if job.match in self.failed:
            return f"{job.match}: failed: {self.failed[job.match]}"

        # Counts, and the line that ends the match.
        footage_s = sum(track.duration_s for track in tracks.values())
        self.matches, self.actions = self.matches + 1, self.actions + len(predicted.actions)
        self.footage_s += footage_s
        if kept:
            self.kept[job.match] = kept
        where = self.out
        if is_folder(self.out):
            where = MatchOutput.of_match(self.out, job.match).results
        stayed = f" (kept from before: period {', '.join(map(str, kept))})" if kept else ""
        return (
            f"{job.match}: {len(predicted.actions)} spots in {format_duration(footage_s)}, "
            f"took {format_duration(time.perf_counter() - started)}: {where}{stayed}"
        )

    def _spot_and_write(
        self, job: SpottingJob
    ) -> tuple[MatchActions, dict[int, FeatureTrack], tuple[int, ...]]:
        tracks = job.load(self.reporter)
        for track in tracks.values():
            self.checkpoint.feature_source.require_compatible(track.source, track.where)
        members = [Member(self.network, tracks, self.setup)]
        members += [other.join(job.match, tracks, self.reporter) for other in self.further]
        predicted, scores = spot_match_together(members, job.match)
        predicted = merge_sides(predicted, self.checkpoint.task)
        predicted, scores = shift_to_positions(predicted, scores, job.files)
        predicted = confirm_goals(predicted, job.files, scores.classes)

        # An archive is written once, at the end.
        if self.out.suffix == ".zip":
            self.collected.append(predicted)
            return predicted, tracks, ()
        output = MatchOutput.of_match(self.out, job.match)
        kept = output.write(predicted, scores, job.files, keep_scores=self.keep_scores)
        return predicted, tracks, kept

    def summary(self, wall_s: float) -> SpottingSummary:
        """What was done."""
        return SpottingSummary(self.matches, self.actions, self.footage_s, wall_s, self.failed)


def describe_fault(error: Exception) -> str:
    """One line about an error that nothing foresaw."""
    reason = " ".join(str(error).split())
    return f"unexpected {type(error).__name__}{f': {reason}' if reason else ''}; please report it"


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


def speed_line(summary: SpottingSummary) -> str:
    """One line for people: how much was spotted, and how fast."""
    times = summary.footage_s / max(summary.wall_s, 1e-9)
    plural = "match" if summary.matches == 1 else "matches"
    return (
        f"{summary.matches} {plural}, {summary.actions} spots, {times:,.0f} times real time "
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
