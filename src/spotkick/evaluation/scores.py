"""What a score is: values overall, per class and per tolerance, with what was counted."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any


@dataclass(frozen=True, slots=True)
class Score:
    """Average-mAP over one selection of the labels; all values lie between 0 and 1.

    Attributes:
        average_map: the headline number.
        per_class: the same for each class.
        map_at: mean average precision at each tolerance in seconds.
    """

    average_map: float
    per_class: Mapping[str, float]
    map_at: Mapping[float, float]

    def to_json(self) -> dict[str, Any]:
        """Plain values for a JSON file."""
        return {
            "average_map": self.average_map,
            "per_class": dict(self.per_class),
            "map_at": {f"{tolerance:g}": value for tolerance, value in self.map_at.items()},
        }


@dataclass(frozen=True, slots=True)
class SpottingScore:
    """What `spotkick.evaluation.evaluate` finds.

    Attributes:
        metric: name of the metric, or the tolerances it was computed at.
        overall: over all labels.
        visible: over labels that the broadcast shows, None when no label says so.
        unshown: over labels that it does not show, None when no label says so.
        unshown_factor: what the unshown Average-mAP is multiplied by, but not its values per class
            and per tolerance.
        frame_rate: frames per second of the grid.
        periods: numbers of the periods that count.
        num_matches: matches scored.
        num_labels: labels counted, by class.
        num_visible: those of them that are shown, by class.
        num_predictions: predictions counted, by class.
        warnings: what was dropped, moved or overwritten, one line each.
    """

    metric: str
    overall: Score
    visible: Score | None
    unshown: Score | None
    unshown_factor: Fraction
    frame_rate: Fraction
    periods: tuple[int, ...]
    num_matches: int
    num_labels: Mapping[str, int]
    num_visible: Mapping[str, int]
    num_predictions: Mapping[str, int]
    warnings: tuple[str, ...]

    @property
    def average_map(self) -> float:
        """The headline number."""
        return self.overall.average_map

    @property
    def num_unshown(self) -> Mapping[str, int]:
        """Labels that the broadcast does not show, by class."""
        return {name: count - self.num_visible[name] for name, count in self.num_labels.items()}

    @property
    def by_visibility(self) -> Mapping[str, tuple[Score, Mapping[str, int]]]:
        """Score and numbers of labels of ``visible`` and ``unshown``, where there are such labels.

        Without labels the official code has 0, which says nothing about the predictions.
        """
        parts = {
            "visible": (self.visible, self.num_visible),
            "unshown": (self.unshown, self.num_unshown),
        }
        return {
            name: (score, counts)
            for name, (score, counts) in parts.items()
            if score is not None and any(counts.values())
        }

    def to_json(self) -> dict[str, Any]:
        """The document that ``spotkick evaluate --json`` writes."""
        return {
            **self.overall.to_json(),
            "metric": self.metric,
            "frame_rate": str(self.frame_rate),
            "periods": list(self.periods),
            "visible": None if self.visible is None else self.visible.to_json(),
            "unshown": None if self.unshown is None else self.unshown.to_json(),
            "unshown_factor": str(self.unshown_factor),
            "n_videos": self.num_matches,
            "n_labels": dict(self.num_labels),
            "n_visible": dict(self.num_visible),
            "n_predictions": dict(self.num_predictions),
            "warnings": list(self.warnings),
        }
