"""Features from pixels: sample a video, run a backbone, project.

Decoding and the network run at the same time, with a few batches between them, so that any length
needs the same memory. What decides the values (backbone, rate, fit, masks, projection) is an
`Extractor`; it is stored beside the features it made and inside checkpoints, and its fingerprint
tells features of different origin apart.
"""

import queue
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
from pydantic import Field, field_validator

from spotkick.configuration import FrozenConfig
from spotkick.errors import ConfigError, InputError
from spotkick.features.backbone import (
    BUNDLED_BACKBONE,
    Backbone,
    Normalisation,
    open_backbone,
)
from spotkick.features.pca import Projection, read_projection, write_projection
from spotkick.features.tracks import (
    SOURCE_SUFFIX,
    FeatureSource,
    FeatureTrack,
    fingerprint,
    write_source,
)
from spotkick.files import read_json, write_bytes, write_json
from spotkick.timeline import FEATURE_RATE, parse_frame_rate
from spotkick.video.decode import sample_video
from spotkick.video.images import Fit
from spotkick.video.probe import probe

EXTRACTION_FILE: Final = "extraction.json"
"""Name in the folder of a feature source."""

_BACKBONE_FILE: Final = "backbone.onnx"
_FORMAT: Final = "spotkick-video-1"
_BATCH: Final = 8  # 200 MB; larger batches are no faster on processors and take 12 MB an image
_BATCHES_AHEAD: Final = 4
_MASK_GREY: Final = 127

Region = tuple[
    Annotated[float, Field(ge=0, le=1)],
    Annotated[float, Field(ge=0, le=1)],
    Annotated[float, Field(ge=0, le=1)],
    Annotated[float, Field(ge=0, le=1)],
]
"""(left, top, right, bottom) as fractions of the frame as it is shown."""


class ExtractionConfig(FrozenConfig):
    """How images are taken from a video.

    Attributes:
        frame_rate: vectors per second, as an exact fraction.
        fit: ``stretch`` squeezes the whole frame into the size of the backbone; ``crop`` takes
            its centre, as SoccerNet did.
        masks: regions painted grey before the network sees them, such as a scoreboard that gives
            goals away.
        normalisation: of backbones that take floats; None for ImageNet's.
    """

    frame_rate: str = str(FEATURE_RATE)
    fit: Fit = "stretch"
    masks: tuple[Region, ...] = ()
    normalisation: Normalisation | None = None

    @field_validator("masks")
    @classmethod
    def _refuse_empty_masks(cls, masks: tuple[Region, ...]) -> tuple[Region, ...]:
        for left, top, right, bottom in masks:
            if left >= right or top >= bottom:
                raise ValueError(
                    "left < right and top < bottom must hold in a mask, got "
                    f"{left}, {top}, {right}, {bottom}"
                )
        return masks

    @property
    def rate(self) -> Fraction:
        """Vectors per second."""
        return parse_frame_rate(self.frame_rate)


@dataclass(frozen=True)
class Extractor:
    """Everything that decides the features of a video.

    Attributes:
        backbone: image -> vector.
        config: how images are taken.
        projection: applied to the vectors; None keeps them whole.
        name: of the features.
    """

    backbone: Backbone
    config: ExtractionConfig = field(default_factory=ExtractionConfig)
    projection: Projection | None = None
    name: str = ""

    @property
    def source(self) -> FeatureSource:
        """Description and fingerprint of the features that come out."""
        projected = self.projection.fingerprint() if self.projection else ""
        return FeatureSource(
            name=self.name or self.default_name,
            dim=self.projection.dim if self.projection else self.backbone.dim,
            frame_rate=self.config.rate,
            kind="backbone",
            fingerprint=fingerprint(
                _FORMAT, self.backbone.digest, self.config.model_dump_json(), projected
            ),
        )

    @property
    def default_name(self) -> str:
        """``backbone`` or ``backbone_PCA512``, as SoccerNet names its features."""
        return (
            f"{self.backbone.name}_PCA{self.projection.dim}"
            if self.projection
            else self.backbone.name
        )

    def with_projection(self, projection: Projection | None) -> "Extractor":
        """The same with another projection."""
        return replace(self, projection=projection)


@dataclass(frozen=True, slots=True)
class ExtractionProgress:
    """How far an extraction is.

    Attributes:
        done_s: seconds of video that are done.
        total_s: length of the video as its header declares it, 0 when it does not.
        elapsed_s: time since the start.
    """

    done_s: float
    total_s: float
    elapsed_s: float

    @property
    def speed(self) -> float:
        """Multiple of real time."""
        return self.done_s / self.elapsed_s if self.elapsed_s > 0 else 0.0


ProgressCallback: TypeAlias = Callable[[ExtractionProgress], None]
"""Called after each batch of an extraction."""


def extract_video(
    path: Path,
    extractor: Extractor,
    *,
    start_s: float = 0.0,
    end_s: float | None = None,
    progress: ProgressCallback | None = None,
) -> FeatureTrack:
    """Make the features of one video, or of a stretch of it.

    Args:
        path: video file.
        extractor: see `Extractor`.
        start_s: time of the first vector, in seconds after the first frame.
        end_s: vectors from here on are left out; None for the end of the video.
        progress: called after each batch.

    Returns:
        a track with one float32 vector per sample, in memory.

    Raises:
        InputError: if the file cannot be read as a video, or ends before ``start_s``.
    """
    declared_s = probe(path).duration_s
    total_s = max(0.0, min(declared_s, end_s or declared_s) - start_s)
    rate, started = extractor.config.rate, time.monotonic()

    # decoding and the network run side by side
    vectors = []
    count = 0
    for images in _read_ahead(_make_batches(path, extractor, start_s, end_s)):
        embedded = extractor.backbone.embed(images)
        vectors.append(extractor.projection.apply(embedded) if extractor.projection else embedded)
        count += len(images)
        if progress is not None:
            progress(ExtractionProgress(float(count / rate), total_s, time.monotonic() - started))

    if not vectors:
        raise InputError(
            f"{path}: lasts {declared_s:.1f} s, so that a period cannot start at {start_s:g} s"
        )
    return FeatureTrack(np.concatenate(vectors), extractor.source, str(path))


def _make_batches(
    path: Path, extractor: Extractor, start_s: float, end_s: float | None
) -> Generator[npt.NDArray[np.uint8], None, None]:
    config, size_px = extractor.config, extractor.backbone.size_px
    boxes = find_mask_boxes(extractor)

    # (images, height, width, 3); the last batch may be shorter
    batch: list[npt.NDArray[np.uint8]] = []
    # Where the backbone runs on a GPU, the video is decoded there, too.
    samples = sample_video(
        path,
        config.rate,
        size_px=size_px,
        fit=config.fit,
        start_s=start_s,
        end_s=end_s,
        device=extractor.backbone.device,
    )
    for sample in samples:
        batch.append(mask_image(sample.image, boxes))
        if len(batch) == _BATCH:
            yield np.stack(batch)
            batch = []
    if batch:
        yield np.stack(batch)


def find_mask_boxes(extractor: Extractor) -> list[tuple[slice, slice]]:
    """Rows and columns of the images of a backbone that are painted over."""
    return [_find_box(region, extractor.backbone.size_px) for region in extractor.config.masks]


def _find_box(region: Region, size_px: tuple[int, int]) -> tuple[slice, slice]:
    """Rows and columns that a region touches."""
    width, height = size_px
    left, top, right, bottom = region
    rows = slice(int(top * height), -int(-bottom * height // 1))
    return rows, slice(int(left * width), -int(-right * width // 1))


def mask_image(
    image: npt.NDArray[np.uint8], boxes: list[tuple[slice, slice]]
) -> npt.NDArray[np.uint8]:
    """An image (height, width, 3) with boxes painted over; as it is without any."""
    if not boxes:
        return image
    masked = image.copy()
    for rows, columns in boxes:
        masked[rows, columns] = _MASK_GREY
    return masked


def _read_ahead(
    items: Generator[npt.NDArray[np.uint8], None, None],
) -> Iterator[npt.NDArray[np.uint8]]:
    """Run an iterator in a thread of its own, a few items ahead.

    Its errors are raised here, and it stops when its results are no longer asked for.
    """
    ready: queue.Queue[tuple[npt.NDArray[np.uint8] | None, BaseException | None]] = queue.Queue(
        maxsize=_BATCHES_AHEAD
    )
    abandoned = threading.Event()

    def produce() -> None:
        error: BaseException | None = None
        try:
            with closing(items):
                for item in items:
                    ready.put((item, None))
                    if abandoned.is_set():
                        return
        except BaseException as caught:  # raised again in the thread that asks
            error = caught
        ready.put((None, error))

    # the thread is left to end by itself, with room in the queue for what it holds
    thread = threading.Thread(target=produce, name="decode", daemon=True)
    thread.start()

    try:
        while True:
            item, error = ready.get()
            if error is not None:
                raise error
            if item is None:
                return
            yield item
    finally:
        abandoned.set()
        while thread.is_alive():
            with suppress(queue.Empty):
                ready.get(timeout=0.05)


def write_extractor(extractor: Extractor, root: Path) -> Path:
    """Describe the features below ``root`` in ``NAME.source``, so that more can be made of them.

    The backbone that ships with spotkick is named only; any other is copied.

    Returns:
        the folder.

    Raises:
        StorageError: if it cannot be written.
    """
    source = extractor.source
    write_source(source, root)

    # the backbone that ships is named, any other is copied
    folder = root / f"{source.name}{SOURCE_SUFFIX}"
    bundled = extractor.backbone.path == BUNDLED_BACKBONE
    if not bundled:
        write_bytes(folder / _BACKBONE_FILE, extractor.backbone.path.read_bytes())
    if extractor.projection:
        write_projection(extractor.projection, folder)

    backbone = {
        "name": extractor.backbone.name,
        "sha256": extractor.backbone.digest,
        "bundled": bundled,
    }
    settings = extractor.config.model_dump(mode="json")
    write_json(
        folder / EXTRACTION_FILE, {"format": _FORMAT, "backbone": backbone, "settings": settings}
    )
    return folder


def read_extractor(folder: Path, *, device: str = "cpu", threads: int = 0) -> Extractor:
    """Read what `write_extractor` wrote.

    Args:
        folder: ``NAME.source`` beside features, or its copy in a checkpoint.
        device: see `spotkick.features.backbone.open_backbone`.
        threads: see there.

    Raises:
        InputError: if the folder describes features that were not made from video, is damaged, or
            its backbone has changed.
        ConfigError: if a setting is not valid, or the device is not there.
    """
    path = folder / EXTRACTION_FILE
    if not path.is_file():
        raise InputError(
            f"{folder}: does not say how to make these features from video; give their feature "
            "files instead"
        )
    document = read_json(path)

    # the backbone is the very one that made the features, or they cannot be mixed
    described = FeatureSource.from_json(
        read_json(folder / "source.json"), str(folder / "source.json")
    )
    backbone, settings = _split_document(document, path)
    config = ExtractionConfig.parse(settings, str(path))
    file = BUNDLED_BACKBONE if backbone.get("bundled") else folder / _BACKBONE_FILE
    opened = open_backbone(file, normalisation=config.normalisation, device=device, threads=threads)
    if opened.digest != backbone.get("sha256"):
        raise InputError(
            f"{folder}: its features were made with another version of the backbone {file.name}; "
            "extract them again"
        )

    opened = replace(opened, name=str(backbone.get("name", opened.name)))
    extractor = Extractor(opened, config, read_projection(folder), described.name)
    if extractor.source != described:
        raise InputError(
            f"{folder}: its files do not belong together (the fingerprint differs); extract the "
            "features again"
        )
    return extractor


def _split_document(document: Any, path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    if not isinstance(document, dict) or document.get("format") != _FORMAT:
        raise InputError(f"{path}: not a description of video features of format {_FORMAT}")
    backbone, settings = document.get("backbone"), document.get("settings")
    if not isinstance(backbone, dict) or not isinstance(settings, dict):
        raise ConfigError(f"{path}: needs the tables 'backbone' and 'settings'")
    return backbone, settings
