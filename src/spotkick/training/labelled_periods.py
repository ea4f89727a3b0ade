"""Labelled periods: features mapped from disk, and encodings, computed once on the whole period."""

import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from spotkick.actions import Action, ActionClasses
from spotkick.encoding.slicing import ContextSlicing
from spotkick.encoding.time_shift import action_frames, nearest_shifts, time_shift_encoding
from spotkick.errors import InputError, SpotkickWarning
from spotkick.features.tracks import FeatureTrack
from spotkick.timeline import frame_of_position


@dataclass(frozen=True, slots=True)
class LabelledPeriod:
    """One period, ready for training.

    Attributes:
        track: features.
        action_mask: (frames, classes) True where an action lies.
        shifts: (frames, classes) time shifts in frames.
        pad_frames: frames by which the period is extended at each end; ``action_mask`` and
            ``shifts`` cover the extended period.
        background_mask: (frames,) True where no class has an action in its context.
    """

    track: FeatureTrack
    action_mask: npt.NDArray[np.bool_]
    shifts: npt.NDArray[np.float32]
    pad_frames: int
    background_mask: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        """Frames of the extended period."""
        return len(self.action_mask)

    def features(self, start: int, num_frames: int, out: npt.NDArray[np.float32]) -> None:
        """Copy the features of a chunk; beyond the ends of the period see `FeatureTrack.rows`.

        Args:
            start: first frame in the extended period.
            num_frames: length of the chunk.
            out: (num_frames, dim), written.
        """
        first = start - self.pad_frames
        if first >= 0 and first + num_frames <= len(self.track):
            out[:] = self.track.values[first : first + num_frames]
        else:
            out[:] = self.track.rows(np.arange(first, first + num_frames))


def label_period(
    track: FeatureTrack,
    actions: Sequence[Action],
    classes: ActionClasses,
    *,
    slicing: ContextSlicing,
    chunk_frames: int,
    pad_frames: int = 0,
    nearest: bool = False,
) -> LabelledPeriod:
    """Encode the actions of one period.

    Args:
        track: its features.
        actions: of this period; labels outside the classes are ignored, actions past the end of the
            features are moved to the last frame.
        classes: order of the columns.
        slicing: K1..K4 of each class.
        chunk_frames: a shorter period is extended behind its end to this length.
        pad_frames: extension at both ends.
        nearest: shifts to the exact time of the nearest action instead of the dominating one.

    Raises:
        InputError: if a feature is NaN or infinite.
    """
    track.require_finite()
    track.release()

    # Frame and column of each action in the extended period.
    rate = track.source.frame_rate
    selected = classes.select(actions)
    frames = [frame_of_position(action.position_ms, rate) + pad_frames for action in selected]
    columns = [classes.names.index(action.label) for action in selected]
    last = pad_frames + len(track) - 1
    num_frames = max(len(track) + 2 * pad_frames, chunk_frames)
    action_mask = action_frames(
        np.clip(frames, pad_frames, last).tolist(),
        columns,
        num_frames=num_frames,
        num_classes=len(classes),
    )

    # (frames, classes) shifts, and (frames,) where every class is far.
    slicing_frames = slicing.frames(rate)
    shifts = time_shift_encoding(action_mask, slicing_frames)
    background_mask: npt.NDArray[np.bool_] = np.all(
        (shifts <= slicing_frames[:, 0]) | (shifts >= slicing_frames[:, 3]), axis=1
    )
    if nearest:
        exact = [float(action.position_ms * rate / 1000) + pad_frames for action in selected]
        shifts = nearest_shifts(
            np.clip(exact, pad_frames, last).tolist(),
            columns,
            num_frames=num_frames,
            num_classes=len(classes),
        )
    return LabelledPeriod(
        track,
        action_mask,
        shifts,
        pad_frames=pad_frames,
        background_mask=background_mask,
    )


def check_training_set(periods: Sequence[LabelledPeriod], classes: ActionClasses) -> None:
    """Check a training set as a whole.

    Raises:
        InputError: if there is no period, or no action at all.

    Warns:
        SpotkickWarning: on classes that have no example, or a single one.
    """
    if not periods:
        raise InputError("there is nothing to train on: no period has both features and labels")
    counts: Counter[str] = Counter()
    for period in periods:
        own = period.action_mask.sum(axis=0).tolist()
        counts.update(dict(zip(classes.names, own, strict=True)))
    if not counts.total():
        raise InputError(
            f"no action of the classes {', '.join(classes)} lies in the training labels; "
            "check the class list"
        )

    absent = [name for name in classes if not counts[name]]
    if absent:
        message = f"classes without a training example cannot be learnt: {', '.join(absent)}"
        warnings.warn(message, SpotkickWarning, stacklevel=2)
    single = [name for name in classes if counts[name] == 1]
    if single:
        message = (
            f"classes with a single training example will hardly be learnt: {', '.join(single)}; "
            "label more, or merge them with others in the class list"
        )
        warnings.warn(message, SpotkickWarning, stacklevel=2)


def count_late_actions(track: FeatureTrack, actions: Sequence[Action]) -> int:
    """Number of actions that lie beyond the last frame of the features."""
    return sum(
        frame_of_position(action.position_ms, track.source.frame_rate) >= len(track)
        for action in actions
    )


class ChunkArrays(NamedTuple):
    """Chunks of a batch.

    Attributes:
        features: (chunks, frames, dim).
        shifts: (chunks, frames, classes).
        action_mask: (chunks, frames, classes).
    """

    features: npt.NDArray[np.float32]
    shifts: npt.NDArray[np.float32]
    action_mask: npt.NDArray[np.bool_]


def chunk_arrays(
    periods: Sequence[LabelledPeriod], chosen: npt.NDArray[np.intp], chunk_frames: int
) -> ChunkArrays:
    """Gather chunks as arrays of their own; the labels of the periods are never touched.

    Args:
        periods: of the data set.
        chosen: (chunks, 2) period index and first frame.
        chunk_frames: length of a chunk.
    """
    dim, classes = periods[0].track.source.dim, periods[0].action_mask.shape[1]
    features = np.empty((len(chosen), chunk_frames, dim), dtype=np.float32)
    shifts = np.empty((len(chosen), chunk_frames, classes), dtype=np.float32)
    action_mask = np.empty((len(chosen), chunk_frames, classes), dtype=np.bool_)

    for row, (index, start) in enumerate(chosen):
        period = periods[index]
        period.features(start, chunk_frames, features[row])
        shifts[row] = period.shifts[start : start + chunk_frames]
        action_mask[row] = period.action_mask[start : start + chunk_frames]
    return ChunkArrays(features, shifts, action_mask)
