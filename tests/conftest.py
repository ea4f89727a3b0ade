"""Fixtures that several rooms share: a small data set with planted answers."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from spotkick.actions import Action, MatchActions, Visibility
from spotkick.features.tracks import FeatureSource, write_source, write_track
from spotkick.files import write_text
from spotkick.formats.soccernet import write_labels

CLASSES = ("goal", "card", "substitution")
DIM = 16


def _plant_half(
    random: np.random.Generator, num_frames: int, period: int, spacing: int
) -> tuple[np.ndarray, list[Action]]:
    """Noise with a clear trace of each action: a peak on its frame and a slope after it."""
    values = 0.1 * random.standard_normal((num_frames, DIM))
    actions = []
    for frame in range(spacing // 2, num_frames - spacing // 3, spacing):
        place = int(frame + random.integers(-spacing // 6, spacing // 6 + 1))
        column = int(random.integers(len(CLASSES)))
        values[place : place + 12, 2 * column] += np.linspace(3, 0.5, 12)
        values[max(0, place - 4) : place, 2 * column + 1] += 2
        visibility = Visibility.VISIBLE if random.random() < 0.8 else Visibility.NOT_SHOWN
        actions.append(Action(CLASSES[column], period, 500 * place, visibility=visibility))
    return values.astype(np.float16), actions


@pytest.fixture(scope="session")
def make_planted() -> Callable[..., Path]:
    """A function that makes a data set.

    ``make(root, matches=4, num_frames=700, spacing=120, seed=0)``.
    """

    def make(
        root: Path, *, matches: int = 4, num_frames: int = 700, spacing: int = 120, seed: int = 0
    ) -> Path:
        random = np.random.default_rng(seed)
        names = [f"league/2026/match {index}" for index in range(matches)]
        write_source(FeatureSource("planted", DIM, kind="file", fingerprint="planted"), root)
        for name in names:
            actions: list[Action] = []
            for period in (1, 2):
                values, own = _plant_half(random, num_frames + 7 * period, period, spacing)
                write_track(values, root / name / f"{period}_planted.npy")
                actions += own
            write_labels(root / name / "Labels-v2.json", MatchActions(name, tuple(actions)))
        held_out = max(1, matches // 4)
        write_text(root / "splits" / "train.txt", "\n".join(names[:-held_out]) + "\n")
        write_text(root / "splits" / "valid.txt", "\n".join(names[-held_out:]) + "\n")
        return root

    return make


@pytest.fixture(scope="session")
def planted(make_planted: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A planted data set of four matches, for reading only."""
    return make_planted(tmp_path_factory.mktemp("planted"))
