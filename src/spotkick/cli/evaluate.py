"""``spotkick evaluate``: score predictions against labels."""

import warnings
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from spotkick.actions import SOCCERNET_BALL, ActionClasses, MatchActions
from spotkick.cli.outputs import check_command_outputs
from spotkick.configuration import suggestion
from spotkick.datasets.splits import read_split_matches
from spotkick.errors import ConfigError, SpotkickWarning
from spotkick.evaluation import SpottingScore
from spotkick.evaluation import evaluate as score_predictions
from spotkick.evaluation.breakdowns import without_first_frame as leave_out_first_frame
from spotkick.evaluation.summary import summary_table
from spotkick.evaluation.tables import choose_style
from spotkick.files import write_json, write_text
from spotkick.formats import TimeSource, read_label_set, read_results
from spotkick.formats.classes import find_classes
from spotkick.report.operating import operating_points, points_table
from spotkick.report.scores import TuningSet
from spotkick.timeline import parse_frame_rate


class Task(StrEnum):
    """What the predictions are."""

    SPOTTING = "spotting"
    ACTIVITYNET = "activitynet"


class Metric(StrEnum):
    """Names of the official metrics."""

    LOOSE = "loose"
    TIGHT = "tight"
    AT1 = "at1"
    AT2 = "at2"
    AT3 = "at3"
    AT4 = "at4"
    AT5 = "at5"


def evaluate(
    predictions: Annotated[
        Path, typer.Argument(help="Folder or zip of results_spotting.json files, or one such file.")
    ],
    labels: Annotated[Path, typer.Argument(help="Folder or zip of label files, or one such file.")],
    classes: Annotated[
        str,
        typer.Option(
            help="soccernet-v1, soccernet-v2, soccernet-ball, or a file with one class a line."
        ),
    ] = "soccernet-v2",
    split: Annotated[
        str | None,
        typer.Option(help="Only the matches of this split: a file, or its name such as valid."),
    ] = None,
    metric: Annotated[
        Metric, typer.Option(help="loose: 5 to 60 s, tight: 1 to 5 s, at1 to at5: one tolerance.")
    ] = Metric.LOOSE,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write the scores to this file.")
    ] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print a Markdown table.")] = False,
    latex: Annotated[bool, typer.Option("--latex", help="Print a LaTeX table (booktabs).")] = False,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE.html", help="Write a page with tables and charts.")
    ] = None,
    frame_rate: Annotated[
        str | None,
        typer.Option(
            help="Frames per second of the evaluator's grid; 2, and 25 for soccernet-ball, unless given."
        ),
    ] = None,
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
            help="Choose thresholds on this set, such as the same system's on the validation split; its matches are those with "
            "predictions. Without it, --report chooses them on the reported set.",
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
            help="Leave out labels of this class on the first frame of later periods (substitutions).",
        ),
    ] = None,
    task: Annotated[
        Task, typer.Option(help="activitynet: segments, in results and label files of ActivityNet.")
    ] = Task.SPOTTING,
    subset: Annotated[
        str,
        typer.Option(help="With --task activitynet: videos of this subset count; all when empty."),
    ] = "validation",
) -> None:
    """Score predictions against labels with the official metrics of SoccerNet, or of ActivityNet."""
    style = choose_style(markdown=markdown, latex=latex)
    check_command_outputs(
        {"--json": json_file, "--report": report}, [predictions, labels, *(tuned_on or ())]
    )
    if legacy_frames and report is None:
        raise ConfigError(
            "--legacy-frames changes a chart of the report; give --report FILE.html, too"
        )
    if task is Task.ACTIVITYNET:
        if report is not None or tuned_on is not None:
            raise ConfigError(
                "--report and --tuned-on are about spots; they cannot be used with --task activitynet"
            )
        _evaluate_segments(predictions, labels, subset or None, json_file)
        return
    wanted = find_classes(classes)
    rate = parse_frame_rate(frame_rate or (25 if wanted is SOCCERNET_BALL else 2))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", SpotkickWarning)
        truth = _read_labels(predictions, labels, wanted, split, label_file, time_source)
        if without_first_frame is not None:
            truth = _leave_out(truth, wanted, without_first_frame)
        found = list(
            read_results(predictions, [match.match for match in truth], filename=prediction_file)
        )
        score = score_predictions(found, truth, wanted, metric=metric.value, frame_rate=rate)
        tuned = None
        if tuned_on is not None:
            tuned = _tuning_set(*tuned_on, wanted, label_file, prediction_file, time_source)
    messages = _said([str(warning.message) for warning in caught], score, wanted)
    points = {} if tuned is None else operating_points(found, truth, wanted, tuned, frame_rate=rate)
    if json_file is not None:
        write_json(json_file, {**score.to_json(), **points, "warnings": messages})
    if report is not None:
        from spotkick.report.evaluation import evaluation_page, read_score_files

        scores = read_score_files(predictions, [match.match for match in truth])
        page = evaluation_page(
            found,
            truth,
            wanted,
            frame_rate=rate,
            scores=scores,
            messages=messages,
            tuned=tuned,
            legacy_frames=legacy_frames,
        )
        write_text(report, page)
    print(summary_table(score, style=style))
    if points:
        print(points_table(points, style=style))


def _said(messages: list[str], score: SpottingScore, classes: ActionClasses) -> list[str]:
    """The warnings, one more where no prediction counts at all; all are printed."""
    if not sum(score.num_predictions.values()):
        messages = [
            *messages,
            f"no prediction is of the {len(classes)} classes of {classes.name}; others are chosen with --classes",
        ]
    for message in messages:
        typer.echo(f"warning: {message}", err=True)
    return messages


def _leave_out(truth: list[MatchActions], classes: ActionClasses, name: str) -> list[MatchActions]:
    wanted = classes.resolve(name)
    if wanted is None:
        raise ConfigError(
            f"--without-first-frame: '{name}' is no class, {suggestion(name, classes.names)}"
        )
    return list(leave_out_first_frame(truth, classes, wanted))


def _tuning_set(
    predictions: Path,
    labels: Path,
    classes: ActionClasses,
    label_file: str | None,
    prediction_file: str | None,
    time_source: TimeSource,
) -> TuningSet:
    """All matches with predictions, and their labels."""
    found = list(read_results(predictions, filename=prediction_file))
    names = tuple(match.match for match in found)
    truth = list(
        read_label_set(labels, names, classes=classes, filename=label_file, time_source=time_source)
    )
    return TuningSet(str(predictions), found, truth)


def _evaluate_segments(
    predictions: Path, labels: Path, subset: str | None, json_file: Path | None
) -> None:
    from spotkick.localization.pipeline import activitynet_summary, evaluate_activitynet

    score = evaluate_activitynet(predictions, labels, subset=subset)
    if json_file is not None:
        write_json(json_file, score)
    print(activitynet_summary(score))


def _read_labels(
    predictions: Path,
    labels: Path,
    classes: ActionClasses,
    split: str | None,
    filename: str | None,
    time_source: TimeSource,
) -> list[MatchActions]:
    """Labels of the split's matches; of the predicted match when there is one prediction file; else of all matches."""
    matches = None if split is None else read_split_matches(labels, split)
    if matches is None and predictions.suffix == ".json" and labels.is_dir():
        matches = tuple(match.match for match in read_results(predictions))
    return list(
        read_label_set(labels, matches, classes=classes, filename=filename, time_source=time_source)
    )
