"""From the outputs of a period to actions: peaks or rows, then suppression.

Source: CALF paper, section 3.3, and the authors' inference code. Peaks that displacements move:
Soares et al., "Temporally Precise Action Spotting in Soccer Videos Using Dense Detection Anchors",
ICIP 2022.
"""

from fractions import Fraction
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from spotkick.actions import Action, ActionClasses
from spotkick.checkpoint import DecodingConfig
from spotkick.suppression import SuppressionMethod, suppress
from spotkick.timeline import position_of_frame

Scores = npt.NDArray[np.float32]

_SMALLEST_SCORE: Final = 1e-12
"""Keeps logarithms of scores finite."""

_SUPPORT_SIGMAS: Final = 4
"""Half width of Gaussian windows, in standard deviations."""


class Candidates(NamedTuple):
    """Spots before suppression: arrays of shape (spots,); frames may lie between two."""

    frames: npt.NDArray[np.intp] | npt.NDArray[np.float64]
    classes: npt.NDArray[np.intp]
    confidences: npt.NDArray[np.float64]


def find_peaks(
    scores: Scores,
    displacements: npt.NDArray[np.float64] | None,
    decoding: DecodingConfig,
    frame_rate: Fraction,
) -> Candidates:
    """Local maxima of each class; of a flat top the first frame.

    Args:
        scores: (frames, classes).
        displacements: (frames, classes), by which the maxima are moved; None without.
        decoding: whether maxima lie between frames, and what their confidence is.
        frame_rate: frames per second.
    """
    frames, classes = local_maxima(scores)
    confidences = scores[frames, classes].astype(np.float64)
    if decoding.support_sigma_s:
        support = _weigh_support(scores, decoding.support_sigma_s * float(frame_rate))
        confidences = np.sqrt(confidences * support[frames, classes])
    if displacements is None and decoding.refine == "none":
        return Candidates(frames, classes, confidences)

    # Between frames, but inside the period.
    exact = frames.astype(np.float64)
    if displacements is not None:
        exact += displacements[frames, classes]
    else:
        exact += _parabola_tops(scores, frames, classes)
    return Candidates(exact.clip(0, len(scores) - 1), classes, confidences)


def local_maxima(scores: Scores) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Frames and classes of the local maxima, frame by frame; of a flat top the first frame.

    Args:
        scores: (frames, classes).
    """
    before = np.pad(scores, ((1, 0), (0, 0)), constant_values=-1)[:-1]
    after = np.pad(scores, ((0, 1), (0, 0)), constant_values=-1)[1:]
    frames, classes = np.nonzero((scores > before) & (scores >= after))
    return frames, classes


def smooth_scores(
    scores: Scores, classes: ActionClasses, decoding: DecodingConfig, frame_rate: Fraction
) -> Scores:
    """Scores (frames, classes) from which peaks are taken; those of some classes are smoothed.

    Frequent actions are often spoken of late or more than once: their scores have several maxima.

    Args:
        scores: of a period.
        classes: order of the columns.
        decoding: says which classes, and how much.
        frame_rate: frames per second.
    """
    chosen = [name for name in classes if name in decoding.smooth_by_class_s]
    if not chosen:
        return scores
    smoothed = scores.copy()
    for name in chosen:
        column = classes.names.index(name)
        window = _gaussian_window(decoding.smooth_by_class_s[name] * float(frame_rate))
        own = np.convolve(scores[:, column].astype(np.float64), window / window.sum())
        reach = len(window) // 2
        smoothed[:, column] = own[reach : reach + len(scores)]
    return smoothed


def _gaussian_window(sigma_frames: float) -> npt.NDArray[np.float64]:
    reach = int(np.ceil(_SUPPORT_SIGMAS * sigma_frames))
    window: npt.NDArray[np.float64] = np.exp(
        -0.5 * (np.arange(-reach, reach + 1) / sigma_frames) ** 2
    )
    return window


def _weigh_support(scores: Scores, sigma_frames: float) -> npt.NDArray[np.float64]:
    """Share m / (1 + m) of the sum m of the scores in a Gaussian window: (frames, classes).

    A peak that other frames confirm is surer than one that stands alone.
    """
    window = _gaussian_window(sigma_frames)
    reach = len(window) // 2
    exact = scores.astype(np.float64)
    columns = [np.convolve(exact[:, column], window) for column in range(exact.shape[1])]
    mass = np.stack(columns, axis=1)[reach : reach + len(scores)]
    support: npt.NDArray[np.float64] = mass / (1 + mass)
    return support


def _parabola_tops(
    scores: Scores, frames: npt.NDArray[np.intp], classes: npt.NDArray[np.intp]
) -> npt.NDArray[np.float64]:
    """Where the parabola through a peak and its neighbours is highest, in frames from the peak.

    Logarithms of a Gaussian lie on a parabola. Peaks at the ends of a period stay where they are.
    """
    if len(scores) < 3:
        return np.zeros(len(frames))
    logarithms = np.log(scores.astype(np.float64).clip(_SMALLEST_SCORE))
    inside = (frames > 0) & (frames < len(scores) - 1)
    middle = frames.clip(1, len(scores) - 2)
    before, top, after = (logarithms[middle + step, classes] for step in (-1, 0, 1))

    # Of a level top the bend is 0.
    bend = before - 2 * top + after
    offset = np.divide(before - after, 2 * bend, out=np.zeros_like(bend), where=bend < 0)
    return np.where(inside, offset.clip(-0.5, 0.5), 0.0)


def suppress_candidates(
    candidates: Candidates,
    classes: ActionClasses,
    decoding: DecodingConfig,
    *,
    frame_rate: Fraction,
    period: int,
) -> tuple[Action, ...]:
    """Actions that suppression leaves, in order of time.

    Args:
        candidates: of one period.
        classes: order of their columns.
        decoding: method and windows.
        frame_rate: frames per second.
        period: number of the period.
    """
    frames, columns, confidences = candidates

    # Class by class; the evaluation suppresses once per tolerance where it is asked to.
    method: SuppressionMethod = "none" if decoding.nms == "per_tolerance" else decoding.nms
    result = confidences.copy()
    for index, name in enumerate(classes.names):
        own = columns == index
        window_s = decoding.nms_window_by_class_s.get(name, decoding.nms_window_s)
        window_frames = window_s * float(frame_rate)
        result[own] = suppress(frames[own], confidences[own], window_frames, method=method)

    # Those above the least confidence, ordered by time, then class.
    kept = np.flatnonzero((result > 0) & (result >= decoding.min_confidence))
    kept = kept[np.lexsort((columns[kept], frames[kept]))]
    return tuple(
        Action(
            label=classes.names[columns[index]],
            period=period,
            position_ms=_position_of(frames[index], frame_rate),
            confidence=float(result[index]),
        )
        for index in kept
    )


def _position_of(frame: np.intp | np.float64, rate: Fraction) -> int:
    """Milliseconds of a frame, or of a place between two."""
    if isinstance(frame, np.integer):
        return position_of_frame(int(frame), rate)
    return round(float(frame) * 1000 * rate.denominator / rate.numerator)
