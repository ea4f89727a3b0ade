"""A crop that follows the action: where in the width of a frame most of the play moves.

Without a detector, from brightness alone: the pan of the camera is taken out of two frames, and
what still differs moves by itself. The box goes where most of that is, slowly and steadily. It
sees no ball: a crowd that waves, or a banner, pulls it too, and where little moves, or the image is
cut, it goes back to the middle.
"""

from typing import Final

import numpy as np
import numpy.typing as npt
from av.video.frame import VideoFrame

from spotkick.video.reel_look import CropBox

Floats = npt.NDArray[np.float32]

_COLUMNS: Final = 96
_ROWS: Final = 54
_MOST_PAN: Final = 8
"""Columns by which the camera may have moved between two frames that are compared."""

COMPARE_EVERY_S: Final = 0.2
"""Frames that are compared lie so far apart."""

MOST_SPEED: Final = 0.10
"""Of the width of the frame in a second: a faster box makes viewers dizzy."""

_SMOOTH_S: Final = 1.5
"""Time in which what moved counts e times less."""

_REST: Final = 0.04
"""A box this close to its target, as a share of the width, stays where it is."""

_CUT: Final = 45.0
"""Mean difference of brightness, after the pan, from which two frames are of different shots."""

_LEAST_MOTION: Final = 0.4
"""Mean difference that counts as motion at all."""

_NOISE: Final = 6.0
"""Differences that are smaller are noise of the camera or the encoder."""


class ActionTracker:
    """Where the middle of the box is, as a share of the width; frames come in order of time."""

    def __init__(self) -> None:
        """Start in the middle: each clip has a tracker of its own."""
        self.centre = 0.5
        self._before: Floats | None = None
        self._compared_s = -1.0
        self._moved = np.zeros(_COLUMNS, dtype=np.float32)
        self._weight = 0.0
        self._time_s: float | None = None

    def follow(self, frame: VideoFrame, time_s: float) -> float:
        """Take a frame; gives the middle of the box for it.

        Args:
            frame: in a planar format whose first plane is brightness.
            time_s: in the clip.
        """
        elapsed_s = 0.0 if self._time_s is None else max(0.0, time_s - self._time_s)
        self._time_s = time_s
        if self._before is None or time_s - self._compared_s >= COMPARE_EVERY_S:
            self._compare(shrink_luma(frame), time_s)

        # A limited, steady pan towards the target
        gap = self._target() - self.centre
        if abs(gap) > _REST:
            step = MOST_SPEED * elapsed_s
            self.centre += max(-step, min(step, gap))
        return self.centre

    def _compare(self, image: Floats, time_s: float) -> None:
        before, self._before = self._before, image
        since_s, self._compared_s = time_s - self._compared_s, time_s
        if before is None:
            return
        difference = _difference_without_pan(before, image)
        if difference.mean() > _CUT:
            self.centre, self._weight = 0.5, 0.0
            self._moved = np.zeros(_COLUMNS, dtype=np.float32)
            return

        # What moved before counts less; the camera pans with the play, so that it stays in place.
        faded = np.exp(-since_s / _SMOOTH_S)
        motion = np.maximum(difference - _NOISE, 0).mean(axis=0)
        self._moved = faded * self._moved + motion
        self._weight = faded * self._weight + 1

    def _target(self) -> float:
        """Middle of what moved; the middle of the frame where little did."""
        total = float(self._moved.sum())
        if not self._weight or total / _COLUMNS / self._weight < _LEAST_MOTION:
            return 0.5
        places = (np.arange(_COLUMNS) + 0.5) / _COLUMNS
        return float((self._moved * places).sum() / total)


def shrink_luma(frame: VideoFrame) -> Floats:
    """Brightness of a frame in few pixels: (rows, columns)."""
    plane = frame.planes[0]
    luma = np.frombuffer(memoryview(plane), dtype=np.uint8).reshape(plane.height, plane.line_size)
    rows, columns = plane.height // _ROWS or 1, plane.width // _COLUMNS or 1
    cut = luma[: rows * (plane.height // rows), : columns * (plane.width // columns)]
    image: Floats = (
        cut.reshape(plane.height // rows, rows, plane.width // columns, columns)
        .mean(axis=(1, 3))
        .astype(np.float32)
    )
    places = (np.arange(_COLUMNS) * image.shape[1]) // _COLUMNS
    return image[:_ROWS, places]


def _difference_without_pan(before: Floats, after: Floats) -> Floats:
    """Smallest difference over all pans: (rows, columns), 0 where only one frame sees."""
    best: tuple[float, int] = (np.inf, 0)
    for pan in range(-_MOST_PAN, _MOST_PAN + 1):
        first, second = _overlap_of(before, after, pan)
        error = float(np.abs(first - second).mean()) + 0.02 * abs(pan)
        best = min(best, (error, pan))

    pan = best[1]
    first, second = _overlap_of(before, after, pan)
    difference = np.zeros_like(after)
    start = max(0, -pan)
    difference[:, start : start + second.shape[1]] = np.abs(first - second)
    return difference


def _overlap_of(before: Floats, after: Floats, pan: int) -> tuple[Floats, Floats]:
    """The columns that both show, when the camera went to the right by ``pan`` columns."""
    width = before.shape[1] - abs(pan)
    left_before, left_after = max(0, pan), max(0, -pan)
    return (
        before[:, left_before : left_before + width],
        after[:, left_after : left_after + width],
    )


def box_around(box: CropBox, centre: float, width_px: int) -> CropBox:
    """A box of the same size whose middle is at a share of the width, inside the frame.

    Example:
        >>> box_around(CropBox(608, 1080, 656, 0), 0.9, 1920).left_px
        1312
    """
    left = round((centre * width_px - box.width_px / 2) / 2) * 2
    left = max(0, min(width_px - box.width_px, left))
    return CropBox(box.width_px, box.height_px, left, box.top_px)


def cut_box(frame: VideoFrame, box: CropBox) -> VideoFrame:
    """The pixels of a box; all even.

    Args:
        frame: of format yuv420p.
        box: inside the frame.
    """
    width, height = frame.width, frame.height
    data = np.asarray(frame.to_ndarray(format="yuv420p"), dtype=np.uint8).reshape(-1)
    chroma = data[width * height :].reshape(2, height // 2, width // 2)

    # Planes of full and of half size
    rows = slice(box.top_px, box.top_px + box.height_px)
    columns = slice(box.left_px, box.left_px + box.width_px)
    luma = data[: width * height].reshape(height, width)[rows, columns]
    half_rows = slice(rows.start // 2, rows.stop // 2)
    half_columns = slice(columns.start // 2, columns.stop // 2)
    parts = [luma, *(plane[half_rows, half_columns] for plane in chroma)]
    flat = np.concatenate([np.ascontiguousarray(part).reshape(-1) for part in parts])
    result = VideoFrame.from_ndarray(flat.reshape(-1, box.width_px), format="yuv420p")
    result.colorspace, result.color_range = frame.colorspace, frame.color_range
    return result
