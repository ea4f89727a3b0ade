"""The spotting loss against the double sum of Eq. (10)."""

from typing import Any, Literal

import numpy as np
import pytest
import torch
from tests.losses import reference
from torch import Tensor

from spotkick.encoding.spots import encode_spots
from spotkick.errors import ConfigError
from spotkick.losses import match_spots, spotting_loss


def planted(
    batch: int, spots: int, classes: int, seed: int = 0, dtype: torch.dtype = torch.float64
) -> tuple[Tensor, Tensor]:
    """Predictions like a network's, and encoded actions: no action first, all rows full last."""
    random = np.random.default_rng(seed)
    marked = random.random((batch, 40, classes)) < 0.03
    marked[0] = False
    marked[-1, random.choice(40, spots, replace=False), 0] = True
    target, _ = encode_spots(marked, spots)
    raw = torch.from_numpy(random.standard_normal((batch, spots, 2 + classes))).to(dtype)
    predicted = torch.cat([raw[..., :2].sigmoid(), raw[..., 2:].softmax(dim=-1)], dim=-1)
    return predicted, torch.from_numpy(target).to(dtype)


def by_double_sum(
    predicted: Tensor, target: Tensor, matching: str, weights: tuple[float, float]
) -> list[float]:
    """Eq. (10) chunk by chunk; the matching by slow loops too."""
    losses = []
    for chunk, rows in zip(predicted.tolist(), target.tolist(), strict=True):
        actions = [i for i, row in enumerate(rows) if row[0] == 1]
        slow = {"mutual": reference.match_mutual, "propose": reference.match_propose}.get(matching)
        # As the package does, distances are compared in single precision.
        locations = [float(np.float32(row[1])) for row in chunk]
        chosen = (
            slow(locations, [row[1] for row in rows], actions) if slow else {i: i for i in actions}
        )
        left = [j for j in range(len(chunk)) if j not in chosen.values()]
        matched = [
            chunk[chosen[i]] if i in chosen else chunk[left.pop(0)] for i in range(len(rows))
        ]
        losses.append(reference.spotting(matched, rows, len(actions), *weights))
    return losses


@pytest.mark.parametrize("matching", ["mutual", "propose", "none"])
@pytest.mark.parametrize(("classes", "spots"), [(3, 5), (17, 15), (1, 1)])
@pytest.mark.parametrize("weights", [(5.0, 0.5), (1.0, 2.0), (0.0, 0.0)])
def test_spotting_loss_equals_the_sum_of_the_paper(
    matching: Any, classes: int, spots: int, weights: tuple[float, float]
) -> None:
    predicted, target = planted(6, spots, classes, seed=classes)
    slow = by_double_sum(predicted, target, matching, weights)
    options: dict[str, Any] = {
        "matching": matching,
        "location_weight": weights[0],
        "unmatched_weight": weights[1],
    }
    assert spotting_loss(predicted, target, reduction="sum", **options).item() == pytest.approx(
        sum(slow), rel=1e-12
    )
    assert spotting_loss(predicted, target, **options).item() == pytest.approx(
        sum(slow) / 6, rel=1e-12
    )
    for index in range(6):
        alone = spotting_loss(predicted[index : index + 1], target[index : index + 1], **options)
        assert alone.item() == pytest.approx(slow[index], rel=1e-12, abs=1e-15)


def test_spotting_loss_defaults_are_the_weights_of_the_paper() -> None:
    predicted, target = planted(4, 5, 3)
    explicit = spotting_loss(
        predicted, target, matching="mutual", location_weight=5, unmatched_weight=0.5
    )
    assert torch.equal(spotting_loss(predicted, target), explicit)


def test_spotting_loss_worked_example_is_met() -> None:
    target = torch.tensor([[[1, 0.5, 1, 0], [0, 0, 0, 0.0]]])
    predicted = torch.tensor([[[0.4, 0.9, 0.5, 0.5], [0.8, 0.6, 0.7, 0.3]]])
    # Prediction 1 is matched: 0.2^2 + 5 * 0.1^2 + 0.3^2 + 0.3^2; prediction 0 is not: 0.5 * 0.4^2.
    assert spotting_loss(predicted, target).item() == pytest.approx(
        0.04 + 0.05 + 0.18 + 0.08, abs=1e-6
    )
    # Without matching it is prediction 0: 0.6^2 + 5 * 0.4^2 + 0.5^2 + 0.5^2, and 0.5 * 0.8^2.
    assert spotting_loss(predicted, target, matching="none").item() == pytest.approx(
        0.36 + 0.8 + 0.5 + 0.32, abs=1e-6
    )


def test_spotting_loss_perfect_predictions_in_any_order_are_zero() -> None:
    _, target = planted(5, 8, 4)
    order = torch.randperm(8, generator=torch.Generator().manual_seed(0))
    for matching in ("mutual", "propose", "hungarian"):
        assert spotting_loss(target[:, order], target, matching=matching).item() == 0
    assert spotting_loss(target[:, order], target, matching="none").item() > 0


def test_spotting_loss_unmatched_location_and_class_are_free() -> None:
    target = torch.zeros((1, 3, 5))
    target[0, 0] = torch.tensor([1, 0.1, 0, 1, 0])
    predicted = torch.rand((1, 3, 5), generator=torch.Generator().manual_seed(0))
    predicted[0, :, 1] = torch.tensor([0.7, 0.1, 0.9])
    predicted.requires_grad_()
    spotting_loss(predicted, target, reduction="sum").backward()
    gradient = predicted.grad
    assert gradient is not None
    assert (gradient[0, [0, 2], 1:] == 0).all()
    assert torch.allclose(
        gradient[0, [0, 2], 0], predicted[0, [0, 2], 0]
    )  # derivative of 0.5 * confidence^2
    assert (gradient[0, 1] != 0).sum() == 4  # all but the location, which is exact


def test_spotting_loss_gradient_is_that_of_a_fixed_choice() -> None:
    predicted, target = planted(3, 3, 2, seed=2)
    predicted.requires_grad_()
    assert torch.autograd.gradcheck(lambda values: spotting_loss(values, target), (predicted,))
    chosen = match_spots(predicted[..., 1], target[..., 1], target[..., 0] > 0)
    matched = predicted.gather(1, chosen[..., None].expand_as(predicted))
    weights = torch.tensor([1, 5, 1, 1.0]).double()
    is_action = target[..., :1]
    fixed = (is_action * weights * (target - matched) ** 2).sum() + (
        0.5 * (1 - is_action[..., 0]) * matched[..., 0] ** 2
    ).sum()
    (expected,) = torch.autograd.grad(fixed, predicted)
    (gradient,) = torch.autograd.grad(spotting_loss(predicted, target, reduction="sum"), predicted)
    torch.testing.assert_close(gradient, expected)


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32])
def test_spotting_loss_saturated_predictions_give_finite_gradients(dtype: torch.dtype) -> None:
    _, target = planted(3, 5, 3, dtype=torch.float32)
    predicted = torch.zeros((3, 5, 5), dtype=dtype)
    predicted[:, ::2] = 1
    predicted.requires_grad_()
    loss = spotting_loss(predicted, target)
    assert loss.dtype == torch.float32
    loss.backward()
    assert predicted.grad is not None
    assert torch.isfinite(predicted.grad).all()


@pytest.mark.parametrize(
    ("predicted", "target"),
    [((2, 5, 5), (2, 5, 6)), ((2, 5, 5), (2, 4, 5)), ((2, 5), (2, 5)), ((2, 0, 5), (2, 0, 5))],
)
def test_spotting_loss_wrong_shapes_are_refused(
    predicted: tuple[int, ...], target: tuple[int, ...]
) -> None:
    with pytest.raises(ConfigError, match=r"one shape \(batch, spots, 2 \+ classes\)"):
        spotting_loss(torch.zeros(predicted), torch.zeros(target))


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_spotting_loss_without_actions_is_confidence_alone(
    reduction: Literal["mean", "sum"],
) -> None:
    predicted = torch.full((2, 4, 5), 0.5)
    loss = spotting_loss(predicted, torch.zeros((2, 4, 5)), reduction=reduction)
    assert loss.item() == pytest.approx(4 * 0.5 * 0.25 * (2 if reduction == "sum" else 1))
