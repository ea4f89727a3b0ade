"""The context-aware loss against the published table and its equations, and its properties."""

import itertools
import math
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.losses import reference
from torch import Tensor

from spotkick.errors import ConfigError
from spotkick.losses import Margins, context_aware_loss

BOUNDS = (-40.0, -20.0, 120.0, 180.0)
SCORES = (0.05, 0.2, 0.5, 0.8, 0.95)
VARIANTS = ("paper", "tf_legacy", "symmetric")

FAR = (0, 0.117783, 0.587787, 1.504077, 2.890372)
HALFWAY = (0, 0, 0.182322, 0.405465, 0.538997)
TABLE = {
    **dict.fromkeys((-60, -40, 180, 300), FAR),
    **dict.fromkeys((-30, 150), HALFWAY),
    -25: (0, 0, 0.028171, 0.117783, 0.165792),
    **dict.fromkeys((*range(-20, 0), *range(108, 121)), (0,) * 5),
    0: FAR[::-1],
    30: (1.141172, 0.810930, 0.364643, 0.057158, 0),
    60: (0.538997, 0.405465, 0.182322, 0, 0),
    179: (0, 0.113625, 0.571257, 1.439539, 2.615268),
}


def per_frame(
    scores: list[float], shifts: list[float], bounds: reference.Bounds = BOUNDS, **options: Any
) -> list[float]:
    """The loss of single frames of one class, in double precision."""
    p, s = (torch.tensor(values, dtype=torch.float64)[:, None] for values in (scores, shifts))
    k = torch.tensor([bounds], dtype=torch.float64)
    losses: list[float] = context_aware_loss(p, s, k, reduction="none", **options)[:, 0].tolist()
    return losses


def loss_at(p: float, s: float, bounds: reference.Bounds = BOUNDS, **options: Any) -> float:
    return per_frame([p], [s], bounds, **options)[0]


bounds_of_classes = st.builds(
    lambda before, after, first, second: (-before - first, -before, after, after + second),
    *[st.floats(0.5, 100)] * 2,
    *[st.just(0.0) | st.floats(0.5, 100)] * 2,
)


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-6), (torch.float32, 2e-6)])
def test_context_aware_loss_published_table_is_met(dtype: torch.dtype, tolerance: float) -> None:
    shifts = torch.tensor(list(TABLE), dtype=dtype)[:, None, None].expand(-1, len(SCORES), 1)
    scores = torch.tensor(SCORES, dtype=dtype)[None, :, None].expand_as(shifts)
    loss = context_aware_loss(scores, shifts, torch.tensor([BOUNDS], dtype=dtype), reduction="none")
    assert loss.dtype == dtype
    torch.testing.assert_close(
        loss[..., 0], torch.tensor(list(TABLE.values()), dtype=dtype), rtol=0, atol=tolerance
    )


@pytest.mark.parametrize("variant", VARIANTS)
@given(
    bounds=bounds_of_classes,
    frames=st.lists(
        st.tuples(st.floats(0.001, 0.999), st.floats(-250, 250)), min_size=1, max_size=30
    ),
    margins=st.sampled_from([(0.1, 0.9), (0.0, 1.0), (0.3, 0.6)]),
)
@settings(deadline=None, max_examples=50)
def test_context_aware_loss_every_frame_equals_the_equations(
    variant: Any,
    bounds: reference.Bounds,
    frames: list[tuple[float, float]],
    margins: tuple[float, float],
) -> None:
    frames = frames + [(0.4, k) for k in (*bounds, 0.0)]
    scores, shifts = zip(*frames, strict=True)
    expected = [reference.segmentation(p, s, bounds, margins, variant) for p, s in frames]
    assert per_frame(
        list(scores), list(shifts), bounds, variant=variant, margins=Margins(*margins)
    ) == pytest.approx(expected, abs=1e-10)


@given(bounds_of_classes, st.floats(0.001, 0.999), st.floats(0.001, 0.999))
@settings(deadline=None, max_examples=50)
def test_context_aware_loss_just_before_an_action_is_zero(
    bounds: reference.Bounds, p: float, place: float
) -> None:
    assert loss_at(p, bounds[1] * place, bounds) == 0
    assert loss_at(p, bounds[1] * place, bounds, margins=Margins(0, 1)) == 0


@given(bounds_of_classes, st.floats(-250, 250), st.lists(st.floats(0, 1), min_size=2, max_size=10))
@settings(deadline=None, max_examples=50)
def test_context_aware_loss_is_monotonic_in_the_score(
    bounds: reference.Bounds, s: float, scores: list[float]
) -> None:
    losses = per_frame(sorted(scores), [s] * len(scores), bounds)
    sign = -1 if 0 <= s < bounds[2] else 1
    steps = [sign * (later - earlier) for earlier, later in itertools.pairwise(losses)]
    assert min(steps) >= -1e-12


@pytest.mark.parametrize("p", [0.01, 0.3, 0.7, 0.99])
@pytest.mark.parametrize("k", [BOUNDS[0], BOUNDS[1], BOUNDS[2], BOUNDS[3]])
@pytest.mark.parametrize("margins", [Margins(), Margins(0, 1)])
def test_context_aware_loss_at_the_bounds_is_continuous(
    p: float, k: float, margins: Margins
) -> None:
    left, at, right = per_frame([p] * 3, [k - 1e-7, k, k + 1e-7], margins=margins)
    assert left == pytest.approx(at, abs=1e-5)
    assert right == pytest.approx(at, abs=1e-5)


def test_context_aware_loss_at_the_action_jumps() -> None:
    assert loss_at(0.2, -1e-9) == 0
    assert loss_at(0.2, 0) == pytest.approx(1.504077, abs=1e-6)


def test_context_aware_loss_legacy_form_is_never_larger() -> None:
    grid = [(p / 20, float(s)) for p in range(1, 20) for s in range(180)]
    scores, shifts = (list(values) for values in zip(*grid, strict=True))
    off = Margins(0, 1)
    paper = per_frame(scores, shifts, margins=off)
    legacy = per_frame(scores, shifts, margins=off, variant="tf_legacy")
    differences = [a - b for a, b in zip(paper, legacy, strict=True)]
    assert min(differences) >= -1e-12
    assert max(differences) > 0.2


def batch(seed: int = 0, dtype: torch.dtype = torch.float32) -> tuple[Tensor, Tensor, Tensor]:
    """Scores and shifts (2, 24, 3) and slicing of three classes."""
    generator = torch.Generator().manual_seed(seed)
    scores = torch.rand((2, 24, 3), generator=generator, dtype=dtype)
    shifts = torch.randint(-60, 60, (2, 24, 3), generator=generator).to(dtype)
    slicing = torch.tensor([[-40, -20, 20, 40], [-10, -5, 30, 50], [-1, -1, 1, 1]], dtype=dtype)
    return scores, shifts, slicing


def test_context_aware_loss_classes_use_their_own_slicing() -> None:
    scores, shifts, slicing = batch(dtype=torch.float64)
    loss = context_aware_loss(scores, shifts, slicing, reduction="none")
    for label in range(3):
        alone = context_aware_loss(
            scores[..., label : label + 1],
            shifts[..., label : label + 1],
            slicing[label : label + 1],
            reduction="none",
        )
        assert torch.equal(loss[..., label], alone[..., 0])
    slow = [
        reference.segmentation(p, s, tuple(slicing[column % 3].tolist()))
        for column, (p, s) in enumerate(
            zip(scores.flatten().tolist(), shifts.flatten().tolist(), strict=True)
        )
    ]
    assert loss.flatten().tolist() == pytest.approx(slow, abs=1e-10)


@pytest.mark.parametrize("masked", [False, True])
def test_context_aware_loss_mean_is_the_sum_over_frames_and_classes(masked: bool) -> None:
    scores, shifts, slicing = (tensor[:1] if tensor.ndim == 3 else tensor for tensor in batch())
    mask = torch.arange(24) % 3 > 0 if masked else None
    mean = context_aware_loss(scores, shifts, slicing, mask=mask)
    total = context_aware_loss(scores, shifts, slicing, mask=mask, reduction="sum")
    assert 1.5 * mean.item() == pytest.approx(1.5 / (3 * 24) * total.item(), rel=1e-6)
    assert mean.item() > 0


@pytest.mark.parametrize("variant", [*VARIANTS, "bce", "focal"])
@pytest.mark.parametrize("shape", [(24,), (2, 24), (1, 24)])
def test_context_aware_loss_masked_frames_have_no_loss_and_gradient(
    variant: Any, shape: tuple[int, ...]
) -> None:
    scores, shifts, slicing = batch()
    mask = torch.rand(shape, generator=torch.Generator().manual_seed(3)) > 0.4
    kept = mask.expand(2, 24)
    untouched = shifts.clone()
    scores.requires_grad_()
    everywhere = context_aware_loss(scores, shifts, slicing, variant=variant, reduction="none")
    loss = context_aware_loss(scores, shifts, slicing, variant=variant, mask=mask, reduction="none")
    assert torch.equal(loss, everywhere * kept[..., None])
    (gradient,) = torch.autograd.grad(loss.sum(), scores)
    (gradient_everywhere,) = torch.autograd.grad(everywhere.sum(), scores)
    assert (gradient[~kept] == 0).all()
    assert torch.equal(gradient[kept], gradient_everywhere[kept])
    assert gradient.abs().sum() > 0
    assert torch.equal(shifts, untouched)


def test_context_aware_loss_mask_replaces_a_sentinel_shift() -> None:
    # The authors write -1 over the shifts of border frames; with one-frame slicing that lies far
    # before the action.
    scores, slicing = torch.full((1, 4, 1), 0.9), torch.tensor([[-1.0, -1.0, 1.0, 1.0]])
    assert context_aware_loss(scores, torch.full((1, 4, 1), -1.0), slicing) > 1
    assert (
        context_aware_loss(
            scores, torch.full((1, 4, 1), -1.0), slicing, mask=torch.zeros(4, dtype=torch.bool)
        )
        == 0
    )


@pytest.mark.parametrize("variant", VARIANTS)
def test_context_aware_loss_slicing_without_transitions_is_a_step(variant: Any) -> None:
    shifts = [-3.0, -2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0]
    losses = per_frame(
        [0.7] * len(shifts), shifts, (-1, -1, 1, 1), variant=variant, margins=Margins(0, 1)
    )
    far, at = -math.log(0.3), -math.log(0.7)
    just_after = 0 if variant == "tf_legacy" else -math.log(0.85)
    just_before = -math.log(0.85) if variant == "symmetric" else 0
    assert losses == pytest.approx(
        [far, far, far, just_before, at, just_after, far, far], abs=1e-12
    )


def test_context_aware_loss_scores_beyond_the_margins_are_free() -> None:
    assert loss_at(0.9, 0) == pytest.approx(0, abs=1e-12)
    assert loss_at(0.89, 0) > 0.01
    assert loss_at(0.1, 300) == pytest.approx(0, abs=1e-12)
    assert loss_at(0.11, 300) > 0.01
    off = Margins(0, 1)
    assert loss_at(0.95, 0, margins=off) == pytest.approx(-math.log(0.95))
    assert loss_at(0.05, 300, margins=off) == pytest.approx(-math.log(0.95))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
@pytest.mark.parametrize("variant", [*VARIANTS, "bce", "focal"])
def test_context_aware_loss_saturated_scores_give_finite_loss_and_gradient(
    dtype: torch.dtype, variant: Any
) -> None:
    shifts = torch.tensor(
        [-60.0, -40, -30, -20, -5, 0, 1, 60, 119, 120, 150, 179, 180, 300]
    ).repeat(2)[None, :, None]
    scores = torch.cat([torch.zeros(14), torch.ones(14)])[None, :, None].to(dtype).requires_grad_()
    loss = context_aware_loss(
        scores, shifts.to(dtype), torch.tensor([BOUNDS]), variant=variant, reduction="none"
    )
    assert loss.dtype == (torch.float64 if dtype == torch.float64 else torch.float32)
    assert torch.isfinite(loss).all()
    assert loss.max() > 13
    loss.sum().backward()
    assert scores.grad is not None
    assert torch.isfinite(scores.grad).all()


def test_context_aware_loss_half_precision_is_computed_in_single() -> None:
    scores, shifts, slicing = batch()
    half = scores.half()
    loss = context_aware_loss(half, shifts, slicing, reduction="none")
    assert torch.equal(loss, context_aware_loss(half.float(), shifts, slicing, reduction="none"))


@pytest.mark.parametrize("variant", [*VARIANTS, "bce", "focal"])
def test_context_aware_loss_gradients_equal_finite_differences(variant: Any) -> None:
    scores, shifts, slicing = batch(seed=5, dtype=torch.float64)
    scores = (0.02 + 0.96 * scores).requires_grad_()

    def loss(p: Tensor) -> Tensor:
        return context_aware_loss(
            p, shifts, slicing, variant=variant, margins=Margins(0.013, 0.971)
        )

    assert torch.autograd.gradcheck(loss, (scores,))


@pytest.mark.parametrize(("radius", "positives"), [(0, {0}), (2, {-2, -1, 0, 1, 2})])
def test_context_aware_loss_bce_and_focal_equal_their_definitions(
    radius: float, positives: set[int]
) -> None:
    shifts = list(range(-5, 6))
    for p in (0.1, 0.6):
        likelihood = [p if s in positives else 1 - p for s in shifts]
        frames = ([p] * len(shifts), [float(s) for s in shifts])
        bce = per_frame(*frames, variant="bce", target_radius_frames=radius)
        assert bce == pytest.approx([-math.log(q) for q in likelihood], abs=1e-12)
        for gamma in (2.0, 0.5):
            focal = per_frame(
                *frames, variant="focal", target_radius_frames=radius, focal_gamma=gamma
            )
            assert focal == pytest.approx(
                [-((1 - q) ** gamma) * math.log(q) for q in likelihood], abs=1e-12
            )
        assert (
            per_frame(*frames, variant="focal", target_radius_frames=radius, focal_gamma=0) == bce
        )


def test_context_aware_loss_bce_equals_torch() -> None:
    scores, shifts, slicing = batch()
    shifts[0, 3] = shifts[1, 7, 2] = 0
    expected = torch.nn.functional.binary_cross_entropy(scores, (shifts == 0).float())
    torch.testing.assert_close(context_aware_loss(scores, shifts, slicing, variant="bce"), expected)


def test_context_aware_loss_wrong_shapes_and_names_are_refused() -> None:
    scores, shifts, slicing = batch()
    with pytest.raises(ConfigError, match="one shape"):
        context_aware_loss(scores, shifts[:, :-1], slicing)
    with pytest.raises(ConfigError, match="one shape"):
        context_aware_loss(scores, shifts, slicing[:2])
    wrong: Any = "papier"
    with pytest.raises(ConfigError, match="got 'papier'"):
        context_aware_loss(scores, shifts, slicing, variant=wrong)
