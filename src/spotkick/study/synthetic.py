"""A synthetic data set that tests the premise of the context-aware loss.

An action leaves traces in the features at the instant itself, or only in its aftermath, as a goal
does in celebration and replays. Short traces without an action occur as well, so that one frame
alone does not decide.
"""

from fractions import Fraction
from typing import Annotated, Final, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from spotkick.configuration import FrozenConfig
from spotkick.study.data import StudyData

Trace = Literal["instant", "aftermath", "both"]

_RATE: Final = Fraction(1, 2)
_Positive = Annotated[float, Field(gt=0)]


class SyntheticConfig(FrozenConfig):
    """What is planted.

    Attributes:
        trace: where an action leaves a trace: for 2 s around the instant, from ``delay_s`` after it
            for ``aftermath_s``, or both.
        aftermath_s: length of the aftermath; each one varies by a quarter.
        delay_s: from the action to the aftermath: uniform from half to one and a half times this.
        strength: of a trace, in deviations of the noise.
        distractors_per_action: short traces without an action, of a fifth of the aftermath.
        train_matches: matches to train on.
        held_matches: matches to score on.
        period_s: length of the only period of a match.
        actions: of each class in a match.
        width: values of a frame.
        seed: of everything.
    """

    trace: Trace = "aftermath"
    aftermath_s: _Positive = 15.0
    delay_s: _Positive = 4.0
    strength: _Positive = 1.0
    distractors_per_action: _Positive = 2.0
    train_matches: int = 40
    held_matches: int = 40
    period_s: int = 900
    actions: int = 6
    width: int = 12
    seed: int = 0


CLASSES: Final = ("first", "second")


def make_synthetic(name: str, config: SyntheticConfig) -> StudyData:
    """Draw a data set.

    Args:
        name: of it.
        config: what is planted.
    """
    rng = np.random.default_rng((config.seed, 11))
    count = config.train_matches + config.held_matches
    directions = np.linalg.qr(rng.standard_normal((config.width, config.width)))[0]

    # One period per match: noise, then traces.
    features, actions = [], []
    for number in range(count):
        values = rng.standard_normal((int(config.period_s * _RATE), config.width))
        for column in range(len(CLASSES)):
            instant, aftermath = directions[2 * column], directions[2 * column + 1]
            times = _draw_times(config, rng)
            for time in times:
                actions.append((number, column, int(1000 * time)))
                if config.trace != "aftermath":
                    _add_trace(values, instant, time - 1, 2.0, config.strength)
                if config.trace != "instant":
                    begin = time + config.delay_s * rng.uniform(0.5, 1.5)
                    length = config.aftermath_s * rng.uniform(0.75, 1.25)
                    _add_trace(values, aftermath, begin, length, config.strength)

            # Traces of the same kinds that mean nothing: too short, and on their own.
            for _ in range(int(config.distractors_per_action * config.actions)):
                begin = rng.uniform(0, config.period_s - 5)
                length = config.aftermath_s / 5
                _add_trace(values, aftermath, begin, length, config.strength)
        features.append(values.astype(np.float16))

    lengths = np.full(count, int(config.period_s * _RATE))
    return StudyData(
        name=name,
        classes=CLASSES,
        frame_rate=_RATE,
        features=np.concatenate(features),
        num_tokens=0,
        vectors=np.zeros((0, 0), dtype=np.float16),
        starts=np.concatenate(([0], np.cumsum(lengths))).astype(np.int64),
        period_match=np.arange(count),
        period_number=np.ones(count, dtype=np.int64),
        matches=tuple(f"match-{number:03d}" for number in range(count)),
        is_held=np.arange(count) >= config.train_matches,
        actions=np.array(actions, dtype=np.int64),
    )


def _draw_times(config: SyntheticConfig, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Times of the actions of one class in one match, one in each equal part of the period."""
    part = config.period_s / config.actions
    return part * (np.arange(config.actions) + rng.uniform(0.05, 0.75, size=config.actions))


def _add_trace(
    values: npt.NDArray[np.float64],
    direction: npt.NDArray[np.float64],
    begin_s: float,
    length_s: float,
    strength: float,
) -> None:
    first = max(0, round(begin_s * float(_RATE)))
    last = round((begin_s + length_s) * float(_RATE))
    values[first:last] += strength * direction
