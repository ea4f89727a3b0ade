"""``spotkick view``: look at matches in the browser, and correct them."""

from pathlib import Path

import typer


def view(
    paths: list[Path] = typer.Argument(
        help="Match folders, videos, predictions, labels, or a run folder."
    ),
    port: int | None = typer.Option(
        None, min=0, max=65535, help="Port; the default is the first free one from 8765 on."
    ),
    browser: bool = typer.Option(
        True, "--browser/--no-browser", help="Open the page in the browser."
    ),
    host: str = typer.Option(
        "127.0.0.1", help="Address to listen on. Others than loopback need a token."
    ),
    token: str | None = typer.Option(
        None,
        envvar="SPOTKICK_TOKEN",
        help="Secret that every request must carry; 'auto' makes one. The variable keeps it out of "
        "the list of processes.",
    ),
    clock: bool = typer.Option(
        False, "--clock", help="Find the periods of videos by their scoreboard first."
    ),
    period: list[str] | None = typer.Option(
        None,
        metavar="PERIOD[=START:END]",
        help="Period of a file whose name does not say it; or, repeated, where each period of one "
        "video lies, as in --period 1=754:3612 --period 2=4500:7300.",
    ),
    edits: Path | None = typer.Option(
        None, help="Folder for corrections; the default is beside the files of each match."
    ),
) -> None:
    """Show matches with scores, spots and labels in the browser; correct, export, make reels."""
    from spotkick.datasets.period_options import parse_period_options
    from spotkick.datasets.periods import PeriodSpan
    from spotkick.pipelines.clock import ensure_periods
    from spotkick.pipelines.spot_outputs import read_spotted_periods
    from spotkick.pipelines.viewer_reels import HighlightReels
    from spotkick.reporter import make_reporter
    from spotkick.viewer.server import ViewerOptions, serve

    number, spans = parse_period_options(period or ())
    periods = spans or ((PeriodSpan(number),) if number else ())
    if clock:
        ensure_periods(paths, reporter=make_reporter())
    options = ViewerOptions(
        host=host, port=port, token=token, browser=browser, edits=edits, periods=periods
    )
    serve(
        paths,
        options,
        reel_maker=HighlightReels(),
        read_spotted=read_spotted_periods,
        say=typer.echo,
    )
