"""The word network in torch, for training; `spotkick.commentary.inference` runs it without torch.

Words become vectors, two convolutions read them in order, their greatest and mean values in each
cell of two seconds follow, and dilated convolutions see a minute of cells on each side.
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
    WORD_KERNELS,
    WordNetwork,
)
from spotkick.commentary.tokens import PADDING, UNKNOWN
from spotkick.configuration import FrozenConfig

Positive = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0, lt=1)]

_RARE_LOG_ODDS = -4.0
"""Where outputs start: actions are rare, and a first guess of one half would cost many steps to
unlearn."""


class WordArchitecture(FrozenConfig):
    """Sizes of a word network.

    Attributes:
        num_words: numbers of the vocabulary, those of padding and unknown words included.
        num_classes: number of classes.
        embedding_dim: length of the vector of a word.
        hidden: width of all layers behind it.
        dropout: share of values hidden behind each layer in training, half of it of the vectors of
            words.
        word_dropout: share of words that count as unknown in training.
    """

    num_words: Positive
    num_classes: Positive
    embedding_dim: Positive = 64
    hidden: Positive = 96
    dropout: Share = 0.3
    word_dropout: Share = 0.2


class TorchWordNetwork(nn.Module):
    """Log-odds of each class in each cell."""

    def __init__(self, architecture: WordArchitecture, vectors: npt.NDArray[np.float32]) -> None:
        """Start from vectors of words.

        Args:
            architecture: sizes.
            vectors: (num_words, embedding_dim).
        """
        super().__init__()
        self.architecture = architecture
        width = architecture.hidden
        self.embedding = nn.Embedding(architecture.num_words, architecture.embedding_dim, PADDING)
        self.embedding.weight.data.copy_(torch.from_numpy(vectors))
        first, second = WORD_KERNELS
        self.first = nn.Conv1d(architecture.embedding_dim, width, first, padding="same")
        self.second = nn.Conv1d(width, width, second, padding="same")
        self.mix = nn.Linear(2 * width + 1, width)
        self.context = nn.ModuleList(
            _ContextLayer(width, dilation) for dilation in CONTEXT_DILATIONS
        )
        self.output = nn.Linear(width, architecture.num_classes)
        nn.init.constant_(self.output.bias, _RARE_LOG_ODDS)

    def forward(self, ids: Tensor, cells: Tensor, num_cells: int) -> Tensor:
        """Log-odds of a batch.

        Args:
            ids: (batch, words), filled up with `PADDING`.
            cells: (batch, words) cell of each word; ``num_cells`` for padding.
            num_cells: number of cells.

        Returns:
            (batch, num_cells, classes).
        """
        hidden = functional.relu(
            self.mix(self._pool(self._read(ids), ids, cells, num_cells))
        ).transpose(1, 2)
        hidden = self._drop(hidden)
        for layer in self.context:
            hidden = hidden + self._drop(layer(hidden))
        log_odds: Tensor = self.output(hidden.transpose(1, 2))
        return log_odds

    def _drop(self, values: Tensor, share: float = 1.0) -> Tensor:
        return functional.dropout(values, share * self.architecture.dropout, self.training)

    def _read(self, ids: Tensor) -> Tensor:
        if self.training:
            unknown = torch.rand(ids.shape, device=ids.device) < self.architecture.word_dropout
            ids = torch.where(unknown & (ids != PADDING), UNKNOWN, ids)
        spoken = (ids != PADDING).unsqueeze(1)
        words = self._drop(self.embedding(ids), 0.5).transpose(1, 2) * spoken
        words = functional.relu(self.first(words)) * spoken
        read: Tensor = (words + functional.relu(self.second(words))) * spoken
        return read.transpose(1, 2)

    def _pool(self, words: Tensor, ids: Tensor, cells: Tensor, num_cells: int) -> Tensor:
        """(batch, num_cells, 2 * hidden + 1); padding goes into one cell more, which is cut off."""
        batch, _, hidden = words.shape
        rows = batch * (num_cells + 1)
        place = (
            cells + (num_cells + 1) * torch.arange(batch, device=cells.device).unsqueeze(1)
        ).flatten()
        values = words.flatten(0, 1)
        greatest = values.new_zeros(rows, hidden).scatter_reduce(
            0, place.unsqueeze(1).expand(-1, hidden), values, "amax"
        )
        total = values.new_zeros(rows, hidden).index_add(0, place, values)
        count = (
            values.new_zeros(rows)
            .index_add(0, place, (ids != PADDING).flatten().to(values.dtype))
            .unsqueeze(1)
        )
        pooled = torch.cat([greatest, total / (count + 1), (count > 0).to(values.dtype)], dim=1)
        return pooled.view(batch, num_cells + 1, -1)[:, :num_cells]

    def export(self) -> WordNetwork:
        """The trained network for use without torch."""
        context = tuple(
            layer.export() for layer in self.context if isinstance(layer, _ContextLayer)
        )
        words = tuple((_array(layer.weight), _bias(layer)) for layer in (self.first, self.second))
        mix, output = ((_array(layer.weight), _bias(layer)) for layer in (self.mix, self.output))
        return WordNetwork(_array(self.embedding.weight), words, mix, context, output)


class _ContextLayer(nn.Module):
    """A dilated convolution, normalised and rectified."""

    def __init__(self, width: int, dilation: int) -> None:
        super().__init__()
        self.convolution = nn.Conv1d(
            width, width, CONTEXT_KERNEL, padding="same", dilation=dilation
        )
        self.norm = nn.BatchNorm1d(width)

    def forward(self, cells: Tensor) -> Tensor:
        return functional.relu(self.norm(self.convolution(cells)))

    def export(self) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Weights and bias of the convolution with the normalisation folded in."""
        mean, variance = self.norm.running_mean, self.norm.running_var
        if mean is None or variance is None or self.convolution.bias is None:
            raise AssertionError("normalisation keeps running statistics, convolutions have a bias")
        factor = self.norm.weight / torch.sqrt(variance + self.norm.eps)
        return _array(self.convolution.weight * factor[:, None, None]), _array(
            (self.convolution.bias - mean) * factor + self.norm.bias
        )


def _bias(layer: nn.Conv1d | nn.Linear) -> npt.NDArray[np.float32]:
    return _array(torch.zeros(layer.weight.shape[0]) if layer.bias is None else layer.bias)


def _array(tensor: Tensor) -> npt.NDArray[np.float32]:
    array: npt.NDArray[np.float32] = tensor.detach().cpu().float().contiguous().numpy().copy()
    return array
