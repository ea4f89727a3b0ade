"""Comparison from end to end: predictions of several systems in; a table and a page out."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from spotkick.errors import ConfigError
from spotkick.evaluation.resampling import RESAMPLES
from spotkick.files import write_json, write_text
from spotkick.pipelines.evaluate import parse_metric
from spotkick.pipelines.scoring_inputs import (
    ScoringOptions,
    collected_warnings,
    read_scored_predictions,
    read_scoring_inputs,
    warn_about_other_task,
)
from spotkick.report.comparison import SystemComparison, compare_results, comparison_page


@dataclass(frozen=True, slots=True)
class ComparisonRequest:
    """What ``spotkick compare`` is asked for.

    Attributes:
        systems: name -> predictions, in any format.
        options: labels, classes, split and what else decides what is scored.
        metric: of Average-mAP; that of the task when None.
        resamples: how often matches are drawn.
        seed: of the draws.
        json_file: where the document goes.
        report: where the page goes.
    """

    systems: Mapping[str, Path]
    options: ScoringOptions
    metric: str | None = None
    resamples: int = RESAMPLES
    seed: int = 0
    json_file: Path | None = None
    report: Path | None = None


@dataclass(frozen=True, slots=True)
class ComparisonResult:
    """The comparison, and what was dropped on the way, one line each."""

    comparison: SystemComparison
    warnings: tuple[str, ...]


def run_comparison(request: ComparisonRequest) -> ComparisonResult:
    """Compare systems, and write the document and the page that were asked for.

    Raises:
        InputError: if predictions or labels are missing or damaged, or do not fit each other.
        ConfigError: if an option is not valid.
        StorageError: if a file cannot be written.
    """
    paths = list(request.systems.values())
    with collected_warnings() as messages:
        inputs = read_scoring_inputs(request.options, paths)
        metric = parse_metric(request.metric or inputs.task.metric)
        if metric.kind != "average-map":
            raise ConfigError(f"compare takes loose, tight or at1 to at5, not {metric.name}")
        found = {
            name: read_scored_predictions(path, inputs, request.options)
            for name, path in request.systems.items()
        }
        every = [match for matches in found.values() for match in matches]
        warn_about_other_task(inputs.task, every, given=request.options.classes is not None)

    # Paired: all systems on the same resamples of the same matches.
    result = compare_results(
        found,
        inputs.truth,
        inputs.task,
        metric=metric.average,
        resamples=request.resamples,
        seed=request.seed,
    )
    messages += _merge_by_system(result)

    if request.report is not None:
        write_text(request.report, comparison_page(result, names=inputs.names))
    if request.json_file is not None:
        document = {
            "metric": result.metric,
            "resamples": result.resamples,
            "label_set": inputs.names.labels,
            "split": inputs.names.split or None,
            "date": inputs.names.date or None,
            **result.comparison.to_json(),
        }
        write_json(request.json_file, document)
    return ComparisonResult(result, tuple(messages))


def _merge_by_system(result: SystemComparison) -> list[str]:
    """Warnings of the scores: those that all systems share once, the others with their system."""
    systems: dict[str, list[str]] = {}
    for name in result.comparison.order:
        for message in result.scores[name].warnings:
            systems.setdefault(message, []).append(name)
    return [
        message if len(names) == len(result.comparison.order) else f"{', '.join(names)}: {message}"
        for message, names in systems.items()
    ]


def name_systems(given: list[str]) -> dict[str, Path]:
    """Names and paths of ``[NAME=]PATH``.

    Without a name a system gets the shortest end of its path that tells it from the others.

    Raises:
        ConfigError: if there are fewer than two, or two have the same name.
    """
    pairs = [_split_name(text) for text in given]
    unnamed = ["/".join(path.absolute().parts) for name, path in pairs if not name]
    systems: dict[str, Path] = {}
    for name, path in pairs:
        own = name or _shortest_end(path, unnamed)
        if own in systems:
            raise ConfigError(f"two systems have the name '{own}'; name them with NAME=PREDICTIONS")
        systems[own] = path
    if len(systems) < 2:
        raise ConfigError(
            f"compare needs at least two sets of predictions, got {len(systems)}; "
            "'spotkick evaluate' scores one"
        )
    return systems


def _split_name(text: str) -> tuple[str, Path]:
    name, sign, path = text.partition("=")
    return (name, Path(path)) if sign and not Path(text).exists() else ("", Path(text))


def _shortest_end(path: Path, others: list[str]) -> str:
    parts = path.absolute().parts
    ends = ("/".join(parts[-length:]) for length in range(1, len(parts)))
    unique = (end for end in ends if sum(other.endswith("/" + end) for other in others) == 1)
    return next(unique, str(path))
