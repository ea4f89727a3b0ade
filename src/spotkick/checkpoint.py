"""Checkpoints of spotters: a folder that holds everything needed to predict, without torch.

The folder itself is that of `spotkick.stored_checkpoint`; here is what its ``config.json`` holds
for a spotter.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from spotkick.actions import ActionClasses
from spotkick.configuration import FrozenConfig
from spotkick.encoding.slicing import ContextSlicing
from spotkick.errors import CheckpointError, ConfigError, InputError
from spotkick.features.tracks import FeatureSource
from spotkick.stored_checkpoint import (
    CONFIG_FILE,
    FEATURES_FOLDER,
    StoredConfig,
    read_stored,
    write_stored,
)
from spotkick.tasks import Task


class DecodingConfig(FrozenConfig):
    """How scores and spots of chunks become actions of a match.

    Attributes:
        source: ``spots``: rows of the spotting module (the paper). ``scores``: local maxima of the
            segmentation scores.
        nms: suppression of neighbours of the same class. ``fixed``: within a window.
            ``soft-linear``, ``soft-gauss``: lower confidences instead. ``per_tolerance``: left to
            the evaluation, which then suppresses once per tolerance. ``none``.
        nms_window_s: whole width of the window.
        nms_window_by_class_s: windows of single classes, by name, instead.
        min_confidence: spots below are left out.
        displace: move peaks of the scores by the network's displacements, if it has them.
        refine: ``parabola``: put a peak between frames, at the top of the parabola through the
            logarithms of its and its neighbours' scores; ``none``: on its frame. Peaks that are
            displaced are not refined.
        support_sigma_s: confidence of a peak: the geometric mean of its score and of m / (1 + m),
            m being the sum of the scores around it in a Gaussian window of this standard deviation;
            0 for the score alone.
        smooth_by_class_s: standard deviation of the Gaussian that smooths the scores of single
            classes, by name, before peaks are taken.
        chunk_shifts: ways in which a period is cut into chunks; scores are their mean.
    """

    source: Literal["spots", "scores"] = "spots"
    nms: Literal["fixed", "soft-linear", "soft-gauss", "per_tolerance", "none"] = "fixed"
    nms_window_s: Annotated[float, Field(gt=0)] = 20.0
    nms_window_by_class_s: dict[str, Annotated[float, Field(gt=0)]] = Field(default_factory=dict)
    min_confidence: Annotated[float, Field(ge=0, le=1)] = 0.0
    displace: bool = True
    refine: Literal["none", "parabola"] = "none"
    support_sigma_s: Annotated[float, Field(ge=0)] = 0.0
    smooth_by_class_s: dict[str, Annotated[float, Field(gt=0)]] = Field(default_factory=dict)
    chunk_shifts: Annotated[int, Field(ge=1)] = 1


class CheckpointConfig(StoredConfig):
    """What ``config.json`` of a spotter holds.

    Attributes:
        task: of `spotkick.tasks.Task`: classes in column order, and what they decide.
        slicing_s: K1..K4 per class, in seconds.
        frame_rate: of the features, as an exact fraction.
        chunk_frames: length of a chunk.
        border_frames: frames at each end of a chunk that are not used.
        pad_period: whether periods are extended by their end frames in training and prediction.
        feature_source: of `spotkick.features.tracks.FeatureSource`.
        decoding: defaults of prediction.
        thresholds: confidence per class that maximised F1 on the validation split; empty when not
            tuned.
    """

    purpose: Literal["spotting"] = "spotting"
    task: dict[str, Any]
    slicing_s: dict[str, tuple[float, float, float, float]]
    frame_rate: str = "2"
    chunk_frames: Annotated[int, Field(ge=1)]
    border_frames: Annotated[int, Field(ge=0)]
    pad_period: bool = False
    feature_source: dict[str, Any]
    decoding: DecodingConfig = DecodingConfig()
    thresholds: dict[str, float] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A verified checkpoint of a spotter on disk."""

    folder: Path
    config: CheckpointConfig

    @property
    def task(self) -> Task:
        """The task that it was trained for."""
        return Task.from_json(self.config.task, str(self.folder / CONFIG_FILE))

    @property
    def classes(self) -> ActionClasses:
        """The classes it spots."""
        return self.task.classes

    @property
    def slicing(self) -> ContextSlicing:
        """Its context slicing, in the order of the classes."""
        return ContextSlicing(tuple(self.config.slicing_s[name] for name in self.classes.names))

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
        """Copy of the ``NAME.source`` folder of its features, if it has one."""
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
    """Write the checkpoint of a spotter; see `write_stored`."""
    return Checkpoint(folder, write_stored(folder, config, files, features_folder))


def read_checkpoint(path: Path | str) -> Checkpoint:
    """Read and verify the checkpoint of a spotter; a run folder stands for its best one.

    Raises:
        CheckpointError: see `read_stored`.
    """
    folder, config = read_stored(path, CheckpointConfig)
    checkpoint = Checkpoint(folder, config)
    try:
        _ = checkpoint.classes, checkpoint.slicing, checkpoint.feature_source, checkpoint.frame_rate
    except (ConfigError, InputError) as error:
        raise CheckpointError(str(error)) from None
    except (KeyError, ValueError, TypeError, ZeroDivisionError) as error:
        raise CheckpointError(
            f"{folder / CONFIG_FILE}: classes, slicing or frame rate do not fit ({error}); "
            "get it again"
        ) from None
    return checkpoint
