"""What a notebook user types: load a model, spot a match."""

from dataclasses import dataclass
from pathlib import Path

from spotkick.actions import MatchActions
from spotkick.checkpoint import CONFIG_FILE, Checkpoint, DecodingConfig, read_checkpoint
from spotkick.errors import InputError
from spotkick.formats.scores import MatchScores
from spotkick.pipelines.spot import network_for
from spotkick.pipelines.spot_inputs import InputOptions, jobs_for
from spotkick.prediction import ChunkNetwork, SpottingSetup, spot_match


@dataclass(frozen=True, slots=True)
class Model:
    """A trained network, ready to spot."""

    checkpoint: Checkpoint
    network: ChunkNetwork


def load_model(path: Path | str, *, runtime: str = "onnx", threads: int = 0) -> Model:
    """Load a checkpoint, or the best one of a run directory.

    Args:
        path: folder.
        runtime: ``onnx``, or ``torch``, which runs on CUDA where there is one.
        threads: CPU threads; 0 for as many as there are cores.

    Raises:
        CheckpointError: if it is not a checkpoint, or is damaged.
    """
    folder = Path(path)
    if not (folder / CONFIG_FILE).is_file() and (folder / "best" / CONFIG_FILE).is_file():
        folder = folder / "best"
    checkpoint = read_checkpoint(folder)
    return Model(checkpoint, network_for(checkpoint, runtime, threads=threads))


def spot_with_scores(
    model: Model, match: Path | str, *, decoding: DecodingConfig | None = None
) -> tuple[MatchActions, MatchScores]:
    """Spot one match, and keep the scores of every frame.

    Args:
        model: of `load_model`.
        match: video, feature file, or match folder.
        decoding: replaces the checkpoint's own.

    Raises:
        InputError: if the path is not one match, or cannot be read.
        CheckpointError: if its features come from another source than the model's.
    """
    jobs = jobs_for([Path(match)], model.checkpoint, InputOptions())
    if len(jobs) != 1:
        raise InputError(
            f"{match} holds {len(jobs)} matches; give one, or use 'spotkick spot' for many"
        )
    tracks = jobs[0].load()
    for track in tracks.values():
        model.checkpoint.feature_source.require_compatible(track.source, track.where)
    return spot_match(
        model.network,
        tracks,
        SpottingSetup.from_checkpoint(model.checkpoint, decoding),
        jobs[0].match,
    )


def spot(
    model: Model, match: Path | str, *, decoding: DecodingConfig | None = None
) -> MatchActions:
    """Spot one match; see `spot_with_scores`."""
    return spot_with_scores(model, match, decoding=decoding)[0]
