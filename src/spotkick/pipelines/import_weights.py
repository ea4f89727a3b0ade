"""The authors' released weights as a checkpoint."""

from pathlib import Path

from spotkick.actions import SOCCERNET_V1, SOCCERNET_V2, ActionClasses
from spotkick.checkpoint import Checkpoint, CheckpointConfig, DecodingConfig, write_checkpoint
from spotkick.encoding.slicing import slicing_for
from spotkick.errors import ConfigError
from spotkick.features.tracks import FeatureSource
from spotkick.models.loading import network_files
from spotkick.models.released import read_released
from spotkick.tasks import TASKS, task_of
from spotkick.timeline import FEATURE_RATE

_RELEASED = {
    3: (SOCCERNET_V1, "v1", "ResNET_PCA512"),
    17: (SOCCERNET_V2, "v2", "ResNET_TF2_PCA512"),
}
"""Number of classes -> class list, context slicing and feature name of the weights that the authors
released."""


def import_released(
    path: Path, out: Path, *, classes: ActionClasses | None = None, features: str | None = None
) -> Checkpoint:
    """Write released weights as a checkpoint that spots like the original, correctly stitched.

    Args:
        path: the released file.
        out: checkpoint folder.
        classes: order of the columns; known for 3 and 17 classes.
        features: name of the features that the weights read.

    Raises:
        InputError: if the file is not a released weight file.
        ConfigError: if the class list has another length than the weights.
    """
    network = read_released(path)
    sizes = network.architecture
    known_classes, preset, known_features = _RELEASED.get(
        sizes.num_classes, (None, "default20", "features")
    )
    chosen = classes or known_classes
    if chosen is None or len(chosen) != sizes.num_classes:
        given = "none is given" if chosen is None else f"the list given has {len(chosen)}"
        raise ConfigError(
            f"{path} has {sizes.num_classes} classes and {given}; "
            "state with --classes which they are, in order"
        )

    # What the authors trained with, as far as their code states it.
    task = TASKS.get(chosen.name) or task_of(chosen)
    slicing = slicing_for(chosen, preset=preset, frame_rate=FEATURE_RATE)
    config = CheckpointConfig(
        kind=sizes.kind,
        task=task.to_json(),
        slicing_s=dict(zip(chosen.names, slicing.bounds_s, strict=True)),
        frame_rate=str(FEATURE_RATE),
        chunk_frames=sizes.chunk_frames,
        border_frames=sizes.border_frames,
        feature_source=FeatureSource(features or known_features, sizes.feature_dim).to_json(),
        architecture=sizes.model_dump(mode="json"),
        decoding=DecodingConfig(),
        training={"imported_from": path.name},
    )
    return write_checkpoint(out, config, network_files(network))
