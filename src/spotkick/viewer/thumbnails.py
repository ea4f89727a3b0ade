"""Still images of a video: small ones for hovering, large ones where a browser cannot play it."""

import threading
from collections import OrderedDict
from fractions import Fraction
from pathlib import Path
from typing import Final

from av.video.frame import VideoFrame

from spotkick.video.images import to_image
from spotkick.video.probe import probe
from spotkick.video.stills import decode_frame_at, encode_jpeg

THUMBNAIL_WIDTH_PX: Final = 192
"""Width of a thumbnail."""

STILL_WIDTH_PX: Final = 960
"""Width of a still that stands for a video."""

THUMBNAIL_STEP_MS: Final = 500
"""Times of a period are rounded down to this, so that thumbnails are found again."""

_MOST_KEPT: Final = 400


class ThumbnailMaker:
    """Makes images of one width and keeps the latest few hundred (thumbnails have about 6 kB).

    At most one frame is decoded at a time, so that a fast mouse cannot take all processor cores.
    """

    def __init__(self, width_px: int = THUMBNAIL_WIDTH_PX, most_kept: int = _MOST_KEPT) -> None:
        """Start with none; images are no wider than ``width_px``."""
        self._width_px = width_px
        self._most_kept = most_kept
        self._kept: OrderedDict[tuple[Path, int], bytes] = OrderedDict()
        self._lock = threading.Lock()

    def thumbnail_at(self, video: Path, position_ms: int) -> bytes:
        """JPEG of the frame shown at a time of a file.

        Raises:
            InputError: if the video cannot be decoded there.
        """
        key = (video, max(0, position_ms))
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]

            # on the file's clock, as the player and the spots have it
            frame = decode_frame_at(video, Fraction(key[1], 1000))
            self._kept[key] = _encode_image(frame, probe(video).shown_size_px, self._width_px)
            while len(self._kept) > self._most_kept:
                self._kept.popitem(last=False)
            return self._kept[key]


def _encode_image(frame: VideoFrame, shown_px: tuple[int, int], width_px: int) -> bytes:
    """JPEG of a decoded frame, upright and with square pixels as ``shown_px`` is."""
    width = max(2, min(width_px, shown_px[0]) // 2 * 2)
    height = max(2, round(shown_px[1] * width / shown_px[0]) // 2 * 2)
    small = VideoFrame.from_ndarray(to_image(frame, (width, height)), format="rgb24")
    return encode_jpeg(small.reformat(format="yuvj420p"), {"qscale": "6"})
