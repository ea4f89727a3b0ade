import numpy as np
import pytest

from spotkick.live.delays import BIN_S, DelayStatistics


def test_delay_statistics_percentiles_are_those_of_all_delays() -> None:
    delays = np.random.default_rng(0).gamma(3.0, 2.0, 999)
    statistics = DelayStatistics()
    for delay_s in delays:
        statistics.add(float(delay_s))
    assert len(statistics) == 999
    assert statistics.worst_s == delays.max()
    for percent in (1, 50, 95, 100):
        exact = np.percentile(delays, percent, method="inverted_cdf")
        assert statistics.percentile(percent) == pytest.approx(exact, abs=BIN_S)


def test_delay_statistics_longer_than_can_be_counted_keep_the_worst() -> None:
    statistics = DelayStatistics()
    statistics.add(5_000.0)
    assert statistics.describe() == "median 600.00, 95 % 600.00, worst 5000.00"


def test_delay_statistics_without_delays_say_nothing() -> None:
    assert DelayStatistics().describe() == ""
    with pytest.raises(ValueError, match="no delay"):
        DelayStatistics().percentile(50)
