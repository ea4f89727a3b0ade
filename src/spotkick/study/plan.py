"""The plan of a study: which stacks are trained, in which order, with what they share."""

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from spotkick.chunks import border_frames_of
from spotkick.configuration import FrozenConfig
from spotkick.errors import ConfigError
from spotkick.files import read_json
from spotkick.models.tokens import TokenSizes
from spotkick.study.arms import HEADS, USUAL_SPACE, Arm, SearchSpace, parse_arm

_Positive = Annotated[float, Field(gt=0)]
_Count = Annotated[int, Field(ge=1)]


class Recipe(FrozenConfig):
    """Everything that all networks on a data set share.

    Attributes:
        steps: of optimisation; nothing is chosen by validation while a network trains.
        batch_chunks: chunks of a step.
        chunk_frames: frames of a chunk.
        receptive_field_frames: of the trunk.
        hidden: see `spotkick.study.network.StackSizes`.
        pyramid: same.
        capsule_dim: same.
        dropout: same.
        token_dropout: share of the tokens that are replaced by the unknown one in training.
        weight_decay: decoupled.
        warmup_steps: steps in which the learning rate rises.
        unit_s: length that the settings of all losses are drawn relative to.
        slicing: preset of `spotkick.encoding.slicing` that draw 0 of the context-aware losses
            takes; empty where nothing is published for the classes, for lengths of ``unit_s``.
        offset_radius_s: frames this near to an action learn its displacement.
        suppression: method, see `spotkick.suppression`.
        window_s: of the suppression.
        peaks: kept per period and class, the highest.
        tokens: sizes of a token network, which takes the place of the stack; hidden, pyramid,
            capsule_dim, dropout and token_dropout are not used then.
        sampling: chunks that token networks are shown, see `spotkick.training.config`: ``uniform``
            or, as the paper does, ``v2``, balanced over classes and background.
        margin: tau_min of every context-aware network, in place of the drawn one; 0 switches the
            margins off, as the paper's ablation iii does.
        search: what the settings of the arms are drawn from.
    """

    steps: _Count = 1000
    batch_chunks: _Count = 32
    chunk_frames: _Count = 60
    receptive_field_frames: _Count = 20
    hidden: tuple[int, int] = (64, 16)
    pyramid: tuple[int, int, int, int] = (8, 8, 16, 16)
    capsule_dim: _Count = 8
    dropout: float = 0.2
    token_dropout: float = 0.2
    weight_decay: float = 0.01
    warmup_steps: _Count = 50
    unit_s: _Positive = 10.0
    slicing: Literal["", "v1", "v2"] = ""
    offset_radius_s: _Positive = 3.0
    suppression: Literal["fixed", "soft-linear", "soft-gauss", "none"] = "soft-linear"
    window_s: _Positive = 60.0
    peaks: _Count = 30
    tokens: TokenSizes | None = None
    sampling: Literal["uniform", "v2"] = "uniform"
    margin: Annotated[float, Field(ge=0, lt=0.5)] | None = None
    search: SearchSpace = USUAL_SPACE

    @property
    def border_frames(self) -> int:
        """Frames at each end of a chunk that carry no loss and are not used."""
        return border_frames_of(self.receptive_field_frames)

    @model_validator(mode="after")
    def _check_chunk(self) -> Self:
        if self.chunk_frames <= 2 * self.border_frames:
            raise ValueError(
                f"chunk_frames ({self.chunk_frames}) must be more than the two borders of "
                f"{self.border_frames} frames, half of receptive_field_frames each"
            )
        return self

    def sizes(self) -> dict[str, Any]:
        """The part that `spotkick.study.network.StackSizes` takes."""
        names = (
            "chunk_frames",
            "receptive_field_frames",
            "hidden",
            "pyramid",
            "capsule_dim",
            "dropout",
        )
        return {name: getattr(self, name) for name in names}


class Block(FrozenConfig):
    """One stack per seed: all arms of one level of one factor, on one data set.

    Attributes:
        name: such as ``commentary`` or ``commentary-jitter-2s``.
        data: name of the data file, without its ending.
        recipe: name of a recipe.
        arms: names such as ``dense-bce``.
        draws: settings tried per arm.
        only_draws: numbers of the draws that are tried, where it is not the first ``draws``.
        seeds: one stack each.
        jitter_s: standard deviation of the noise on training labels.
        train_matches: matches to train on; 0 for all.
        ensemble: networks whose scores are averaged, the best ones on a half of the held matches;
            0 for no ensembles.
    """

    name: str
    data: str
    recipe: str
    arms: tuple[str, ...]
    draws: _Count = 8
    only_draws: tuple[Annotated[int, Field(ge=0)], ...] = ()
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)
    jitter_s: float = 0.0
    train_matches: int = 0
    ensemble: Annotated[int, Field(ge=0)] = 0

    @property
    def draw_numbers(self) -> tuple[int, ...]:
        """Numbers of the draws that are tried."""
        return self.only_draws or tuple(range(self.draws))

    @model_validator(mode="after")
    def _check_draws(self) -> Self:
        if self.only_draws and self.draws != len(set(self.only_draws)):
            raise ValueError(
                f"draws ({self.draws}) must be the number of different only_draws "
                f"({len(set(self.only_draws))})"
            )
        return self

    def sorted_arms(self) -> list[Arm]:
        """The arms in the order of a stack."""
        arms = [parse_arm(name) for name in self.arms]
        return sorted(arms, key=lambda arm: HEADS.index(arm.head))


class StudyPlan(FrozenConfig):
    """Recipes and blocks; blocks are run in their order, the seeds of a block one after another.

    Attributes:
        recipes: by name.
        blocks: the most important first.
    """

    recipes: dict[str, Recipe]
    blocks: tuple[Block, ...]

    def block(self, name: str) -> Block:
        """The block of a name.

        Raises:
            ConfigError: if there is none.
        """
        for block in self.blocks:
            if block.name == name:
                return block
        raise ConfigError(f"the plan has no block '{name}'")


def read_plan(path: Path) -> StudyPlan:
    """Read a plan.

    Raises:
        InputError: if the file is missing or no JSON.
        ConfigError: if it is no plan, or names an arm or a recipe that there is not.
    """
    plan = StudyPlan.parse(read_json(path), str(path))
    for block in plan.blocks:
        if block.recipe not in plan.recipes:
            raise ConfigError(f"{path}: block '{block.name}' names no recipe: '{block.recipe}'")
        block.sorted_arms()
    return plan
