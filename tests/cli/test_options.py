import pytest
import typer

from spotkick.cli.options import check_metric, parse_periods, print_warnings
from spotkick.errors import ConfigError


def test_parse_periods_numbers_come_once_in_given_order() -> None:
    assert parse_periods(None) == ()
    assert parse_periods("2, 1,2") == (2, 1)


@pytest.mark.parametrize("text", ["", "0", "1,", "1;2", "first", "-1", "²"])
def test_parse_periods_other_text_is_config_error(text: str) -> None:
    with pytest.raises(ConfigError, match="--periods must be numbers such as 1,2,3,4"):
        parse_periods(text)


def test_check_metric_unknown_name_is_wrong_usage() -> None:
    assert check_metric(None) is None
    assert check_metric("tight") == "tight"
    with pytest.raises(typer.BadParameter, match="strict"):
        check_metric("strict")


def test_print_warnings_go_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    print_warnings(("one", "two"))
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", "warning: one\nwarning: two\n")
