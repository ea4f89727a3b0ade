"""The mean score of a trained segmentation around the actions of each class."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from spotkick.actions import ActionClasses, MatchActions
from spotkick.errors import InputError
from spotkick.formats.scores import SCORES_FILE, MatchScores, read_scores

LONGEST_S: Final = 100.0
"""How far a context may reach, in seconds from the action; that of the published values."""


@dataclass(frozen=True, slots=True)
class MeanResponse:
    """Mean segmentation score around the actions of one class.

    Attributes:
        offsets_s: seconds relative to the action.
        scores: mean score at each offset, over frames that are nearer to this action than to
            another of the class.
        baseline: mean score far from all actions of the class.
        actions: number of actions averaged.
    """

    offsets_s: npt.NDArray[np.float64]
    scores: npt.NDArray[np.float64]
    baseline: float
    actions: int


def mean_responses(
    matches: Sequence[MatchActions],
    classes: ActionClasses,
    scores: Iterable[MatchScores],
    *,
    window_s: float = LONGEST_S,
) -> dict[str, MeanResponse]:
    """Average the scores of a segmentation around the actions of each class.

    Args:
        matches: labels.
        classes: which classes.
        scores: of matches of the same names; classes that they lack are left out.
        window_s: how far to look on each side.

    Raises:
        InputError: if no scored match is labelled, or frame rates differ between matches.
    """
    labelled = {match.match: match for match in matches}
    sums: dict[str, _Sums] = {}
    rate = None

    for scored in scores:
        if scored.match not in labelled:
            continue
        if rate is not None and scored.frame_rate != rate:
            raise InputError(
                f"{scored.match}: scores have {scored.frame_rate} frames per second, "
                f"the matches before {rate}"
            )
        rate = scored.frame_rate

        # Period by period, class by class.
        reach = int(window_s * rate)
        for period, values in scored.periods.items():
            for column, name in enumerate(scored.classes):
                if name in classes.names:
                    frames = _frames_of_class(
                        labelled[scored.match],
                        classes,
                        name,
                        period=period,
                        rate=float(rate),
                        length=len(values),
                    )
                    sums.setdefault(name, _Sums(reach)).add(values[:, column], frames)

    if rate is None:
        raise InputError(
            "no match of the scores is among the labels; both need the same match names "
            "(league/season/match)"
        )
    return {name: found.mean(float(rate)) for name, found in sums.items() if found.actions}


def read_score_set(root: Path, matches: Iterable[MatchActions]) -> Iterator[MatchScores]:
    """Read ``<root>/<match>/scores.npz`` of the matches that have one, one at a time.

    Raises:
        InputError: if a file is damaged.
    """
    for match in matches:
        path = root / match.match / SCORES_FILE
        if path.is_file():
            yield read_scores(path, match.match)


def _frames_of_class(
    match: MatchActions,
    classes: ActionClasses,
    name: str,
    *,
    period: int,
    rate: float,
    length: int,
) -> npt.NDArray[np.intp]:
    positions = [
        a.position_s
        for a in match.actions
        if a.period == period and classes.resolve(a.label) == name
    ]
    frames = np.unique(np.floor(np.array(positions, dtype=np.float64) * rate).astype(np.intp))
    return frames[(frames >= 0) & (frames < length)]


class _Sums:
    """Running sums of scores around actions, and far from them."""

    def __init__(self, reach: int) -> None:
        self.reach = reach
        self.total = np.zeros(2 * reach + 1)
        self.count = np.zeros(2 * reach + 1, dtype=np.int64)
        self.far_total = 0.0
        self.far_count = 0
        self.actions = 0

    def add(self, values: npt.NDArray[np.float32], frames: npt.NDArray[np.intp]) -> None:
        """Add the scores of one period; each frame counts for the nearest action only."""
        # Each action owns the frames up to the middle between it and its neighbours.
        length = len(values)
        far = np.ones(length, dtype=np.bool_)
        middles = (frames[:-1] + frames[1:]) // 2
        starts = np.concatenate(([0], middles + 1)) if frames.size else frames
        ends = np.concatenate((middles + 1, [length])) if frames.size else frames

        for frame, low, high in zip(frames, starts, ends, strict=True):
            first, last = max(int(low), frame - self.reach), min(int(high), frame + self.reach + 1)
            window = slice(first - frame + self.reach, last - frame + self.reach)
            self.total[window] += values[first:last]
            self.count[window] += 1
            far[max(0, frame - self.reach) : frame + self.reach + 1] = False

        self.actions += len(frames)
        self.far_total += float(values[far].sum())
        self.far_count += int(far.sum())

    def mean(self, rate: float) -> MeanResponse:
        """The averages so far.

        Without frames far from all actions, the lowest mean is the baseline.
        """
        scores = self.total / np.maximum(self.count, 1)
        scores[self.count == 0] = np.nan
        baseline = self.far_total / self.far_count if self.far_count else float(np.nanmin(scores))
        offsets = np.arange(-self.reach, self.reach + 1) / rate
        return MeanResponse(
            offsets, np.where(np.isnan(scores), baseline, scores), baseline, self.actions
        )
