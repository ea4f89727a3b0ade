from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from spotkick.cli.main import build_app
from spotkick.datasets.periods import PeriodSpan
from spotkick.errors import ConfigError
from spotkick.viewer import server


@pytest.mark.parametrize(
    ("options", "periods"),
    [
        ([], ()),
        (["--period", "2"], (PeriodSpan(2),)),
        (
            ["--period", "1=754:3612", "--period", "2=1:15:00-2:01:40"],
            (PeriodSpan(1, 754.0, 3612.0), PeriodSpan(2, 4500.0, 7300.0)),
        ),
        (
            ["--period", "1=0:", "--period", "2=4500:"],
            (PeriodSpan(1, 0.0, 4500.0), PeriodSpan(2, 4500.0)),
        ),
    ],
)
def test_view_periods_reach_the_server(
    monkeypatch: pytest.MonkeyPatch, options: list[str], periods: tuple[PeriodSpan, ...]
) -> None:
    served: list[Any] = []

    def serve(paths: list[Path], options: server.ViewerOptions, **_: object) -> None:
        served.append((paths, options.periods))

    monkeypatch.setattr(server, "serve", serve)
    result = CliRunner().invoke(build_app(), ["view", "match.mp4", *options])
    assert result.exit_code == 0, result.output
    assert served == [([Path("match.mp4")], periods)]


@pytest.mark.parametrize("value", ["1=9:5", "0=1:5", "x", "1=5:x"])
def test_view_malformed_period_is_refused(value: str) -> None:
    result = CliRunner().invoke(build_app(), ["view", "match.mp4", "--period", value])
    assert isinstance(result.exception, ConfigError)
    assert "--period" in str(result.exception)
