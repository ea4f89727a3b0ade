"""Further checkpoints whose scores are averaged with those of the first one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from spotkick.checkpoint import Checkpoint, DecodingConfig, read_checkpoint
from spotkick.errors import CheckpointError, ConfigError, InputError
from spotkick.features.tracks import FeatureSource, FeatureTrack
from spotkick.pipelines.spot_inputs import InputOptions, SpottingJob, jobs_for
from spotkick.prediction import ChunkNetwork, Member, SpottingSetup
from spotkick.reporter import Reporter
from spotkick.stored_checkpoint import resolve_checkpoint


@dataclass(frozen=True, slots=True)
class FurtherCheckpoint:
    """A checkpoint that joins the first one.

    Attributes:
        checkpoint: a verified one.
        network: runs its chunks.
        setup: its geometry, with the decoding of the first one.
        jobs: match -> how its own features are read or made; None where it reads the same features
            as the first one.
    """

    checkpoint: Checkpoint
    network: ChunkNetwork
    setup: SpottingSetup
    jobs: Mapping[str, SpottingJob] | None

    def join(self, match: str, tracks: Mapping[int, FeatureTrack], reporter: Reporter) -> Member:
        """The checkpoint with its features of a match.

        Args:
            match: name of the match.
            tracks: features of the first checkpoint.
            reporter: shows how far a video is read.

        Raises:
            InputError: if its features cannot be made.
            CheckpointError: if they come from another source than those it was trained on.
        """
        own = tracks
        if self.jobs is not None:
            if match not in self.jobs:
                raise InputError(
                    f"{match}: nothing here to make the features "
                    f"'{self.checkpoint.feature_source.name}' from, which "
                    f"{self.checkpoint.folder} reads"
                )
            own = self.jobs[match].load(reporter)
        for track in own.values():
            self.checkpoint.feature_source.require_compatible(track.source, track.where)
        return Member(self.network, own, self.setup)


def open_further(
    folders: Sequence[Path],
    first: Checkpoint,
    inputs: Sequence[Path],
    options: InputOptions,
    *,
    decoding: DecodingConfig,
    open_network: Callable[[Checkpoint], ChunkNetwork],
) -> tuple[FurtherCheckpoint, ...]:
    """Open the checkpoints that join the first one.

    Args:
        folders: of the checkpoints.
        first: whose classes and decoding count.
        inputs: see `spotkick.pipelines.spot_inputs.jobs_for`.
        options: what the paths do not say.
        decoding: how outputs become actions.
        open_network: opens the network of a checkpoint.

    Raises:
        ConfigError: if one spots other classes.
        CheckpointError: if one is damaged.
        InputError: if an input is of no use to one that reads other features.
    """
    found = []
    for folder in folders:
        checkpoint = read_checkpoint(folder)
        if checkpoint.classes.names != first.classes.names:
            raise ConfigError(
                f"{folder} spots {', '.join(checkpoint.classes)}, and {first.folder} spots "
                f"{', '.join(first.classes)}; only checkpoints of the same classes in the same "
                "order can be averaged"
            )
        jobs = None
        if not _reads_same(checkpoint.feature_source, first.feature_source):
            jobs = {job.match: job for job in jobs_for(inputs, checkpoint, options)}
        setup = SpottingSetup.from_checkpoint(checkpoint, decoding)
        found.append(FurtherCheckpoint(checkpoint, open_network(checkpoint), setup, jobs))
    return tuple(found)


def _reads_same(one: FeatureSource, other: FeatureSource) -> bool:
    """Whether two checkpoints read the same features."""
    return (one.name, one.dim, one.frame_rate, one.fingerprint) == (
        other.name,
        other.dim,
        other.frame_rate,
        other.fingerprint,
    )


def part_checkpoints(
    first: Path | None, inputs: Sequence[Path], further: Sequence[Path]
) -> tuple[list[Path], list[Path]]:
    """Checkpoints and inputs of a command line.

    The first argument is a checkpoint, unless ``--checkpoint`` names some and it is none itself:
    ``spot A INPUT --checkpoint B`` and ``spot --checkpoint A --checkpoint B INPUT`` are the same.

    Args:
        first: the first argument; None where there is none.
        inputs: the arguments behind it.
        further: of ``--checkpoint``.
    """
    if first is None:
        return list(further), list(inputs)
    if not further:
        return [first], list(inputs)
    try:
        resolve_checkpoint(first)
    except CheckpointError:
        return list(further), [first, *inputs]
    return [first, *further], list(inputs)
