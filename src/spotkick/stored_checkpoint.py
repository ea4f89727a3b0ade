"""The folder of a checkpoint, the same for networks of every purpose: found, written, verified.

``config.json`` (what the network is for, its kind and sizes, how it was trained, SHA-256 of the
other files), ``model.onnx``, ``model.safetensors``, and ``features/`` with what is needed to make
its features from raw input. Nothing is unpickled. Spotters and localizers have a payload of their
own in ``config.json``: `spotkick.checkpoint.CheckpointConfig`, and
`spotkick.localization.checkpoint.LocalizerConfig`.
"""

import hashlib
import shutil
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

from pydantic import Field

from spotkick.actions import ActionClasses
from spotkick.configuration import FrozenConfig
from spotkick.errors import CheckpointError, ConfigError, InputError, SpotkickWarning
from spotkick.files import atomic_folder, read_bytes, read_json, write_bytes, write_json
from spotkick.shipped_folders import describe_unknown, find_shipped
from spotkick.tasks import TASKS, task_of

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
