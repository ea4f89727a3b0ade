"""Mixup: pairs as drawn, targets as in the formula."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from spotkick.errors import ConfigError
from spotkick.models import CalfArchitecture, NetworkOutput
from spotkick.models.loading import new_network
from spotkick.training.config import LossConfig
from spotkick.training.mixup import (
    Mixture,
    MixupDraws,
    choose_partners,
    draw_mixup,
    mix_features,
)
from spotkick.training.total_loss import TrainingPlan, total_loss
from spotkick.training.trainer import train_network
from support.small_training import RATE, LinearNetwork, Silent, make_periods, make_plan

FAR = -50.0


def make_shifts(holders: list[list[int]], classes: int = 2) -> torch.Tensor:
    """(chunks, 5, classes) with an action in the third frame for each class that is named."""
    shifts = torch.full((len(holders), 5, classes), FAR)
    for chunk, held in enumerate(holders):
        for column in held:
            shifts[chunk, :, column] = torch.arange(-2.0, 3.0)
    return shifts


def test_mix_features_equals_the_formula() -> None:
    features = torch.randn((3, 4, 2), generator=torch.Generator().manual_seed(0))
    mixture = Mixture(torch.tensor([1, 2, 0]), torch.tensor([1.0, 0.25, 0.5]))
    mixed = mix_features(features, mixture)
    torch.testing.assert_close(mixed[0], features[0])
    torch.testing.assert_close(mixed[1], 0.25 * features[1] + 0.75 * features[2])
    torch.testing.assert_close(mixed[2], 0.5 * features[2] + 0.5 * features[0])


def test_mix_features_token_ids_are_refused() -> None:
    mixture = Mixture(torch.tensor([0]), torch.tensor([0.5]))
    with pytest.raises(ConfigError, match=r"real numbers, got torch\.int64"):
        mix_features(torch.zeros((1, 2, 2), dtype=torch.int64), mixture)


@pytest.mark.parametrize("weighted", [False, True])
def test_total_loss_of_a_mixture_is_the_cross_entropy_of_mixed_targets(weighted: bool) -> None:
    shifts = make_shifts([[0], [1], []])
    logits = torch.randn(shifts.shape, generator=torch.Generator().manual_seed(1))
    mixture = Mixture(torch.tensor([1, 2, 0]), torch.tensor([0.9, 0.25, 0.5]))
    plan = make_plan()
    plan = TrainingPlan(
        LossConfig(segmentation="gaussian", target_sigma_s=0.7, segmentation_weight=2.0),
        plan.sampling,
        plan.training,
        slicing_frames=plan.slicing_frames,
        frame_rate=RATE,
    )
    mask = torch.tensor([False, True, True, True, False])
    weights = torch.tensor([1.0, 3.0]) if weighted else torch.ones(2)

    targets = torch.exp(-0.5 * (shifts / float(RATE) / 0.7) ** 2)
    shares = mixture.shares[:, None, None]
    mixed = shares * targets + (1 - shares) * targets[mixture.partners]
    losses = functional.binary_cross_entropy_with_logits(logits, mixed, reduction="none")
    expected = 2.0 * (losses * mask[:, None] * weights).mean()

    found = total_loss(
        NetworkOutput(logits.sigmoid(), logits.new_zeros((3, 0, 4)), logits),
        shifts,
        torch.zeros((3, 1, 4)),
        slicing_frames=plan.slicing_frames,
        mask=(mask[:, None] * weights).unsqueeze(0) if weighted else mask,
        plan=plan,
        mixture=mixture,
    )
    torch.testing.assert_close(found, expected)


def test_choose_partners_balanced_gives_each_class_the_same_share() -> None:
    # Class 0 in six chunks, class 1 in one, three chunks of background.
    shifts = make_shifts([[0]] * 6 + [[1]] + [[]] * 3)
    places = torch.linspace(0, 1, 1001)[:-1]
    found = choose_partners(shifts, MixupDraws(torch.ones(1000), places), "balanced").partners
    counts = np.bincount(found.numpy(), minlength=10)
    assert counts[:6].sum() == pytest.approx(500, abs=2)
    assert counts[6] == pytest.approx(500, abs=2)
    assert not counts[7:].any()


def test_choose_partners_any_and_a_batch_without_actions_are_uniform() -> None:
    places = torch.linspace(0, 1, 401)[:-1]
    draws = MixupDraws(torch.ones(400), places)
    for shifts, partners in (
        (make_shifts([[0], [], [1], []]), "any"),
        (make_shifts([[]] * 4), "balanced"),
    ):
        counts = np.bincount(choose_partners(shifts, draws, partners).partners, minlength=4)
        assert np.abs(counts - 100).max() <= 2


def test_draw_mixup_follows_the_beta_distribution() -> None:
    shares, places = draw_mixup(20_000, 0.4, np.random.default_rng(0))
    assert shares.mean().item() == pytest.approx(0.5, abs=0.01)
    assert shares.var().item() == pytest.approx(0.25 / 1.8, abs=0.005)  # 1 / (4 (2 alpha + 1))
    assert places.min() >= 0
    assert places.max() < 1


def test_train_network_mixup_learns_and_needs_no_spotting_module() -> None:
    plan = make_plan(
        epochs=30,
        learning_rate=0.5,
        schedule="constant",
        mixup_alpha=0.2,
        mixup_partners="balanced",
    )
    best, _ = train_network(LinearNetwork(), make_periods(value=5.0), plan, observer=Silent())
    features = torch.zeros((1, 3, 4))
    features[0, 0, 0] = features[0, 1, 1] = 5.0
    scores = best(features).scores[0].detach()
    assert scores[0, 0] > 0.6 > scores[2].max()
    assert scores[1, 1] > 0.6

    sizes = CalfArchitecture(
        feature_dim=4, num_classes=2, chunk_frames=24, receptive_field_frames=4, hidden=(4, 4)
    )
    with pytest.raises(ConfigError, match="mixup_alpha needs a network without a spotting module"):
        train_network(new_network(sizes, 0), make_periods(), plan, observer=Silent())
