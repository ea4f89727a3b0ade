"""Checkpoints: a folder that holds everything needed to spot, read without torch and without pickle.

``config.json`` (classes, context slicing, chunk geometry, feature source, architecture, how it was
trained, SHA-256 of the other files), ``model.onnx``, ``model.safetensors``, and ``features/`` with
what is needed to make its features from raw input.
"""

import hashlib
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from spotkick.actions import ActionClasses
from spotkick.configuration import FrozenConfig
from spotkick.encoding.slicing import ContextSlicing
from spotkick.errors import CheckpointError, ConfigError, InputError
from spotkick.features.tracks import FeatureSource
from spotkick.files import atomic_folder, read_bytes, read_json, write_bytes, write_json

FORMAT_VERSION: Final = 1
CONFIG_FILE: Final = "config.json"
ONNX_FILE: Final = "model.onnx"
WEIGHTS_FILE: Final = "model.safetensors"
FEATURES_FOLDER: Final = "features"
BEST_FOLDER: Final = "best"
"""Folder of a run directory that holds the checkpoint with the best validation."""


class DecodingConfig(FrozenConfig):
    """How scores and spots of chunks become actions of a match.

    Attributes:
        source: ``spots``: rows of the spotting module (the paper). ``scores``: local maxima of the
            segmentation scores.
        nms: suppression of neighbours of the same class. ``fixed``: within a window.
            ``soft-linear``, ``soft-gauss``: lower confidences instead. ``per_tolerance``: left to
            the evaluation, which then suppresses once per tolerance. ``none``.
        nms_window_s: whole width of the window.
        min_confidence: spots below are left out.
    """

    source: Literal["spots", "scores"] = "spots"
    nms: Literal["fixed", "soft-linear", "soft-gauss", "per_tolerance", "none"] = "fixed"
    nms_window_s: Annotated[float, Field(gt=0)] = 20.0
    min_confidence: Annotated[float, Field(ge=0, le=1)] = 0.0


class CheckpointConfig(FrozenConfig):
    """What ``config.json`` holds.

    Attributes:
        format_version: of the folder.
        classes: names in column order.
        aliases: further labels -> class name.
        classes_name: what people call the list.
        slicing_s: K1..K4 per class, in seconds.
        frame_rate: of the features, as an exact fraction.
        chunk_frames: length of a chunk.
        border_frames: frames at each end of a chunk that are not used.
        pad_half: whether halves are extended by their end frames in training and prediction.
        feature_source: of `spotkick.features.tracks.FeatureSource`.
        architecture: of the network.
        decoding: defaults of prediction.
        thresholds: confidence per class that maximised F1 on the validation split; empty when not
            tuned.
        training: the configuration and history it was trained with, or where the weights come from.
        files: SHA-256 of each other file.
    """

    format_version: Literal[1] = FORMAT_VERSION
    classes: tuple[str, ...]
    aliases: dict[str, str] = Field(default_factory=dict)
    classes_name: str = "custom"
    slicing_s: dict[str, tuple[float, float, float, float]]
    frame_rate: str = "2"
    chunk_frames: Annotated[int, Field(ge=1)]
    border_frames: Annotated[int, Field(ge=0)]
    pad_half: bool = False
    feature_source: dict[str, Any]
    architecture: dict[str, Any]
    decoding: DecodingConfig = DecodingConfig()
    thresholds: dict[str, float] = Field(default_factory=dict)
    training: dict[str, Any] = Field(default_factory=dict)
    files: dict[str, str] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A verified checkpoint on disk."""

    folder: Path
    config: CheckpointConfig

    @property
    def classes(self) -> ActionClasses:
        """The classes it spots."""
        return ActionClasses(self.config.classes, self.config.aliases, self.config.classes_name)

    @property
    def slicing(self) -> ContextSlicing:
        """Its context slicing, in the order of the classes."""
        return ContextSlicing(tuple(self.config.slicing_s[name] for name in self.config.classes))

    @property
    def feature_source(self) -> FeatureSource:
        """The features it needs."""
        return FeatureSource.from_json(self.config.feature_source, str(self.folder / CONFIG_FILE))

    @property
    def frame_rate(self) -> Fraction:
        """Feature frames per second."""
        return Fraction(self.config.frame_rate)

    @property
    def features_folder(self) -> Path | None:
        """Copy of the ``NAME.source`` folder of its features (text model, projection), if it has one."""
        return next(
            (path for path in sorted((self.folder / FEATURES_FOLDER).glob("*")) if path.is_dir()),
            None,
        )


def write_checkpoint(
    folder: Path,
    config: CheckpointConfig,
    files: Mapping[str, bytes],
    features_folder: Path | None = None,
) -> Checkpoint:
    """Write a checkpoint in one step: a reader sees the former folder or the whole new one.

    Args:
        folder: where; a former checkpoint there is replaced.
        config: everything but the checksums.
        files: name -> content of the model files.
        features_folder: the ``NAME.source`` folder of the features, copied along with the fitted
            model that it may hold.

    Raises:
        StorageError: if it cannot be written; the former checkpoint stays.
        InputError: if ``folder`` exists and is not a checkpoint.
    """
    if (
        folder.exists()
        and not (folder / CONFIG_FILE).is_file()
        and (not folder.is_dir() or any(folder.iterdir()))
    ):
        raise InputError(f"{folder} exists and is not a checkpoint; choose another place")
    with atomic_folder(folder) as temporary:
        for name, content in files.items():
            write_bytes(temporary / name, content)
        if features_folder is not None:
            shutil.copytree(features_folder, temporary / FEATURES_FOLDER / features_folder.name)
        written = config.replace(files=_checksums(temporary))
        write_json(temporary / CONFIG_FILE, written.model_dump(mode="json"))
    return Checkpoint(folder, written)


def read_checkpoint(folder: Path) -> Checkpoint:
    """Read and verify a checkpoint.

    Args:
        folder: of the checkpoint, or a run directory, whose best checkpoint is read.

    Raises:
        CheckpointError: if it is not a checkpoint, is incomplete, or a byte of it has changed.
    """
    if not (folder / CONFIG_FILE).is_file() and (folder / BEST_FOLDER / CONFIG_FILE).is_file():
        folder = folder / BEST_FOLDER
    if not (folder / CONFIG_FILE).is_file():
        raise CheckpointError(
            f"{folder}: not a checkpoint (no {CONFIG_FILE}); give the folder that training or import-weights wrote"
        )
    try:
        config = CheckpointConfig.parse(read_json(folder / CONFIG_FILE), str(folder / CONFIG_FILE))
        checkpoint = Checkpoint(folder, config)
        _ = checkpoint.classes, checkpoint.slicing, checkpoint.feature_source, checkpoint.frame_rate
    except (ConfigError, InputError) as error:
        raise CheckpointError(str(error)) from None
    except (KeyError, ValueError, TypeError, ZeroDivisionError) as error:
        raise CheckpointError(
            f"{folder / CONFIG_FILE}: classes, slicing or frame rate do not fit ({error}); get it again"
        ) from None
    found = _checksums(folder)
    for name, expected in config.files.items():
        if found.get(name) != expected:
            state = "has changed since it was written" if name in found else "is missing"
            raise CheckpointError(
                f"{folder / name} {state}; copy the whole checkpoint again or train it again"
            )
    return checkpoint


def _checksums(folder: Path) -> dict[str, str]:
    paths = (
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path != folder / CONFIG_FILE
    )
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(read_bytes(path)).hexdigest()
        for path in paths
    }
