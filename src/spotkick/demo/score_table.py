"""The demo's table of scores: average precision per class of each checkpoint."""

from collections.abc import Sequence
from typing import Final

from spotkick.demo.results import ScoredCheckpoint
from spotkick.evaluation import SpottingScore
from spotkick.report.formatting import NONE

ENOUGH_LABELS: Final = 20
"""The average precision of a class with fewer labels in the test matches is mostly chance."""


def score_rows(systems: Sequence[ScoredCheckpoint]) -> tuple[list[str], list[list[str]]]:
    """Header and rows of the table of scores in percent; the last two rows are the means."""
    header = ["class", "labels"]
    header += [f"{system.name} {kind}" for system in systems for kind in ("loose", "tight")]
    scores = [score for system in systems for score in (system.loose, system.tight)]
    labels = scores[0].num_labels

    rows = []
    for name, count in labels.items():
        values = [
            f"{100 * score.overall.per_class[name]:.1f}" if count else NONE for score in scores
        ]
        rows.append([name, str(count), *values])

    # Means over the classes that have labels; the official mean counts all others as 0.
    common = [name for name, count in labels.items() if count >= ENOUGH_LABELS]
    occurring = [name for name, count in labels.items() if count]
    rows.append(_mean_row(f"mean of classes with {ENOUGH_LABELS} or more", common, scores))
    rows.append(_mean_row("mean of all that occur", occurring, scores))
    return header, rows


def mean_of_common(score: SpottingScore, least: int = ENOUGH_LABELS) -> float:
    """Mean average precision of the classes with at least ``least`` labels."""
    return _mean_precision(
        score, [name for name, count in score.num_labels.items() if count >= least]
    )


def _mean_precision(score: SpottingScore, names: Sequence[str]) -> float:
    return sum(score.overall.per_class[name] for name in names) / max(1, len(names))


def _mean_row(title: str, names: Sequence[str], scores: Sequence[SpottingScore]) -> list[str]:
    labels = sum(scores[0].num_labels[name] for name in names)
    return [title, str(labels), *(f"{100 * _mean_precision(score, names):.1f}" for score in scores)]
