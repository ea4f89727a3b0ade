"""Configurations of training; defaults are the paper's for SoccerNet-v1, as released."""

from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from spotkick.configuration import FrozenConfig, suggestion
from spotkick.losses import MatchingMethod, PerFrameOptions, segmentation_losses
from spotkick.losses.context_aware import CONTEXT_VARIANTS

MixupPartners = Literal["any", "balanced"]
"""Second chunk of a pair: any of the batch, or one of each class of the batch equally often."""

_Weight = Annotated[float, Field(ge=0)]
_Count = Annotated[int, Field(ge=1)]


class LossConfig(PerFrameOptions):
    """The total loss, Eq. (11); parameters of per-frame losses are in `PerFrameOptions`.

    Attributes:
        segmentation: the segmentation loss. ``paper``: Eqs. (1)-(9). ``tf_legacy``: cases (4) and
            (5) as in the authors' TensorFlow code. ``symmetric``: case (3) mirrors case (4).
            ``bce``, ``focal``, ``gaussian``: targets per frame, see
            `spotkick.losses.per_frame`.
        margin_low: tau_min.
        margin_high: tau_max.
        segmentation_weight: lambda_seg, for a mean over classes and frames; 0 is the paper's
            ablation i.
        matching: of predicted with true spots; ``none`` is the paper's ablation iv.
        location_weight: alpha_2.
        unmatched_weight: beta.
        displacement_weight: of the loss of displacements, for networks that have them.
        shifts: what a frame's distance to an action is. ``dominating``: whole frames to the action
            whose context the frame lies in most deeply, as in the paper. ``nearest``: to the exact
            time of the nearest action, also between frames; for per-frame losses.
        class_weights: of the segmentation loss. ``entropy``: rare classes count more, each by the
            square root of the entropy of its frequency; ``none``: all alike, as in the paper.
    """

    segmentation: str = "paper"
    margin_low: Annotated[float, Field(ge=0, lt=1)] = 0.1
    margin_high: Annotated[float, Field(gt=0, le=1)] = 0.9
    segmentation_weight: _Weight = 1.5
    matching: MatchingMethod = "mutual"
    location_weight: _Weight = 5.0
    unmatched_weight: _Weight = 0.5
    displacement_weight: _Weight = 1.0
    shifts: Literal["dominating", "nearest"] = "dominating"
    class_weights: Literal["none", "entropy"] = "none"

    @field_validator("segmentation")
    @classmethod
    def _check_segmentation(cls, name: str) -> str:
        if name not in segmentation_losses():
            raise ValueError(f"no such loss, {suggestion(name, segmentation_losses())}")
        return name

    @model_validator(mode="after")
    def _check_shifts(self) -> Self:
        if self.shifts == "nearest" and self.segmentation in CONTEXT_VARIANTS:
            raise ValueError(
                f"shifts = 'nearest' is for per-frame losses, and segmentation = "
                f"'{self.segmentation}' needs the action that dominates; set shifts = 'dominating'"
            )
        return self


class SamplingConfig(FrozenConfig):
    """Which chunks make an epoch.

    Attributes:
        preset: ``paper_v1``: around each action of each period one chunk, and 1 + actions / classes
            chunks of background; those of a period make one batch, periods in fixed order (the
            authors' TensorFlow code). ``v2``: chunks drawn with equal probability for each class
            and background (the authors' PyTorch code). ``uniform``: chunks anywhere, so that a
            network sees actions as rarely as it will when it spots (not in the paper).
        batch_chunks: chunks per batch; 0 with ``paper_v1`` makes one batch of each period.
        chunks_per_epoch: ``v2`` and ``uniform`` only.
        anywhere_share: ``paper_v1`` only: further chunks from anywhere, as a share of the preset's,
            so that a network sees more of what is no action. 0 is the paper's.
        shuffle: ``paper_v1`` only: mix the chunks of all periods before batches are formed.
        hide_future: the last border_frames of each chunk are copies of the frame before them, as
            behind the newest frame of a stream: for spotting live with a short latency.
        border_actions: extend each period by border_frames copies of its end frames, so that
            actions near its ends are trained and spotted as well as any other.
    """

    preset: Literal["paper_v1", "v2", "uniform"] = "paper_v1"
    batch_chunks: Annotated[int, Field(ge=0)] = 0
    chunks_per_epoch: _Count = 18_000
    anywhere_share: _Weight = 0.0
    shuffle: bool = False
    border_actions: bool = False
    hide_future: bool = False


class TrainingConfig(FrozenConfig):
    """Optimisation.

    Attributes:
        epochs: number of epochs.
        learning_rate: of Adam, at the start.
        final_learning_rate: at the end of ``linear`` and ``cosine``; lower bound of ``plateau``.
        schedule: ``linear`` and ``cosine`` over the epochs; ``cosine_by_step`` over the steps;
            ``plateau`` divides by ten when validation has not improved for ``plateau_patience``
            validations; ``constant``.
        warmup_steps: steps over which the learning rate rises to that of the schedule.
        plateau_patience: validations.
        weight_decay: decoupled, as AdamW.
        feature_dropout: dropout: share of the values of a feature vector that are set to 0 in
            training, the same ones in all frames of a chunk; the others are scaled up. 0 is the
            paper's.
        adam_epsilon: Adam's denominator term; 1e-7 is Keras's.
        gradient_clip: largest norm of the gradient of all weights; 0 for no limit.
        ema_decay: of the exponential moving average of the weights, such as 0.999; the average is
            what is validated and kept. 0 keeps the weights of single steps.
        mixup_alpha: mixup of the chunks of a batch, with weights from Beta(alpha, alpha); 0 for
            none. For networks without a spotting module.
        mixup_partners: ``any`` chunk of the batch, or ``balanced``: each class equally often.
        sam_radius: rho of sharpness-aware minimisation, such as 0.05, which takes two gradients a
            step; 0 for none.
        validate_every: epochs between validations.
        early_stop: validations without improvement before training ends; 0 never.
        seed: of every source of randomness.
        device: ``auto`` takes CUDA where there is one.
        mixed_precision: bfloat16 products on CUDA; ignored on CPU.
        tf32: on CUDA, products of float32 with 10 bits of mantissa, faster and less exact.
        data_on_device: ``auto`` keeps the whole training set in the memory of a GPU when it fits,
            and gathers batches there; ``always`` does so on any device; ``never`` loads each batch.
        compile: compile the network with torch.compile; where the data are on the device, the loss,
            too.
        threads: CPU threads of torch; 0 leaves its own choice.
    """

    epochs: _Count = 1000
    learning_rate: Annotated[float, Field(gt=0)] = 1e-3
    final_learning_rate: _Weight = 1e-6
    schedule: Literal["linear", "cosine", "cosine_by_step", "plateau", "constant"] = "linear"
    warmup_steps: Annotated[int, Field(ge=0)] = 0
    plateau_patience: _Count = 25
    weight_decay: _Weight = 0.0
    feature_dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0
    adam_epsilon: Annotated[float, Field(gt=0)] = 1e-7
    gradient_clip: _Weight = 0.0
    ema_decay: Annotated[float, Field(ge=0, lt=1)] = 0.0
    mixup_alpha: _Weight = 0.0
    mixup_partners: MixupPartners = "any"
    sam_radius: _Weight = 0.0
    validate_every: _Count = 20
    early_stop: Annotated[int, Field(ge=0)] = 0
    seed: Annotated[int, Field(ge=0)] = 0
    device: str = "auto"
    mixed_precision: bool = False
    tf32: bool = False
    data_on_device: Literal["auto", "always", "never"] = "auto"
    compile: bool = False
    threads: Annotated[int, Field(ge=0)] = 0
