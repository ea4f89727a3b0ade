"""What every spotting network shares: its settings, its sizes, its inputs and outputs.

A spotter reads chunks of features and gives a score per frame and class, and optionally spots.
Training, checkpoints and prediction know networks by these types alone.
"""

from typing import Annotated, NamedTuple

from pydantic import Field
from torch import Tensor, nn

from spotkick.chunks import border_frames_of
from spotkick.configuration import FrozenConfig

Positive = Annotated[int, Field(ge=1)]


class SpotterConfig(FrozenConfig):
    """The ``[model]`` table of a configuration, as far as all spotters share it.

    Attributes:
        kind: of network, a name of `spotkick.models.registry`.
        chunk_s: length of a chunk.
        receptive_field_s: how much of a chunk a score depends on; half of it at each end of a chunk
            carries no loss, and is not used in prediction.
    """

    kind: str = "calf"
    chunk_s: Annotated[float, Field(gt=0)] = 120.0
    receptive_field_s: Annotated[float, Field(gt=0)] = 40.0


class SpotterArchitecture(FrozenConfig):
    """Sizes of a network, as far as all spotters share them.

    Attributes:
        kind: of network.
        feature_dim: length of a feature vector.
        num_classes: number of classes.
        chunk_frames: frames of a chunk.
        num_spots: spots predicted per chunk; not used by networks that give scores alone.
        receptive_field_frames: frames that a score depends on.
    """

    kind: str
    feature_dim: Positive = 512
    num_classes: Positive = 3
    chunk_frames: Positive = 240
    num_spots: Positive = 5
    receptive_field_frames: Positive = 80

    @property
    def border_frames(self) -> int:
        """Frames cut off at each end of a chunk: half of the receptive field, rounded up."""
        return border_frames_of(self.receptive_field_frames)

    @property
    def loss_border_frames(self) -> int:
        """Frames at each end of a chunk that carry no loss in training."""
        return self.border_frames


class NetworkOutput(NamedTuple):
    """Outputs of a network for a batch of chunks.

    Attributes:
        scores: (batch, frames, classes), p in [0, 1].
        spots: (batch, spots, 2 + classes): confidence, location in [0, 1], class probabilities; no
            rows for networks that give scores alone.
        logits: (batch, frames, classes) whose sigmoid the scores are; None where the scores come
            from something else. The loss is computed on them where there are any.
        displacements: (batch, frames, classes) frames from each frame to the action near it; None
            for networks without.
    """

    scores: Tensor
    spots: Tensor
    logits: Tensor | None = None
    displacements: Tensor | None = None


class SpotterNetwork(nn.Module):
    """Base of spotting networks: a module that knows its sizes.

    Attributes:
        architecture: sizes; its ``kind`` finds the network in `spotkick.models.registry`.
    """

    architecture: SpotterArchitecture

    def forward(self, features: Tensor) -> NetworkOutput:
        """Scores and spots of chunks.

        Args:
            features: (batch, chunk_frames, feature_dim).
        """
        raise NotImplementedError
