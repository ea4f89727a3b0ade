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
    """Spots before suppression: arrays of shape (spots,)."""

    frames: npt.NDArray[np.intp]
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
    output = ChunkOutput(
        np.concatenate([part.scores for part in outputs]),
        np.concatenate([part.spots for part in outputs]),
    )

    # One score per frame of the period, and spots that come from the chunk that keeps them.
    scores = stitch(plan, output.scores).astype(np.float32)
    if setup.decoding.source == "spots" and output.spots.shape[1]:
        candidates = _spots_of_rows(output.spots, plan)
    else:
        candidates = _spots_of_scores(scores)
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


def _spots_of_scores(scores: npt.NDArray[np.float32]) -> _Candidates:
    """Local maxima of each class; of a flat top the first frame."""
    before = np.pad(scores, ((1, 0), (0, 0)), constant_values=-1)[:-1]
    after = np.pad(scores, ((0, 1), (0, 0)), constant_values=-1)[1:]
    frames, classes = np.nonzero((scores > before) & (scores >= after))
    return _Candidates(frames, classes, scores[frames, classes].astype(np.float64))


def _suppress_candidates(
    candidates: _Candidates, setup: SpottingSetup, period: int
) -> tuple[Action, ...]:
    """Actions that suppression leaves, in order of time."""
    frames, classes, confidences = candidates
    decoding = setup.decoding

    # Class by class; the evaluation suppresses once per tolerance where it is asked to.
    method: SuppressionMethod = "none" if decoding.nms == "per_tolerance" else decoding.nms
    window_frames = decoding.nms_window_s * float(setup.frame_rate)
    result = confidences.copy()
    for index in range(len(setup.classes)):
        own = classes == index
        result[own] = suppress(frames[own], confidences[own], window_frames, method=method)

    # Those above the least confidence, ordered by time, then class.
    kept = np.flatnonzero((result > 0) & (result >= decoding.min_confidence))
    kept = kept[np.lexsort((classes[kept], frames[kept]))]
    return tuple(
        Action(
            label=setup.classes.names[classes[index]],
            period=period,
            position_ms=position_of_frame(int(frames[index]), setup.frame_rate),
            confidence=float(result[index]),
        )
        for index in kept
    )
