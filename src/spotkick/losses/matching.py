"""One-to-one matching of predicted spots with true ones, by location, for a whole batch at once.

A target row is either an action (the first rows) or padding. The result is a permutation: each row
is given one prediction, padding rows the ones that are left over.
"""

from typing import Literal

import torch
from torch import Tensor

from spotkick.errors import ConfigError, require_extra
from spotkick.losses.matching_kernel import is_prepared, match_by_kernel

MatchingMethod = Literal["mutual", "propose", "hungarian", "none"]
"""``mutual``: pairs that are nearest to each other, round by round (the paper). ``propose``: each
action proposes to its nearest prediction, which accepts its nearest proposer (the authors' code).
``hungarian``: least total distance. ``none``: the i-th row is given the i-th prediction (the
paper's ablation iv)."""


@torch.no_grad()
def match_spots(
    predicted: Tensor,
    actual: Tensor,
    is_action: Tensor,
    method: MatchingMethod = "mutual",
    *,
    max_actions: int | None = None,
) -> Tensor:
    """Choose a prediction for each target row.

    Args:
        predicted: (batch, spots) locations in [0, 1].
        actual: (batch, spots) locations of the target rows.
        is_action: (batch, spots), True for rows that hold an action.
        method: see `MatchingMethod`.
        max_actions: no chunk has more of them; saves rounds on a GPU.

    Returns:
        (batch, spots) index of the prediction that each row is given; each row of the result is a
        permutation.

    Raises:
        ConfigError: on an unknown method.

    Source: CALF paper, section 3.2. No gradient flows through the choice.
    """
    num_spots = predicted.shape[1]
    if method == "none":
        return torch.arange(num_spots, device=predicted.device).expand_as(is_action).contiguous()

    # (batch, rows, predictions)
    distance = (predicted[:, None, :] - actual[:, :, None]).abs().float()
    if method == "hungarian":
        chosen = _match_hungarian(distance, is_action)
    elif method in ("mutual", "propose"):
        rounds = num_spots if max_actions is None else min(max_actions, num_spots)
        by_proposers = method == "propose"
        if predicted.is_cuda and is_prepared():
            chosen = match_by_kernel(
                predicted, actual, is_action, only_proposers=by_proposers, rounds=rounds
            )
        else:
            chosen = _match_by_rounds(
                distance, is_action, only_proposers=by_proposers, rounds=rounds
            )
    else:
        raise ConfigError(f"matching must be mutual, propose, hungarian or none, got '{method}'")
    return _give_leftovers(chosen)


def _match_by_rounds(
    distance: Tensor, is_action: Tensor, *, only_proposers: bool, rounds: int
) -> Tensor:
    """(batch, rows) chosen prediction, -1 where a row is still free.

    Each round fixes at least one pair per chunk, so as many rounds as there are actions are enough,
    and further ones change nothing. To see whether all are matched would make a GPU wait.
    """
    chosen = torch.full(is_action.shape, -1, dtype=torch.long, device=distance.device)
    free_distance = distance.masked_fill(~is_action[:, :, None], torch.inf)
    row_index = torch.arange(is_action.shape[1], device=distance.device)
    free_rows = is_action.clone()

    for _ in range(rounds):
        if distance.device.type == "cpu" and not free_rows.any():
            break

        # What each free row is nearest to, and which of the rows a prediction may take.
        nearest_prediction = free_distance.argmin(dim=2)
        offered = free_distance
        if only_proposers:
            proposed = torch.zeros_like(free_distance, dtype=torch.bool).scatter_(
                2, nearest_prediction[:, :, None], True
            )
            offered = free_distance.masked_fill(~proposed, torch.inf)

        # Pairs that agree are fixed, and leave the game.
        nearest_row = offered.argmin(dim=1)
        accepted = free_rows & (nearest_row.gather(1, nearest_prediction) == row_index)
        chosen = torch.where(accepted, nearest_prediction, chosen)
        free_rows = free_rows & ~accepted
        pairs = torch.zeros_like(free_distance, dtype=torch.bool)
        pairs.scatter_(2, nearest_prediction[:, :, None], accepted[:, :, None])
        gone = pairs.any(dim=1, keepdim=True) | ~free_rows[:, :, None]
        free_distance = free_distance.masked_fill(gone, torch.inf)
    return chosen


def _match_hungarian(distance: Tensor, is_action: Tensor) -> Tensor:
    require_extra("scipy.optimize", "train", "Hungarian matching")
    from scipy.optimize import linear_sum_assignment

    chosen = torch.full(is_action.shape, -1, dtype=torch.long)
    # scipy solves one problem at a time: a loop over chunks, the price of this method.
    for chunk, (costs, actions) in enumerate(
        zip(distance.cpu().numpy(), is_action.cpu().numpy(), strict=True)
    ):
        rows, columns = linear_sum_assignment(costs[actions])
        chosen[chunk, torch.from_numpy(actions.nonzero()[0][rows])] = torch.from_numpy(columns)
    return chosen.to(distance.device)


def _give_leftovers(chosen: Tensor) -> Tensor:
    """Give the predictions that no row chose to the rows that chose none, both in order."""
    has_chosen = chosen >= 0
    taken = torch.zeros_like(chosen).scatter_add_(1, chosen.clamp(min=0), has_chosen.long())
    free_rows = has_chosen.byte().argsort(dim=1, stable=True)
    free_predictions = taken.argsort(dim=1, stable=True)
    leftovers = torch.empty_like(chosen).scatter_(1, free_rows, free_predictions)
    return torch.where(has_chosen, chosen, leftovers)
