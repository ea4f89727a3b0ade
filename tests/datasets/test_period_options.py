import pytest

from spotkick.datasets.period_options import parse_period_options, parse_period_span
from spotkick.datasets.periods import PeriodSpan
from spotkick.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "start_s", "end_s"),
    [
        ("1=754:3612", 754.0, 3612.0),
        ("1=0:20", 0.0, 20.0),
        ("1=75.3:90.25", 75.3, 90.25),
        ("1=754:1:00:12", 754.0, 3612.0),
        ("1=0:12:34:3612", 754.0, 3612.0),
        ("1=12:34:60:12", 754.0, 3612.0),
        ("1=0:12:34:1:00:12", 754.0, 3612.0),
        ("1=12:34-60:12", 754.0, 3612.0),
        ("1 = 754 - 3612", 754.0, 3612.0),
        ("1=4500:", 4500.0, None),
        ("1=4500", 4500.0, None),
        ("1=1:15:00:", 4500.0, None),
        ("1=75:00-", 4500.0, None),
    ],
)
def test_parse_period_span_known_forms_give_seconds(
    text: str, start_s: float, end_s: float | None
) -> None:
    assert parse_period_span(text) == PeriodSpan(1, start_s, end_s)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1=90:20", "lies before its start"),
        ("1=20:20", "lies before its start"),
        ("1=1:00:00-0:30:00", "lies before its start"),
        ("1=1:15:00", "2 ways"),
        ("0=1:2", "within 1 and 9"),
        ("1=", "must look like"),
        ("first=1:2", "must look like"),
        ("1=-5:3", "must look like"),
        ("1=nan:3", "must look like"),
        ("1=1e3:2e3", "must look like"),
        ("1=12:99:13:00", "must look like"),
        ("1=10:inf", "must look like"),
    ],
)
def test_parse_period_span_other_forms_are_refused(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        parse_period_span(text)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (["1", "2"], "stands alone"),
        (["1", "2=4500:"], "stands alone"),
        (["1=0:60", "1=70:80"], "given twice"),
        (["1=0:60", "2=50:80"], "ends after period 2 begins"),
        (["1=0:", "2=0:80"], "ends after period 2 begins"),
        (["2=0:60", "1=70:80"], "in the order"),
    ],
)
def test_parse_period_options_contradictions_are_refused(values: list[str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        parse_period_options(values)


def test_parse_period_options_open_ends_stop_at_the_next_period() -> None:
    plain, spans = parse_period_options(["2=4500:", "1=754:"])
    assert plain is None
    assert spans == (PeriodSpan(1, 754.0, 4500.0), PeriodSpan(2, 4500.0, None))


def test_parse_period_options_plain_number_is_the_period_of_the_file() -> None:
    assert parse_period_options(["3"]) == (3, ())
    assert parse_period_options([]) == (None, ())
