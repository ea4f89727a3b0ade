"""``spotkick compare``: several systems on the same matches."""

from pathlib import Path
from typing import Annotated

import typer

from spotkick.cli.options import (
    ClassesOption,
    CountedPeriodsOption,
    DateOption,
    GridRateOption,
    LabelFormatOption,
    LatexOption,
    MarkdownOption,
    PredictionFormatOption,
    SplitOption,
    check_metric,
    parse_periods,
    print_warnings,
)
from spotkick.cli.outputs import check_command_outputs
from spotkick.evaluation.sources import LabelOptions
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
    classes: ClassesOption = None,
    split: SplitOption = None,
    prediction_format: PredictionFormatOption = None,
    label_format: LabelFormatOption = None,
    metric: Annotated[
        str | None,
        typer.Option(
            callback=check_metric,
            help="loose: 5 to 60 s, tight: 1 to 5 s, at1 to at5: one tolerance; unless given, at1 "
            "for ball actions, else loose.",
        ),
    ] = None,
    frame_rate: GridRateOption = None,
    periods: CountedPeriodsOption = None,
    resamples: Annotated[
        int, typer.Option(min=1, help="How often matches are drawn again.")
    ] = 1000,
    seed: Annotated[int, typer.Option(help="Of the draws.")] = 0,
    markdown: MarkdownOption = False,
    latex: LatexOption = False,
    report: Annotated[
        Path | None, typer.Option(help="Write a page with tables and charts to this .html file.")
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write scores and probabilities to this file.")
    ] = None,
    date: DateOption = "",
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
        label_options=LabelOptions(format=label_format),
        prediction_format=prediction_format,
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
