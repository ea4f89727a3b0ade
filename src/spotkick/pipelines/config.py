"""One TOML file is a whole experiment: data, network, loss, sampling, optimisation, decoding."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BeforeValidator, Field, SerializeAsAny, field_validator, model_validator

from spotkick.actions import ActionClasses
from spotkick.checkpoint import DecodingConfig
from spotkick.configuration import FrozenConfig, read_toml, with_overrides
from spotkick.encoding.slicing import ContextSlicing, slicing_for
from spotkick.errors import ConfigError, InputError
from spotkick.formats.classes import find_classes
from spotkick.localization.experiment import (
    LocalizationExperiment,
    parse_localization_experiment,
)
from spotkick.models.calf_kind import CalfConfig
from spotkick.models.registry import known_kinds, network_kind
from spotkick.models.spotter import SpotterConfig
from spotkick.tasks import TASKS, Task, split_sides, task_of
from spotkick.timeline import parse_frame_rate
from spotkick.training.config import LossConfig, SamplingConfig, TrainingConfig
from spotkick.training.tune_config import take_tune_table

_LOCALIZATION_KEYS: Final = ("tem_loss", "slicing_steps", "boundary_weight", "batch_videos")
"""Keys of ``[training]`` that a localizer's configuration alone has."""


def _parse_rate(value: Any) -> str:
    """A frame rate as a number or as text, written as an exact fraction; empty text stays."""
    if value == "":
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int | float | Fraction):
        raise ValueError("a frame rate is a number such as 12.5, or text such as '30000/1001'")
    try:
        return str(parse_frame_rate(value))
    except InputError as error:
        raise ValueError(str(error)) from None


class DataConfig(FrozenConfig):
    """Where the data are.

    Attributes:
        root: folder of match folders with labels; ``--data`` replaces it.
        features: name of the features: files ``{period}_{features}.npy``.
        features_root: folder of match folders with features, where it is not ``root``.
        frame_rate: feature frames per second, as a number or a fraction such as ``"30000/1001"``,
            for features without a source description; the task's own when empty.
        classes: ``soccernet-v1``, ``soccernet-v2``, ``soccernet-ball``, a class file, or a list of
            names.
        labels: name of the label file; the usual one of the classes when empty.
        train: split file, or the name of a file in ``root/splits`` or ``root``.
        valid: same; no validation when empty.
        time_source: which field of a label counts.
        sides: words for the teams, such as ``["left", "right"]``, that the network tells apart;
            labels without one of them are left out. None by default.
    """

    root: str = "."
    features: str = "ResNET_TF2_PCA512"
    features_root: str = ""
    frame_rate: Annotated[str, BeforeValidator(_parse_rate)] = ""
    classes: str | tuple[str, ...] = "soccernet-v2"
    labels: str = ""
    train: str = "train"
    valid: str = "valid"
    time_source: Literal["position", "gameTime"] = "position"
    sides: tuple[str, ...] = ()

    def task(self) -> Task:
        """Classes, told apart by their sides where these are given, and what they decide.

        Raises:
            InputError: if they are in a file that cannot be read.
            ConfigError: if they contradict each other.
        """
        plain = self.plain_task()
        return split_sides(plain, self.sides) if self.sides else plain

    def plain_task(self) -> Task:
        """The task without sides.

        Raises:
            InputError: if they are in a file that cannot be read.
            ConfigError: if they contradict each other.
        """
        if isinstance(self.classes, str):
            named = TASKS.get(self.classes)
            found = named or task_of(find_classes(self.classes))
        else:
            found = task_of(ActionClasses(self.classes))
        return replace(found, label_files=(self.labels,)) if self.labels else found

    def class_list(self) -> ActionClasses:
        """The classes; see `task`."""
        return self.task().classes

    @property
    def rate(self) -> Fraction:
        """Feature frames per second of features without a source description."""
        return parse_frame_rate(self.frame_rate) if self.frame_rate else self.task().frame_rate


class SlicingConfig(FrozenConfig):
    """Context slicing.

    Attributes:
        preset: ``v1``, ``v2``, ``default20`` or ``binary`` (the paper's ablation ii).
        bounds_s: K1..K4 in seconds that replace the preset's, by class name. ``--set
            slicing.preset=...`` drops those of the file.
    """

    preset: str = "default20"
    bounds_s: dict[str, tuple[float, float, float, float]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _check_binary(self) -> Self:
        if self.preset == "binary" and self.bounds_s:
            raise ValueError(
                "preset = 'binary' is one frame wide for every class, and bounds_s of "
                f"{', '.join(self.bounds_s)} would replace it; remove one of the two"
            )
        return self

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
        model: kind and sizes of the network; which keys there are depends on the kind.
        slicing: context slicing.
        loss: total loss.
        sampling: chunks of an epoch.
        training: optimisation.
        decoding: how outputs become actions, in validation and later.
        tune_thresholds: choose each class's display threshold on the validation split.
    """

    data: DataConfig = DataConfig()
    model: SerializeAsAny[SpotterConfig] = CalfConfig()
    slicing: SlicingConfig = SlicingConfig()
    loss: LossConfig = LossConfig()
    sampling: SamplingConfig = SamplingConfig()
    training: TrainingConfig = TrainingConfig()
    decoding: DecodingConfig = DecodingConfig()
    tune_thresholds: bool = True

    @field_validator("model", mode="before")
    @classmethod
    def _parse_model(cls, values: Any) -> Any:
        """The table of the network's own kind."""
        if not isinstance(values, Mapping):
            return values
        name = values.get("kind", "calf")
        try:
            kind = network_kind(str(name))
            return kind.config.parse(values)
        except ConfigError as error:
            raise ValueError(str(error).removeprefix("configuration: ")) from None


def read_experiment(
    path: Path, assignments: Sequence[str] = (), *, data_root: Path | None = None
) -> ExperimentConfig:
    """Read the TOML file of a spotter's experiment.

    Args:
        path: the file.
        assignments: ``section.key=value`` that replace values of the file.
        data_root: replaces ``data.root``.

    Raises:
        InputError: if the file cannot be read.
        ConfigError: if a key is unknown or a value is not valid.
    """
    values, _ = take_tune_table(read_tables(path, assignments), str(path))
    if data_root is not None:
        data = values.setdefault("data", {})
        if not isinstance(data, dict):
            raise ConfigError(f"{path}: 'data' must be a table")
        data["root"] = str(data_root)
    return ExperimentConfig.parse(values, str(path))


def read_any_experiment(
    path: Path, assignments: Sequence[str] = (), *, data_root: Path | None = None
) -> ExperimentConfig | LocalizationExperiment:
    """Read the TOML file of an experiment of any purpose; its tables say which it is.

    Args:
        path: the file.
        assignments: ``section.key=value`` that replace values of the file.
        data_root: replaces ``data.root``; a localizer has none.

    Raises:
        InputError: if the file cannot be read.
        ConfigError: if a key is unknown or a value is not valid.
    """
    values, _ = take_tune_table(read_tables(path, assignments), str(path))
    if not is_localization(values):
        return read_experiment(path, assignments, data_root=data_root)
    if data_root is not None:
        raise ConfigError(
            f"{path} is a localizer's configuration, which names data.labels and data.features; "
            "replace them with --set instead of --data"
        )
    return parse_localization_experiment(values, str(path))


def read_tables(path: Path, assignments: Sequence[str] = ()) -> dict[str, Any]:
    """Tables of a TOML file with assignments applied.

    A preset of the context slicing that is assigned replaces the bounds of the file: they would
    override it.

    Raises:
        InputError: if the file cannot be read.
        ConfigError: if an assignment is malformed.
    """
    values = read_toml(path)
    if any(text.partition("=")[0].strip() == "slicing.preset" for text in assignments):
        values = without_bounds(values)
    return with_overrides(values, assignments)


def without_bounds(values: Mapping[str, Any]) -> dict[str, Any]:
    """Tables of a configuration without the bounds that would override a preset."""
    slicing = values.get("slicing")
    if not isinstance(slicing, Mapping):
        return dict(values)
    rest = {key: value for key, value in slicing.items() if key != "bounds_s"}
    return {**values, "slicing": rest}


def is_localization(values: Mapping[str, Any]) -> bool:
    """Whether the tables are those of a localizer: by ``model.kind``, or by keys only it has."""
    model, training = values.get("model"), values.get("training")
    if isinstance(model, Mapping) and model.get("kind") in known_kinds():
        return network_kind(str(model["kind"])).purpose == "localization"
    return "proposals" in values or (
        isinstance(training, Mapping) and not training.keys().isdisjoint(_LOCALIZATION_KEYS)
    )
