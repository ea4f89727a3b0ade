"""Matching against slow loops over pairs, and its promises for every method."""

import itertools
import sys
from typing import Any, get_args

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.losses import reference
from torch import Tensor

from spotkick.errors import ConfigError, MissingExtraError
from spotkick.losses import MatchingMethod, match_spots

METHODS = get_args(MatchingMethod)

# Multiples of a power of two: float32 and Python agree on their differences, ties included.
locations = st.integers(0, 1024).map(lambda step: step / 1024) | st.sampled_from(
    [0.0, 0.25, 0.5, 0.75, 1.0]
)


@st.composite
def chunks(draw: st.DrawFn, most_spots: int = 15) -> tuple[Tensor, Tensor, Tensor]:
    """Predicted and actual locations with many ties and saturated values, any number of actions."""
    batch, spots = draw(st.integers(1, 4)), draw(st.integers(1, most_spots))
    row = st.lists(locations, min_size=spots, max_size=spots)
    predicted = torch.tensor([draw(row) for _ in range(batch)])
    actual = torch.tensor([draw(row) for _ in range(batch)])
    counts = torch.tensor([[draw(st.integers(0, spots))] for _ in range(batch)])
    is_action = torch.arange(spots) < counts
    return predicted, actual * is_action, is_action


@pytest.mark.parametrize("method", METHODS)
@given(batch=chunks())
@settings(deadline=None, max_examples=50)
def test_match_spots_every_prediction_is_given_once(
    method: MatchingMethod, batch: tuple[Tensor, Tensor, Tensor]
) -> None:
    chosen = match_spots(*batch, method)
    assert chosen.dtype == torch.long
    assert torch.equal(chosen.sort(dim=1).values, torch.arange(chosen.shape[1]).expand_as(chosen))


@pytest.mark.parametrize("method", METHODS)
@given(batch=chunks())
@settings(deadline=None, max_examples=50)
def test_match_spots_batch_equals_its_chunks(
    method: MatchingMethod, batch: tuple[Tensor, Tensor, Tensor]
) -> None:
    alone = [
        match_spots(*(tensor[index : index + 1] for tensor in batch), method)
        for index in range(len(batch[0]))
    ]
    assert torch.equal(match_spots(*batch, method), torch.cat(alone))


@pytest.mark.parametrize(
    ("method", "slow"), [("mutual", reference.match_mutual), ("propose", reference.match_propose)]
)
@given(batch=chunks())
@settings(deadline=None, max_examples=50)
def test_match_spots_equals_the_slow_loop(
    method: MatchingMethod, slow: Any, batch: tuple[Tensor, Tensor, Tensor]
) -> None:
    chosen = match_spots(*batch, method)
    for given_rows, predicted, actual, is_action in zip(chosen, *batch, strict=True):
        rows = is_action.nonzero()[:, 0].tolist()
        expected = slow(predicted.tolist(), actual.tolist(), rows)
        assert {row: int(given_rows[row]) for row in rows} == expected


@given(chunks(most_spots=5))
@settings(deadline=None, max_examples=50)
def test_match_spots_hungarian_has_the_least_distance(
    batch: tuple[Tensor, Tensor, Tensor],
) -> None:
    chosen = match_spots(*batch, "hungarian")
    for given_rows, predicted, actual, is_action in zip(chosen, *batch, strict=True):
        count = int(is_action.sum())
        totals = [
            sum(abs(float(predicted[j]) - float(actual[i])) for i, j in enumerate(order))
            for order in itertools.permutations(range(len(predicted)), count)
        ]
        reached = (predicted[given_rows[:count]] - actual[:count]).abs().sum()
        assert float(reached) == pytest.approx(min(totals), abs=1e-5)


def test_match_spots_mutual_and_propose_differ_on_a_worked_case() -> None:
    predicted, actual = (
        torch.tensor([[0.12, 0.15, 0.65, 0.35]]),
        torch.tensor([[0.43, 0.49, 0.90, 0.00]]),
    )
    is_action = torch.tensor([[True, True, True, False]])
    # Rows 0 and 1 are nearest to prediction 3, which takes row 0; row 2 is nearest to prediction 2.
    # To the paper, prediction 2 is nearer to row 1 than to row 2, so that row 2 has to wait. In the
    # authors' code row 1 does not propose to it yet.
    assert match_spots(predicted, actual, is_action, "mutual").tolist() == [[3, 2, 1, 0]]
    assert match_spots(predicted, actual, is_action, "propose").tolist() == [[3, 1, 2, 0]]


@given(chunks(), st.integers(0, 2))
@settings(deadline=None, max_examples=50)
def test_match_spots_two_actions_are_matched_alike_by_both(
    batch: tuple[Tensor, Tensor, Tensor], count: int
) -> None:
    predicted, actual, _ = batch
    distances = (predicted[:, None, :] - actual[:, :count, None]).abs().flatten(1)
    if any(len(set(row)) < len(row) for row in distances.tolist()):
        return  # ties are broken in another order
    is_action = (torch.arange(predicted.shape[1]) < count).expand_as(predicted)
    mutual = match_spots(predicted, actual, is_action, "mutual")
    assert torch.equal(mutual, match_spots(predicted, actual, is_action, "propose"))


@pytest.mark.parametrize("method", METHODS)
def test_match_spots_without_actions_keeps_the_order(method: MatchingMethod) -> None:
    predicted = torch.rand((3, 5), generator=torch.Generator().manual_seed(0))
    chosen = match_spots(
        predicted, torch.zeros_like(predicted), torch.zeros((3, 5), dtype=torch.bool), method
    )
    assert torch.equal(chosen, torch.arange(5).expand(3, 5))


@pytest.mark.parametrize("method", ["mutual", "propose", "hungarian"])
def test_match_spots_full_rows_find_their_own(method: MatchingMethod) -> None:
    generator = torch.Generator().manual_seed(0)
    actual = torch.stack([torch.randperm(15, generator=generator) for _ in range(20)]) / 15
    order = torch.stack([torch.randperm(15, generator=generator) for _ in range(20)])
    chosen = match_spots(
        actual.gather(1, order) + 0.01, actual, torch.ones((20, 15), dtype=torch.bool), method
    )
    assert torch.equal(order.gather(1, chosen), torch.arange(15).expand(20, 15))


@pytest.mark.parametrize("method", ["mutual", "propose", "hungarian"])
@pytest.mark.parametrize(
    ("predicted", "actual", "expected"),
    [
        # In the authors' code padding rows at 0 and a prediction at 1 look like a masked pair, and
        # all collapse onto one.
        ([1.0, 1.0, 1.0], [0.0], [0, 1, 2]),
        ([1.0, 0.0, 1.0], [0.0], [1, 0, 2]),
        ([0.0, 1.0, 0.0], [0.0, 1.0], [0, 1, 2]),
        ([1.0, 1.0, 0.0], [0.0, 1.0], [2, 0, 1]),
        ([0.0, 0.0, 0.0], [1.0, 1.0, 1.0], [0, 1, 2]),
    ],
)
def test_match_spots_saturated_locations_give_a_permutation(
    method: MatchingMethod, predicted: list[float], actual: list[float], expected: list[int]
) -> None:
    rows = torch.zeros(3)
    rows[: len(actual)] = torch.tensor(actual)
    chosen = match_spots(
        torch.tensor([predicted]), rows[None], (torch.arange(3) < len(actual))[None], method
    )
    assert chosen.tolist() == [expected]


def test_match_spots_none_is_the_identity() -> None:
    predicted, actual = torch.rand((2, 4)), torch.rand((2, 4))
    chosen = match_spots(predicted, actual, torch.ones((2, 4), dtype=torch.bool), "none")
    assert chosen.tolist() == [[0, 1, 2, 3]] * 2
    chosen[0, 0] = 3  # each chunk has its own memory
    assert chosen.tolist() == [[3, 1, 2, 3], [0, 1, 2, 3]]


@pytest.mark.parametrize("method", METHODS)
def test_match_spots_has_no_gradient_and_takes_no_chunks(method: MatchingMethod) -> None:
    predicted = torch.rand((2, 4), requires_grad=True)
    chosen = match_spots(
        predicted, torch.rand((2, 4)), torch.ones((2, 4), dtype=torch.bool), method
    )
    assert not chosen.requires_grad
    empty = match_spots(
        predicted[:0], torch.rand((0, 4)), torch.ones((0, 4), dtype=torch.bool), method
    )
    assert empty.shape == (0, 4)


@pytest.mark.parametrize("method", ["mutual", "propose"])
def test_match_spots_actions_may_stand_in_any_rows(method: MatchingMethod) -> None:
    is_action = torch.tensor([[False, True, False, True]])
    chosen = match_spots(
        torch.tensor([[0.9, 0.8, 0.1, 0.3]]),
        torch.tensor([[0.0, 0.3, 0.0, 0.9]]),
        is_action,
        method,
    )
    assert chosen.tolist() == [[1, 3, 2, 0]]


def test_match_spots_nan_locations_give_a_permutation() -> None:
    predicted = torch.tensor([[float("nan"), 0.2, float("nan"), 0.4]])
    for method in ("mutual", "propose"):
        chosen = match_spots(
            predicted,
            torch.tensor([[0.1, 0.2, 0.3, 0.0]]),
            torch.tensor([[True, True, True, False]]),
            method,
        )
        assert sorted(chosen[0].tolist()) == [0, 1, 2, 3]


def test_match_spots_unknown_method_or_missing_package_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    batch = torch.rand((1, 2)), torch.rand((1, 2)), torch.ones((1, 2), dtype=torch.bool)
    wrong: Any = "nearest"
    with pytest.raises(ConfigError, match="mutual, propose, hungarian or none, got 'nearest'"):
        match_spots(*batch, wrong)
    monkeypatch.setitem(sys.modules, "scipy.optimize", None)
    with pytest.raises(
        MissingExtraError, match=r"Hungarian matching needs the package 'scipy'.*spotkick\[train\]"
    ):
        match_spots(*batch, "hungarian")


@pytest.mark.parametrize("method", ["mutual", "propose"])
@given(batch=chunks())
@settings(deadline=None, max_examples=30)
def test_match_spots_most_actions_per_chunk_are_rounds_enough(
    method: MatchingMethod, batch: tuple[Tensor, Tensor, Tensor]
) -> None:
    most = int(batch[2].sum(dim=1).max())
    assert torch.equal(match_spots(*batch, method, max_actions=most), match_spots(*batch, method))
