"""The spotting loss, Eq. (10)."""

from typing import Final, Literal

from torch import Tensor

from spotkick.errors import ConfigError
from spotkick.losses.matching import MatchingMethod, match_spots

LOCATION_WEIGHT: Final = 5.0
"""alpha_2 of Eq. (10); the other weights are 1. Source: CALF paper, section 4.1."""

UNMATCHED_WEIGHT: Final = 0.5
"""beta of Eq. (10). Source: CALF paper, section 4.1."""


def spotting_loss(
    predicted: Tensor,
    target: Tensor,
    *,
    matching: MatchingMethod = "mutual",
    location_weight: float = LOCATION_WEIGHT,
    unmatched_weight: float = UNMATCHED_WEIGHT,
    reduction: Literal["mean", "sum"] = "mean",
    max_actions: int | None = None,
) -> Tensor:
    """Squared errors of spots that are matched with actions, squared confidence of the others.

    Args:
        predicted: (batch, spots, 2 + classes): confidence, location, class probabilities.
        target: same shape, rows of `spotkick.encoding.spots.encode_spots`.
        matching: how predictions are matched with actions.
        location_weight: alpha_2.
        unmatched_weight: beta.
        reduction: over the chunks of the batch; a chunk's terms are always summed.
        max_actions: see `match_spots`.

    Raises:
        ConfigError: if the shapes disagree or hold no spots.

    Source: CALF paper, Eq. (10).
    """
    if predicted.shape != target.shape or predicted.ndim != 3 or predicted.shape[1] == 0:
        raise ConfigError(
            f"the spotting loss needs two tensors of one shape (batch, spots, 2 + classes), "
            f"got {tuple(predicted.shape)} and {tuple(target.shape)}"
        )

    # Rows of the predictions in the order of the actions: (batch, spots, 2 + classes).
    predicted = predicted if predicted.dtype == target.dtype else predicted.to(target.dtype)
    is_action = target[..., 0] > 0
    chosen = match_spots(
        predicted[..., 1], target[..., 1], is_action, matching, max_actions=max_actions
    )
    matched = predicted.gather(1, chosen[:, :, None].expand_as(predicted))

    # Matched rows carry squared errors, the others the square of their confidence.
    squared = (target - matched) ** 2
    per_action = squared.sum(dim=-1) + (location_weight - 1) * squared[..., 1]
    per_row = per_action.where(is_action, unmatched_weight * matched[..., 0] ** 2)
    return per_row.sum() if reduction == "sum" else per_row.sum(dim=1).mean()
