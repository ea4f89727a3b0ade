"""What is compared: heads and losses, and the random search over the settings that each has.

Every arm gets the same number of draws. Draw 0 is what the literature would start from; the others
are drawn over the same range of lengths for every loss, relative to one length per data set.
"""

from dataclasses import dataclass
from typing import Annotated, Final, Literal

import numpy as np
from pydantic import Field

from spotkick.configuration import FrozenConfig, suggestion
from spotkick.encoding.slicing import Bounds
from spotkick.errors import ConfigError
from spotkick.models.tokens import INITIAL_LOGIT

Head = Literal["dense", "displacement", "capsule", "linear"]
HEADS: Final[tuple[Head, ...]] = ("dense", "displacement", "capsule", "linear")
"""``dense``: one logit per frame and class. ``displacement``: the same, and an offset in time.
``capsule``: the segmentation head of CALF. ``linear``: one linear layer over the receptive field,
without a trunk. The order is that of the networks in a stack."""

CONTEXT_LOSSES: Final = ("paper", "symmetric")
LOSSES: Final = ("bce", "gaussian", "focal", *CONTEXT_LOSSES)

GAMMAS: Final = (0.5, 1.0, 2.0, 3.0)
"""Of the focal loss."""


class SearchSpace(FrozenConfig):
    """What the search draws from, where studies differ.

    Attributes:
        longest_after: longest K3 in units of the data set.
        margins: tau_min of context-aware losses; tau_max is 1 - tau_min, and 0 is without margins.
        initial_logits: that the logits of every network start from. Scores below the margin carry
            no loss, so that a low start may hold a context-aware loss back. Capsules have none.
    """

    longest_after: Annotated[float, Field(gt=0.25)] = 2.5
    margins: Annotated[tuple[float, ...], Field(min_length=1)] = (0.03, 0.1)
    initial_logits: Annotated[tuple[float, ...], Field(min_length=1)] = (INITIAL_LOGIT,)


USUAL_SPACE: Final = SearchSpace()


@dataclass(frozen=True, slots=True)
class Arm:
    """A head trained with a loss.

    Attributes:
        head: see `HEADS`.
        loss: a name of `LOSSES`.
    """

    head: Head
    loss: str

    @property
    def name(self) -> str:
        """Such as ``dense-bce``."""
        return f"{self.head}-{self.loss}"

    @property
    def is_context_aware(self) -> bool:
        """Whether the loss is one of the two context-aware ones."""
        return self.loss in CONTEXT_LOSSES


@dataclass(frozen=True, slots=True)
class Settings:
    """What the search may choose for an arm.

    Attributes:
        learning_rate: at its peak.
        length_s: ``bce`` and ``focal``: radius of the positives. ``gaussian``: sigma.
        positive_weight: of a frame with target 1; not used by context-aware losses.
        gamma: ``focal`` only.
        before_s: context-aware losses: K2 = -before_s, K1 = -2 before_s.
        after_s: same: K3 = after_s, K4 = 2 after_s.
        margin: same: tau_min.
        initial_logit: where logits start.
        slicing_by_class_s: same: K1 to K4 of each class instead; empty for the same ones for all.
    """

    learning_rate: float
    length_s: float
    positive_weight: float = 1.0
    gamma: float = 2.0
    before_s: float = 10.0
    after_s: float = 10.0
    margin: float = 0.1
    initial_logit: float = INITIAL_LOGIT
    slicing_by_class_s: tuple[Bounds, ...] = ()

    def slicing_s(self, num_classes: int) -> tuple[Bounds, ...]:
        """K1 to K4 of each class."""
        one = (-2 * self.before_s, -self.before_s, self.after_s, 2 * self.after_s)
        return self.slicing_by_class_s or (one,) * num_classes


def parse_arm(name: str) -> Arm:
    """The arm of a name.

    Raises:
        ConfigError: if there is no such head or loss.
    """
    head, _, loss = name.partition("-")
    for known in HEADS:
        if head == known and loss in LOSSES:
            return Arm(known, loss)
    names = [f"{one}-{two}" for one in HEADS for two in LOSSES]
    raise ConfigError(f"no arm '{name}', {suggestion(name, names)}")


def draw_settings(
    number: int,
    unit_s: float,
    published_s: tuple[Bounds, ...] = (),
    *,
    space: SearchSpace = USUAL_SPACE,
) -> Settings:
    """Settings of one draw of the search, the same for every arm, each of which uses its own part.

    So no arm has luckier learning rates, and both context-aware losses see the same slicings.

    Args:
        number: of the draw; 0 is the usual choice.
        unit_s: length that the lengths of the data set are relative to. Radii and sigmas are drawn
            between a tenth of it and all of it, context slicings between a quarter and 2.5 of it
            (K3 to ``space.longest_after``), all on a logarithmic scale.
        published_s: K1 to K4 of each class that draw 0 takes, where there are published ones.
        space: margins and starting points.
    """
    if number == 0:
        return Settings(
            3e-3,
            length_s=0.3 * unit_s,
            before_s=unit_s,
            after_s=unit_s,
            margin=0.1,
            slicing_by_class_s=published_s,
        )
    rng = np.random.default_rng((number, 17))

    def draw(low: float, high: float) -> float:
        return float(np.exp(rng.uniform(np.log(low), np.log(high))))

    return Settings(
        draw(1e-3, 1e-2),
        length_s=draw(0.1, 1.0) * unit_s,
        positive_weight=draw(0.5, 8.0),
        gamma=float(rng.choice(GAMMAS)),
        before_s=draw(0.25, 2.5) * unit_s,
        after_s=draw(0.25, space.longest_after) * unit_s,
        margin=float(rng.choice(space.margins)),
        initial_logit=float(rng.choice(space.initial_logits)),
    )
