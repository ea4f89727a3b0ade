"""Scoring from end to end: predictions and labels in; a table, a JSON document and a page out."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from spotkick.actions import MatchActions
from spotkick.errors import ConfigError
from spotkick.evaluation.assignment import LOOSE_TOLERANCES_S, assign_predictions
from spotkick.evaluation.average_map import TIGHT_TOLERANCES_S, Suppression, evaluate, tolerances_of
from spotkick.evaluation.breakdowns import by_distance, by_game_time
from spotkick.evaluation.frame_tolerance import E2E_SPOT_TOLERANCES, evaluate_frames
from spotkick.evaluation.original_metric import evaluate_original
from spotkick.evaluation.scores import Score, SpottingScore
from spotkick.evaluation.sources import read_found, read_truth
from spotkick.evaluation.summary import score_table_text, summary_table
from spotkick.evaluation.tables import TableStyle
from spotkick.evaluation.team_map import evaluate_teams
from spotkick.files import write_json, write_text
from spotkick.pipelines.scoring_inputs import (
    ScoringInputs,
    ScoringOptions,
    collected_warnings,
    read_scored_predictions,
    read_scoring_inputs,
    warn_about_other_task,
)
from spotkick.report.evaluation import ReportOptions, evaluation_page, read_score_files
from spotkick.report.formatting import count_matches
from spotkick.report.operating import operating_points, points_table
from spotkick.report.segmentation import ScoreExample
from spotkick.report.system import TuningSet
from spotkick.report.viewer_links import check_viewer_address
from spotkick.tasks import Task

MetricKind = Literal["average-map", "teams", "frames", "original2018"]

_FRAMES: Final = re.compile(r"frames(?::(?P<list>\d+(?:,\d+)*))?")
_TEAMS: Final = re.compile(r"teams(?::(?P<metric>.+))?")
_METRIC_NAMES: Final = (
    "loose, tight, at1 to at5, teams (or teams:loose), frames:1,2,4 or original2018"
)


@dataclass(frozen=True, slots=True)
class MetricChoice:
    """A metric as it is named on the command line.

    Attributes:
        name: as given.
        kind: which function computes it.
        average: metric of Average-mAP: ``loose``, ``tight``, ``at1`` to ``at5``.
        frames: tolerances in frames.
    """

    name: str
    kind: MetricKind
    average: str = ""
    frames: tuple[int, ...] = ()


def parse_metric(name: str) -> MetricChoice:
    """Find what a metric's name stands for.

    Raises:
        ConfigError: if it is not known.

    Example:
        >>> parse_metric("frames:1,2").frames
        (1, 2)
    """
    frames, teams = _FRAMES.fullmatch(name), _TEAMS.fullmatch(name)
    if frames is not None:
        listed = frames["list"]
        chosen = tuple(map(int, listed.split(","))) if listed else E2E_SPOT_TOLERANCES
        return MetricChoice(name, "frames", frames=chosen)
    if name == "original2018":
        return MetricChoice(name, "original2018")

    average = name if teams is None else teams["metric"] or "at1"
    try:
        tolerances_of(average)
    except ConfigError:
        raise ConfigError(f"metric must be {_METRIC_NAMES}, got '{name}'") from None
    return MetricChoice(name, "average-map" if teams is None else "teams", average=average)


@dataclass(frozen=True, slots=True)
class EvaluationRequest:
    """What ``spotkick evaluate`` is asked for.

    Attributes:
        predictions: file, folder or archive of any format.
        options: labels, classes, split and what else decides what is scored.
        metric: see `parse_metric`; that of the task when None.
        nms: see `spotkick.evaluation.evaluate`.
        tuned_on: predictions and labels that thresholds are chosen on.
        json_file: where the document goes.
        report: where the page goes.
        legacy_frames: draw figure 6 of the page in frames.
        example: match and period of figure 7 of the page.
        viewer: address of a running viewer that errors on the page are linked to.
    """

    predictions: Path
    options: ScoringOptions
    metric: str | None = None
    nms: Suppression = "none"
    tuned_on: tuple[Path, Path] | None = None
    json_file: Path | None = None
    report: Path | None = None
    legacy_frames: bool = False
    example: ScoreExample = field(default_factory=ScoreExample)
    viewer: str = ""


@dataclass(frozen=True, slots=True)
class EvaluationResult:
    """What was found.

    Attributes:
        score: with counts for Average-mAP, else a plain one.
        metric: what it is.
        document: the content of the JSON file.
        facts: what was scored, and how, in a line.
        warnings: what was dropped, moved or overwritten, one line each.
    """

    score: SpottingScore | Score
    metric: MetricChoice
    document: Mapping[str, Any]
    facts: str
    warnings: tuple[str, ...]

    def tables(self, style: TableStyle = "text") -> str:
        """The score, and hits and errors at thresholds where some were chosen."""
        if isinstance(self.score, SpottingScore):
            text = summary_table(self.score, style=style, comment=self.facts)
        else:
            unit = "frames" if self.metric.kind == "frames" else "s"
            text = score_table_text(self.score, unit=unit, style=style, comment=self.facts)
        if "operating_points" in self.document:
            text += "\n" + points_table(self.document, style=style)
        return text


def run_evaluation(request: EvaluationRequest) -> EvaluationResult:
    """Score predictions, and write the document and the page that were asked for.

    Raises:
        InputError: if predictions or labels are missing or damaged, or do not fit each other.
        ConfigError: if an option is not valid.
        StorageError: if a file cannot be written.
    """
    if request.legacy_frames and request.report is None:
        raise ConfigError(
            "--legacy-frames changes a chart of the report; give --report FILE.html, too"
        )
    if (request.example.match or request.example.period) and request.report is None:
        raise ConfigError(
            "--match and --period choose a figure of the report; give --report FILE.html, too"
        )

    if request.viewer and request.report is None:
        raise ConfigError("--viewer links the report to a viewer; give --report FILE.html, too")
    viewer = check_viewer_address(request.viewer) if request.viewer else ""

    # Everything that reads and scores may warn; warnings go into table, document and page.
    with collected_warnings() as messages:
        inputs = read_scoring_inputs(request.options, [request.predictions])
        metric = parse_metric(request.metric or inputs.task.metric)
        found = read_scored_predictions(request.predictions, inputs, request.options)
        score = _compute_score(request, metric, inputs, found)
        warn_about_other_task(inputs.task, found, given=request.options.classes is not None)
        tuned = _read_tuning_set(request, inputs.task)

    # What was found, as plain values.
    points = {} if tuned is None else operating_points(found, inputs.truth, inputs.task, tuned)
    document = _make_document(score, metric, inputs, request)
    document |= {**points, "warnings": messages}
    if request.json_file is not None:
        figures = _binned_values(inputs.task, inputs.truth, found)
        write_json(request.json_file, {**document, "figures": figures})
    if request.report is not None:
        page = _make_page(request, inputs, found, messages, tuned=tuned, viewer=viewer)
        write_text(request.report, page)
    return EvaluationResult(
        score,
        metric=metric,
        document=document,
        facts=_describe_score(metric, inputs, request),
        warnings=tuple(messages),
    )


def _compute_score(
    request: EvaluationRequest,
    metric: MetricChoice,
    inputs: ScoringInputs,
    found: Sequence[MatchActions],
) -> SpottingScore | Score:
    task, truth = inputs.task, inputs.truth
    if request.nms != "none" and metric.kind != "average-map":
        raise ConfigError(f"--nms {request.nms} goes with Average-mAP, not with {metric.name}")
    if metric.kind == "average-map":
        return evaluate(found, truth, task, metric=metric.average, nms=request.nms)

    # The other metrics count all matches that they are given.
    wanted = {match.match for match in truth}
    kept = [match for match in found if match.match in wanted]
    if metric.kind == "teams":
        return evaluate_teams(
            kept,
            truth,
            task.classes,
            metric=metric.average,
            frame_rate=task.frame_rate,
            periods=task.periods,
        )
    if metric.kind == "frames":
        return evaluate_frames(
            kept,
            truth,
            frame_rate=task.frame_rate,
            tolerances_frames=metric.frames,
            classes=task.classes,
        )
    return evaluate_original(kept, truth, task.classes)


def _read_tuning_set(request: EvaluationRequest, task: Task) -> TuningSet | None:
    """All matches with predictions of the other set, and their labels."""
    if request.tuned_on is None:
        return None
    predictions, labels = request.tuned_on
    found = list(
        read_found(
            predictions,
            file_name=request.options.prediction_file,
            format=request.options.prediction_format,
        )
    )
    names = tuple(match.match for match in found)
    truth = read_truth(labels, task, names, request.options.label_options)
    return TuningSet(str(predictions), found, truth)


def _make_document(
    score: SpottingScore | Score,
    metric: MetricChoice,
    inputs: ScoringInputs,
    request: EvaluationRequest,
) -> dict[str, Any]:
    names = inputs.names
    return {
        **score.to_json(),
        "metric": metric.name,
        "nms": request.nms,
        "frame_rate": str(inputs.task.frame_rate),
        "class_list": inputs.task.name,
        "n_videos": len(inputs.truth),
        "system": names.system,
        "label_set": names.labels,
        "split": names.split or None,
        "date": names.date or None,
    }


def _binned_values(
    task: Task, truth: Sequence[MatchActions], found: Sequence[MatchActions]
) -> dict[str, Any]:
    """The values of figures 4 and 5: Average-mAP by game time and by distance."""
    figures: dict[str, Any] = {"game_time": {}, "distance": {}}
    for name, tolerances_s in (("loose", LOOSE_TOLERANCES_S), ("tight", TIGHT_TOLERANCES_S)):
        assignment = assign_predictions(found, truth, task, tolerances_s=tolerances_s)
        figures["game_time"][name] = [part.to_json() for part in by_game_time(assignment)]
        figures["distance"][name] = [part.to_json() for part in by_distance(assignment)]
    return figures


def _make_page(
    request: EvaluationRequest,
    inputs: ScoringInputs,
    found: Sequence[MatchActions],
    messages: Sequence[str],
    *,
    tuned: TuningSet | None,
    viewer: str,
) -> str:
    scores = read_score_files(request.predictions, [match.match for match in inputs.truth])
    return evaluation_page(
        found,
        inputs.truth,
        inputs.task,
        scores=scores,
        tuned=tuned,
        options=ReportOptions(
            names=inputs.names,
            messages=messages,
            legacy_frames=request.legacy_frames,
            example=request.example,
            viewer=viewer,
        ),
    )


def _describe_score(metric: MetricChoice, inputs: ScoringInputs, request: EvaluationRequest) -> str:
    task = inputs.task
    parts = [
        count_matches(len(inputs.truth)),
        metric.name,
        f"{float(task.frame_rate):g} frames per second",
        f"class list {task.name}",
    ]
    if request.nms != "none":
        parts.append(f"nms {request.nms}")
    return ", ".join(parts)
