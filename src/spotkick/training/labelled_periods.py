"""Labelled halves: features mapped from disk, and their encodings, computed once on the whole half."""

import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spotkick.actions import Action, ActionClasses
from spotkick.encoding.slicing import ContextSlicing
from spotkick.encoding.time_shift import action_frames, time_shift_encoding
from spotkick.errors import InputError, SpotkickWarning
from spotkick.features.tracks import FeatureTrack
from spotkick.timeline import frame_of_position


@dataclass(frozen=True, slots=True)
class LabelledPeriod:
    """One half, ready for training.

    Attributes:
        track: features.
        action_mask: (frames, classes) True where an action lies.
        shifts: (frames, classes) time shifts in frames.
        pad_frames: frames by which the half is extended at each end; ``action_mask`` and ``shifts``
            cover the extended half.
        background_mask: (frames,) True where no class has an action in its context.
    """

    track: FeatureTrack
    action_mask: npt.NDArray[np.bool_]
    shifts: npt.NDArray[np.float32]
    pad_frames: int
    background_mask: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        """Frames of the extended half."""
        return len(self.action_mask)

    def features(self, start: int, num_frames: int, out: npt.NDArray[np.float32]) -> None:
        """Copy the features of a chunk; the ends of the half are replicated where the chunk reaches beyond them.

        Args:
            start: first frame in the extended half.
            num_frames: length of the chunk.
            out: (num_frames, dim), written.
        """
        first = start - self.pad_frames
        if first >= 0 and first + num_frames <= len(self.track):
            out[:] = self.track.values[first : first + num_frames]
        else:
            out[:] = self.track.values[
                np.arange(first, first + num_frames).clip(0, len(self.track) - 1)
            ]


def label_period(
    track: FeatureTrack,
    actions: Sequence[Action],
    classes: ActionClasses,
    slicing: ContextSlicing,
    *,
    chunk_frames: int,
    pad_frames: int = 0,
) -> LabelledPeriod:
    """Encode the actions of one half.

    Args:
        track: its features.
        actions: of this half; labels outside the classes are ignored, actions past the end of the
            features are moved to the last frame.
        classes: order of the columns.
        slicing: K1..K4 of each class.
        chunk_frames: a shorter half is extended behind its end to this length.
        pad_frames: extension at both ends.

    Raises:
        InputError: if a feature is NaN or infinite.
    """
    track.require_finite()
    track.release()
    rate = track.source.frame_rate
    selected = classes.select(actions)
    frames = [frame_of_position(action.position_ms, rate) + pad_frames for action in selected]
    num_frames = max(len(track) + 2 * pad_frames, chunk_frames)
    columns = [classes.names.index(action.label) for action in selected]
    slicing_frames = slicing.frames(rate)
    action_mask = action_frames(
        np.clip(frames, pad_frames, pad_frames + len(track) - 1).tolist(),
        columns,
        num_frames,
        len(classes),
    )
    shifts = time_shift_encoding(action_mask, slicing_frames)
    background_mask: npt.NDArray[np.bool_] = np.all(
        (shifts <= slicing_frames[:, 0]) | (shifts >= slicing_frames[:, 3]), axis=1
    )
    return LabelledPeriod(track, action_mask, shifts, pad_frames, background_mask)


def check_halves(halves: Sequence[LabelledPeriod], classes: ActionClasses) -> None:
    """Check a training set as a whole.

    Raises:
        InputError: if there is no half, or no action at all.
    """
    if not halves:
        raise InputError("there is nothing to train on: no half has both features and labels")
    counts: Counter[str] = Counter()
    for half in halves:
        counts.update(dict(zip(classes.names, half.action_mask.sum(axis=0).tolist(), strict=True)))
    if not counts.total():
        raise InputError(
            f"no action of the classes {', '.join(classes)} lies in the training labels; check the class list"
        )
    absent = [name for name in classes if not counts[name]]
    if absent:
        warnings.warn(
            f"classes without a training example cannot be learnt: {', '.join(absent)}",
            SpotkickWarning,
            stacklevel=2,
        )


def past_the_end(track: FeatureTrack, actions: Sequence[Action]) -> int:
    """Number of actions that lie beyond the last frame of the features."""
    return sum(
        frame_of_position(action.position_ms, track.source.frame_rate) >= len(track)
        for action in actions
    )


def chunk_arrays(
    halves: Sequence[LabelledPeriod], chosen: npt.NDArray[np.intp], chunk_frames: int
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
    """Gather chunks as arrays of their own; the labels of the halves are never touched.

    Args:
        halves: of the data set.
        chosen: (chunks, 2) half index and first frame.
        chunk_frames: length of a chunk.

    Returns:
        features (chunks, frames, dim), shifts (chunks, frames, classes), action_mask (chunks,
        frames, classes).
    """
    dim, classes = halves[0].track.source.dim, halves[0].action_mask.shape[1]
    features = np.empty((len(chosen), chunk_frames, dim), dtype=np.float32)
    shifts = np.empty((len(chosen), chunk_frames, classes), dtype=np.float32)
    action_mask = np.empty((len(chosen), chunk_frames, classes), dtype=np.bool_)
    for row, (index, start) in enumerate(chosen):
        half = halves[index]
        half.features(start, chunk_frames, features[row])
        shifts[row] = half.shifts[start : start + chunk_frames]
        action_mask[row] = half.action_mask[start : start + chunk_frames]
    return features, shifts, action_mask
