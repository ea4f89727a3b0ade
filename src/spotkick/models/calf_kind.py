"""The registry's entry of CALF."""

from typing import Literal

from spotkick.errors import ConfigError
from spotkick.models.calf import CalfArchitecture, CalfNetwork
from spotkick.models.calf_graph import calf_onnx_bytes
from spotkick.models.registry import DataSizes, NetworkKind
from spotkick.models.spotter import Positive, SpotterArchitecture, SpotterConfig


class CalfConfig(SpotterConfig):
    """The ``[model]`` table of ``calf``; see `spotkick.models.CalfArchitecture`.

    Attributes:
        kind: ``calf``: segmentation and spotting modules.
        chunk_s: length of a chunk.
        num_spots: spots predicted per chunk.
        capsule_dim: features per class in the segmentation module.
        receptive_field_s: length of the longest temporal kernel.
        hidden: widths of the two layers that see single frames.
        pyramid: widths of the temporal convolutions, shortest first.
        bn_axis: ``time`` or ``capsule``.
    """

    kind: Literal["calf"] = "calf"
    num_spots: Positive = 5
    capsule_dim: Positive = 16
    hidden: tuple[Positive, Positive] = (128, 32)
    pyramid: tuple[Positive, Positive, Positive, Positive] = (8, 16, 32, 64)
    bn_axis: Literal["time", "capsule"] = "time"


def choose_calf_sizes(config: CalfConfig, data: DataSizes) -> CalfArchitecture:
    """Sizes in frames from sizes in seconds, and the sizes that the data decide.

    Raises:
        ConfigError: if they do not fit each other.
    """
    architecture = CalfArchitecture.parse(
        {
            **config.model_dump(exclude={"chunk_s", "receptive_field_s"}),
            "feature_dim": data.feature_dim,
            "num_classes": data.num_classes,
            "chunk_frames": round(config.chunk_s * data.frame_rate),
            "receptive_field_frames": round(config.receptive_field_s * data.frame_rate),
        },
        "model",
    )
    check_chunk_length(config, architecture)
    return architecture


def check_chunk_length(config: SpotterConfig, architecture: SpotterArchitecture) -> None:
    """Check that something of a chunk is left between its borders.

    Raises:
        ConfigError: if not.
    """
    if architecture.chunk_frames <= 2 * architecture.border_frames:
        raise ConfigError(
            f"model.chunk_s = {config.chunk_s:g} must be longer than model.receptive_field_s = "
            f"{config.receptive_field_s:g}: half of it at each end of a chunk is not used; raise "
            "model.chunk_s, or lower model.receptive_field_s"
        )


CALF = NetworkKind(
    name="calf",
    purpose="spotting",
    config=CalfConfig,
    architecture=CalfArchitecture,
    choose_sizes=choose_calf_sizes,
    build=CalfNetwork,
    onnx_bytes=calf_onnx_bytes,
)
