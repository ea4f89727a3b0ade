"""The page: what is shown beside published numbers, and what may be compared."""

import re
from pathlib import Path

import numpy as np
import pytest

from spotkick.actions import Action, MatchActions
from spotkick.losses import Margins
from spotkick.reproduce import published
from spotkick.reproduce.document import Reproduction, is_comparable, make_page
from spotkick.reproduce.experiments import (
    PROTOCOLS,
    ReproduceRequest,
    RowScores,
    experiment_of,
    list_variants,
)
from spotkick.reproduce.localization import localization_rows, seeds_needed
from spotkick.reproduce.loss_figures import _compute_losses, encoding_figure, loss_surface

BOUNDS = (-20.0, -10.0, 60.0, 90.0)


def make_found(matches: int, features: str, split: str = "test") -> Reproduction:
    """A reproduction with scores that rise from row to row."""
    request = ReproduceRequest(Path("data"), (features,), Path("out"), split=split, seeds=(0, 1))
    table_1, table_2, scales = (
        [
            RowScores(variant, {name: [0.1 + n / 50, 0.12 + n / 50] for name in PROTOCOLS})
            for n, variant in enumerate(part)
        ]
        for part in list_variants(request)
    )
    labels = [
        MatchActions(f"m{n}", (Action("goal", 1, 60_000), Action("substitution", 2, 0)))
        for n in range(matches)
    ]
    found = [
        MatchActions(f"m{n}", (Action("goal", 1, 61_000, confidence=0.9),)) for n in range(matches)
    ]
    return Reproduction(
        request,
        experiment_of(request, list_variants(request)[1][0], 0),
        table_1=table_1,
        table_2=table_2,
        scales=scales,
        labels=labels,
        predictions=found,
        frame_scores=(),
        notes={"Highlights": ["1 clip"]},
        localization=[["bmn", "1", "2", "3", "4"]],
    )


def test_make_page_has_every_table_and_figure() -> None:
    page = make_page(make_found(2, "ResNET_PCA512"), resamples=5)
    for title in (
        "Table 1",
        "Table 2",
        "Sensitivity",
        "figures 1 and 2",
        "figure 4",
        "figure 5",
        "figure 6",
        "Substitutions on the first frame",
        "Highlights",
        "BMN",
    ):
        assert title in page
    for value in (*published.ABLATIONS.values(), *published.OTHER_METHODS.values()):
        assert f"{value:.1f}" in page
    assert "No number here may be compared with a published one" in page
    assert "2 substitutions are annotated" in page
    assert "11.0 ± 1.4" in page


@pytest.mark.parametrize(
    ("matches", "features", "split", "expected"),
    [
        (100, "ResNET_PCA512", "test", True),
        (100, "ResNET_TF2_PCA512", "test", False),
        (100, "commentary", "test", False),
        (100, "ResNET_PCA512", "valid", False),
        (99, "ResNET_PCA512", "test", False),
    ],
)
def test_is_comparable_same_matches_classes_and_features(
    matches: int, features: str, split: str, expected: bool
) -> None:
    assert is_comparable(make_found(matches, features, split), features) is expected


def test_losses_of_the_figures_are_those_of_the_loss() -> None:
    found = _compute_losses(np.array([30.0]), np.array([0.5]), BOUNDS, "paper", Margins())
    assert found[0, 0] == pytest.approx(0.182322, abs=1e-6)  # s = 60 frames at 2 per second


def test_loss_figures_are_complete() -> None:
    surface = loss_surface(BOUNDS, "paper", Margins())
    assert surface.count("<rect") == 96 * 24
    assert all(f"K{number}" in surface for number in (1, 2, 3, 4))
    assert "score 0.5" in encoding_figure(BOUNDS, "symmetric", Margins())


def test_localization_rows_differences_are_paired_by_seed() -> None:
    scores = {
        "bmn": [{"AR@100": 70.0}, {"AR@100": 74.0}],
        "context_aware": [{"AR@100": 71.0}, {"AR@100": 75.2}],
        "symmetric": [{"AR@100": 70.0}, {"AR@100": 70.0}],
    }
    rows = localization_rows(scores)
    assert rows[3] == ["context_aware minus bmn", "1.10 ± 0.14"]
    assert seeds_needed(scores, 0.15) == 7
    assert seeds_needed({name: own[:1] for name, own in scores.items()}, 0.15) is None


def test_figures_of_short_contexts_tell_neighbouring_times_apart() -> None:
    bounds = (-3.0, -1.0, 1.0, 3.0)
    for draw in (loss_surface, encoding_figure):
        cells = re.findall(r"<tr><t[hd][^>]*>(-?[\d.]+)<", str(draw(bounds, "paper", Margins())))
        assert len(cells) > 5
        assert len(set(cells)) == len(cells)
        assert "-0.0" not in cells


def test_make_page_names_the_features_of_table_1_and_no_folder() -> None:
    page = make_page(make_found(2, "ResNET_PCA512"), resamples=5)
    first = page[page.index("Table 1: features</h2>") :]
    assert "ResNET_PCA512" in first[: first.index("SoccerNet baseline")]
    assert str(Path("data").resolve().parent) not in page
