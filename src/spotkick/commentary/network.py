"""The token network in torch, for training; `spotkick.commentary.inference` runs it without torch.

Embeddings of the tokens go through two convolutions over tokens and through max and mean pooling in
each bin of two seconds. Dilated convolutions over bins follow, with a receptive field of a minute
on each side.
"""

from typing import Annotated

import numpy as np
import numpy.typing as npt
import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional

from spotkick.commentary.inference import (
    CONTEXT_DILATIONS,
    CONTEXT_KERNEL,
    TokenNetwork,
)
from spotkick.configuration import FrozenConfig
from spotkick.features.token_rows import PADDING_ID, TOKEN_KERNELS, UNKNOWN_ID

Positive = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0, lt=1)]

_INITIAL_LOGIT = -4.0
"""Where outputs start: actions are rare, and a first guess of one half would cost many steps to
unlearn."""


class TokenArchitecture(FrozenConfig):
    """Sizes of a token network.

    Attributes:
        num_ids: token ids, those of padding and unknown tokens included.
        num_classes: number of classes.
        embedding_dim: length of the embedding of a token.
        units: width of all layers behind it.
        dropout: dropout behind each layer in training, half of it on the embeddings.
        token_dropout: share of tokens that count as unknown in training.
    """

    num_ids: Positive
    num_classes: Positive
    embedding_dim: Positive = 64
    units: Positive = 96
    dropout: Share = 0.3
    token_dropout: Share = 0.2


class TorchTokenNetwork(nn.Module):
    """Logits of each class in each bin."""

    def __init__(
        self, architecture: TokenArchitecture, embeddings: npt.NDArray[np.float32]
    ) -> None:
        """Start from pretrained embeddings.

        Args:
            architecture: sizes.
            embeddings: (num_ids, embedding_dim).
        """
        super().__init__()
        self.architecture = architecture
        units = architecture.units

        # Tokens
        self.embedding = nn.Embedding(architecture.num_ids, architecture.embedding_dim, PADDING_ID)
        self.embedding.weight.data.copy_(torch.from_numpy(embeddings))
        first, second = TOKEN_KERNELS
        self.first = nn.Conv1d(architecture.embedding_dim, units, first, padding="same")
        self.second = nn.Conv1d(units, units, second, padding="same")

        # Bins
        self.mix = nn.Linear(2 * units + 1, units)
        self.context = nn.ModuleList(
            _ContextLayer(units, dilation) for dilation in CONTEXT_DILATIONS
        )
        self.output = nn.Linear(units, architecture.num_classes)
        nn.init.constant_(self.output.bias, _INITIAL_LOGIT)

    def forward(self, ids: Tensor, bins: Tensor, num_bins: int) -> Tensor:
        """Logits of a batch.

        Args:
            ids: (batch, tokens), filled up with `PADDING_ID`.
            bins: (batch, tokens) bin of each token; ``num_bins`` for padding.
            num_bins: number of bins.

        Returns:
            (batch, num_bins, classes).
        """
        pooled = self._pool_tokens(self._read_tokens(ids), ids, bins, num_bins)

        # (batch, units, bins) values
        values = self._drop_values(functional.relu(self.mix(pooled)).transpose(1, 2))
        for layer in self.context:
            values = values + self._drop_values(layer(values))

        logits: Tensor = self.output(values.transpose(1, 2))
        return logits

    def _drop_values(self, values: Tensor, share: float = 1.0) -> Tensor:
        return functional.dropout(values, share * self.architecture.dropout, self.training)

    def _read_tokens(self, ids: Tensor) -> Tensor:
        """(batch, tokens, units)."""
        if self.training:
            unknown = torch.rand(ids.shape, device=ids.device) < self.architecture.token_dropout
            ids = torch.where(unknown & (ids != PADDING_ID), UNKNOWN_ID, ids)
        present = (ids != PADDING_ID).unsqueeze(1)
        tokens = self._drop_values(self.embedding(ids), 0.5).transpose(1, 2) * present
        tokens = functional.relu(self.first(tokens)) * present
        read: Tensor = (tokens + functional.relu(self.second(tokens))) * present
        return read.transpose(1, 2)

    def _pool_tokens(self, tokens: Tensor, ids: Tensor, bins: Tensor, num_bins: int) -> Tensor:
        """(batch, num_bins, 2 * units + 1); padding goes into one bin more, which is dropped."""
        batch, _, units = tokens.shape
        values = tokens.flatten(0, 1)

        # One row per bin of each batch item
        rows = batch * (num_bins + 1)
        offset = (num_bins + 1) * torch.arange(batch, device=bins.device).unsqueeze(1)
        place = (bins + offset).flatten()

        maximum = values.new_zeros(rows, units).scatter_reduce(
            0, place.unsqueeze(1).expand(-1, units), values, "amax"
        )
        total = values.new_zeros(rows, units).index_add(0, place, values)
        present = (ids != PADDING_ID).flatten().to(values.dtype)
        count = values.new_zeros(rows).index_add(0, place, present).unsqueeze(1)

        pooled = torch.cat([maximum, total / (count + 1), (count > 0).to(values.dtype)], dim=1)
        return pooled.view(batch, num_bins + 1, -1)[:, :num_bins]

    def export(self) -> TokenNetwork:
        """The trained network for use without torch."""
        context = tuple(
            layer.export() for layer in self.context if isinstance(layer, _ContextLayer)
        )
        tokens = tuple(_export_layer(layer) for layer in (self.first, self.second))
        return TokenNetwork(
            _to_array(self.embedding.weight),
            tokens,
            mix=_export_layer(self.mix),
            context_layers=context,
            output=_export_layer(self.output),
        )


class _ContextLayer(nn.Module):
    """A dilated convolution, batch normalisation and ReLU."""

    def __init__(self, units: int, dilation: int) -> None:
        super().__init__()
        self.convolution = nn.Conv1d(
            units, units, CONTEXT_KERNEL, padding="same", dilation=dilation
        )
        self.norm = nn.BatchNorm1d(units)

    def forward(self, bins: Tensor) -> Tensor:
        return functional.relu(self.norm(self.convolution(bins)))

    def export(self) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Weights and bias of the convolution with batch normalisation folded in."""
        mean, variance = self.norm.running_mean, self.norm.running_var
        if mean is None or variance is None or self.convolution.bias is None:
            raise AssertionError("normalisation keeps running statistics, convolutions have a bias")
        factor = self.norm.weight / torch.sqrt(variance + self.norm.eps)
        weights = self.convolution.weight * factor[:, None, None]
        bias = (self.convolution.bias - mean) * factor + self.norm.bias
        return _to_array(weights), _to_array(bias)


def _export_layer(
    layer: nn.Conv1d | nn.Linear,
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    bias = torch.zeros(layer.weight.shape[0]) if layer.bias is None else layer.bias
    return _to_array(layer.weight), _to_array(bias)


def _to_array(tensor: Tensor) -> npt.NDArray[np.float32]:
    array: npt.NDArray[np.float32] = tensor.detach().cpu().float().contiguous().numpy().copy()
    return array
