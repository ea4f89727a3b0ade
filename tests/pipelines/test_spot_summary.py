from spotkick.pipelines.spot_summary import SpottingSummary, speed_line


def test_speed_line_counts_likely_spots_first() -> None:
    line = speed_line(SpottingSummary(1, 1239, 600.0, 100.0, {}, likely=39))
    assert line == "1 match, 39 likely spots (1,239 with weak ones), 6 times real time (100.0 s)"
