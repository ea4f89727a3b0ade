"""Spotting what the command line names: feature files, match folders, whole splits."""

import time
import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from spotkick.actions import MatchActions
from spotkick.checkpoint import Checkpoint, DecodingConfig
from spotkick.errors import (
    ConfigError,
    InputError,
    SpotkickError,
    SpotkickWarning,
    require_extra,
)
from spotkick.features.tracks import FeatureSource, FeatureTrack
from spotkick.files import write_json
from spotkick.formats.results import results_document, write_results
from spotkick.formats.scores import SCORES_FILE, MatchScores, write_scores
from spotkick.pipelines.spot_inputs import SpottingJob
from spotkick.prediction import ChunkNetwork, OnnxNetwork, SpottingSetup, spot_match


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
        runtime: ``onnx``, or ``torch``, which runs on CUDA where there is one.
        threads: CPU threads; 0 leaves the runtime's own choice.
        device: of torch.

    Raises:
        ConfigError: on another runtime.
        MissingExtraError: if torch is asked for and not installed.
    """
    if runtime == "onnx":
        return OnnxNetwork.from_checkpoint(checkpoint, threads=threads)
    if runtime != "torch":
        raise ConfigError(f"--runtime must be onnx or torch, got '{runtime}'")
    require_extra("torch", "train", "--runtime torch")
    from spotkick.pipelines.torch_runtime import checkpoint_runner

    return checkpoint_runner(checkpoint, device=device, threads=threads)


def run_spotting(
    jobs: Iterable[SpottingJob],
    network: ChunkNetwork,
    checkpoint: Checkpoint,
    out: Path,
    *,
    decoding: DecodingConfig | None = None,
    keep_scores: bool = True,
) -> SpottingSummary:
    """Spot matches one after the other and write each as soon as it is done.

    A match that cannot be spotted is reported and left out; the others are not lost.

    Args:
        jobs: of `jobs_for`; wrap them in a progress bar at will.
        network: runs chunks.
        checkpoint: what the network was trained for.
        out: folder of ``<match>/results_spotting.json`` and ``scores.npz``; a ``.zip`` for results
            alone; or a ``.json`` file when there is one match.
        decoding: replaces the checkpoint's own.
        keep_scores: write the scores of every frame too.

    Raises:
        InputError: if no match could be spotted.
        StorageError: if a result cannot be written.
    """
    setup = SpottingSetup.from_checkpoint(checkpoint, decoding)
    started = time.perf_counter()
    failed: dict[str, str] = {}
    collected: list[MatchActions] = []
    footage_s, actions, matches = 0.0, 0, 0
    for job, tracks in _loaded(jobs, checkpoint.feature_source, failed):
        try:
            predicted, scores = spot_match(network, tracks, setup, job.match)
        except SpotkickError as error:
            failed[job.match] = str(error)
            continue
        matches += 1
        actions += len(predicted.actions)
        footage_s += sum(track.duration_s for track in tracks.values())
        if out.suffix == ".zip":
            collected.append(predicted)
        else:
            _write(out, predicted, scores if keep_scores else None, alone=out.suffix == ".json")
    if not matches:
        raise InputError(first_failure(failed))
    if collected:
        write_results(out, collected)
    for match, reason in failed.items():
        warnings.warn(f"{match} was left out: {reason}", SpotkickWarning, stacklevel=2)
    return SpottingSummary(matches, actions, footage_s, time.perf_counter() - started, failed)


def _loaded(
    jobs: Iterable[SpottingJob], source: FeatureSource, failed: dict[str, str]
) -> Iterator[tuple[SpottingJob, dict[int, FeatureTrack]]]:
    for job in jobs:
        try:
            tracks = job.load()
            for track in tracks.values():
                source.require_compatible(track.source, track.where)
        except SpotkickError as error:
            failed[job.match] = str(error)
            continue
        yield job, tracks


def _write(out: Path, predicted: MatchActions, scores: MatchScores | None, *, alone: bool) -> None:
    """Scores first: a match that has results is done."""
    if scores is not None:
        write_scores(
            out.with_suffix(f".{SCORES_FILE}") if alone else out / predicted.match / SCORES_FILE,
            scores,
        )
    if alone:
        write_json(out, results_document(predicted))
    else:
        write_results(out, [predicted])


def speed_line(summary: SpottingSummary) -> str:
    """One line for people: how much was spotted, and how fast."""
    times = summary.footage_s / max(summary.wall_s, 1e-9)
    plural = "match" if summary.matches == 1 else "matches"
    return f"{summary.matches} {plural}, {summary.actions} spots, {times:,.0f} times real time ({summary.wall_s:.1f} s)"


def first_failure(failed: Mapping[str, str]) -> str:
    """One line about matches none of which could be spotted: why the first failed, and how many more did."""
    if not failed:
        return "there is nothing to spot"
    match, reason = next(iter(failed.items()))
    return f"{match}: {reason}" + (
        f"; {len(failed) - 1} more could not be spotted either" if len(failed) > 1 else ""
    )
