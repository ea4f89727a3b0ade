"""Outputs of a network for a whole period, and the mean of those of several.

Scores are averaged as logits. A mean of probabilities keeps a spot that one network alone is sure
of; a mean of logits asks the others, too, and does not let the boldest network outvote those whose
scores are spread over less of the range.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from spotkick.actions import ActionClasses
from spotkick.checkpoint import Checkpoint, DecodingConfig
from spotkick.chunks import ChunkPlan, place_spots, plan_chunks, stitch
from spotkick.encoding.spots import decode_spots
from spotkick.features.tracks import FeatureTrack
from spotkick.prediction.class_groups import ClassGroups
from spotkick.prediction.decoding import Candidates, Scores
from spotkick.prediction.network import ChunkNetwork, ChunkOutput

BATCH_CHUNKS: Final = 32
"""Chunks run at once: bounds the memory of a long video, and is past the point where larger batches
are faster."""

_SCORE_MARGIN: Final = 1e-6
"""Scores are kept this far from 0 and 1 when they are averaged, so that logits are finite."""


@dataclass(frozen=True, slots=True)
class SpottingSetup:
    """What the network's outputs mean, and how to decode them.

    Attributes:
        classes: order of the score columns.
        frame_rate: feature frames per second.
        chunk_frames: length of a chunk.
        border_frames: frames at each end of a chunk that are not used.
        pad_period: extend each period by its end frames.
        decoding: from outputs to actions.
        groups: classes that are asked for, where they are not the network's own.
        sides: teams that the classes tell apart; empty where they do not.
    """

    classes: ActionClasses
    frame_rate: Fraction
    chunk_frames: int
    border_frames: int
    pad_period: bool
    decoding: DecodingConfig
    groups: ClassGroups | None = None
    sides: tuple[str, ...] = ()

    @property
    def wanted(self) -> ActionClasses:
        """The classes that are asked for: the network's own, or unions of them."""
        return self.classes if self.groups is None else self.groups.classes

    @classmethod
    def from_checkpoint(
        cls,
        checkpoint: Checkpoint,
        decoding: DecodingConfig | None = None,
        classes: ActionClasses | None = None,
    ) -> "SpottingSetup":
        """The setup that a checkpoint was trained for.

        Args:
            checkpoint: a verified one.
            decoding: replaces its own.
            classes: that are asked for, each its own class or a union of some.

        Raises:
            ConfigError: if it does not spot such classes.
        """
        config, groups = checkpoint.config, None
        if classes is not None and classes.names != checkpoint.classes.names:
            groups = ClassGroups.find(checkpoint.classes, classes, checkpoint.task.sides)
        return cls(
            checkpoint.classes,
            checkpoint.frame_rate,
            config.chunk_frames,
            border_frames=config.border_frames,
            pad_period=config.pad_period,
            decoding=decoding or config.decoding,
            groups=groups,
            sides=checkpoint.task.sides,
        )


class PeriodOutput(NamedTuple):
    """Outputs for a period, of the network's own classes or of those that are asked for.

    Attributes:
        scores: (frames, classes).
        displacements: (frames, classes) in frames; None for networks without.
        spots: of the spotting module; None for networks without one.
        frame_rate: frames per second.
    """

    scores: Scores
    displacements: npt.NDArray[np.float64] | None
    spots: Candidates | None
    frame_rate: Fraction


def run_period(network: ChunkNetwork, track: FeatureTrack, setup: SpottingSetup) -> PeriodOutput:
    """Run a network on one period of any length, also shorter than a chunk.

    With ``decoding.chunk_shifts`` the period is cut into chunks in several ways, and each frame
    gets the mean: it lies at other places of its chunks.

    Raises:
        InputError: if the features hold NaN or infinity.
    """
    track.require_finite()
    shifts = setup.decoding.chunk_shifts
    stride = max(setup.chunk_frames - 2 * setup.border_frames, 1)
    outputs = [
        _run_shifted(network, track, setup, round(number * stride / shifts))
        for number in range(shifts)
    ]
    track.release()
    # Spots of the spotting module have no mean; they are those of the plain chunks.
    return average_outputs(outputs)._replace(spots=outputs[0].spots)


def _run_shifted(
    network: ChunkNetwork, track: FeatureTrack, setup: SpottingSetup, shift_frames: int
) -> PeriodOutput:
    """Outputs with chunks that start earlier by some frames, which the period is extended by."""
    plan = plan_chunks(
        len(track) + shift_frames,
        setup.chunk_frames,
        setup.border_frames,
        pad_period=setup.pad_period,
    )
    outputs = list(_run_chunks(network, track, plan, shift_frames))

    # (chunks, frames, classes) and (chunks, spots, 2 + classes)
    scores = np.concatenate([part.scores for part in outputs])
    rows = np.concatenate([part.spots for part in outputs])
    moves = [part.displacements for part in outputs if part.displacements is not None]

    # One score per frame of the period, and spots that come from the chunk that keeps them.
    displacements = None
    if moves:
        whole = stitch(plan, np.concatenate(moves))
        displacements = whole[shift_frames:].astype(np.float64)
    return PeriodOutput(
        stitch(plan, scores)[shift_frames:].astype(np.float32),
        displacements,
        _spots_of_rows(rows, plan) if rows.shape[1] else None,
        setup.frame_rate,
    )


def _run_chunks(
    network: ChunkNetwork, track: FeatureTrack, plan: ChunkPlan, shift_frames: int
) -> Iterator[ChunkOutput]:
    index = plan.padded_index() - shift_frames
    for start in range(0, len(index), BATCH_CHUNKS):
        yield network(track.rows(index[start : start + BATCH_CHUNKS]).astype(np.float32))


def _spots_of_rows(rows: npt.NDArray[np.float32], plan: ChunkPlan) -> Candidates:
    decoded = decode_spots(rows, plan.chunk_frames)
    frames, kept = place_spots(plan, decoded.frames)
    return Candidates(
        frames[kept], decoded.classes[kept], decoded.confidences[kept].astype(np.float64)
    )


def average_outputs(outputs: Sequence[PeriodOutput]) -> PeriodOutput:
    """The mean of several outputs for one period, without spots of a spotting module.

    Outputs of lower frame rates are interpolated to the highest one. Displacements are averaged
    over the networks that have them.

    Args:
        outputs: of the same classes; a single one stays as it is.
    """
    if len(outputs) == 1:
        return outputs[0]
    finest = max(outputs, key=lambda output: output.frame_rate)
    frames, rate = len(finest.scores), finest.frame_rate

    logits = [
        _resample(_logits_of(output.scores), output.frame_rate, frames, rate) for output in outputs
    ]
    moves = [
        _resample(output.displacements, output.frame_rate, frames, rate)
        * float(rate / output.frame_rate)
        for output in outputs
        if output.displacements is not None
    ]
    scores = 1 / (1 + np.exp(-np.mean(logits, axis=0)))
    return PeriodOutput(
        scores.astype(np.float32), np.mean(moves, axis=0) if moves else None, None, rate
    )


def scores_at_rate(scores: Scores, own_rate: Fraction, rate: Fraction) -> Scores:
    """Scores (frames, classes) at another rate; as they are where it is their own.

    Args:
        scores: of a period.
        own_rate: their frames per second.
        rate: frames per second that are wanted.
    """
    if own_rate == rate:
        return scores
    frames = round(len(scores) * rate / own_rate)
    return _resample(scores.astype(np.float64), own_rate, frames, rate).astype(np.float32)


def join_classes(output: PeriodOutput, groups: ClassGroups | None) -> PeriodOutput:
    """The output for the classes that are asked for; as it is where these are its own."""
    if groups is None:
        return output
    scores, moves, spots = output.scores, output.displacements, output.spots
    return PeriodOutput(
        groups.join_scores(scores),
        None if moves is None else groups.join_displacements(moves, scores),
        None if spots is None else groups.join_candidates(spots),
        output.frame_rate,
    )


def _logits_of(scores: Scores) -> npt.NDArray[np.float64]:
    exact = scores.astype(np.float64).clip(_SCORE_MARGIN, 1 - _SCORE_MARGIN)
    logits: npt.NDArray[np.float64] = np.log(exact) - np.log1p(-exact)
    return logits


def _resample(
    values: npt.NDArray[np.float64], own_rate: Fraction, frames: int, rate: Fraction
) -> npt.NDArray[np.float64]:
    """Values (own frames, classes) on a grid of another rate, between frames along lines."""
    if own_rate == rate and len(values) == frames:
        return values
    places = np.arange(frames) * float(own_rate / rate)
    own = np.arange(len(values))
    columns = [np.interp(places, own, values[:, column]) for column in range(values.shape[1])]
    return np.stack(columns, axis=1)
