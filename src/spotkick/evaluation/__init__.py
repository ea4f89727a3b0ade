"""Scores for spotting and localization: official metrics and the analyses around them.

numpy only. `evaluate` is the official Average-mAP. `assign_predictions` does its costly part once;
breakdowns, operating points, errors, calibration and uncertainty all start from what it returns.
"""

from spotkick.evaluation.all_thresholds import evaluate_all_thresholds, score_all_thresholds
from spotkick.evaluation.assignment import (
    LOOSE_TOLERANCES_S,
    AssignmentResult,
    assign_predictions,
)
from spotkick.evaluation.average_map import (
    TIGHT_TOLERANCES_S,
    evaluate,
    score_assignment,
    tolerances_of,
)
from spotkick.evaluation.breakdowns import Part, by_distance, by_game_time, without_first_frame
from spotkick.evaluation.calibration import Calibration, calibrate
from spotkick.evaluation.comparison import Comparison, compare_systems
from spotkick.evaluation.detection import (
    ACTIVITYNET_OVERLAPS,
    THUMOS14_OVERLAPS,
    evaluate_detection,
)
from spotkick.evaluation.error_analysis import (
    ErrorCase,
    ErrorKind,
    SpotErrors,
    find_errors,
)
from spotkick.evaluation.error_costs import error_costs
from spotkick.evaluation.frame_tolerance import evaluate_frames
from spotkick.evaluation.operating_points import (
    SpotCounts,
    choose_class_thresholds,
    count_curve,
    count_spots,
    legacy_tolerances_s,
    tune_class_thresholds,
    tune_common_threshold,
)
from spotkick.evaluation.original_metric import evaluate_original
from spotkick.evaluation.proposals import ProposalScore, evaluate_proposals
from spotkick.evaluation.resampling import Interval
from spotkick.evaluation.scores import Score, SpottingScore
from spotkick.evaluation.summary import summary_table
from spotkick.evaluation.team_map import evaluate_teams
from spotkick.evaluation.uncertainty import Uncertainty, bootstrap

__all__ = [
    "ACTIVITYNET_OVERLAPS",
    "LOOSE_TOLERANCES_S",
    "THUMOS14_OVERLAPS",
    "TIGHT_TOLERANCES_S",
    "AssignmentResult",
    "Calibration",
    "Comparison",
    "ErrorCase",
    "ErrorKind",
    "Interval",
    "Part",
    "ProposalScore",
    "Score",
    "SpotCounts",
    "SpotErrors",
    "SpottingScore",
    "Uncertainty",
    "assign_predictions",
    "bootstrap",
    "by_distance",
    "by_game_time",
    "calibrate",
    "choose_class_thresholds",
    "compare_systems",
    "count_curve",
    "count_spots",
    "error_costs",
    "evaluate",
    "evaluate_all_thresholds",
    "evaluate_detection",
    "evaluate_frames",
    "evaluate_original",
    "evaluate_proposals",
    "evaluate_teams",
    "find_errors",
    "legacy_tolerances_s",
    "score_all_thresholds",
    "score_assignment",
    "summary_table",
    "tolerances_of",
    "tune_class_thresholds",
    "tune_common_threshold",
    "without_first_frame",
]
