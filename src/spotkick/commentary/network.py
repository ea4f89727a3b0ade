"""Token networks of folds: their sizes, and their weights for use without torch.

The network itself is `spotkick.models.tokens`; `spotkick.commentary.inference` runs it in numpy.
"""

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from spotkick.commentary.inference import CONTEXT_DILATIONS, TokenNetwork
from spotkick.commentary.token_model import SLOTS
from spotkick.features.token_rows import row_width
from spotkick.models.tokens import ContextLayer, TokenArchitecture, TokenMember

EMBEDDING_DIM = 64
UNITS = 96


def fold_architecture(num_ids: int, num_classes: int) -> TokenArchitecture:
    """Sizes of the networks that make features."""
    return TokenArchitecture(
        num_ids=num_ids,
        num_classes=num_classes,
        feature_dim=row_width(SLOTS),
        receptive_field_frames=2 * sum(CONTEXT_DILATIONS),
        embedding_dim=EMBEDDING_DIM,
        units=UNITS,
        dilations=CONTEXT_DILATIONS,
    )


def export_network(network: TokenMember) -> TokenNetwork:
    """The weights of a trained network, with its normalisations folded in."""
    context = [layer.fold() for layer in network.context if isinstance(layer, ContextLayer)]
    return TokenNetwork(
        _to_array(network.embedding.weight),
        (_export_layer(network.first), _export_layer(network.second)),
        mix=_export_layer(network.mix),
        context_layers=tuple((_to_array(weight), _to_array(bias)) for weight, bias in context),
        output=_export_layer(network.output),
    )


def _export_layer(
    layer: nn.Conv1d | nn.Linear,
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    bias = torch.zeros(layer.weight.shape[0]) if layer.bias is None else layer.bias
    return _to_array(layer.weight), _to_array(bias)


def _to_array(tensor: Tensor) -> npt.NDArray[np.float32]:
    array: npt.NDArray[np.float32] = tensor.detach().cpu().float().contiguous().numpy().copy()
    return array
