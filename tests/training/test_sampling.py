"""Which chunks make an epoch."""

import numpy as np
import pytest

from spotkick.features.tracks import FeatureSource, FeatureTrack
from spotkick.training.config import SamplingConfig
from spotkick.training.labelled_periods import LabelledPeriod, chunk_arrays
from spotkick.training.sampling import (
    ChunkGeometry,
    background_runs,
    chunk_starts_around,
    draw_class_balanced,
    draw_uniform,
    epoch_batches,
    find_anchors,
)

CHUNK, FIELD = 60, 20
GEOMETRY = ChunkGeometry(CHUNK, FIELD)


def make_period(num_frames: int, actions: list[tuple[int, int]], reach: int = 25) -> LabelledPeriod:
    values = np.arange(num_frames, dtype=np.float32)[:, None].repeat(2, axis=1)
    action_mask = np.zeros((num_frames, 2), dtype=bool)
    background_mask = np.ones(num_frames, dtype=bool)
    for frame, column in actions:
        action_mask[frame, column] = True
        background_mask[max(0, frame - reach) : frame + reach] = False
    return LabelledPeriod(
        FeatureTrack(values, FeatureSource("x", 2)),
        action_mask,
        np.zeros((num_frames, 2), np.float32),
        0,
        background_mask,
    )


PERIODS = [
    make_period(300, [(100, 0), (160, 1)]),
    make_period(200, []),
    make_period(250, [(3, 1), (247, 0), (120, 1), (121, 1)]),
]


def batches(preset: str, **changes: object) -> list[np.ndarray]:
    config = SamplingConfig.parse({"preset": preset, **changes})
    return epoch_batches(PERIODS, config, GEOMETRY, random=np.random.default_rng(0))


def test_background_runs_mask_gives_maximal_runs_of_a_chunk() -> None:
    background_mask = np.zeros(200, dtype=bool)
    background_mask[10:69] = True
    background_mask[80:140] = True
    background_mask[150:200] = True
    background_mask[139] = True
    assert background_runs(background_mask, 60).tolist() == [[80, 140]]
    assert background_runs(np.ones(60, dtype=bool), 60).tolist() == [[0, 60]]


def test_epoch_batches_paper_gives_a_chunk_per_action_and_background() -> None:
    per_period = batches("paper_v1")
    assert [len(batch) for batch in per_period] == [
        2 + 2,
        1,
        4 + 2,
    ]  # the last period has two runs, and 4 // 2 + 1 = 3 are wanted
    for index, batch in enumerate(per_period):
        assert (batch[:, 0] == index).all()
    for frame, start in zip([100, 160], per_period[0][:2, 1], strict=True):
        assert FIELD <= frame - start <= CHUNK - FIELD


def test_epoch_batches_background_holds_no_context() -> None:
    for index, batch in enumerate(batches("paper_v1")):
        background = batch[PERIODS[index].action_mask.sum() :]
        assert all(
            PERIODS[index].background_mask[start : start + CHUNK].all()
            for start in background[:, 1]
        )


@pytest.mark.parametrize("preset", ["paper_v1", "v2", "uniform"])
def test_epoch_batches_every_preset_stays_inside_the_period(preset: str) -> None:
    for chosen in np.concatenate(batches(preset, chunks_per_epoch=500)):
        assert 0 <= chosen[1] <= len(PERIODS[chosen[0]]) - CHUNK


def test_chunk_starts_around_places_reach_both_ends() -> None:
    frames = np.full(4000, 5000)
    places = 5000 - chunk_starts_around(frames, 10_000, GEOMETRY, random=np.random.default_rng(0))
    counts = np.bincount(places, minlength=CHUNK)
    assert (counts[FIELD : CHUNK - FIELD + 1] > 0).all()
    assert counts.sum() == counts[FIELD : CHUNK - FIELD + 1].sum()


def test_chunk_starts_around_actions_near_the_ends_give_the_end_chunks() -> None:
    starts = chunk_starts_around(np.array([2, 298]), 300, GEOMETRY, random=np.random.default_rng(0))
    assert starts.tolist() == [0, 240]


def test_draw_class_balanced_classes_and_background_have_equal_shares() -> None:
    chosen = draw_class_balanced(
        find_anchors(PERIODS, GEOMETRY.chunk_frames),
        6000,
        GEOMETRY,
        random=np.random.default_rng(1),
    )
    background = sum(
        bool(PERIODS[index].background_mask[start : start + CHUNK].all()) for index, start in chosen
    )
    assert background / 6000 == pytest.approx(1 / 3, abs=0.03)


def test_draw_uniform_every_start_is_as_likely() -> None:
    chosen = draw_uniform(
        find_anchors(PERIODS, GEOMETRY.chunk_frames),
        20_000,
        GEOMETRY,
        random=np.random.default_rng(2),
    )
    starts = [len(one) - CHUNK + 1 for one in PERIODS]
    shares = np.bincount(chosen[:, 0]) / 20_000
    assert shares == pytest.approx(np.array(starts) / sum(starts), abs=0.02)


def test_epoch_batches_shuffle_mixes_periods_in_batches_of_the_size() -> None:
    mixed = batches("paper_v1", shuffle=True, batch_chunks=4)
    assert [len(batch) for batch in mixed] == [4, 4, 3]
    assert sorted(np.concatenate(mixed)[:, 0].tolist()) == sorted(
        np.concatenate(batches("paper_v1"))[:, 0].tolist()
    )


def test_epoch_batches_same_seed_gives_the_same_chunks() -> None:
    first, second = batches("v2", chunks_per_epoch=50), batches("v2", chunks_per_epoch=50)
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def test_chunk_arrays_padded_period_gives_copies_with_replicated_ends() -> None:
    padded = LabelledPeriod(
        PERIODS[1].track,
        np.zeros((220, 2), dtype=bool),
        np.zeros((220, 2), np.float32),
        10,
        np.ones(220, dtype=bool),
    )
    features, shifts, action_mask = chunk_arrays([padded], np.array([[0, 0], [0, 160]]), CHUNK)
    assert features[0, :, 0].tolist() == [0.0] * 10 + list(range(50))
    assert features[1, :, 0].tolist() == list(range(150, 200)) + [199.0] * 10
    shifts[:] = 7
    action_mask[:] = True
    assert not padded.shifts.any()
    assert not padded.action_mask.any()
