"""A training set that lives on the device: chunks and their targets are gathered there.

Features keep the type of their files (float16, or whole numbers for tokens). An epoch ships a few
whole numbers per chunk; everything else of a batch is read from tables on the device.
"""

import warnings
from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from spotkick.errors import ConfigError, SpotkickWarning
from spotkick.training.labelled_periods import LabelledPeriod
from spotkick.training.sampling import ChunkIndex

_SHARE_FOR_DATA: Final = 0.8
"""Of a GPU's free memory; the rest is for the network and its steps."""


class EpochChunks(NamedTuple):
    """The chunks of an epoch on the device, in the order in which they are trained on.

    Attributes:
        rows: (chunks, 4) of the feature table: the first row of the chunk, which may lie before its
            period, the first and the last row of the period; and the first row of the shift table.
        spots: (chunks, spots, 2 + classes) rows of `spotkick.encoding.spots.encode_spots`.
        dropped: actions that did not fit into the rows.
        most_dropped: the most of them in one chunk.
    """

    rows: Tensor
    spots: Tensor
    dropped: int
    most_dropped: int


class DeviceData:
    """Features, time shifts and actions of all periods, one behind the other."""

    def __init__(
        self,
        features: Tensor,
        shifts: Tensor,
        *,
        feature_frames: Sequence[int],
        action_masks: Sequence[npt.NDArray[np.bool_]],
        pad_frames: int,
    ) -> None:
        """Keep tables that are on the device already; see `from_periods`.

        Args:
            features: (feature frames of all periods, dim).
            shifts: (label frames of all periods, classes) float32.
            feature_frames: length of each period's features.
            action_masks: of each period, (label frames, classes).
            pad_frames: frames by which labels extend each period at both ends.
        """
        self.features, self.shifts, self.pad_frames = features, shifts, pad_frames

        # First row of each period in both tables.
        label_frames = [len(mask) for mask in action_masks]
        self._feature_start = np.cumsum([0, *feature_frames])
        self._label_start = np.cumsum([0, *label_frames])

        # Actions ordered by time, then class, and how many come before each row of labels.
        found = [np.nonzero(mask) for mask in action_masks]
        starts = zip(self._label_start[:-1], found, strict=True)
        frames = np.concatenate([start + own[0] for start, own in starts])
        classes = np.concatenate([own[1] for own in found])
        self._actions_before = np.searchsorted(frames, np.arange(self._label_start[-1] + 1))
        self._action_frames = self._to_device(frames)
        self._action_classes = self._to_device(classes)

    @classmethod
    def from_periods(cls, periods: Sequence[LabelledPeriod], device: torch.device) -> "DeviceData":
        """Copy periods to a device, one at a time; pages of their files are released.

        Raises:
            torch.OutOfMemoryError: if the device has no room for them.
        """
        feature_frames = [len(period.track) for period in periods]
        first = periods[0]
        dtype = _common_dtype(periods)
        dim, classes = first.track.values.shape[1], first.action_mask.shape[1]
        features = torch.empty((sum(feature_frames), dim), dtype=dtype, device=device)
        shifts = torch.empty((sum(map(len, periods)), classes), device=device)

        row, label_row = 0, 0
        for period in periods:
            values = torch.from_numpy(np.array(period.track.values))
            features[row : row + len(values)] = values
            shifts[label_row : label_row + len(period)] = torch.from_numpy(period.shifts)
            row, label_row = row + len(values), label_row + len(period)
            period.track.release()
        return cls(
            features,
            shifts,
            feature_frames=feature_frames,
            action_masks=[period.action_mask for period in periods],
            pad_frames=first.pad_frames,
        )

    def most_actions(self, chunk_frames: int, border_frames: int) -> int:
        """The most actions that the centre of any chunk can have."""
        inside = max(chunk_frames - 2 * border_frames, 0)
        before = self._actions_before
        if len(before) <= inside:
            return int(before[-1])
        return int((before[inside:] - before[: len(before) - inside]).max(initial=0))

    def epoch(
        self, chosen: ChunkIndex, *, chunk_frames: int, border_frames: int, num_spots: int
    ) -> EpochChunks:
        """Ship the chunks of an epoch.

        Args:
            chosen: (chunks, 2) period index and first frame.
            chunk_frames: length of a chunk.
            border_frames: frames at each end whose actions are no targets.
            num_spots: rows per chunk.
        """
        period, start = chosen[:, 0], chosen[:, 1]
        label_row = self._label_start[period] + start
        first_row = self._feature_start[period]
        rows = np.stack(
            [
                first_row + start - self.pad_frames,
                first_row,
                self._feature_start[period + 1] - 1,
                label_row,
            ],
            axis=1,
        )

        # Actions between the borders lie one behind the other.
        first = self._actions_before[label_row + border_frames]
        inside = max(chunk_frames - border_frames, border_frames)
        count = self._actions_before[label_row + inside] - first
        dropped = np.maximum(count - num_spots, 0)
        return EpochChunks(
            self._to_device(rows),
            self._encode_spots(
                *(self._to_device(values) for values in (label_row, first, count)),
                chunk_frames=chunk_frames,
                num_spots=num_spots,
            ),
            dropped=int(dropped.sum()),
            most_dropped=int(dropped.max(initial=0)),
        )

    def _encode_spots(
        self,
        label_row: Tensor,
        first: Tensor,
        count: Tensor,
        *,
        chunk_frames: int,
        num_spots: int,
    ) -> Tensor:
        """Rows as of `spotkick.encoding.spots.encode_spots`, bit by bit."""
        num_classes = self.shifts.shape[1]
        place = torch.arange(num_spots, device=first.device)
        is_action = place < count[:, None]

        # (chunks, spots); rows without an action read any action, and are cleared.
        action = (first[:, None] + place).clamp(max=max(len(self._action_frames) - 1, 0))
        spots = torch.zeros((len(first), num_spots, 2 + num_classes), device=first.device)
        if not len(self._action_frames):
            return spots
        frame = self._action_frames[action] - label_row[:, None]
        spots[..., 0] = 1.0
        spots[..., 1] = frame.float() / chunk_frames
        spots.scatter_(2, 2 + self._action_classes[action][:, :, None], 1.0)
        return spots * is_action[:, :, None]

    def gather(self, rows: Tensor, chunk_frames: int) -> tuple[Tensor, Tensor]:
        """Features and shifts of chunks.

        Args:
            rows: (chunks, 4) of `EpochChunks`.
            chunk_frames: length of a chunk.

        Returns:
            (chunks, frames, dim), float32 or whole numbers, beyond the ends of a period as
            `spotkick.features.tracks.FeatureTrack.rows`; and (chunks, frames, classes).
        """
        place = torch.arange(chunk_frames, device=rows.device)
        first, low, high, label_row = rows[:, :, None].unbind(dim=1)
        wanted = first + place
        frames = torch.minimum(torch.maximum(wanted, low), high)
        features = self.features[frames]
        if features.is_floating_point():
            features = features.float()
        else:
            features = features * (frames == wanted)[:, :, None]
        return features, self.shifts[label_row + place]

    def _to_device(self, values: npt.NDArray[np.intp]) -> Tensor:
        return torch.from_numpy(values).to(self.features.device)


def place_data(
    periods: Sequence[LabelledPeriod],
    choice: Literal["auto", "always", "never"],
    device: torch.device,
) -> DeviceData | None:
    """Copy a training set to the device that trains on it, or None where a loader is to be used.

    Args:
        periods: the training set.
        choice: ``training.data_on_device``.
        device: of the training.

    Raises:
        ConfigError: if it must be there, and does not fit.

    Warns:
        SpotkickWarning: if ``auto`` finds no room.
    """
    is_cuda = device.type == "cuda"
    if choice == "never" or (choice == "auto" and not is_cuda):
        return None

    needed = sum(_period_bytes(period, _common_dtype(periods).itemsize) for period in periods)
    free = torch.cuda.mem_get_info(device)[0] * _SHARE_FOR_DATA if is_cuda else float("inf")
    if needed <= free:
        return DeviceData.from_periods(periods, device)
    shown = f"the training set needs {needed / 2**30:.1f} GiB, {free / 2**30:.1f} are free on it"
    if choice == "always":
        raise ConfigError(
            f"training.data_on_device = always: {shown}; use auto, or features in float16"
        )
    warnings.warn(f"batches are loaded one by one: {shown}", SpotkickWarning, stacklevel=2)
    return None


def _common_dtype(periods: Sequence[LabelledPeriod]) -> torch.dtype:
    """The type that holds the features of every period exactly."""
    common = np.result_type(*{period.track.values.dtype for period in periods})
    return torch.from_numpy(np.empty(0, dtype=common)).dtype


def _period_bytes(period: LabelledPeriod, itemsize: int) -> int:
    return period.track.values.size * itemsize + period.shifts.nbytes
