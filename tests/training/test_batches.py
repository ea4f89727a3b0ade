from dataclasses import replace

import numpy as np
import pytest
import torch

from spotkick.errors import ConfigError
from spotkick.training.batches import gather
from spotkick.training.config import SamplingConfig
from spotkick.training.epoch import EpochRunner
from support.small_training import LinearNetwork, make_periods, make_plan

CHOSEN = np.array([[0, 3], [1, 40]], dtype=np.intp)


def test_gather_hidden_frames_are_copies_and_labels_stay() -> None:
    periods = make_periods()
    sizes = {"chunk_frames": 24, "border_frames": 2, "num_spots": 3}
    whole = gather(periods, CHOSEN, **sizes)
    hidden = gather(periods, CHOSEN, **sizes, hidden_frames=4)
    assert torch.equal(hidden.features[:, :20], whole.features[:, :20])
    assert torch.equal(hidden.features[:, 20:], whole.features[:, 19:20].expand(-1, 4, -1))
    assert not torch.equal(hidden.features, whole.features)
    assert torch.equal(hidden.shifts, whole.shifts)
    assert torch.equal(hidden.spots, whole.spots)
    assert float(periods[0].track.values[22:27].max()) == 0.0


def test_epoch_hidden_future_on_the_device_is_refused() -> None:
    sampling = SamplingConfig(batch_chunks=4, hide_future=True)
    plan = replace(make_plan(data_on_device="always"), sampling=sampling)
    with pytest.raises(ConfigError, match="needs a loader"):
        EpochRunner(LinearNetwork(), make_periods(), plan, device=torch.device("cpu"))
