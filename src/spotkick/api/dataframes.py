"""Actions, scores of frames and metrics as pandas tables, for notebooks."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from spotkick.actions import MatchActions
from spotkick.errors import require_extra
from spotkick.evaluation import SpottingScore
from spotkick.formats.scores import MatchScores

if TYPE_CHECKING:
    import pandas as pd

ACTION_COLUMNS: Final = (
    "match",
    "period",
    "position_s",
    "game_time",
    "label",
    "confidence",
    "team",
    "visibility",
)
"""Columns of a table of actions; a table without rows has them, too."""

Tabular = MatchActions | Iterable[MatchActions] | MatchScores | SpottingScore
"""What `to_dataframe` accepts."""


def to_dataframe(data: Tabular) -> "pd.DataFrame":
    """A table with one row per action, per frame, or per class.

    Args:
        data: actions of one match or of many: columns ``match``, ``period``, ``position_s``,
            ``game_time``, ``label``, ``confidence``, ``team``, ``visibility``. Scores of a match:
            ``match``, ``period``, ``position_s``, and one column per class. What `evaluate`
            returned: index ``class``, columns ``average_precision``, ``labels``, ``predictions``.

    Raises:
        MissingExtraError: if pandas is not installed.

    Example:
        >>> from spotkick.actions import Action
        >>> to_dataframe(MatchActions("final", (Action("Goal", 1, 61_500),))).loc[0, "game_time"]
        '1 - 01:01'
    """
    pandas = require_extra("pandas", "pandas", "a pandas table")

    if isinstance(data, MatchScores):
        parts = [pandas.DataFrame(columns) for columns in _score_columns(data)]
        return pandas.concat(parts, ignore_index=True)
    if isinstance(data, SpottingScore):
        return pandas.DataFrame(_metric_columns(data)).set_index("class")

    matches = [data] if isinstance(data, MatchActions) else data
    rows = [row for match in matches for row in match.to_dicts()]
    return pandas.DataFrame(rows, columns=ACTION_COLUMNS)


def _score_columns(scores: MatchScores) -> list[dict[str, Any]]:
    """One set of columns per period."""
    parts = []
    for period, values in sorted(scores.periods.items()):
        columns: dict[str, Any] = {
            "match": scores.match,
            "period": period,
            "position_s": [float(frame / scores.frame_rate) for frame in range(len(values))],
        }
        # (frames, classes)
        columns.update(zip(scores.classes, values.T, strict=True))
        parts.append(columns)
    return parts


def _metric_columns(score: SpottingScore) -> dict[str, list[Any]]:
    names = list(score.overall.per_class)
    return {
        "class": names,
        "average_precision": [score.overall.per_class[name] for name in names],
        "labels": [score.num_labels[name] for name in names],
        "predictions": [score.num_predictions[name] for name in names],
    }
