"""The registry's entry of token networks."""

from typing import Final, Literal

from spotkick.errors import ConfigError
from spotkick.features.token_rows import count_slots
from spotkick.models.registry import DataSizes, NetworkKind
from spotkick.models.spotter import SpotterConfig
from spotkick.models.tokens import (
    TokenArchitecture,
    TokenNetwork,
    TokenSizes,
    join_networks,
    start_embeddings,
)
from spotkick.models.tokens_graph import token_onnx_bytes


class TokenConfig(TokenSizes, SpotterConfig):
    """The ``[model]`` table of ``tokens``; see `spotkick.models.tokens`.

    Attributes:
        kind: ``tokens``: reads features of the kind ``tokens``.
        chunk_s: length of a chunk.
        receptive_field_s: at least what the dilations reach, which is what counts when it is less.
    """

    kind: Literal["tokens"] = "tokens"
    chunk_s: float = 512.0
    receptive_field_s: float = 40.0


def choose_token_sizes(config: TokenConfig, data: DataSizes) -> TokenArchitecture:
    """Sizes in frames, and the sizes that the data decide.

    Raises:
        ConfigError: if the features are no tokens, or the chunk is too short.
    """
    if not data.num_ids or count_slots(data.feature_dim) < 1:
        raise ConfigError(
            "model.kind = 'tokens' reads token ids, and these features are vectors; make tokens "
            "with 'spotkick features DATA --kind tokens', or choose another model.kind"
        )
    reach = sum(config.dilations)
    architecture = TokenArchitecture.parse(
        {
            **config.model_dump(exclude={"chunk_s", "receptive_field_s"}),
            "feature_dim": data.feature_dim,
            "num_classes": data.num_classes,
            "num_ids": data.num_ids,
            "chunk_frames": round(config.chunk_s * data.frame_rate),
            "receptive_field_frames": 2 * reach,
        },
        "model",
    )
    if architecture.chunk_frames <= 2 * reach:
        shortest_s = float((2 * reach + 1) / data.frame_rate)
        raise ConfigError(
            f"model.chunk_s = {config.chunk_s:g} is too short for model.dilations, which see "
            f"{reach} bins to each side; give at least {shortest_s:g}"
        )
    return architecture


TOKENS: Final = NetworkKind(
    name="tokens",
    purpose="spotting",
    config=TokenConfig,
    architecture=TokenArchitecture,
    choose_sizes=choose_token_sizes,
    build=TokenNetwork,
    onnx_bytes=token_onnx_bytes,
    start=start_embeddings,
    join=join_networks,
)
