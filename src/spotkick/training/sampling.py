"""Which chunks make an epoch: around actions, and of background.

Source: CALF paper, section 4.1, and the two samplers of the authors' code.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from spotkick.training.config import SamplingConfig
from spotkick.training.labelled_periods import LabelledPeriod

ChunkIndex = npt.NDArray[np.intp]
"""(chunks, 2): period index and first frame of each chunk."""

DEFAULT_BATCH_CHUNKS: Final = 32
"""Chunks per batch where the configuration leaves it open. Source: the authors' PyTorch code."""


@dataclass(frozen=True, slots=True)
class ChunkGeometry:
    """Lengths that decide where chunks may lie.

    Attributes:
        chunk_frames: N_F.
        receptive_field_frames: r: an action is put anywhere in a chunk but the first and last r
            frames.
    """

    chunk_frames: int
    receptive_field_frames: int


@dataclass(frozen=True, slots=True)
class Anchors:
    """Where chunks may be drawn around; found once, since labels do not change from epoch to epoch.

    Attributes:
        action_frames: of each period, the frames of its actions in order.
        runs: of each period, its `background_runs`.
        pools: of each class with actions, (actions, 2) period and frame.
        background: (runs, 3) period, first frame, one past the last.
        lengths: (periods,) frames.
        num_classes: of the labels, those without actions included.
    """

    action_frames: tuple[npt.NDArray[np.intp], ...]
    runs: tuple[npt.NDArray[np.intp], ...]
    pools: tuple[ChunkIndex, ...]
    background: npt.NDArray[np.intp]
    lengths: npt.NDArray[np.intp]
    num_classes: int


def find_anchors(periods: Sequence[LabelledPeriod], chunk_frames: int) -> Anchors:
    """Find all that an epoch is drawn from."""
    per_class: list[list[ChunkIndex]] = [[] for _ in range(periods[0].action_mask.shape[1])]
    action_frames, runs, background = [], [], []
    for index, period in enumerate(periods):
        frames, classes = np.nonzero(period.action_mask)
        action_frames.append(frames)
        for column, own in enumerate(per_class):
            in_class = frames[classes == column]
            own.append(np.stack([np.full_like(in_class, index), in_class], axis=1))

        runs.append(background_runs(period.background_mask, chunk_frames))
        background.append(np.concatenate([np.full((len(runs[-1]), 1), index), runs[-1]], axis=1))

    return Anchors(
        tuple(action_frames),
        tuple(runs),
        pools=tuple(pool for pool in map(np.concatenate, per_class) if len(pool)),
        background=np.concatenate(background),
        lengths=np.array([len(period) for period in periods], dtype=np.intp),
        num_classes=len(per_class),
    )


def epoch_batches(
    periods: Sequence[LabelledPeriod],
    config: SamplingConfig,
    geometry: ChunkGeometry,
    *,
    random: np.random.Generator,
    anchors: Anchors | None = None,
) -> list[ChunkIndex]:
    """Draw the chunks of one epoch, already divided into batches.

    Args:
        periods: of the training set.
        config: which preset, and its numbers.
        geometry: lengths in frames.
        random: decides everything.
        anchors: of the periods, when an earlier epoch found them.
    """
    found = anchors or find_anchors(periods, geometry.chunk_frames)
    batch_chunks = config.batch_chunks or DEFAULT_BATCH_CHUNKS
    if config.preset == "v2":
        chosen = draw_class_balanced(found, config.chunks_per_epoch, geometry, random=random)
        return _split_batches(chosen, batch_chunks)
    if config.preset == "uniform":
        chosen = draw_uniform(found, config.chunks_per_epoch, geometry, random=random)
        return _split_batches(chosen, batch_chunks)

    # paper_v1: the chunks of a period are a batch, unless they are mixed.
    per_period = [
        _draw_around_actions(found, index, geometry, random=random) for index in range(len(periods))
    ]
    if not config.shuffle and not config.batch_chunks and not config.anywhere_share:
        return per_period
    merged = np.concatenate(per_period)
    further = round(config.anywhere_share * len(merged))
    merged = np.concatenate([merged, draw_uniform(found, further, geometry, random=random)])
    if config.shuffle:
        random.shuffle(merged)
    return _split_batches(merged, batch_chunks)


def _split_batches(chosen: ChunkIndex, size: int) -> list[ChunkIndex]:
    return [chosen[start : start + size] for start in range(0, len(chosen), size)]


def _draw_around_actions(
    anchors: Anchors,
    index: int,
    geometry: ChunkGeometry,
    *,
    random: np.random.Generator,
) -> ChunkIndex:
    """One chunk per action, and floor(actions / classes) + 1 of background, at most one per run."""
    frames, runs, length = anchors.action_frames[index], anchors.runs[index], anchors.lengths[index]
    wanted = len(frames) // anchors.num_classes + 1 if len(frames) else 1
    count = min(wanted, len(runs))
    starts = np.concatenate(
        [
            chunk_starts_around(frames, length, geometry, random=random),
            _draw_background(runs, count, geometry.chunk_frames, random=random),
        ]
    )

    # A period without actions and without background long enough: any chunk.
    if not len(starts):
        starts = random.integers(0, length - geometry.chunk_frames + 1, size=1)
    return np.stack([np.full_like(starts, index), starts], axis=1)


def draw_class_balanced(
    anchors: Anchors,
    count: int,
    geometry: ChunkGeometry,
    *,
    random: np.random.Generator,
) -> ChunkIndex:
    """Draw chunks with replacement, equally likely background and each class with an action."""
    pools, background = anchors.pools, anchors.background

    # Which kind each chunk is of.
    kinds = random.integers(0, len(pools) + bool(len(background)), size=count)
    chosen = np.empty((count, 2), dtype=np.intp)
    for kind, pool in enumerate(pools):
        rows = np.flatnonzero(kinds == kind)
        picked = pool[random.integers(0, len(pool), size=len(rows))]
        lengths = anchors.lengths[picked[:, 0]]
        chosen[rows, 0] = picked[:, 0]
        chosen[rows, 1] = chunk_starts_around(picked[:, 1], lengths, geometry, random=random)

    # Background comes last, anywhere in its run.
    rows = np.flatnonzero(kinds == len(pools))
    if len(rows):
        picked = background[random.integers(0, len(background), size=len(rows))]
        chosen[rows, 0] = picked[:, 0]
        chosen[rows, 1] = random.integers(picked[:, 1], picked[:, 2] - geometry.chunk_frames + 1)
    return chosen


def draw_uniform(
    anchors: Anchors,
    count: int,
    geometry: ChunkGeometry,
    *,
    random: np.random.Generator,
) -> ChunkIndex:
    """Draw chunks so that each start of each period has the same probability."""
    ends = np.cumsum(anchors.lengths - geometry.chunk_frames + 1)
    places = random.integers(0, ends[-1], size=count)
    index = np.searchsorted(ends, places, side="right")
    return np.stack([index, places - np.concatenate(([0], ends[:-1]))[index]], axis=1)


def chunk_starts_around(
    frames: npt.NDArray[np.intp],
    period_frames: int | npt.NDArray[np.intp],
    geometry: ChunkGeometry,
    *,
    random: np.random.Generator,
) -> npt.NDArray[np.intp]:
    """First frames of chunks with the given actions at a random place in {r, ..., N_F - r}."""
    chunk_frames = geometry.chunk_frames
    low = min(geometry.receptive_field_frames, chunk_frames // 2)
    places = random.integers(low, chunk_frames - low + 1, size=len(frames))
    last = np.asarray(period_frames) - chunk_frames
    starts: npt.NDArray[np.intp] = np.clip(frames - places, 0, last)
    return starts


def background_runs(
    background_mask: npt.NDArray[np.bool_], chunk_frames: int
) -> npt.NDArray[np.intp]:
    """Runs of at least a chunk far from all actions: (runs, 2) first frame, one past the last."""
    edges = np.flatnonzero(np.diff(background_mask, prepend=False, append=False))
    runs = edges.reshape(-1, 2)
    long_enough: npt.NDArray[np.intp] = runs[runs[:, 1] - runs[:, 0] >= chunk_frames]
    return long_enough


def _draw_background(
    runs: npt.NDArray[np.intp], count: int, chunk_frames: int, *, random: np.random.Generator
) -> npt.NDArray[np.intp]:
    picked = runs[random.choice(len(runs), size=count, replace=False)] if count else runs[:0]
    starts: npt.NDArray[np.intp] = random.integers(picked[:, 0], picked[:, 1] - chunk_frames + 1)
    return starts
