"""Context slicing: how far before and after an action its context reaches, per class.

K1 < K2 < 0 < K3 < K4 cut the time around an action into six zones: far before, transition before,
just before, just after, transition after, far after. Values are in seconds; `ContextSlicing.frames`
is the only place where they are scaled.
Source: CALF paper, section 3.1; the values of section 4.1 (v1) and of the authors' 17-class code
(v2).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import numpy as np
import numpy.typing as npt

from spotkick.actions import ActionClasses
from spotkick.errors import ConfigError

Bounds = tuple[float, float, float, float]
"""(K1, K2, K3, K4) of one class, in seconds."""


@dataclass(frozen=True, slots=True)
class ContextSlicing:
    """The slicing parameters of each class, in the order of the classes.

    Attributes:
        bounds_s: (K1, K2, K3, K4) per class, in seconds.

    Raises:
        ConfigError: unless K1 <= K2 < 0 < K3 <= K4 holds for each class.
    """

    bounds_s: tuple[Bounds, ...]

    def __post_init__(self) -> None:
        """Check the order of the bounds."""
        for k1, k2, k3, k4 in self.bounds_s:
            if not k1 <= k2 < 0 < k3 <= k4:
                raise ConfigError(
                    "context slicing needs K1 <= K2 < 0 < K3 <= K4 in seconds, "
                    f"got ({k1:g}, {k2:g}, {k3:g}, {k4:g})"
                )

    def frames(self, frame_rate: Fraction) -> npt.NDArray[np.float64]:
        """The bounds in frames, shape (classes, 4).

        Example:
            >>> ContextSlicing(((-20, -10, 60, 90),)).frames(Fraction(2))
            array([[-40., -20., 120., 180.]])
        """
        # Rounded, so that one frame in seconds comes back as one frame and not as
        # 0.9999999999999999.
        return (np.asarray(self.bounds_s, dtype=np.float64) * float(frame_rate)).round(9)


DEFAULT_BOUNDS_S: Final[Bounds] = (-20, -10, 10, 20)
"""For classes without tuned values. Source: the default of the authors' later code."""

SLICING_V1: Final[Mapping[str, Bounds]] = {
    "goal": (-20, -10, 60, 90),
    "card": (-20, -10, 10, 20),
    "substitution": (-40, -20, 10, 20),
}
"""Source: CALF paper, section 4.1."""

SLICING_V2: Final[Mapping[str, Bounds]] = {
    "Penalty": (-100, -50, 50, 100),
    "Kick-off": (-98, -49, 49, 98),
    "Goal": (-20, -10, 60, 90),
    "Substitution": (-40, -20, 10, 20),
    "Offside": (-96, -48, 48, 96),
    "Shots on target": (-5, -3, 3, 5),
    "Shots off target": (-8, -4, 4, 8),
    "Clearance": (-93, -46, 46, 93),
    "Ball out of play": (-99, -50, 50, 99),
    "Throw-in": (-31, -15, 15, 31),
    "Foul": (-75, -37, 37, 75),
    "Indirect free-kick": (-10, -5, 5, 10),
    "Direct free-kick": (-97, -49, 49, 97),
    "Corner": (-75, -38, 38, 75),
    "Yellow card": (-20, -10, 10, 20),
    "Red card": (-84, -42, 42, 84),
    "Yellow->red card": (-18, -9, 9, 18),
}
"""Source: the authors' PyTorch code for SoccerNet-v2."""

PRESETS: Final[Mapping[str, Mapping[str, Bounds]]] = {
    "v1": SLICING_V1,
    "v2": SLICING_V2,
    "default20": {},
    "binary": {},
}
"""Preset -> bounds by class name; classes that a preset does not name take the default."""


def slicing_for(
    classes: ActionClasses,
    *,
    preset: str = "default20",
    overrides: Mapping[str, Bounds] | None = None,
    frame_rate: Fraction | None = None,
) -> ContextSlicing:
    """Slicing parameters for a list of classes.

    Args:
        classes: decides which classes, and their order.
        preset: ``v1``, ``v2``, ``default20``, or ``binary`` (one frame on each side, the paper's
            ablation ii).
        overrides: bounds in seconds that replace the preset's, by class name.
        frame_rate: needed by ``binary`` only, whose bounds are one frame long.

    Raises:
        ConfigError: on an unknown preset, an override for a class that is not listed, or bounds out
            of order.
    """
    if preset not in PRESETS:
        raise ConfigError(f"slicing preset must be one of {', '.join(PRESETS)}, got '{preset}'")
    unknown = sorted(set(overrides or {}) - set(classes.names))
    if unknown:
        raise ConfigError(
            f"slicing is given for classes that are not in the class list: {', '.join(unknown)}"
        )

    # Classes that neither the preset nor the overrides name.
    fallback = DEFAULT_BOUNDS_S
    if preset == "binary":
        if frame_rate is None:
            raise ConfigError(
                "the slicing preset 'binary' is one frame wide and needs the frame rate"
            )
        frame_s = float(1 / frame_rate)
        fallback = (-frame_s, -frame_s, frame_s, frame_s)

    # A class of one team, such as "PASS (left)", has the bounds of the class.
    known = {**PRESETS[preset], **(overrides or {})}
    plain = {name: name.rpartition(" (")[0] for name in classes}
    return ContextSlicing(
        tuple(known.get(name, known.get(plain[name], fallback)) for name in classes)
    )
