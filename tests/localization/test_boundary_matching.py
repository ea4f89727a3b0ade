import math

import numpy as np
import numpy.typing as npt
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from spotkick.errors import ConfigError
from spotkick.localization.boundary_matching import BoundaryMatching, sampling_matrix
from spotkick.localization.segment_grid import SegmentGrid

Sizes = tuple[int, int, int, int, float]


def literal_samples(
    features: npt.NDArray[np.floating],
    max_duration: int,
    points: int,
    samples_per_point: int,
    ratio: float,
) -> npt.NDArray[np.float64]:
    """The definition, value by value: (channels, points, durations, starts)."""
    channels, steps = features.shape
    result = np.zeros((channels, points, max_duration, steps))
    for duration in range(1, max_duration + 1):
        for start in range(steps - duration + 1):
            margin = ratio * (duration + 1)
            first, length = start - margin, duration + 2 * margin
            for point in range(points):
                for sample in range(samples_per_point):
                    index = point * samples_per_point + sample
                    position = first + length * index / (points * samples_per_point - 1)
                    below = math.floor(position)
                    for step, weight in (
                        (below, below + 1 - position),
                        (below + 1, position - below),
                    ):
                        if 0 <= step < steps:
                            result[:, point, duration - 1, start] += (
                                weight * features[:, step] / samples_per_point
                            )
    return result


def layer(
    steps: int, max_duration: int, points: int, samples_per_point: int, ratio: float
) -> BoundaryMatching:
    return BoundaryMatching(
        SegmentGrid(steps, max_duration),
        points=points,
        samples_per_point=samples_per_point,
        context_ratio=ratio,
    )


def on_map(matching: BoundaryMatching, samples: Tensor) -> Tensor:
    """(batch, channels, points, durations, starts) with zeros where there is no segment."""
    segments, points, batch, channels = samples.shape
    placed = matching.scatter(
        samples.reshape(segments, 1, -1), torch.zeros(points * batch * channels)
    )
    return placed.reshape(points, batch, channels, *placed.shape[2:]).permute(1, 2, 0, 3, 4)


SIZES: list[Sizes] = [
    (8, 8, 4, 3, 0.5),
    (9, 5, 3, 2, 0.25),
    (6, 6, 1, 2, 0.0),
    (20, 20, 8, 3, 0.5),
    (5, 1, 5, 1, 1.0),
    (1, 1, 2, 1, 0.5),
]


@pytest.mark.parametrize("sizes", SIZES)
def test_forward_samples_equal_definition(sizes: Sizes) -> None:
    features = np.random.default_rng(0).normal(size=(2, 3, sizes[0]))
    matching = layer(*sizes)
    samples = on_map(matching, matching(torch.from_numpy(features)))
    expected = np.stack([literal_samples(video, *sizes[1:]) for video in features])
    np.testing.assert_allclose(samples.numpy(), expected, atol=1e-12)


def test_forward_single_precision_is_within_1e_6() -> None:
    features = np.random.default_rng(1).uniform(-1, 1, size=(2, 30)).astype(np.float32)
    matching = layer(30, 30, 32, 3, 0.5)
    samples = on_map(matching, matching(torch.from_numpy(features)[None]))
    np.testing.assert_allclose(
        samples[0].numpy(), literal_samples(features, 30, 32, 3, 0.5), atol=1e-6
    )


@pytest.mark.parametrize("sizes", SIZES)
def test_convolve_equals_sampling_then_convolving(sizes: Sizes) -> None:
    torch.manual_seed(0)
    matching = layer(*sizes).double()
    features = torch.randn(2, 3, sizes[0], dtype=torch.float64)
    kernel = torch.randn(4, 3, sizes[2], dtype=torch.float64)
    samples = on_map(matching, matching(features))
    expected = torch.nn.functional.conv3d(samples, kernel[..., None, None]).squeeze(2)
    placed = matching.scatter(matching.convolve(features, kernel), torch.zeros(4))
    torch.testing.assert_close(placed, expected, atol=1e-12, rtol=0)


def test_convolve_gradients_equal_finite_differences() -> None:
    torch.manual_seed(0)
    matching = layer(6, 4, 3, 2, 0.5)
    features = torch.randn(2, 2, 6, dtype=torch.float64, requires_grad=True)
    kernel = torch.randn(2, 2, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(matching.convolve, (features, kernel))
    assert torch.autograd.gradcheck(matching, (features,))


def test_forward_half_precision_is_widened() -> None:
    matching = layer(6, 4, 3, 2, 0.5)
    assert matching(torch.ones(1, 2, 6, dtype=torch.bfloat16)).dtype == torch.float32


def test_forward_constant_is_sampled_as_itself_inside_video() -> None:
    matching = layer(40, 5, 4, 3, 0.5)
    samples = on_map(matching, matching(torch.ones(1, 1, 40)))
    torch.testing.assert_close(samples[0, 0, :, :, 10:25], torch.ones(4, 5, 15))


def test_scatter_cells_without_segment_keep_fill_value() -> None:
    matching = layer(4, 3, 2, 1, 0.5)
    placed = matching.scatter(torch.ones(matching.num_segments, 1, 1), torch.tensor([7.0]))
    expected = torch.tensor([[1.0, 1, 1, 1], [1, 1, 1, 7], [1, 1, 7, 7]])
    torch.testing.assert_close(placed[0, 0], expected)


def test_boundary_matching_masks_are_no_weights() -> None:
    assert not layer(6, 4, 3, 2, 0.5).state_dict()


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 12), st.integers(2, 6), st.integers(1, 3), st.floats(0, 2))
def test_sampling_matrix_weights_of_point_never_exceed_one(
    steps: int, points: int, samples_per_point: int, ratio: float
) -> None:
    entries = sampling_matrix(
        SegmentGrid(steps, steps),
        points=points,
        samples_per_point=samples_per_point,
        context_ratio=ratio,
    )
    totals = np.bincount(entries.segment * points + entries.point, weights=entries.weight)
    assert (entries.weight > 0).all()
    assert totals.max(initial=0) <= 1 + 1e-12


def test_sampling_matrix_one_position_is_config_error() -> None:
    with pytest.raises(ConfigError, match="at least 2 sampling positions"):
        sampling_matrix(SegmentGrid(5, 5), points=1, samples_per_point=1, context_ratio=0.5)
