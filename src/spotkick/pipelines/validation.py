"""Validation of a network while it is trained, as `spotkick evaluate` scores its predictions."""

import math
import re
import warnings
from pathlib import Path
from typing import Final

from spotkick.actions import MatchActions
from spotkick.datasets.splits import match_tracks, read_split_matches
from spotkick.errors import SpotkickWarning
from spotkick.evaluation import (
    AssignmentResult,
    assign_predictions,
    score_assignment,
    tolerances_of,
)
from spotkick.evaluation.operating_points import choose_class_thresholds
from spotkick.models import SpotterNetwork
from spotkick.models.loading import torch_runner
from spotkick.pipelines.config import ExperimentConfig
from spotkick.pipelines.labelled_data import feature_folder, read_match_labels
from spotkick.prediction import ChunkOutput, SpottingSetup, spot_match
from spotkick.training.ranks import current_ranks

THRESHOLD_TOLERANCE_S: Final = 20.0
"""Window at which display thresholds are chosen: a spot within 10 s counts as found."""


def choose_display_thresholds(assignment: AssignmentResult) -> dict[str, float]:
    """The thresholds that a checkpoint keeps for showing spots of other matches.

    A class with few labels is drawn towards what all classes share; one that is never found has no
    threshold, and is shown at the default.

    Args:
        assignment: of the spots of the validation set, at `THRESHOLD_TOLERANCE_S` among others.

    Raises:
        InputError: if the sets were not assigned at that tolerance.
    """
    chosen = choose_class_thresholds(assignment, THRESHOLD_TOLERANCE_S)
    return {name: float(value) for name, value in chosen.items() if math.isfinite(value)}


class Validation:
    """The task's metric of a network on the validation split.

    Periods and frame grid are those of the task; a task that names no periods counts all that have
    labels. Whatever the scoring leaves out is reported once.
    """

    def __init__(self, config: ExperimentConfig, setup: SpottingSetup) -> None:
        """Read the labels of the split.

        Args:
            config: of the experiment.
            setup: geometry and decoding of the network.

        Raises:
            InputError: if the split or a label file cannot be read.
        """
        self._config, self._setup, self._task = config, setup, config.data.task()
        self._matches = read_split_matches(Path(config.data.root), config.data.valid)
        labels = read_match_labels(config.data, setup.classes, self._matches)
        self._labels = list(labels.values())
        found = {action.period for match in self._labels for action in match.actions}
        self._periods = self._task.periods or tuple(sorted(found)) or (1,)
        self._reported: set[str] = set()

    def __call__(self, network: SpotterNetwork) -> float:
        """The score of a network in evaluation mode."""
        assignment = self._assign_spots(network, tolerances_of(self._task.metric))
        return score_assignment(assignment, metric=self._task.metric).average_map

    def thresholds(self, network: SpotterNetwork) -> dict[str, float]:
        """Display threshold of each class; see `choose_display_thresholds`."""
        return choose_display_thresholds(self._assign_spots(network, (THRESHOLD_TOLERANCE_S,)))

    def _assign_spots(
        self, network: SpotterNetwork, tolerances_s: tuple[float, ...]
    ) -> AssignmentResult:
        assignment = assign_predictions(
            self._predict_matches(network),
            self._labels,
            self._setup.classes,
            tolerances_s=tolerances_s,
            frame_rate=self._task.frame_rate,
            periods=self._periods,
        )

        # Counts of predictions change from one validation to the next; the kind is what matters.
        for message in assignment.messages:
            kind = re.sub(r"[\d,]+", "#", message)
            if kind not in self._reported:
                self._reported.add(kind)
                warnings.warn(f"validation: {message}", SpotkickWarning, stacklevel=4)
        return assignment

    def _predict_matches(self, network: SpotterNetwork) -> list[MatchActions]:
        run, data, ranks = torch_runner(network, ChunkOutput), self._config.data, current_ranks()
        found = [
            spot_match(
                run,
                match_tracks(feature_folder(data, match), data.features, frame_rate=data.rate),
                self._setup,
                match,
            )[0]
            for match in self._matches[ranks.rank :: ranks.size]
        ]
        return ranks.merge(found, len(self._matches))
