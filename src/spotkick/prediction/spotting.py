"""Spotting a period or a match: cut into chunks, run the network, stitch, decode, suppress.

Source: CALF paper, section 3.3, and the authors' inference code; stitching and decoding are exact
(see `spotkick.chunks`).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from spotkick.actions import Action, ActionClasses, MatchActions
from spotkick.checkpoint import Checkpoint, DecodingConfig
from spotkick.chunks import ChunkPlan, place_spots, plan_chunks, stitch
from spotkick.encoding.spots import decode_spots
from spotkick.features.tracks import FeatureTrack
from spotkick.formats.scores import MatchScores
from spotkick.prediction.network import ChunkNetwork, ChunkOutput
from spotkick.suppression import SuppressionMethod, suppress
from spotkick.timeline import position_of_frame

_SMALLEST_SCORE: Final = 1e-12
"""Keeps logarithms of scores finite."""

BATCH_CHUNKS: Final = 32
"""Chunks run at once: bounds the memory of a long video, and is past the point where larger batches
are faster."""


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
    """

    classes: ActionClasses
    frame_rate: Fraction
    chunk_frames: int
    border_frames: int
    pad_period: bool
    decoding: DecodingConfig

    @classmethod
    def from_checkpoint(
        cls, checkpoint: Checkpoint, decoding: DecodingConfig | None = None
    ) -> "SpottingSetup":
        """The setup that a checkpoint was trained for, its own decoding unless one is given."""
        config = checkpoint.config
        return cls(
            checkpoint.classes,
            checkpoint.frame_rate,
            config.chunk_frames,
            border_frames=config.border_frames,
            pad_period=config.pad_period,
            decoding=decoding or config.decoding,
        )


@dataclass(frozen=True, slots=True)
class PeriodPrediction:
    """Prediction of one period.

    Attributes:
        scores: (frames, classes) segmentation scores.
        actions: spots in order of time.
    """

    scores: npt.NDArray[np.float32]
    actions: tuple[Action, ...]


class _Candidates(NamedTuple):
    """Spots before suppression: arrays of shape (spots,); frames may lie between two."""

    frames: npt.NDArray[np.intp] | npt.NDArray[np.float64]
    classes: npt.NDArray[np.intp]
    confidences: npt.NDArray[np.float64]


def spot_match(
    network: ChunkNetwork, tracks: Mapping[int, FeatureTrack], setup: SpottingSetup, match: str
) -> tuple[MatchActions, MatchScores]:
    """Spot all periods of a match.

    Args:
        network: see `ChunkNetwork`.
        tracks: period -> features.
        setup: geometry, classes, decoding.
        match: name of the match.

    Raises:
        InputError: if features hold NaN or infinity.
    """
    found = {
        number: spot_period(network, track, setup, period=number)
        for number, track in sorted(tracks.items())
    }

    actions = tuple(action for period in found.values() for action in period.actions)
    scores = MatchScores(
        match,
        setup.classes.names,
        setup.frame_rate,
        periods={number: period.scores for number, period in found.items()},
    )
    return MatchActions(match, actions), scores


def spot_period(
    network: ChunkNetwork, track: FeatureTrack, setup: SpottingSetup, period: int = 1
) -> PeriodPrediction:
    """Spot one period of any length, also shorter than a chunk.

    Raises:
        InputError: if the features hold NaN or infinity.
    """
    track.require_finite()
    plan = plan_chunks(
        len(track), setup.chunk_frames, setup.border_frames, pad_period=setup.pad_period
    )
    outputs = list(_run_chunks(network, track, plan))
    track.release()

    # (chunks, frames, classes) and (chunks, spots, 2 + classes)
    moves = [part.displacements for part in outputs if part.displacements is not None]
    output = ChunkOutput(
        np.concatenate([part.scores for part in outputs]),
        np.concatenate([part.spots for part in outputs]),
        np.concatenate(moves) if moves else None,
    )

    # One score per frame of the period, and spots that come from the chunk that keeps them.
    scores = stitch(plan, output.scores).astype(np.float32)
    if setup.decoding.source == "spots" and output.spots.shape[1]:
        candidates = _spots_of_rows(output.spots, plan)
    else:
        displacements = None
        if setup.decoding.displace and output.displacements is not None:
            displacements = stitch(plan, output.displacements).astype(np.float64)
        candidates = _spots_of_scores(scores, displacements, setup.decoding)
    return PeriodPrediction(scores, _suppress_candidates(candidates, setup, period))


def _run_chunks(
    network: ChunkNetwork, track: FeatureTrack, plan: ChunkPlan
) -> Iterator[ChunkOutput]:
    index = plan.padded_index()
    for start in range(0, len(index), BATCH_CHUNKS):
        yield network(track.rows(index[start : start + BATCH_CHUNKS]).astype(np.float32))


def _spots_of_rows(rows: npt.NDArray[np.float32], plan: ChunkPlan) -> _Candidates:
    decoded = decode_spots(rows, plan.chunk_frames)
    frames, kept = place_spots(plan, decoded.frames)
    return _Candidates(
        frames[kept], decoded.classes[kept], decoded.confidences[kept].astype(np.float64)
    )


def _spots_of_scores(
    scores: npt.NDArray[np.float32],
    displacements: npt.NDArray[np.float64] | None,
    decoding: DecodingConfig,
) -> _Candidates:
    """Local maxima of each class; of a flat top the first frame.

    Args:
        scores: (frames, classes).
        displacements: (frames, classes), by which the maxima are moved.
        decoding: whether maxima lie between frames.
    """
    before = np.pad(scores, ((1, 0), (0, 0)), constant_values=-1)[:-1]
    after = np.pad(scores, ((0, 1), (0, 0)), constant_values=-1)[1:]
    frames, classes = np.nonzero((scores > before) & (scores >= after))
    confidences = scores[frames, classes].astype(np.float64)
    if displacements is None and decoding.refine == "none":
        return _Candidates(frames, classes, confidences)

    # Between frames, but inside the period.
    exact = frames.astype(np.float64)
    if displacements is not None:
        exact += displacements[frames, classes]
    else:
        exact += _parabola_tops(scores, frames, classes)
    return _Candidates(exact.clip(0, len(scores) - 1), classes, confidences)


def _parabola_tops(
    scores: npt.NDArray[np.float32], frames: npt.NDArray[np.intp], classes: npt.NDArray[np.intp]
) -> npt.NDArray[np.float64]:
    """Where the parabola through a peak and its neighbours is highest, in frames from the peak.

    Logarithms of a Gaussian lie on a parabola. Peaks at the ends of a period stay where they are.
    """
    logarithms = np.log(scores.astype(np.float64).clip(_SMALLEST_SCORE))
    inside = (frames > 0) & (frames < len(scores) - 1)
    middle = frames.clip(1, max(len(scores) - 2, 1))
    if len(scores) < 3:
        return np.zeros(len(frames))
    before, top, after = (logarithms[middle + step, classes] for step in (-1, 0, 1))

    # Of a level top the bend is 0.
    bend = before - 2 * top + after
    offset = np.divide(before - after, 2 * bend, out=np.zeros_like(bend), where=bend < 0)
    return np.where(inside, offset.clip(-0.5, 0.5), 0.0)


def _suppress_candidates(
    candidates: _Candidates, setup: SpottingSetup, period: int
) -> tuple[Action, ...]:
    """Actions that suppression leaves, in order of time."""
    frames, classes, confidences = candidates
    decoding = setup.decoding

    # Class by class; the evaluation suppresses once per tolerance where it is asked to.
    method: SuppressionMethod = "none" if decoding.nms == "per_tolerance" else decoding.nms
    result = confidences.copy()
    for index, name in enumerate(setup.classes.names):
        own = classes == index
        window_s = decoding.nms_window_by_class_s.get(name, decoding.nms_window_s)
        window_frames = window_s * float(setup.frame_rate)
        result[own] = suppress(frames[own], confidences[own], window_frames, method=method)

    # Those above the least confidence, ordered by time, then class.
    kept = np.flatnonzero((result > 0) & (result >= decoding.min_confidence))
    kept = kept[np.lexsort((classes[kept], frames[kept]))]
    return tuple(
        Action(
            label=setup.classes.names[classes[index]],
            period=period,
            position_ms=_position_of(frames[index], setup.frame_rate),
            confidence=float(result[index]),
        )
        for index in kept
    )


def _position_of(frame: np.intp | np.float64, rate: Fraction) -> int:
    """Milliseconds of a frame, or of a place between two."""
    if isinstance(frame, np.integer):
        return position_of_frame(int(frame), rate)
    return round(float(frame) * 1000 * rate.denominator / rate.numerator)
