"""A drawn minute of a match, from the file to its kick-off."""

from fractions import Fraction
from pathlib import Path

import pytest

from spotkick.scoreboard.clock_lines import find_clock_lines
from spotkick.scoreboard.periods import find_periods
from spotkick.scoreboard.scan import scan_scoreboard
from spotkick.scoreboard.text_reader import TextReader
from support.scoreboards import Evening, write_evening

SPAN = (4494.0, 4512.0)


@pytest.fixture(scope="module")
def kickoff_video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("evening") / "match.mp4"
    evening = Evening("row", goals=((4492.0, 1),), score_delay_s=12)
    write_evening(path, evening, rate=Fraction(4), size=(640, 360), span_s=SPAN)
    return path


def test_scan_scoreboard_second_kickoff_is_found_within_a_second(
    kickoff_video: Path, text_reader: TextReader
) -> None:
    scan = scan_scoreboard(kickoff_video, text_reader)
    (period,) = find_periods(find_clock_lines(scan.readings))
    assert (period.period, period.clock_base_s) == (2, 2700)
    assert period.start_s == pytest.approx(4500.7 - SPAN[0], abs=1)


def test_scan_scoreboard_file_without_one_has_no_place(
    tmp_path: Path, text_reader: TextReader
) -> None:
    path = tmp_path / "studio.mp4"
    write_evening(path, Evening("row"), rate=Fraction(2), size=(320, 180), span_s=(0.0, 2.0))
    scan = scan_scoreboard(path, text_reader)
    assert (scan.place, scan.readings) == (None, ())
