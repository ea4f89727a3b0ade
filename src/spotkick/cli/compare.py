"""``spotkick compare``: several systems on the same matches."""

from pathlib import Path
from typing import Annotated

import typer

from spotkick.cli.evaluate import check_metric, parse_periods, print_warnings
from spotkick.cli.outputs import check_command_outputs
from spotkick.evaluation.tables import choose_style
from spotkick.pipelines.compare import ComparisonRequest, name_systems, run_comparison
from spotkick.pipelines.scoring_inputs import ScoringOptions
from spotkick.report.comparison import comparison_table
from spotkick.report.names import ReportNames


def compare(
    predictions: Annotated[
        list[str],
        typer.Argument(
            metavar="[NAME=]PREDICTIONS...",
            help="Two or more folders, zips or files of any format that 'spotkick convert' reads; "
            "NAME= names one.",
        ),
    ],
    labels: Annotated[Path, typer.Option(help="Folder or zip of label files, or a file.")],
    classes: Annotated[
        str | None,
        typer.Option(
            help="soccernet-v1, soccernet-v2, soccernet-ball, soccernet-ball-2023, or a file with "
            "one class a line; unless given, what the predictions state, else soccernet-v2."
        ),
    ] = None,
    split: Annotated[
        str | None,
        typer.Option(help="Only the matches of this split: a file, or its name such as valid."),
    ] = None,
    metric: Annotated[
        str | None,
        typer.Option(
            callback=check_metric,
            help="loose: 5 to 60 s, tight: 1 to 5 s, at1 to at5: one tolerance; unless given, at1 "
            "for ball actions, else loose.",
        ),
    ] = None,
    frame_rate: Annotated[
        str | None,
        typer.Option(
            help="Frames per second of the evaluator's grid; 25 for ball actions, else 2, unless "
            "given."
        ),
    ] = None,
    periods: Annotated[
        str | None,
        typer.Option(
            help="Periods that count, such as 1,2,3,4; 1,2 for SoccerNet, all for own classes."
        ),
    ] = None,
    resamples: Annotated[
        int, typer.Option(min=1, help="How often matches are drawn again.")
    ] = 1000,
    seed: Annotated[int, typer.Option(help="Of the draws.")] = 0,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print a Markdown table.")] = False,
    latex: Annotated[bool, typer.Option("--latex", help="Print a LaTeX table (booktabs).")] = False,
    report: Annotated[
        Path | None, typer.Option(help="Write a page with tables and charts to this .html file.")
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write scores and probabilities to this file.")
    ] = None,
    date: Annotated[
        str,
        typer.Option(
            metavar="YYYY-MM-DD", help="Date on the report; that of the newest prediction file."
        ),
    ] = "",
) -> None:
    """Compare systems on the same matches, with intervals and the chance that their order holds."""
    style = choose_style(markdown=markdown, latex=latex)
    systems = name_systems(predictions)
    check_command_outputs({"--report": report, "--json": json_file}, [labels, *systems.values()])

    # All systems are scored on the same labels, classes and periods.
    options = ScoringOptions(
        labels,
        classes=classes,
        split=split,
        frame_rate=frame_rate,
        periods=parse_periods(periods),
        names=ReportNames(date=date),
    )
    result = run_comparison(
        ComparisonRequest(
            systems,
            options,
            metric=metric,
            resamples=resamples,
            seed=seed,
            json_file=json_file,
            report=report,
        )
    )
    print_warnings(result.warnings)
    print(comparison_table(result.comparison, style=style))
