"""``spotkick evaluate``: score predictions against labels."""

from enum import StrEnum
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
from spotkick.errors import ConfigError
from spotkick.evaluation.sources import LabelOptions
from spotkick.evaluation.tables import choose_style
from spotkick.formats import TimeSource
from spotkick.pipelines.evaluate import EvaluationRequest, run_evaluation
from spotkick.pipelines.evaluate_segments import SegmentRequest, run_segment_evaluation
from spotkick.pipelines.scoring_inputs import ScoringOptions
from spotkick.report.names import ReportNames
from spotkick.report.segmentation import ScoreExample


class TaskKind(StrEnum):
    """What the predictions are."""

    SPOTTING = "spotting"
    ACTIVITYNET = "activitynet"


class SuppressionOption(StrEnum):
    """What is suppressed before scoring."""

    NONE = "none"
    PER_TOLERANCE = "per-tolerance"


class AmbiguousOption(StrEnum):
    """What becomes of false detections on ambiguous segments."""

    DROP = "drop"
    IGNORE = "ignore"


def evaluate(
    predictions: Annotated[
        Path,
        typer.Argument(
            help="Folder or zip of results_spotting.json files, or a file of any format that "
            "'spotkick convert' reads."
        ),
    ],
    labels: Annotated[
        Path, typer.Argument(help="Folder or zip of label files, or a file of any such format.")
    ],
    classes: ClassesOption = None,
    split: SplitOption = None,
    prediction_format: PredictionFormatOption = None,
    label_format: LabelFormatOption = None,
    metric: Annotated[
        str | None,
        typer.Option(
            callback=check_metric,
            help="loose: 5 to 60 s, tight: 1 to 5 s, at1 to at5: one tolerance, teams: Team-mAP, "
            "frames:1,2,4: E2E-Spot's, original2018: of the first SoccerNet paper; unless given, "
            "at1 for ball actions, else loose.",
        ),
    ] = None,
    nms: Annotated[
        SuppressionOption,
        typer.Option(
            help="per-tolerance: suppress in a window as wide as each tolerance, the protocol "
            "behind CALF's published 62.5; predictions must come unsuppressed."
        ),
    ] = SuppressionOption.NONE,
    periods: CountedPeriodsOption = None,
    json_file: Annotated[
        Path | None,
        typer.Option("--json", help="Write scores, and values of figures 4 and 5, to this file."),
    ] = None,
    markdown: MarkdownOption = False,
    latex: LatexOption = False,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE.html", help="Write a page with tables and charts.")
    ] = None,
    viewer: Annotated[
        str,
        typer.Option(
            metavar="URL",
            help="With --report: link errors to their moment in this running viewer, such as "
            "http://127.0.0.1:8765.",
        ),
    ] = "",
    system: Annotated[
        str, typer.Option(metavar="NAME", help="Name of the system on the report.")
    ] = "",
    date: DateOption = "",
    match: Annotated[
        str, typer.Option(metavar="MATCH", help="With --report: draw the scores of this match.")
    ] = "",
    period: Annotated[
        int | None, typer.Option(min=1, help="With --report: draw the scores of this period.")
    ] = None,
    frame_rate: GridRateOption = None,
    label_file: Annotated[
        str | None, typer.Option(help="Name of the label files, such as Labels-v2.json.")
    ] = None,
    prediction_file: Annotated[
        str | None, typer.Option(help="Name of the prediction files.")
    ] = None,
    time_source: Annotated[
        TimeSource,
        typer.Option(
            help="Time field of the labels; gameTime gives the numbers of 2021 and before."
        ),
    ] = TimeSource.POSITION,
    tuned_on: Annotated[
        tuple[Path, Path] | None,
        typer.Option(
            metavar="PREDICTIONS LABELS",
            help="Choose thresholds on this set, such as the same system's on the validation "
            "split; its matches are those with predictions. Without it, --report chooses them on "
            "the reported set.",
        ),
    ] = None,
    legacy_frames: Annotated[
        bool,
        typer.Option(
            "--legacy-frames",
            help="With --report: count tolerances in frames, as figure 6 of the paper does.",
        ),
    ] = False,
    without_first_frame: Annotated[
        str | None,
        typer.Option(
            metavar="CLASS",
            help="Leave out labels of this class on the first frame of later periods "
            "(substitutions).",
        ),
    ] = None,
    task: Annotated[
        TaskKind,
        typer.Option(help="activitynet: segments, of ActivityNet, THUMOS14 or annotation tools."),
    ] = TaskKind.SPOTTING,
    subset: Annotated[
        str,
        typer.Option(help="With --task activitynet: videos of this subset count; all when empty."),
    ] = "validation",
    overlaps: Annotated[
        str | None,
        typer.Option(
            help="With --task activitynet: activitynet (0.5 to 0.95), thumos14 (0.3 to 0.7), or "
            "numbers such as 0.3,0.5; unless given, those of the labels' data set."
        ),
    ] = None,
    blocked: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="With --task activitynet: names of videos that do not count, one a line.",
        ),
    ] = None,
    ambiguous: Annotated[
        AmbiguousOption,
        typer.Option(
            help="THUMOS14's segments 'Ambiguous': drop leaves them out, as papers do; ignore also "
            "leaves out false detections on them, as the organisers do."
        ),
    ] = AmbiguousOption.DROP,
    merge_duplicates: Annotated[
        bool,
        typer.Option(
            "--merge-duplicates",
            help="With --task activitynet: drop repeated labels, as OpenTAD and ActionFormer do.",
        ),
    ] = False,
) -> None:
    """Score predictions against labels with official metrics, of SoccerNet or ActivityNet."""
    style = choose_style(markdown=markdown, latex=latex)
    check_command_outputs(
        {"--json": json_file, "--report": report}, [predictions, labels, *(tuned_on or ())]
    )

    # Segments have metrics of their own, and no report.
    if task is TaskKind.ACTIVITYNET:
        if report is not None or tuned_on is not None:
            raise ConfigError(
                "--report and --tuned-on are about spots; they cannot be used with --task "
                "activitynet"
            )
        segments = run_segment_evaluation(
            SegmentRequest(
                predictions,
                labels,
                subset=subset,
                overlaps=overlaps,
                blocked=blocked,
                ambiguous=ambiguous.value,
                merge_duplicates=merge_duplicates,
                json_file=json_file,
            )
        )
        print_warnings(segments.warnings)
        print(segments.table())
        return

    # Spots: what is scored, then how, and what is written about it.
    options = ScoringOptions(
        labels,
        classes=classes,
        split=split,
        frame_rate=frame_rate,
        periods=parse_periods(periods),
        label_options=LabelOptions(label_file, time_source, label_format),
        prediction_file=prediction_file,
        prediction_format=prediction_format,
        first_frame_class=without_first_frame,
        names=ReportNames(system=system, date=date),
    )
    result = run_evaluation(
        EvaluationRequest(
            predictions,
            options,
            metric=metric,
            nms=nms.value,
            tuned_on=tuned_on,
            json_file=json_file,
            report=report,
            legacy_frames=legacy_frames,
            example=ScoreExample(match, period),
            viewer=viewer,
        )
    )
    print_warnings(result.warnings)
    print(result.tables(style))
