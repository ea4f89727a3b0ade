"""A network that learns from the tokens of commentary, without vectors made beforehand.

Embeddings of the tokens go through two convolutions over tokens and are pooled in each bin of two
seconds. Dilated residual convolutions over bins follow, and one logit per class.

Source: the convolutions over bins are those of a temporal convolutional network (Bai et al., "An
Empirical Evaluation of Generic Convolutional and Recurrent Networks", 2018), centred.
"""

from collections.abc import Sequence
from typing import Annotated, Any, Final, Literal

import numpy as np
import numpy.typing as npt
import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional

from spotkick.configuration import FrozenConfig
from spotkick.features.token_rows import (
    FIRST_SLOT,
    NEIGHBOURS,
    PADDING_ID,
    TOKEN_KERNELS,
    UNKNOWN_ID,
    count_slots,
    unpack_ids,
)
from spotkick.models.frames_first import convolve_frames, drop_values, runs_frames_first
from spotkick.models.spotter import (
    NetworkOutput,
    Positive,
    SpotterArchitecture,
    SpotterNetwork,
)
from spotkick.models.token_embeddings import embed_tokens

CONTEXT_KERNEL: Final = 3
INITIAL_LOGIT: Final = -4.0
"""Where outputs start: actions are rare, and a first guess of one half would cost many steps to
unlearn."""

Share = Annotated[float, Field(ge=0, lt=1)]


class TokenSizes(FrozenConfig):
    """Sizes of a token network that its configuration and its architecture share.

    Attributes:
        embedding_dim: length of the embedding of a token.
        units: width of all layers behind it.
        dilations: of the convolutions over bins, in bins.
        dropout: dropout behind each layer in training, half of it on the embeddings.
        token_dropout: share of the tokens that count as unknown in training.
    """

    embedding_dim: Positive = 64
    units: Positive = 96
    dilations: Annotated[tuple[Positive, ...], Field(min_length=1)] = (1, 2, 4, 8, 16, 32)
    dropout: Share = 0.3
    token_dropout: Share = 0.2


class TokenArchitecture(TokenSizes, SpotterArchitecture):
    """Sizes of a token network.

    Attributes:
        kind: ``tokens``.
        num_ids: size of the vocabulary, padding and unknown tokens included.
        members: networks whose logits are averaged.
        stored_as: type of the weights in files; ``float16`` halves them, and costs a rounding.
    """

    kind: Literal["tokens"] = "tokens"
    num_ids: Positive
    members: Positive = 1
    stored_as: Literal["float32", "float16"] = "float32"

    @property
    def loss_border_frames(self) -> int:
        """No frames: at the ends of a period the network sees as little, and must answer, too."""
        return 0


class TokenMember(nn.Module):
    """One network: rows of tokens in, logits out."""

    def __init__(self, architecture: TokenArchitecture) -> None:
        """Args: architecture, sizes."""
        super().__init__()
        self.architecture = sizes = architecture
        self.slots = count_slots(sizes.feature_dim)

        # Over tokens
        self.embedding = nn.Embedding(sizes.num_ids, sizes.embedding_dim, PADDING_ID)
        first, second = TOKEN_KERNELS
        self.first = nn.Conv1d(sizes.embedding_dim, sizes.units, first, padding="same")
        self.second = nn.Conv1d(sizes.units, sizes.units, second, padding="same")

        # Over bins
        self.mix = nn.Linear(2 * sizes.units + 1, sizes.units)
        self.context = nn.ModuleList(
            ContextLayer(sizes.units, dilation) for dilation in sizes.dilations
        )
        self.output = nn.Linear(sizes.units, sizes.num_classes)
        nn.init.constant_(self.output.bias, INITIAL_LOGIT)

    def forward(self, rows: Tensor) -> Tensor:
        """Logits (batch, bins, classes) of rows (batch, bins, `row_width`), int64."""
        # Most slots are empty. A CPU leaves them out; a GPU prefers fixed shapes.
        pooled = self._pool_packed(rows) if rows.device.type == "cpu" else self._pool_rows(rows)

        values = functional.relu(self.mix(pooled))
        if runs_frames_first(values):
            return self._read_bins(values).transpose(0, 1)

        # (batch, units, bins) values
        values = self._drop_values(values.transpose(1, 2))
        for layer in self.context:
            values = values + self._drop_values(layer(values))
        logits: Tensor = self.output(values.transpose(1, 2))
        return logits

    def _read_bins(self, values: Tensor) -> Tensor:
        """Logits (bins, batch, classes) of (batch, bins, units), as a CPU is fastest."""
        share = self.architecture.dropout if self.training else 0
        values = drop_values(values, share).transpose(0, 1).contiguous()
        for layer in self.context:
            # The convolution of other devices draws for (batch, units, bins).
            values = values + drop_values(layer(values, bins_first=True), share, (1, 2, 0))
        logits: Tensor = self.output(values)
        return logits

    def _drop_values(self, values: Tensor, share: float = 1.0) -> Tensor:
        return functional.dropout(values, share * self.architecture.dropout, self.training)

    def _read_tokens(self, ids: Tensor) -> Tensor:
        """(batch, tokens, units) of ids (batch, tokens), not negative, 0 for padding."""
        if self.training and self.architecture.token_dropout:
            unknown = torch.rand(ids.shape, device=ids.device) < self.architecture.token_dropout
            ids = torch.where(unknown & (ids != PADDING_ID), UNKNOWN_ID, ids)
        embedded = self.embedding(ids)
        if runs_frames_first(embedded):
            return self._convolve_tokens(embedded, ids).transpose(0, 1)
        embedded = self._drop_values(embedded, 0.5)
        present = (ids != PADDING_ID).unsqueeze(1)
        tokens = embedded.transpose(1, 2) * present
        tokens = functional.relu(self.first(tokens)) * present
        read: Tensor = (tokens + functional.relu(self.second(tokens))) * present
        return read.transpose(1, 2)

    def _convolve_tokens(self, embedded: Tensor, ids: Tensor) -> Tensor:
        """(tokens, batch, units) of (batch, tokens, embedding_dim), as a CPU is fastest."""
        embedded = drop_values(embedded, 0.5 * self.architecture.dropout * self.training)
        present = ids.T.unsqueeze(2) != PADDING_ID
        is_full = bool(present.all())

        def leave_present(values: Tensor) -> Tensor:
            return values if is_full else values * present

        first, second = self.first, self.second
        tokens = leave_present(embedded.transpose(0, 1))
        tokens = leave_present(functional.relu(convolve_frames(tokens, first.weight, first.bias)))
        again = functional.relu(convolve_frames(tokens, second.weight, second.bias))
        return leave_present(tokens + again)

    def _pool_rows(self, rows: Tensor) -> Tensor:
        """(batch, bins, 2 * units + 1): each row is read alone."""
        batch, bins, _ = rows.shape
        tokens = self._read_tokens(rows[..., 1:].flatten(0, 1))[:, NEIGHBOURS:-NEIGHBOURS]

        # (batch * bins, slots, 1) whether there is an own token; values are never negative
        counts = rows[..., 0].flatten()
        is_own = torch.arange(self.slots, device=rows.device) < counts[:, None]
        own = tokens * is_own.unsqueeze(2)
        return self._join_pooled(own.amax(dim=1), own.sum(dim=1), counts).view(batch, bins, -1)

    def _pool_packed(self, rows: Tensor) -> Tensor:
        """As `_pool_rows`, with all own tokens of the batch in one sequence."""
        batch, bins, width = rows.shape
        column = torch.arange(width, device=rows.device)
        place, counts = column - FIRST_SLOT, rows[..., :1]
        is_own = (place >= 0) & (place < counts)

        # A chunk's first tokens have neighbours before them, its last ones behind them.
        is_read = is_own.clone()
        is_read[:, 0] |= (column > 0) & (place < 0)
        is_read[:, -1] |= (place >= counts[:, -1]) & (place < counts[:, -1] + NEIGHBOURS)
        tokens = self._read_tokens(rows[is_read].unsqueeze(0))[0]

        # (tokens,) the bin of each own token, and the maximum and sum of each bin
        own = is_own[is_read]
        bin_of_token = is_read.flatten(0, 1).nonzero()[:, 0][own]
        values, units = tokens[own], tokens.shape[1]
        maximum = values.new_zeros(batch * bins, units).scatter_reduce(
            0, bin_of_token.unsqueeze(1).expand(-1, units), values, "amax"
        )
        total = values.new_zeros(batch * bins, units).index_add(0, bin_of_token, values)
        return self._join_pooled(maximum, total, counts.flatten()).view(batch, bins, -1)

    def _join_pooled(self, maximum: Tensor, total: Tensor, counts: Tensor) -> Tensor:
        """(bins, 2 * units + 1): maximum, sum divided by one more than the count, any token."""
        number = counts.unsqueeze(1).to(total.dtype)
        return torch.cat([maximum, total / (number + 1), (number > 0).to(total.dtype)], dim=1)


class ContextLayer(nn.Module):
    """A dilated convolution over bins, batch normalisation and ReLU."""

    def __init__(self, units: int, dilation: int) -> None:
        """Args: units, width; dilation, in bins."""
        super().__init__()
        self.convolution = nn.Conv1d(
            units, units, CONTEXT_KERNEL, padding="same", dilation=dilation
        )
        self.norm = nn.BatchNorm1d(units)

    def forward(self, bins: Tensor, *, bins_first: bool = False) -> Tensor:
        """(batch, units, bins), or (bins, batch, units), to the same shape."""
        if not bins_first:
            return functional.relu(self.norm(self.convolution(bins)))
        weight, bias = self.convolution.weight, self.convolution.bias
        found = convolve_frames(bins, weight, bias, self.convolution.dilation[0])
        return functional.relu(self.norm(found.flatten(0, 1))).view_as(found)

    def fold(self) -> tuple[Tensor, Tensor]:
        """Weights and bias of the convolution with the normalisation folded in, for evaluation."""
        mean, variance = self.norm.running_mean, self.norm.running_var
        if mean is None or variance is None or self.convolution.bias is None:
            raise AssertionError("normalisation keeps running statistics, convolutions have a bias")
        factor = self.norm.weight / torch.sqrt(variance + self.norm.eps)
        bias = (self.convolution.bias - mean) * factor + self.norm.bias
        return self.convolution.weight * factor[:, None, None], bias


class TokenNetwork(SpotterNetwork):
    """One or several token networks, whose logits are averaged."""

    architecture: TokenArchitecture

    def __init__(self, architecture: TokenArchitecture) -> None:
        """Args: architecture, sizes."""
        super().__init__()
        self.architecture = architecture
        self.members = nn.ModuleList(TokenMember(architecture) for _ in range(architecture.members))

    def forward(self, features: Tensor) -> NetworkOutput:
        """Scores and logits of chunks of token rows.

        Args:
            features: (batch, chunk_frames, feature_dim), whole numbers of any type.
        """
        rows = features.long()
        logits = torch.stack([member(rows) for member in self.members]).mean(dim=0).float()
        no_spots = logits.new_zeros((len(rows), 0, 2 + self.architecture.num_classes))
        return NetworkOutput(torch.sigmoid(logits), no_spots, logits)


def start_embeddings(network: TokenNetwork, tracks: Sequence[npt.NDArray[Any]], seed: int) -> None:
    """Start from embeddings that the neighbours of tokens give, where there are tokens enough.

    Args:
        network: freshly initialised.
        tracks: (bins, feature_dim) rows of each period of the training set.
        seed: of the decomposition.
    """
    sizes = network.architecture
    if sizes.num_ids <= sizes.embedding_dim + 1:
        return
    periods = [unpack_ids(np.asarray(rows)) for rows in tracks]
    vectors = embed_tokens(periods, sizes.num_ids, sizes.embedding_dim, seed=seed)
    for member in network.members:
        if isinstance(member, TokenMember):
            member.embedding.weight.data.copy_(torch.from_numpy(vectors))


def join_networks(
    networks: Sequence[TokenNetwork], stored_as: str = "float32", chunk_frames: int = 0
) -> TokenNetwork:
    """One network whose logits are the mean of those of several, in evaluation mode.

    Args:
        networks: of the same sizes.
        stored_as: see `TokenArchitecture`; with ``float16`` the weights are rounded.
        chunk_frames: length of a chunk, on which no weight depends; 0 leaves that of training.
    """
    members = [member for network in networks for member in network.members]
    sizes = networks[0].architecture
    architecture = sizes.replace(
        members=len(members),
        stored_as=stored_as,
        chunk_frames=chunk_frames or sizes.chunk_frames,
    )
    joined = TokenNetwork(architecture)
    for own, member in zip(joined.members, members, strict=True):
        own.load_state_dict(member.state_dict())
    if stored_as == "float16":
        round_weights(joined)
    return joined.eval()


def round_weights(network: nn.Module) -> None:
    """Round weights of two and more axes to the nearest float16, in place."""
    for tensor in network.state_dict().values():
        if tensor.ndim > 1:
            tensor.copy_(tensor.half())
