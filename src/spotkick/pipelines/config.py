"""One TOML file describes a whole experiment: data, network, loss, sampling, optimisation, decoding."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from spotkick.actions import ActionClasses
from spotkick.checkpoint import DecodingConfig
from spotkick.configuration import FrozenConfig, read_toml, with_overrides
from spotkick.encoding.slicing import ContextSlicing, slicing_for
from spotkick.errors import ConfigError
from spotkick.formats.classes import find_classes
from spotkick.timeline import parse_frame_rate
from spotkick.training.config import LossConfig, SamplingConfig, TrainingConfig
from spotkick.training.tune_config import take_tune_table

_Positive = Annotated[int, Field(ge=1)]


class DataConfig(FrozenConfig):
    """Where the data are.

    Attributes:
        root: folder of match folders with labels; ``--data`` replaces it.
        features: name of the features: files ``{period}_{features}.npy``.
        features_root: folder of match folders with features, where it is not ``root``.
        frame_rate: feature frames per second, for features without a source description.
        classes: ``soccernet-v1``, ``soccernet-v2``, ``soccernet-ball``, a class file, or a list of
            names.
        labels: name of the label file; the usual one of the classes when empty.
        train: split file, or the name of a file in ``root/splits`` or ``root``.
        valid: same; no validation when empty.
        time_source: which field of a label counts.
    """

    root: str = "."
    features: str = "ResNET_TF2_PCA512"
    features_root: str = ""
    frame_rate: str = "2"
    classes: str | tuple[str, ...] = "soccernet-v2"
    labels: str = ""
    train: str = "train"
    valid: str = "valid"
    time_source: Literal["position", "gameTime"] = "position"

    def class_list(self) -> ActionClasses:
        """The classes.

        Raises:
            InputError: if they are in a file that cannot be read.
            ConfigError: if they contradict each other.
        """
        return (
            find_classes(self.classes)
            if isinstance(self.classes, str)
            else ActionClasses(self.classes)
        )

    @property
    def rate(self) -> Fraction:
        """Feature frames per second of features without a source description."""
        return parse_frame_rate(self.frame_rate)


class ModelConfig(FrozenConfig):
    """Sizes of the network that the data do not decide; see `spotkick.models.CalfArchitecture`.

    Attributes:
        kind: ``calf`` or ``dense``.
        chunk_s: length of a chunk.
        num_spots: spots predicted per chunk.
        capsule_dim: features per class in the segmentation module.
        receptive_field_s: length of the longest temporal kernel.
        hidden: widths of the two layers that see single frames.
        pyramid: widths of the temporal convolutions, shortest first.
        bn_axis: ``time`` or ``capsule``.
    """

    kind: Literal["calf", "dense"] = "calf"
    chunk_s: Annotated[float, Field(gt=0)] = 120.0
    num_spots: _Positive = 5
    capsule_dim: _Positive = 16
    receptive_field_s: Annotated[float, Field(gt=0)] = 40.0
    hidden: tuple[_Positive, _Positive] = (128, 32)
    pyramid: tuple[_Positive, _Positive, _Positive, _Positive] = (8, 16, 32, 64)
    bn_axis: Literal["time", "capsule"] = "time"


class SlicingConfig(FrozenConfig):
    """Context slicing.

    Attributes:
        preset: ``v1``, ``v2``, ``default20`` or ``binary`` (the paper's ablation ii).
        bounds_s: K1..K4 in seconds that replace the preset's, by class name.
    """

    preset: str = "default20"
    bounds_s: dict[str, tuple[float, float, float, float]] = Field(default_factory=dict)

    def slicing(self, classes: ActionClasses, frame_rate: Fraction) -> ContextSlicing:
        """The parameters of each class.

        Raises:
            ConfigError: on an unknown preset or class, or bounds out of order.
        """
        return slicing_for(
            classes, preset=self.preset, overrides=self.bounds_s, frame_rate=frame_rate
        )


class ExperimentConfig(FrozenConfig):
    """A whole experiment.

    Attributes:
        data: where the data are.
        model: sizes of the network.
        slicing: context slicing.
        loss: total loss.
        sampling: chunks of an epoch.
        training: optimisation.
        decoding: how outputs become actions, in validation and later.
        tune_thresholds: choose each class's display threshold by F1 on the validation split.
    """

    data: DataConfig = DataConfig()
    model: ModelConfig = ModelConfig()
    slicing: SlicingConfig = SlicingConfig()
    loss: LossConfig = LossConfig()
    sampling: SamplingConfig = SamplingConfig()
    training: TrainingConfig = TrainingConfig()
    decoding: DecodingConfig = DecodingConfig()
    tune_thresholds: bool = True


def read_experiment(
    path: Path, assignments: Sequence[str] = (), *, data_root: Path | None = None
) -> ExperimentConfig:
    """Read an experiment's TOML file.

    Args:
        path: the file.
        assignments: ``section.key=value`` that replace values of the file.
        data_root: replaces ``data.root``.

    Raises:
        InputError: if the file cannot be read.
        ConfigError: if a key is unknown or a value is not valid.
    """
    values, _ = take_tune_table(with_overrides(read_toml(path), assignments), str(path))
    if data_root is not None:
        data = values.setdefault("data", {})
        if not isinstance(data, dict):
            raise ConfigError(f"{path}: 'data' must be a table")
        data["root"] = str(data_root)
    return ExperimentConfig.parse(values, str(path))
