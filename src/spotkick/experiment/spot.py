"""Spotting what the command line names: feature files, match folders, whole splits."""

import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from spotkick.actions import MatchActions
from spotkick.checkpoint import Checkpoint, DecodingConfig
from spotkick.errors import ConfigError, InputError, MissingExtraError, SpotkickError, SpotkickWarning
from spotkick.experiment.matches import match_tracks, split_matches
from spotkick.features.tracks import FeatureSource, FeatureTrack, feature_name, read_track
from spotkick.files import write_json
from spotkick.formats.matches import MatchFolder, find_matches
from spotkick.formats.results import results_document, write_results
from spotkick.formats.scores import SCORES_FILE, MatchScores, write_scores
from spotkick.prediction import ChunkNetwork, OnnxNetwork, SpottingSetup, spot_match

SPLIT_SUFFIXES: Final = (".txt", ".json")


@dataclass(frozen=True, slots=True)
class SpottingJob:
    """One match to spot.

    Attributes:
        match: its name in the output.
        load: reads its features, by period.
    """

    match: str
    load: Callable[[], dict[int, FeatureTrack]]


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


def jobs_for(
    inputs: Sequence[Path],
    checkpoint: Checkpoint,
    *,
    data: Path | None = None,
    split: str | None = None,
    period: int | None = None,
) -> list[SpottingJob]:
    """Find out what the given paths mean.

    Args:
        inputs: feature files, match folders, folders of matches, or split files (with ``data``).
        checkpoint: decides which features are read.
        data: root of the matches that a split names.
        split: split file, or its name below ``data``.
        period: of a feature file whose name does not say it.

    Raises:
        InputError: if a path is none of these, or there is nothing to spot.
    """
    source = checkpoint.feature_source
    jobs: list[SpottingJob] = []
    splits = [str(path) for path in inputs if path.suffix in SPLIT_SUFFIXES and path.is_file()]
    if split is not None:
        splits.append(split)
    for name in splits:
        if data is None:
            raise InputError(f"split '{name}' names matches; say with --data where they are")
        jobs += [_folder_job(MatchFolder(data, match), source) for match in split_matches(data, name)]
    for path in inputs:
        if str(path) in splits:
            continue
        if path.suffix == ".npy":
            jobs.append(_file_job(path, source, period))
        elif path.is_dir():
            jobs += _folder_jobs(path, source)
        else:
            state = "is not a feature file (.npy), match folder or split file" if path.exists() else "does not exist"
            raise InputError(f"{path} {state}")
    if not jobs:
        raise InputError("there is nothing to spot: give a feature file, a match folder, or --split with --data")
    repeated = [name for name, count in Counter(job.match for job in jobs).items() if count > 1]
    if repeated:
        raise InputError(f"match '{repeated[0]}' is given twice, and its results would overwrite each other")
    return jobs


def network_for(checkpoint: Checkpoint, runtime: str = "onnx", *, threads: int = 0, device: str = "auto") -> ChunkNetwork:
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
        return OnnxNetwork.of_checkpoint(checkpoint, threads=threads)
    if runtime != "torch":
        raise ConfigError(f"--runtime must be onnx or torch, got '{runtime}'")
    try:
        from spotkick.experiment.torch_runtime import checkpoint_runner
    except ImportError as error:
        raise MissingExtraError("torch", "train", "--runtime torch") from error
    return checkpoint_runner(checkpoint, device=device, threads=threads)


def _file_job(path: Path, source: FeatureSource, period: int | None) -> SpottingJob:
    head = path.stem.partition("_")[0]
    own_period = period or (int(head) if head.isdigit() and 0 < int(head) < 10 else 1)

    def load() -> dict[int, FeatureTrack]:
        return {own_period: read_track(path, source=_expected(path, source), frame_rate=source.frame_rate)}

    return SpottingJob(path.stem, load)


def _expected(path: Path, source: FeatureSource) -> FeatureSource | None:
    """The checkpoint's own source for files of another name, so that their width is checked against it."""
    return source if feature_name(path) != source.name else None


def _folder_jobs(path: Path, source: FeatureSource) -> list[SpottingJob]:
    direct = MatchFolder(path.absolute().parent, path.absolute().name)
    if direct.features(source.name):
        return [_folder_job(direct, source)]
    found = [MatchFolder(path, match) for match in find_matches(path)]
    jobs = [_folder_job(folder, source) for folder in found if folder.features(source.name)]
    if not jobs:
        raise InputError(f"{path}: no features '{source.name}', which this checkpoint needs; make them with 'spotkick features'")
    return jobs


def _folder_job(folder: MatchFolder, source: FeatureSource) -> SpottingJob:
    def load() -> dict[int, FeatureTrack]:
        return match_tracks(folder, source.name, frame_rate=source.frame_rate)

    return SpottingJob(folder.match, load)


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
        out: folder of ``<match>/results_spotting.json`` and ``scores.npz``; a ``.zip`` for results alone; or a ``.json`` file
            when there is one match.
        decoding: replaces the checkpoint's own.
        keep_scores: write the scores of every frame too.

    Raises:
        InputError: if no match could be spotted.
        StorageError: if a result cannot be written.
    """
    setup = SpottingSetup.of_checkpoint(checkpoint, decoding)
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
        raise InputError("; ".join(f"{match}: {reason}" for match, reason in failed.items()) or "there is nothing to spot")
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
    if alone:
        write_json(out, results_document(predicted))
    else:
        write_results(out, [predicted])
    if scores is not None:
        write_scores(out.with_suffix(f".{SCORES_FILE}") if alone else out / predicted.match / SCORES_FILE, scores)


def speed_line(summary: SpottingSummary) -> str:
    """One line for people: how much was spotted, and how fast."""
    times = summary.footage_s / max(summary.wall_s, 1e-9)
    plural = "match" if summary.matches == 1 else "matches"
    return f"{summary.matches} {plural}, {summary.actions} spots, {times:,.0f} times real time ({summary.wall_s:.1f} s)"
