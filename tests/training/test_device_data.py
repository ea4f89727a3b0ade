"""Chunks gathered on a device against those that the loader gathers."""

from fractions import Fraction

import numpy as np
import numpy.typing as npt
import pytest
import torch

from spotkick.actions import Action, ActionClasses
from spotkick.encoding import ContextSlicing
from spotkick.errors import ConfigError, SpotkickWarning
from spotkick.features.tracks import FeatureSource, FeatureTrack
from spotkick.training.batches import gather
from spotkick.training.device_data import DeviceData, place_data
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
    features, shifts = data.gather(epoch.rows, 24)
    assert torch.equal(features, batch.features)
    assert torch.equal(shifts, batch.shifts)
    assert torch.equal(epoch.spots, batch.spots)
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


def test_gather_whole_numbers_beyond_the_ends_are_none() -> None:
    values = np.arange(1, 10, dtype=np.int16)[:, None].repeat(8, axis=1)
    values[:, 0] = 0
    track = FeatureTrack(values, FeatureSource("tokens", 8, Fraction(1, 2), "tokens", num_ids=10))
    period = label_period(
        track, [Action("a", 1, 0)], CLASSES, slicing=SLICING, chunk_frames=24, pad_frames=2
    )
    chosen = np.array([[0, 0]])
    data = DeviceData.from_periods([period], CPU)
    epoch = data.epoch(chosen, chunk_frames=24, border_frames=0, num_spots=2)
    features, _ = data.gather(epoch.rows, 24)
    assert features[0, :, 1].tolist() == [0, 0, *range(1, 10), *[0] * 13]
    batch = gather([period], chosen, chunk_frames=24, border_frames=0, num_spots=2)
    assert torch.equal(features.float(), batch.features)


def test_from_periods_mixed_types_keep_every_value() -> None:
    periods = [make_periods(np.float16)[0], make_periods(np.float32)[0]]
    data = DeviceData.from_periods(periods, CPU)
    assert data.features.dtype == torch.float32
    assert np.array_equal(data.features[90:].numpy(), periods[1].track.values)


@pytest.mark.parametrize("border_frames", [0, 5, 12])
def test_most_actions_equals_a_slow_count(border_frames: int) -> None:
    periods = make_periods()
    mask = np.concatenate([period.action_mask for period in periods])
    slow = max(
        int(mask[start + border_frames : start + 24 - border_frames].sum())
        for start in range(len(mask) - 23)
    )
    data = DeviceData.from_periods(periods, CPU)
    assert data.most_actions(24, border_frames) == slow


def test_place_data_auto_leaves_the_cpu_to_the_loader() -> None:
    periods = make_periods()
    assert place_data(periods, "auto", CPU) is None
    assert place_data(periods, "never", CPU) is None
    assert place_data(periods, "always", CPU) is not None


def test_place_data_too_small_card_falls_back_with_one_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    periods = make_periods()
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _: (1000, 2000))
    cuda = torch.device("cuda")
    with pytest.warns(SpotkickWarning, match="batches are loaded one by one: .* GiB"):
        assert place_data(periods, "auto", cuda) is None
    with pytest.raises(ConfigError, match="data_on_device = always: the training set needs"):
        place_data(periods, "always", cuda)
