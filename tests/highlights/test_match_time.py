import pytest

from spotkick.highlights.candidates import Candidate
from spotkick.highlights.config import HighlightsConfig
from spotkick.highlights.match_time import clock_of, period_lengths
from spotkick.timeline import SOCCER_PERIODS_S

CONFIG = HighlightsConfig()


@pytest.mark.parametrize(
    ("period", "position_s", "clock"),
    [(1, 20, "0:20"), (2, 20, "45:20"), (2, 2820, "90:00 + 2:00"), (3, 60, "91:00")],
)
def test_clock_of_soccer_counts_through_the_match(
    period: int, position_s: float, clock: str
) -> None:
    candidate = Candidate("Goal", period, position_s, 0.9)
    assert clock_of(candidate, SOCCER_PERIODS_S) == clock


def test_clock_of_recording_of_the_whole_match_is_time_in_the_file() -> None:
    assert clock_of(Candidate("Goal", 1, 5400, 0.9), SOCCER_PERIODS_S) == "1:30:00"


def test_period_lengths_other_classes_have_none_unless_given() -> None:
    assert period_lengths({"Goal", "Yellow card"}, CONFIG) == SOCCER_PERIODS_S
    assert period_lengths({"Goal", "Seven-metre throw"}, CONFIG) == ()
    config = HighlightsConfig(period_lengths_s=(1800, 1800))
    assert period_lengths({"Seven-metre throw"}, config) == (1800, 1800)
    assert clock_of(Candidate("Throw", 2, 60, 0.9), (1800, 1800)) == "31:00"
