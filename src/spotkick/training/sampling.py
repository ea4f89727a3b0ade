"""Which chunks make an epoch: around actions, and of background.

Source: CALF paper, section 4.1, and the two samplers of the authors' code.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from spotkick.training.config import SamplingConfig
from spotkick.training.labelled_periods import LabelledPeriod

ChunkIndex = npt.NDArray[np.intp]
"""(chunks, 2): half index and first frame of each chunk."""


def epoch_batches(
    halves: Sequence[LabelledPeriod],
    config: SamplingConfig,
    *,
    chunk_frames: int,
    receptive_field_frames: int,
    random: np.random.Generator,
) -> list[ChunkIndex]:
    """Draw the chunks of one epoch, already divided into batches.

    Args:
        halves: of the training set.
        config: which preset, and its numbers.
        chunk_frames: N_F.
        receptive_field_frames: r: an action is put anywhere in a chunk but the first and last r
            frames.
        random: decides everything.
    """
    if config.preset == "v2":
        chosen = class_balanced(
            halves, config.chunks_per_epoch, chunk_frames, receptive_field_frames, random
        )
        return _split(chosen, config.batch_chunks or 32)
    if config.preset == "uniform":
        return _split(
            uniform(halves, config.chunks_per_epoch, chunk_frames, random),
            config.batch_chunks or 32,
        )
    per_half = [
        _half_chunks(half, index, chunk_frames, receptive_field_frames, random)
        for index, half in enumerate(halves)
    ]
    if not config.shuffle and not config.batch_chunks and not config.anywhere_share:
        return per_half
    merged = np.concatenate(per_half)
    further = uniform(halves, round(config.anywhere_share * len(merged)), chunk_frames, random)
    merged = np.concatenate([merged, further])
    if config.shuffle:
        random.shuffle(merged)
    return _split(merged, config.batch_chunks or 32)


def _split(chosen: ChunkIndex, size: int) -> list[ChunkIndex]:
    return [chosen[start : start + size] for start in range(0, len(chosen), size)]


def _half_chunks(
    half: LabelledPeriod,
    index: int,
    chunk_frames: int,
    receptive_field_frames: int,
    random: np.random.Generator,
) -> ChunkIndex:
    """One chunk per action, and floor(actions / classes) + 1 of background, at most one per run of background."""
    frames = np.nonzero(half.action_mask)[0]
    runs = background_runs(half.background_mask, chunk_frames)
    wanted = len(frames) // half.action_mask.shape[1] + 1 if len(frames) else 1
    starts = np.concatenate(
        [
            chunk_starts_around(frames, len(half), chunk_frames, receptive_field_frames, random),
            _background_starts(runs, min(wanted, len(runs)), chunk_frames, random),
        ]
    )
    if not len(starts):
        starts = random.integers(0, len(half) - chunk_frames + 1, size=1)
    return np.stack([np.full_like(starts, index), starts], axis=1)


def class_balanced(
    halves: Sequence[LabelledPeriod],
    count: int,
    chunk_frames: int,
    receptive_field_frames: int,
    random: np.random.Generator,
) -> ChunkIndex:
    """Draw chunks with equal probability for background and for each class that has an action, with replacement."""
    anchors: list[list[ChunkIndex]] = [[] for _ in range(halves[0].action_mask.shape[1])]
    background = []
    for index, half in enumerate(halves):
        for column, own in enumerate(anchors):
            frames = np.flatnonzero(half.action_mask[:, column])
            own.append(np.stack([np.full_like(frames, index), frames], axis=1))
        runs = background_runs(half.background_mask, chunk_frames)
        background.append(np.concatenate([np.full((len(runs), 1), index), runs], axis=1))
    pools = [pool for pool in map(np.concatenate, anchors) if len(pool)]
    runs_of_all = np.concatenate(background)
    kinds = random.integers(0, len(pools) + bool(len(runs_of_all)), size=count)
    chosen = np.empty((count, 2), dtype=np.intp)
    for kind, pool in enumerate(pools):
        rows = np.flatnonzero(kinds == kind)
        picked = pool[random.integers(0, len(pool), size=len(rows))]
        lengths = np.array([len(halves[index]) for index in picked[:, 0]], dtype=np.intp)
        chosen[rows, 0] = picked[:, 0]
        chosen[rows, 1] = chunk_starts_around(
            picked[:, 1], lengths, chunk_frames, receptive_field_frames, random
        )
    rows = np.flatnonzero(kinds == len(pools))
    if len(rows):
        picked = runs_of_all[random.integers(0, len(runs_of_all), size=len(rows))]
        chosen[rows, 0] = picked[:, 0]
        chosen[rows, 1] = random.integers(picked[:, 1], picked[:, 2] - chunk_frames + 1)
    return chosen


def uniform(
    halves: Sequence[LabelledPeriod], count: int, chunk_frames: int, random: np.random.Generator
) -> ChunkIndex:
    """Draw chunks so that each start of each half has the same probability."""
    ends = np.cumsum([len(half) - chunk_frames + 1 for half in halves])
    places = random.integers(0, ends[-1], size=count)
    index = np.searchsorted(ends, places, side="right")
    return np.stack([index, places - np.concatenate(([0], ends[:-1]))[index]], axis=1)


def chunk_starts_around(
    frames: npt.NDArray[np.intp],
    half_frames: int | npt.NDArray[np.intp],
    chunk_frames: int,
    receptive_field_frames: int,
    random: np.random.Generator,
) -> npt.NDArray[np.intp]:
    """First frames of chunks that hold the given actions at a random place in {r, ..., N_F - r}, where the half allows it."""
    low = min(receptive_field_frames, chunk_frames // 2)
    places = random.integers(low, chunk_frames - low + 1, size=len(frames))
    starts: npt.NDArray[np.intp] = np.clip(
        frames - places, 0, np.asarray(half_frames) - chunk_frames
    )
    return starts


def background_runs(
    background_mask: npt.NDArray[np.bool_], chunk_frames: int
) -> npt.NDArray[np.intp]:
    """Maximal runs of frames background_mask from all actions that are as long as a chunk: (runs, 2) first frame and one past the last."""
    edges = np.flatnonzero(np.diff(background_mask, prepend=False, append=False))
    runs = edges.reshape(-1, 2)
    long_enough: npt.NDArray[np.intp] = runs[runs[:, 1] - runs[:, 0] >= chunk_frames]
    return long_enough


def _background_starts(
    runs: npt.NDArray[np.intp], count: int, chunk_frames: int, random: np.random.Generator
) -> npt.NDArray[np.intp]:
    picked = runs[random.choice(len(runs), size=count, replace=False)] if count else runs[:0]
    starts: npt.NDArray[np.intp] = random.integers(picked[:, 0], picked[:, 1] - chunk_frames + 1)
    return starts
