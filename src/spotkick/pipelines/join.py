"""Several trained networks in one checkpoint, their logits averaged."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from spotkick.checkpoint import Checkpoint, DecodingConfig, read_checkpoint, write_checkpoint
from spotkick.errors import ConfigError
from spotkick.models.loading import load_network, network_files
from spotkick.models.registry import network_kind
from spotkick.stored_checkpoint import WEIGHTS_FILE

_DECIDING = ("kind", "task", "frame_rate", "chunk_frames", "border_frames", "pad_period")
"""Values of a checkpoint in which the members must agree."""


def join_checkpoints(
    members: Sequence[Path],
    out: Path,
    *,
    stored_as: str = "float32",
    chunk_s: float = 0.0,
    with_weights: bool = True,
    decoding: DecodingConfig | None = None,
    thresholds: Mapping[str, float] | None = None,
    training: Mapping[str, Any] | None = None,
) -> Checkpoint:
    """Write one checkpoint that answers with the mean of the logits of several.

    Args:
        members: checkpoints or run folders of the same network on the same features.
        out: folder, replaced.
        stored_as: type of the weights; ``float16`` halves the files.
        chunk_s: length of the chunks in which a period is spotted; 0 for that of training. Long
            ones save what chunks have in common.
        with_weights: keep the weights for torch, too; spotting does without them.
        decoding: replaces that of the first member.
        thresholds: replace those of the first member.
        training: how it was made; a list of how each member was when None.

    Raises:
        ConfigError: if the members do not fit each other, or this kind of network cannot be joined.
        CheckpointError: if a member is damaged.
        StorageError: if it cannot be written.
    """
    checkpoints = [read_checkpoint(member) for member in members]
    if not checkpoints:
        raise ConfigError("there are no networks to join; give at least one checkpoint")
    first = checkpoints[0]
    for other in checkpoints[1:]:
        _check_agreement(first, other)

    kind = network_kind(first.config.kind)
    if kind.join is None:
        raise ConfigError(
            f"networks of the kind '{kind.name}' cannot be joined in one file; give 'spotkick "
            "spot' several checkpoints"
        )
    networks = [load_network(checkpoint) for checkpoint in checkpoints]
    joined: Any = kind.join(networks, stored_as, round(chunk_s * first.frame_rate))
    files = network_files(joined)
    if not with_weights:
        del files[WEIGHTS_FILE]

    config = first.config.replace(
        chunk_frames=joined.architecture.chunk_frames,
        architecture=joined.architecture.model_dump(mode="json"),
        decoding=decoding or first.config.decoding,
        thresholds=dict(first.config.thresholds if thresholds is None else thresholds),
        training=dict(training or {"members": [own.config.training for own in checkpoints]}),
        files={},
    )
    return write_checkpoint(out, config, files, first.features_folder)


def _check_agreement(first: Checkpoint, other: Checkpoint) -> None:
    first.feature_source.require_compatible(other.feature_source, str(other.folder))
    for key in _DECIDING:
        if getattr(first.config, key) != getattr(other.config, key):
            raise ConfigError(
                f"{other.folder}: its {key} is not that of {first.folder}; join networks of one "
                "configuration"
            )
