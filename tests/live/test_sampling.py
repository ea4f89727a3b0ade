from fractions import Fraction

import numpy as np
import pytest

from spotkick.live.sampling import LiveSampler

TICK = Fraction(1, 90_000)


def sample(times: list[Fraction], rate: Fraction, end_s: Fraction) -> list[int]:
    """Number of the frame that each sample shows."""
    sampler: LiveSampler[int] = LiveSampler(rate)
    found = [item for number, time in enumerate(times) for item in sampler.add(number, time, TICK)]
    found += sampler.finish(end_s)
    assert [number for number, _ in found] == list(range(len(found)))
    return [frame for _, frame in found]


@pytest.mark.parametrize("rate", [Fraction(25), Fraction(30_000, 1001), Fraction(10)])
def test_sampler_shows_the_last_frame_at_or_before_each_time(rate: Fraction) -> None:
    times = [number / rate for number in range(100)]
    found = sample(times, Fraction(2), times[-1])
    for number, frame in enumerate(found):
        expected = max(n for n, time in enumerate(times) if time <= Fraction(number, 2))
        assert frame == expected
    assert len(found) == int(np.ceil(float(times[-1] * 2)))


def test_sampler_hole_shows_the_frame_before_it() -> None:
    times = [Fraction(n, 10) for n in range(10)] + [Fraction(5) + Fraction(n, 10) for n in range(5)]
    assert sample(times, Fraction(2), Fraction(6))[2:11] == [9] * 8 + [10]


def test_sampler_that_goes_on_starts_with_the_next_sample() -> None:
    sampler: LiveSampler[str] = LiveSampler(Fraction(2), 20)
    assert list(sampler.add("a", Fraction(12), TICK)) == [(n, "a") for n in range(20, 24)]
