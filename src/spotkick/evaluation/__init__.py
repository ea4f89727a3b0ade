"""Scores for action spotting: the field's official metrics and the analyses around them. numpy only."""

from spotkick.evaluation.average_map import (
    LOOSE_TOLERANCES_S,
    TIGHT_TOLERANCES_S,
    MatchedActions,
    Score,
    SpottingScore,
    evaluate,
    match_sets,
    score_matches,
    tolerances_of,
)

__all__ = [
    "LOOSE_TOLERANCES_S",
    "TIGHT_TOLERANCES_S",
    "MatchedActions",
    "Score",
    "SpottingScore",
    "evaluate",
    "match_sets",
    "score_matches",
    "tolerances_of",
]
