"""The losses of BMN, and the context-aware loss in place of its boundary loss.

Source: BMN paper (Lin et al., ICCV 2019), section 3.4, in the form of the public PyTorch code.
Where a batch lacks one side of a balanced term (no positive, or no negative, value) that side
counts nothing; the public code yields NaN there.
"""

from typing import Final, Literal, NamedTuple

import torch
from torch import Tensor

from spotkick.errors import ConfigError
from spotkick.localization.segment_grid import SegmentGrid
from spotkick.losses import context_aware_loss, context_aware_loss_with_logits

TemLoss = Literal["bmn", "context_aware", "symmetric"]
"""Loss of the temporal evaluation module. ``bmn``: balanced cross-entropy. ``context_aware``: the
CALF paper's Eqs. (1)-(9) with start and end as two classes. ``symmetric``: the same, asking for
high scores just before a boundary as well as just after it."""

_VARIANTS: Final = {"context_aware": "paper", "symmetric": "symmetric"}

BOUNDARY_THRESHOLD: Final = 0.5
"""Steps whose overlap with a boundary is larger are positive. Source: PyTorch code of BMN."""

HIGH_IOU: Final = 0.7
LOW_IOU: Final = 0.3
"""Candidates with a temporal IoU above, between and below are drawn in equal numbers for the
regression. Source: BMN paper, section 3.4."""

POSITIVE_IOU: Final = 0.9
"""Candidates with a temporal IoU above are positive for the classification. Source: BMN paper,
section 3.4."""

REGRESSION_WEIGHT: Final = 10.0
"""Source: BMN paper, section 3.4."""

_FLOOR: Final = 1e-6


class BmnTargets(NamedTuple):
    """Targets of a batch.

    Attributes:
        boundary_overlap: (batch, steps, 2), see `spotkick.localization.targets.boundary_overlap`.
        shifts: (batch, steps, 2), time shifts of starts and ends in steps.
        ious: (batch, durations, starts), best temporal IoU of each candidate with an instance.
    """

    boundary_overlap: Tensor
    shifts: Tensor
    ious: Tensor


class BmnLosses(NamedTuple):
    """The three parts, unweighted."""

    boundary: Tensor
    regression: Tensor
    classification: Tensor

    def total(
        self, *, boundary_weight: float = 1.0, regression_weight: float = REGRESSION_WEIGHT
    ) -> Tensor:
        """Weighted sum. Source: BMN paper, section 3.4."""
        return (
            boundary_weight * self.boundary
            + regression_weight * self.regression
            + self.classification
        )


def balanced_cross_entropy(
    scores: Tensor, is_positive: Tensor, counted: Tensor | None = None
) -> Tensor:
    """Binary cross-entropy in which positives and negatives weigh the same in total.

    Args:
        scores: probabilities, any shape.
        is_positive: same shape, bool.
        counted: same shape, bool, False where a value is left out; None counts all.

    Source: BMN paper, section 3.4, the weighted binary logistic loss.
    """
    counted = torch.ones_like(is_positive) if counted is None else counted
    positive, negative = is_positive & counted, ~is_positive & counted
    exact = scores if scores.dtype == torch.float64 else scores.float()
    loss_positive = -(torch.log(exact + _FLOOR) * positive).sum() / positive.sum().clamp(min=1)
    loss_negative = -(torch.log(1 - exact + _FLOOR) * negative).sum() / negative.sum().clamp(min=1)
    return 0.5 * (loss_positive + loss_negative)


def boundary_loss(
    boundaries: Tensor,
    targets: BmnTargets,
    kind: TemLoss = "bmn",
    slicing_steps: Tensor | None = None,
    *,
    logits: Tensor | None = None,
) -> Tensor:
    """Loss of start and end probabilities.

    Args:
        boundaries: (batch, steps, 2) probabilities.
        targets: of the batch.
        kind: see `TemLoss`.
        slicing_steps: (2, 4), K1..K4 in steps; not needed by ``bmn``.
        logits: whose sigmoid the probabilities are; the context-aware losses are computed on them
            where they are given.

    Returns:
        ``bmn``: sum of both branches; otherwise the mean over batch, steps and the two classes.

    Raises:
        ConfigError: if the kind is unknown, or the slicing is missing.
    """
    if kind == "bmn":
        is_positive = targets.boundary_overlap > BOUNDARY_THRESHOLD
        branches = [
            balanced_cross_entropy(boundaries[..., side], is_positive[..., side]) for side in (0, 1)
        ]
        return branches[0] + branches[1]

    # The context-aware losses take starts and ends as two classes.
    if kind not in _VARIANTS or slicing_steps is None:
        raise ConfigError(
            "tem_loss must be bmn, or context_aware or symmetric with slicing parameters, "
            f"got '{kind}'"
        )
    compute = context_aware_loss if logits is None else context_aware_loss_with_logits
    values = boundaries if logits is None else logits
    return compute(values, targets.shifts, slicing_steps, variant=_VARIANTS[kind])


def iou_regression_loss(
    scores: Tensor, ious: Tensor, generator: torch.Generator | None = None
) -> Tensor:
    """Half the mean squared error over candidates, drawn so that their temporal IoUs are balanced.

    About as many of medium and of low IoU are drawn as there are of high IoU.

    Args:
        scores: (batch, durations, starts), the regressed confidence.
        ious: same shape; candidates without any overlap are not used.
        generator: draws the candidates; on the CPU.

    Source: BMN paper, section 3.4.
    """
    high = ious > HIGH_IOU
    medium = (ious <= HIGH_IOU) & (ious > LOW_IOU)
    low = (ious <= LOW_IOU) & (ious > 0)

    # All of high IoU count, the others by chance
    draw = torch.rand((2, *ious.shape), generator=generator).to(ious.device)
    kept = high
    for chance, group in zip(draw, (medium, low), strict=True):
        kept = kept | (group & (chance * group.sum() < high.sum()))

    squared = (scores - ious).square() * kept
    return 0.5 * squared.sum() / kept.sum().clamp(min=1)


def bmn_losses(
    boundaries: Tensor,
    confidences: Tensor,
    targets: BmnTargets,
    *,
    tem_loss: TemLoss = "bmn",
    slicing_steps: Tensor | None = None,
    boundary_logits: Tensor | None = None,
    generator: torch.Generator | None = None,
) -> BmnLosses:
    """All parts of the loss.

    Args:
        boundaries: (batch, steps, 2) of `spotkick.localization.network.BmnOutput`.
        confidences: (batch, 2, durations, starts) of the same.
        targets: of the batch.
        tem_loss: loss of the boundaries.
        slicing_steps: (2, 4), K1..K4 in steps.
        boundary_logits: see `boundary_loss`.
        generator: draws candidates for the regression.

    Raises:
        ConfigError: see `boundary_loss`.
    """
    # (batch, durations, starts); cells that leave the video are no segments
    durations, steps = targets.ious.shape[1:]
    is_valid = torch.from_numpy(SegmentGrid(steps, durations).valid_mask())
    is_segment = is_valid.to(confidences.device).expand_as(targets.ious)

    return BmnLosses(
        boundary=boundary_loss(
            boundaries, targets, tem_loss, slicing_steps, logits=boundary_logits
        ),
        regression=iou_regression_loss(confidences[:, 0], targets.ious, generator),
        classification=balanced_cross_entropy(
            confidences[:, 1], targets.ious > POSITIVE_IOU, is_segment
        ),
    )
