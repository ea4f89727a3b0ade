"""A made-up sport with four periods, at 12.5 feature frames per second, with planted answers."""

from fractions import Fraction
from pathlib import Path
from typing import Final

import numpy as np

from spotkick.actions import Action, MatchActions
from spotkick.features.tracks import write_track
from spotkick.files import write_text
from spotkick.formats.soccernet import write_labels

CLASSES: Final = ("Basket", "Foul", "Timeout")
RATE: Final = Fraction(25, 2)
PERIODS: Final = (1, 2, 3, 4)
FEATURES: Final = "hall"
DIM: Final = 12


def write_sport(
    root: Path, *, matches: int = 5, period_s: float = 60.0, every_s: float = 9.0, seed: int = 0
) -> Path:
    """Write a data set: features without description, labels, splits (one match in valid and test).

    An action is seen for two seconds from its beginning on, in two values of its own class.
    """
    random = np.random.default_rng(seed)
    names = [f"league/2026/match {index}" for index in range(matches)]
    for name in names:
        actions: list[Action] = []
        for period in PERIODS:
            values = 0.3 * random.standard_normal((round(period_s * RATE), DIM))
            for start_s in np.arange(every_s / 2, period_s - 3, every_s):
                position_ms = int(1000 * (start_s + random.uniform(-2, 2)))
                column = int(random.integers(len(CLASSES)))
                frame = int(position_ms * RATE / 1000)
                values[frame : frame + 25, 2 * column] += np.linspace(2, 0.5, 25)[
                    : len(values) - frame
                ]
                values[frame : frame + 8, 2 * column + 1] += 1.5
                actions.append(Action(CLASSES[column], period, position_ms))
            write_track(values.astype(np.float32), root / name / f"{period}_{FEATURES}.npy")
        write_labels(root / name / "Labels-v2.json", MatchActions(name, tuple(actions)))

    for split, chosen in (("train", names[:-2]), ("valid", names[-2:-1]), ("test", names[-1:])):
        write_text(root / "splits" / f"{split}.txt", "".join(f"{name}\n" for name in chosen))
    return root
