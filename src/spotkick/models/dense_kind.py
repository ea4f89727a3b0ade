"""The registry's entry of the dense network."""

from typing import Annotated, Any, Literal

from pydantic import Field

from spotkick.errors import ConfigError
from spotkick.models.calf_kind import CalfConfig, check_chunk_length
from spotkick.models.dense import (
    DEFAULT_LAYERS,
    DenseArchitecture,
    DenseNetwork,
    Share,
    TrunkName,
    dense_onnx_bytes,
)
from spotkick.models.registry import DataSizes, NetworkKind
from spotkick.models.spotter import Positive


class DenseConfig(CalfConfig):
    """The ``[model]`` table of ``dense``; see `spotkick.models.dense.DenseArchitecture`.

    Attributes:
        kind: ``dense``: one logit per frame and class behind a trunk.
        receptive_field_s: how much of a chunk a score depends on; of ``pyramid`` also the length of
            the longest kernel.
        num_spots: of ``calf``; not used.
        capsule_dim: of ``calf``; not used.
        bn_axis: of ``calf``; not used.
        trunk: ``pyramid``: CALF's (``hidden``, ``pyramid``). ``tcn``: dilated convolutions
            (MS-TCN). ``unet``: a U-Net over time (Soares et al.). ``gru``: bidirectional
            recurrence (E2E-Spot). ``transformer``: attention within the chunk (ASTRA).
            ``linear``: none, a linear probe of each frame.
        width: channels of the layers of ``tcn``, ``unet``, ``gru`` and ``transformer``.
        layers: of these; 0 for 6, 3, 1 and 2.
        heads: of attention; ``width`` is a multiple of it.
        dropout: share of a trunk's values that are set to 0 in training; not of ``pyramid``.
        output_bias: added to the initial bias of the logits, such as -4 where actions are rare.
        displacement_radius_s: furthest from an action at which a frame says where it is; 0 for a
            network without displacements.
    """

    kind: Literal["dense"] = "dense"  # type: ignore[assignment]  # its base is calf
    trunk: TrunkName = "pyramid"
    width: Positive = 64
    layers: Annotated[int, Field(ge=0)] = 0
    heads: Positive = 4
    dropout: Share = 0.0
    output_bias: float = 0.0
    displacement_radius_s: Annotated[float, Field(ge=0)] = 0.0


def choose_dense_sizes(config: DenseConfig, data: DataSizes) -> DenseArchitecture:
    """Sizes in frames from sizes in seconds, and the sizes that the data decide.

    Raises:
        ConfigError: if they do not fit each other.
    """
    own: dict[str, Any] = config.model_dump(
        exclude={"chunk_s", "receptive_field_s", "displacement_radius_s"}
    )
    architecture = DenseArchitecture.parse(
        {
            **own,
            "layers": config.layers or DEFAULT_LAYERS.get(config.trunk, 0),
            "feature_dim": data.feature_dim,
            "num_classes": data.num_classes,
            "chunk_frames": round(config.chunk_s * data.frame_rate),
            "receptive_field_frames": round(config.receptive_field_s * data.frame_rate),
            "displacement_radius_frames": config.displacement_radius_s * float(data.frame_rate),
        },
        "model",
    )
    check_chunk_length(config, architecture)
    if config.trunk == "transformer" and config.width % config.heads:
        raise ConfigError(
            f"model.width = {config.width} must be a multiple of model.heads = {config.heads}: "
            "each head has an equal share of it"
        )
    return architecture


DENSE = NetworkKind(
    name="dense",
    purpose="spotting",
    config=DenseConfig,
    architecture=DenseArchitecture,
    choose_sizes=choose_dense_sizes,
    build=DenseNetwork,
    onnx_bytes=dense_onnx_bytes,
)
