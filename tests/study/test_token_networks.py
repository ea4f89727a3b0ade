"""Token networks in the study: planted words are found, and losses are those of the stack."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from spotkick.encoding.slicing import ContextSlicing
from spotkick.errors import ConfigError
from spotkick.features.token_rows import BIN_RATE, pack_rows
from spotkick.models import NetworkOutput
from spotkick.models.tokens import TokenSizes
from spotkick.reporter import SilentReporter
from spotkick.study.arms import Arm, Settings
from spotkick.study.data import StudyData, write_study_data
from spotkick.study.losses import Distances, StackLoss
from spotkick.study.network import HeadOutput
from spotkick.study.peaks import find_peaks, suppress_peaks
from spotkick.study.plan import Recipe, StudyPlan
from spotkick.study.results import read_result
from spotkick.study.running import run_plan
from spotkick.study.scoring import rank_peaks, score_network
from spotkick.study.token_networks import _Periods, _plan_training, train_token_networks
from spotkick.study.training import _measure_distances
from spotkick.training.total_loss import total_loss

CPU = torch.device("cpu")
BINS, MATCHES, WORD = 120, 6, 5
RECIPE = Recipe(
    steps=48,
    batch_chunks=4,
    chunk_frames=40,
    warmup_steps=5,
    unit_s=10.0,
    suppression="fixed",
    window_s=20.0,
    peaks=8,
    tokens=TokenSizes(embedding_dim=6, units=8, dilations=(1, 2), dropout=0.0, token_dropout=0.0),
)
SETTINGS = Settings(2e-2, length_s=4.0, before_s=8.0, after_s=8.0)


def planted_words() -> StudyData:
    """Every bin has two words, and word 5 is said where an action is."""
    random = np.random.default_rng(0)
    rows, actions = [], []
    for period in range(MATCHES):
        ids = random.choice([2, 3, 4], size=2 * BINS)
        for place in (20 + 3 * period, 60 + 3 * period, 100):
            ids[2 * place] = WORD
            actions.append((period, 0, 2000 * place + 900))
        rows.append(pack_rows(ids, np.repeat(np.arange(BINS), 2), BINS, slots=2))
    return StudyData(
        "words",
        ("goal",),
        BIN_RATE,
        features=np.concatenate(rows),
        num_tokens=6,
        vectors=random.standard_normal((6, 6)).astype(np.float16),
        starts=BINS * np.arange(MATCHES + 1),
        period_match=np.arange(MATCHES),
        period_number=np.ones(MATCHES, dtype=np.int64),
        matches=tuple("abcdef"),
        is_held=np.arange(MATCHES) >= 4,
        actions=np.array(actions, dtype=np.int64),
    )


@pytest.mark.parametrize("loss", ["bce", "symmetric"])
def test_train_token_networks_finds_planted_words(loss: str) -> None:
    data = planted_words()
    found, notes = train_token_networks(
        data, [(Arm("dense", loss), SETTINGS)], RECIPE, 0, device=CPU
    )
    assert found.scores.shape == (1, 2 * BINS, 1)
    assert notes["collapsed"] == 0
    kept = rank_peaks(suppress_peaks(find_peaks(found, RECIPE, 0.5), RECIPE), data)
    assert score_network(kept, 0, data, (4, 5))["loose"] > 0.8


@pytest.mark.parametrize("loss", ["bce", "paper", "symmetric"])
def test_train_token_networks_loss_is_that_of_the_stack(loss: str) -> None:
    # The same logits and labels, by the code that trains checkpoints and by that of the stacks.
    data, arm = planted_words(), Arm("dense", loss)
    periods, slicing = data.periods(held=False), ContextSlicing(SETTINGS.slicing_s(1))
    labelled = _Periods(data, RECIPE).label(slicing, nearest=not arm.is_context_aware)[0]
    logits = torch.randn((1, BINS, 1), generator=torch.Generator().manual_seed(0))
    plan = _plan_training(data, arm, SETTINGS, RECIPE, seed=0, device=CPU)
    own = total_loss(
        NetworkOutput(torch.sigmoid(logits), logits.new_zeros(1, 0, 3), logits),
        torch.from_numpy(labelled.shifts)[None],
        logits.new_zeros(1, 0, 3),
        slicing_frames=plan.slicing_frames,
        mask=torch.ones(BINS, dtype=torch.bool),
        plan=plan,
    )

    past, future, _ = _measure_distances(data, periods, BINS * np.arange(5))
    near = Distances(*(torch.from_numpy(side[:BINS])[None] for side in (past, future)))
    stacked = StackLoss(
        [(arm, SETTINGS)],
        num_classes=1,
        rate=0.5,
        mask=torch.ones(BINS, dtype=torch.bool),
        offset_radius_frames=3,
    )({"dense": HeadOutput(logits[None])}, near)
    # Cross-entropy measures from the exact time, the stack from the start of the bin.
    assert float(own) == pytest.approx(float(stacked), rel=0.05 if loss == "bce" else 1e-6)


def test_train_token_networks_without_sizes_or_with_other_heads_is_one_line() -> None:
    data = planted_words()
    for recipe, arm in (
        (replace_tokens(None), Arm("dense", "bce")),
        (RECIPE, Arm("capsule", "bce")),
    ):
        with pytest.raises(ConfigError, match="recipe with 'tokens' and arms with a dense head"):
            train_token_networks(data, [(arm, SETTINGS)], recipe, 0, device=CPU)


def replace_tokens(sizes: TokenSizes | None) -> Recipe:
    """The recipe with other sizes."""
    return RECIPE.replace(tokens=sizes)


def test_run_plan_token_recipe_writes_results_as_a_stack_does(tmp_path: Path) -> None:
    data = planted_words()
    write_study_data(replace(data, name="words"), tmp_path / "words.npz")
    block: dict[str, Any] = {"name": "b", "data": "words", "recipe": "r", "draws": 2}
    plan = StudyPlan.parse(
        {
            "recipes": {"r": RECIPE.replace(steps=8).model_dump()},
            "blocks": [{**block, "arms": ["dense-bce", "dense-paper"], "seeds": [0]}],
        },
        "plan",
    )
    out = tmp_path / "out"
    assert run_plan(plan, tmp_path, out, device="cpu", workers=1, reporter=SilentReporter()) == 1
    description, peaks = read_result(out / "b-0.npz")
    assert [(row["arm"], row["draw"]) for row in description["networks"]] == [
        ("dense-bce", 0),
        ("dense-bce", 1),
        ("dense-paper", 0),
        ("dense-paper", 1),
    ]
    assert peaks.confidences.shape[:3] == (4, 2, 1)
