"""From the scores of the newest frames to the actions that can be told by now."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final, NamedTuple

import numpy as np

from spotkick.actions import Action
from spotkick.live.scoring import ScoreWindow, select_spots
from spotkick.live.settling import find_undecided
from spotkick.prediction import SpottingSetup
from spotkick.prediction.decoding import (
    Candidates,
    find_peaks,
    local_maxima,
    smooth_scores,
    suppress_candidates,
)
from spotkick.suppression import SuppressionMethod
from spotkick.tasks import Task, merge_side_values, plain_label

_SIGMAS: Final = 4
"""Windows that smooth and weigh scores reach so many standard deviations."""

_KEPT_REACHES: Final = 14
"""Settled frames are kept for so many reaches of suppression and smoothing."""

_OPEN_REACHES: Final = 9
"""An action is settled after so many reaches, undecided or not, since scores are kept for a while
only. In scores of the shipped networks chains end after 2.4 reaches at most."""


class Found(NamedTuple):
    """What is found in the newest frames.

    Attributes:
        actions: in order of time.
        settled: actions before this frame do not change any more.
    """

    actions: tuple[Action, ...]
    settled: int


@dataclass(frozen=True, slots=True)
class LiveDecoding:
    """How scores become actions.

    Attributes:
        setup: classes and decoding of the checkpoint.
        look_ahead_frames: frames behind one that are known when it is read.
        least_confidence: class -> confidence below which nothing is published.
    """

    setup: SpottingSetup
    look_ahead_frames: int
    least_confidence: Mapping[str, float]

    @property
    def frame_rate(self) -> Fraction:
        """Feature frames per second."""
        return self.setup.frame_rate

    @property
    def reach_frames(self) -> int:
        """How far scores decide over an action: suppression by others, smoothing, support."""
        decoding = self.setup.decoding
        window_s = max([decoding.nms_window_s, *decoding.nms_window_by_class_s.values()])
        return int(np.ceil(window_s * float(self.frame_rate))) + self._smoothing_frames + 1

    @property
    def _smoothing_frames(self) -> int:
        """Frames by which smoothing, and support of what is smoothed, reach."""
        decoding, rate = self.setup.decoding, float(self.frame_rate)
        sigmas_s = (decoding.support_sigma_s, max(decoding.smooth_by_class_s.values(), default=0.0))
        return sum(int(np.ceil(_SIGMAS * sigma_s * rate)) for sigma_s in sigmas_s)

    @property
    def kept_frames(self) -> int:
        """Settled frames whose scores are still needed."""
        return _KEPT_REACHES * self.reach_frames

    def find_actions(self, window: ScoreWindow, period: int, readable: int, settled: int) -> Found:
        """Actions of the newest frames.

        A peak counts once the frame behind it is read. What is too weak to be published is left
        out before suppression, which it cannot change: only stronger spots suppress.

        Args:
            window: of `spotkick.live.scoring.LiveScores`.
            period: number of the period.
            readable: frames before this number are read.
            settled: scores before this number do not change any more.
        """
        setup, decoding = self.setup, self.setup.decoding
        count = max(0, readable - window.first)
        if decoding.source == "spots" and window.spots is not None:
            inside = window.spots.frames < readable - 1
            found = select_spots(window.spots, inside)
        elif not count:
            return Found((), min(settled, window.first))
        else:
            found = self._find_peaks(window, count)

        # Suppression on frames of the window, so that numbers stay small.
        least = np.array([self.least_confidence[name] for name in setup.wanted])
        strong = found.confidences >= least[found.classes]
        candidates = select_spots(found, strong)
        actions = suppress_candidates(
            candidates, setup.wanted, decoding, frame_rate=self.frame_rate, period=period
        )
        kept = tuple(
            action
            for action in actions
            if (action.confidence or 0.0) >= self.least_confidence[action.label]
        )
        return Found(kept, self._find_settled(window, candidates, settled))

    def _find_settled(self, window: ScoreWindow, candidates: Candidates, settled: int) -> int:
        """The first frame of a candidate that what follows may still bring back or suppress."""
        decoding, rate = self.setup.decoding, float(self.frame_rate)
        method: SuppressionMethod = "none" if decoding.nms == "per_tolerance" else decoding.nms

        # Scores near the end of what is settled may move by smoothing, and peaks by refinement.
        end = settled - 1 - self._smoothing_frames
        if window.displacements is not None and decoding.displace:
            end -= int(np.ceil(np.abs(window.displacements).max(initial=0.0)))
        elif decoding.refine != "none":
            end -= 1

        first = float(end)
        for index, name in enumerate(self.setup.wanted.names):
            own = candidates.classes == index
            window_s = decoding.nms_window_by_class_s.get(name, decoding.nms_window_s)
            frames, confidences = candidates.frames[own], candidates.confidences[own]
            first = min(first, find_undecided(frames, confidences, window_s * rate, method, end))

        return max(int(np.floor(first)), settled - _OPEN_REACHES * self.reach_frames)

    def _find_peaks(self, window: ScoreWindow, count: int) -> Candidates:
        """Peaks with frame numbers of the stream."""
        setup, decoding = self.setup, self.setup.decoding
        scores, moves = window.scores[:count], window.displacements
        if setup.groups is not None:
            if moves is not None:
                moves = setup.groups.join_displacements(moves[:count], scores)
            scores = setup.groups.join_scores(scores)
        smoothed = smooth_scores(scores, setup.wanted, decoding, self.frame_rate)
        used = moves[:count] if moves is not None and decoding.displace else None
        found = find_peaks(smoothed, used, decoding, self.frame_rate)

        # The last frame has no successor yet.
        raw, _ = local_maxima(smoothed)
        inside = raw < count - 1
        return Candidates(
            found.frames[inside] + window.first, found.classes[inside], found.confidences[inside]
        )


def least_confidences(
    setup: SpottingSetup, thresholds: Mapping[str, float], given: float | None, task: Task
) -> dict[str, float]:
    """Class -> confidence from which an action is published; that of every side of it is the same.

    Args:
        setup: whose classes are wanted.
        thresholds: of the checkpoint, by class; of the sides of a class the smallest counts.
        given: for all classes instead; None takes the thresholds, and 0.5 for classes without.
        task: of the checkpoint.
    """
    if given is not None:
        return dict.fromkeys(setup.wanted, given)
    merged = merge_side_values(thresholds, task)
    return {name: merged.get(plain_label(name, task), 0.5) for name in setup.wanted}


def plain_cut(setup: SpottingSetup) -> SpottingSetup:
    """The setup with one way to cut chunks: averages over several would come too late."""
    return replace(setup, decoding=setup.decoding.replace(chunk_shifts=1))
