"""Text in images: a thin layer over RapidOCR, whose models lie inside its package."""

import copy
import threading
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from spotkick.errors import require_extra

_LARGEST_PX: Final = 1280
"""Frames are searched for text at no more than this width: broadcasts in 1080p and 4K draw their
graphics larger by the same factor, and the search costs in proportion to the area."""

Image = npt.NDArray[np.uint8]
"""(height, width, 3), RGB."""


@dataclass(frozen=True, slots=True)
class TextBox:
    """A line of text and where it stands.

    Attributes:
        text: as read.
        left: pixels from the left edge of the image.
        top: pixels from the upper edge.
        right: end of the text.
        bottom: lower edge of the text.
        confidence: of the recognition, 0 to 1.
    """

    text: str
    left: float
    top: float
    right: float
    bottom: float
    confidence: float

    @property
    def height(self) -> float:
        """Height in pixels."""
        return self.bottom - self.top

    def scaled(self, factor: float, left: float, top: float) -> "TextBox":
        """The box in the coordinates of the image that an enlarged crop was cut from.

        Args:
            factor: by which the crop was enlarged.
            left: left edge of the crop in the image.
            top: upper edge of the crop in the image.
        """
        return TextBox(
            self.text,
            left=self.left / factor + left,
            top=self.top / factor + top,
            right=self.right / factor + left,
            bottom=self.bottom / factor + top,
            confidence=self.confidence,
        )


class TextReader:
    """Finds and recognises lines of text; threads may share one.

    Attributes:
        threads: number of frames that callers should have read at the same time.
    """

    def __init__(self, *, threads: int = 1) -> None:
        """Load the models.

        Args:
            threads: see the class. Each frame is read by one thread: images are small, and two
                of them side by side take less time than one on two cores after the other.

        Raises:
            MissingExtraError: if RapidOCR or Pillow is not installed.
        """
        # Spotting imports this module, and does without both.
        self._pillow = require_extra(
            "PIL.Image", "scoreboard", "reading the scoreboard", package="pillow"
        )
        package = require_extra(
            "rapidocr_onnxruntime",
            "scoreboard",
            "reading the scoreboard",
            package="rapidocr-onnxruntime",
        )
        self.threads = threads
        self._images = package.RapidOCR(
            intra_op_num_threads=1, inter_op_num_threads=1, use_cls=False
        )
        # RapidOCR enlarges a small image until its short side has 736 pixels, which makes a crop
        # of a scoreboard slower than a whole frame; this limit leaves crops as they are.
        self._crops = _copy_engine(self._images)
        self._crops.text_det.limit_type = "max"
        self._searching = threading.Lock()

    def read(self, image: Image) -> list[TextBox]:
        """All lines of a whole frame; of several threads one at a time, as each takes 0.5 GB."""
        height, width = image.shape[:2]
        factor = min(1.0, _LARGEST_PX / width)
        if factor < 1:
            size = (_LARGEST_PX, round(height * factor))
            bicubic = self._pillow.Resampling.BICUBIC
            image = np.asarray(self._pillow.fromarray(image).resize(size, bicubic))
        with self._searching:
            rows = _copy_engine(self._images)(_as_bgr(image))[0]
        return [box.scaled(factor, 0, 0) for box in _make_boxes(rows)]

    def read_crop(self, image: Image) -> list[TextBox]:
        """All lines of a small image such as a scoreboard."""
        return _make_boxes(_copy_engine(self._crops)(_as_bgr(image))[0])

    def recognise(self, image: Image) -> tuple[str, float]:
        """The text of an image that holds a single line, without searching for it.

        Returns:
            (text, confidence); an empty text where nothing is recognised.
        """
        rows = self._crops(_as_bgr(image), use_det=False, use_cls=False, use_rec=True)[0]
        if not rows:
            return "", 0.0
        text, confidence = rows[0][0], rows[0][1]
        return str(text), float(confidence)


def _copy_engine(engine: Any) -> Any:
    """An engine with the same models that shares nothing a call changes."""
    copied = copy.copy(engine)
    copied.text_det = copy.copy(engine.text_det)
    return copied


def _as_bgr(image: Image) -> Image:
    return np.ascontiguousarray(image[:, :, ::-1])


def _make_boxes(rows: list[Any] | None) -> list[TextBox]:
    """RapidOCR's rows: four corners, text, confidence."""
    boxes = []
    for corners, text, confidence in rows or ():
        xs = [float(point[0]) for point in corners]
        ys = [float(point[1]) for point in corners]
        boxes.append(TextBox(str(text), min(xs), min(ys), max(xs), max(ys), float(confidence)))
    return boxes
