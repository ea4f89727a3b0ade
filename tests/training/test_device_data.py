"""Chunks gathered on a device against those that the loader gathers."""

from fractions import Fraction

import numpy as np
import numpy.typing as npt
import pytest
import torch

from spotkick.actions import Action, ActionClasses
from spotkick.encoding import ContextSlicing
from spotkick.features.tracks import FeatureSource, FeatureTrack
from spotkick.training.batches import gather
from spotkick.training.device_data import DeviceData
from spotkick.training.labelled_periods import LabelledPeriod, label_period

CLASSES = ActionClasses(("a", "b", "c"))
SLICING = ContextSlicing(((-4, -2, 2, 4),) * 3)
CPU = torch.device("cpu")


def make_periods(
    dtype: npt.DTypeLike = np.float16, pad_frames: int = 0, actions_each: int = 12
) -> list[LabelledPeriod]:
    random = np.random.default_rng(0)
    found = []
    for length in (90, 24, 10, 61):
        values = (8 * random.standard_normal((length, 5))).astype(dtype)
        actions = [
            Action(CLASSES.names[random.integers(3)], 1, int(random.integers(0, 500 * length)))
            for _ in range(actions_each)
        ]
        found.append(
            label_period(
                FeatureTrack(values, FeatureSource("x", 5, Fraction(2))),
                actions,
                CLASSES,
                slicing=SLICING,
                chunk_frames=24,
                pad_frames=pad_frames,
            )
        )
    return found


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
@pytest.mark.parametrize("pad_frames", [0, 7])
@pytest.mark.parametrize(("border_frames", "num_spots"), [(0, 9), (7, 3), (12, 2)])
def test_gather_every_chunk_equals_the_loader(
    dtype: npt.DTypeLike, pad_frames: int, border_frames: int, num_spots: int
) -> None:
    periods = make_periods(dtype, pad_frames)
    chosen = np.array(
        [(i, start) for i, own in enumerate(periods) for start in range(len(own) - 23)]
    )
    batch = gather(
        periods,
        chosen,
        chunk_frames=24,
        border_frames=border_frames,
        num_spots=num_spots,
    )

    data = DeviceData.from_periods(periods, CPU)
    assert data.features.dtype == torch.from_numpy(np.zeros(1, dtype)).dtype
    epoch = data.epoch(chosen, chunk_frames=24, border_frames=border_frames, num_spots=num_spots)
    rows, spots = epoch.batch(torch.arange(len(chosen)))
    features, shifts = data.gather(rows, 24)
    assert torch.equal(features, batch.features)
    assert torch.equal(shifts, batch.shifts)
    assert torch.equal(spots, batch.spots)
    assert (epoch.dropped, epoch.most_dropped) == (batch.dropped, batch.most_dropped)


def test_gather_whole_numbers_keep_their_type() -> None:
    data = DeviceData(
        torch.arange(40, dtype=torch.int32)[:, None],
        torch.zeros((40, 1)),
        feature_frames=[40],
        action_masks=[np.zeros((40, 1), dtype=bool)],
        pad_frames=0,
    )
    epoch = data.epoch(np.array([[0, 3]]), chunk_frames=8, border_frames=1, num_spots=2)
    features, _ = data.gather(epoch.rows, 8)
    assert features.dtype == torch.int32
    assert features[0, :, 0].tolist() == list(range(3, 11))
    assert not epoch.spots.any()
