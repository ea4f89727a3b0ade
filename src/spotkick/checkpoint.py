"""Checkpoints: a folder that holds everything needed to predict, read without torch or pickle.

``config.json`` (what the network is for, its kind and sizes, how it was trained, SHA-256 of the
other files), ``model.onnx``, ``model.safetensors``, and ``features/`` with what is needed to make
its features from raw input. Spotters and localizers share the folder; each has a payload of its
own in ``config.json``: `CheckpointConfig`, and
`spotkick.localization.checkpoint.LocalizerConfig`.
"""

import hashlib
import shutil
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeVar

from pydantic import Field

from spotkick.actions import ActionClasses
from spotkick.configuration import FrozenConfig
from spotkick.encoding.slicing import ContextSlicing
from spotkick.errors import CheckpointError, ConfigError, InputError, SpotkickWarning
from spotkick.features.tracks import FeatureSource
from spotkick.files import atomic_folder, read_bytes, read_json, write_bytes, write_json
from spotkick.shipped_folders import describe_unknown, find_shipped
from spotkick.tasks import TASKS, Task, task_of

FORMAT_VERSION: Final = 2
CONFIG_FILE: Final = "config.json"
ONNX_FILE: Final = "model.onnx"
WEIGHTS_FILE: Final = "model.safetensors"
FEATURES_FOLDER: Final = "features"

BEST: Final = "best"
LAST: Final = "last"
"""Checkpoints in a run folder."""

_TRAINED_BY: Final = {
    "spotting": "'spotkick train' or 'spotkick import-weights'",
    "localization": "'spotkick train' with a configuration like configs/activitynet-bmn.toml",
}
"""Purpose of a network -> what writes its checkpoints."""


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


class StoredConfig(FrozenConfig):
    """What ``config.json`` holds for every kind of network.

    Attributes:
        format_version: of the folder.
        purpose: what the network is for: ``spotting`` or ``localization``.
        kind: of network, a name of `spotkick.models.registry`.
        architecture: sizes of the network.
        training: the configuration and history it was trained with, or where the weights come from.
        files: SHA-256 of each other file.
    """

    format_version: Literal[2] = FORMAT_VERSION
    purpose: str
    kind: str
    architecture: dict[str, Any]
    training: dict[str, Any] = Field(default_factory=dict)
    files: dict[str, str] = Field(default_factory=dict)


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


Payload = TypeVar("Payload", bound=StoredConfig)


def resolve_checkpoint(path: Path | str) -> Path:
    """The checkpoint that a path names: a folder, the best one of a run folder, or a shipped one.

    A bare name such as ``demo`` finds the shipped checkpoint of that name, unless the working
    directory holds a checkpoint or a run of the same name.

    Raises:
        CheckpointError: if it is none of these.

    Warns:
        SpotkickWarning: if a file or folder has the name of a shipped checkpoint; the warning says
            which of the two is taken.
    """
    folder = Path(path)
    own = next(
        (
            candidate
            for candidate in (folder, folder / BEST, folder / LAST)
            if (candidate / CONFIG_FILE).is_file()
        ),
        None,
    )

    # What the user made comes before what ships; where both have the name, the choice is said.
    shipped = find_shipped(path)
    if shipped is not None and folder.exists():
        _warn_about_choice(folder, own)
    if own is not None:
        # A worker process that gets the absolute path has no choice left to warn about.
        return own if shipped is None else own.resolve()
    if shipped is not None:
        return shipped

    if not folder.exists():
        state = "there is nothing of that name" + describe_unknown(path)
    elif (folder / "experiment.json").is_file():
        state = "this run has no checkpoint yet; finish it with --resume"
    else:
        state = f"no {CONFIG_FILE}, and no {BEST}/{CONFIG_FILE} as in a run folder"
    raise CheckpointError(
        f"{folder}: not a checkpoint ({state}); give the folder that training or import-weights "
        "wrote, or a name that 'spotkick models' lists"
    )


def _warn_about_choice(folder: Path, own: Path | None) -> None:
    """Say which is taken where a name is that of a shipped checkpoint and of something here."""
    text = (
        f"{folder} is the name of a shipped checkpoint and of one in the working directory; the "
        f"one here is taken: {own.resolve()}"
        if own is not None
        else f"{folder.resolve()} is not a checkpoint; the shipped checkpoint '{folder}' is taken"
    )
    warnings.warn(text, SpotkickWarning, stacklevel=4)


def write_stored(
    folder: Path,
    config: Payload,
    files: Mapping[str, bytes],
    features_folder: Path | None = None,
) -> Payload:
    """Write the folder of a checkpoint in one step: a reader sees the former or the whole new one.

    Args:
        folder: where; a former checkpoint there is replaced.
        config: everything but the checksums.
        files: name -> content of the model files.
        features_folder: the ``NAME.source`` folder of the features, copied along with the fitted
            model that it may hold.

    Returns:
        The configuration with the checksums.

    Raises:
        StorageError: if it cannot be written; the former checkpoint stays.
        InputError: if ``folder`` exists and is not a checkpoint.
    """
    is_other = folder.exists() and not (folder / CONFIG_FILE).is_file()
    if is_other and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"{folder} exists and is not a checkpoint; choose another place")

    with atomic_folder(folder) as temporary:
        for name, content in files.items():
            write_bytes(temporary / name, content)
        if features_folder is not None:
            shutil.copytree(features_folder, temporary / FEATURES_FOLDER / features_folder.name)
        written = config.replace(files=_checksum_files(temporary))
        write_json(temporary / CONFIG_FILE, written.model_dump(mode="json"))
    return written


def read_stored(path: Path | str, payload: type[Payload]) -> tuple[Path, Payload]:
    """Read and verify a checkpoint folder.

    Args:
        path: see `resolve_checkpoint`.
        payload: what its ``config.json`` must hold.

    Returns:
        The folder, and its configuration.

    Raises:
        CheckpointError: if it is not a checkpoint, is of another purpose, is incomplete, or a byte
            of it has changed.
    """
    folder = resolve_checkpoint(path)
    values = _read_values(folder)
    expected = payload.model_fields["purpose"].default
    if isinstance(expected, str) and values.get("purpose") != expected:
        raise CheckpointError(
            f"{folder}: not a checkpoint for {expected}, but for {values.get('purpose')}; "
            f"{_TRAINED_BY[expected]} writes one"
        )
    try:
        config = payload.parse(values, str(folder / CONFIG_FILE))
    except ConfigError as error:
        raise CheckpointError(str(error)) from None
    _check_files(folder, config.files)
    return folder, config


def read_kind(path: Path | str) -> tuple[Path, str, dict[str, Any]]:
    """Folder, kind and sizes of the network of a checkpoint of any purpose, verified.

    Raises:
        CheckpointError: as `read_stored`.
    """
    folder = resolve_checkpoint(path)
    values = _read_values(folder)
    try:
        common = {key: values[key] for key in StoredConfig.model_fields if key in values}
        config = StoredConfig.parse(common, str(folder / CONFIG_FILE))
    except ConfigError as error:
        raise CheckpointError(str(error)) from None
    _check_files(folder, config.files)
    return folder, config.kind, config.architecture


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


def _read_values(folder: Path) -> dict[str, Any]:
    """Tables of ``config.json`` in the present form."""
    path = folder / CONFIG_FILE
    try:
        values = read_json(path)
    except InputError as error:
        raise CheckpointError(str(error)) from None
    if not isinstance(values, dict) or "format_version" not in values:
        raise CheckpointError(f"{path}: not the description of a checkpoint; get it again")
    version = values["format_version"]
    if version == 1:
        return _upgrade_config(values, str(path))
    if version != FORMAT_VERSION:
        raise CheckpointError(
            f"{path}: format version {version!r}; this spotkick reads up to {FORMAT_VERSION}, "
            "update it"
        )
    return values


def _upgrade_config(values: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Format version 1 as version 2: it kept classes without their task, and no purpose."""
    rest = {**values, "format_version": FORMAT_VERSION}
    if values.get("kind") == "bmn":
        return {**rest, "purpose": "localization"}
    try:
        names, aliases = tuple(rest.pop("classes")), dict(rest.pop("aliases", {}))
        name = str(rest.pop("classes_name", "custom"))
        classes = ActionClasses(names, aliases, name=name)
        kind = str(values["architecture"].get("kind", "calf"))
        pad_period = rest.pop("pad_half", False)
    except (ConfigError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise CheckpointError(
            f"{where}: not the description of a checkpoint ({error!r}); get it again"
        ) from None

    # A built-in list gets back the words that version 1 lost.
    known = TASKS.get(name)
    task = known if known is not None and known.classes.names == names else task_of(classes)
    return {
        **rest,
        "purpose": "spotting",
        "kind": kind,
        "task": task.to_json(),
        "pad_period": pad_period,
    }


def _check_files(folder: Path, expected: Mapping[str, str]) -> None:
    try:
        found = _checksum_files(folder)
    except InputError as error:
        raise CheckpointError(str(error)) from None
    for name, checksum in expected.items():
        if found.get(name) != checksum:
            state = "has changed since it was written" if name in found else "is missing"
            raise CheckpointError(
                f"{folder / name} {state}; copy the whole checkpoint again or train it again"
            )


def _checksum_files(folder: Path) -> dict[str, str]:
    paths = (
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path != folder / CONFIG_FILE
    )
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(read_bytes(path)).hexdigest()
        for path in paths
    }
