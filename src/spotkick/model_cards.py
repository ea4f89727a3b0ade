"""What the shipped checkpoints are good for: the card of each, beside its weights.

``card.json`` holds what a checkpoint itself cannot know: in plain words what it reads, what it was
trained on and with which commands, how well it scored on what, under which licences it stands, and
what is not known about it. Classes and sizes are read from the checkpoint.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import Field

from spotkick.checkpoint import read_checkpoint
from spotkick.configuration import FrozenConfig, suggestion
from spotkick.errors import CheckpointError, ConfigError, InputError
from spotkick.files import read_json
from spotkick.shipped_folders import find_shipped, list_shipped

CARD_FILE: Final = "card.json"

_Share = Annotated[float, Field(ge=0, le=1)]


class MeasuredScore(FrozenConfig):
    """One score of a checkpoint, with everything that a reader needs to judge it.

    Attributes:
        classes: what was scored: a class list by name, or in plain words.
        metric: such as ``loose Average-mAP``.
        tolerance_s: smallest and largest tolerance in seconds.
        data: matches and input that it was measured on.
        split: part of the data, such as ``valid``.
        average_map: between 0 and 1, as ``spotkick evaluate --json`` writes it.
        interval: its 95 % interval over matches, if it was computed.
        per_class: average precision between 0 and 1.
    """

    classes: str
    metric: str
    tolerance_s: tuple[float, float]
    data: str
    split: str
    average_map: _Share
    interval: tuple[_Share, _Share] | None = None
    per_class: dict[str, _Share] = Field(default_factory=dict)

    def describe(self) -> str:
        """One line for people."""
        low, high = self.tolerance_s
        around = ""
        if self.interval is not None:
            around = f" ({100 * self.interval[0]:.1f} to {100 * self.interval[1]:.1f})"
        return (
            f"{self.metric} {100 * self.average_map:.1f}{around}, {self.classes}, "
            f"tolerances {low:g} to {high:g} s, {self.split}: {self.data}"
        )


class ModelCard(FrozenConfig):
    """What people have to know about a shipped checkpoint.

    Attributes:
        summary: one sentence: what it finds in what.
        inputs: what it reads, in plain words.
        trained_on: data and split.
        commands: what repeats the training, in order.
        scores: those of this very file.
        licences: of the weights, and of what they were trained on.
        unknowns: what is not known about it.
    """

    summary: str
    inputs: Annotated[tuple[str, ...], Field(min_length=1)]
    trained_on: str
    commands: Annotated[tuple[str, ...], Field(min_length=1)]
    scores: tuple[MeasuredScore, ...]
    licences: Annotated[tuple[str, ...], Field(min_length=1)]
    unknowns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ShippedModel:
    """A shipped checkpoint.

    Attributes:
        name: what commands call it.
        folder: where it lies.
        classes: that it spots, in the order of the score columns.
        features: name of the features that its network reads.
        size_bytes: of the whole folder.
        card: what people have to know.
    """

    name: str
    folder: Path
    classes: tuple[str, ...]
    features: str
    size_bytes: int
    card: ModelCard

    def score_lines(self, *, with_classes: bool = False) -> list[str]:
        """One line per score, with average precisions of classes where they are wanted."""
        lines = []
        for score in self.card.scores:
            lines.append(score.describe())
            if with_classes and score.per_class:
                parts = (f"{name} {100 * value:.1f}" for name, value in score.per_class.items())
                lines.append(f"  {', '.join(parts)}")
        return lines

    def to_json(self) -> dict[str, Any]:
        """Everything as plain values."""
        return {
            "name": self.name,
            "folder": str(self.folder),
            "classes": list(self.classes),
            "features": self.features,
            "size_bytes": self.size_bytes,
            **self.card.model_dump(mode="json"),
        }


def list_models() -> tuple[ShippedModel, ...]:
    """The checkpoints that ship with spotkick; `spotkick.load_model` takes their names.

    Raises:
        CheckpointError: if the installation is damaged.

    Example:
        >>> "demo" in [model.name for model in list_models()]
        True
    """
    return tuple(map(read_model, list_shipped()))


def read_model(name: str) -> ShippedModel:
    """A shipped checkpoint by its name.

    Raises:
        CheckpointError: if none has the name, or the installation is damaged.
    """
    folder = find_shipped(name)
    if folder is None:
        raise CheckpointError(
            f"no shipped checkpoint is called '{name}'; {suggestion(name, list_shipped())}"
        )
    checkpoint = read_checkpoint(folder)
    return ShippedModel(
        name,
        folder,
        classes=checkpoint.classes.names,
        features=checkpoint.feature_source.name,
        size_bytes=sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()),
        card=read_card(folder),
    )


def read_card(folder: Path) -> ModelCard:
    """The card in the folder of a checkpoint.

    Raises:
        CheckpointError: if it is missing or not a card.
    """
    path = folder / CARD_FILE
    try:
        values = read_json(path)
        if not isinstance(values, dict):
            raise InputError(f"{path}: a table is needed, got {type(values).__name__}")
        return ModelCard.parse(values, str(path))
    except (InputError, ConfigError) as error:
        raise CheckpointError(f"{error}; install spotkick again") from None
