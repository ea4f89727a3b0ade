"""A whole small study: run, resumed, packed, tabulated."""

from pathlib import Path

import numpy as np
import pytest

from spotkick.errors import ConfigError, InputError
from spotkick.reporter import SilentReporter
from spotkick.study.data import read_study_data, write_study_data
from spotkick.study.ensembles import ENSEMBLE
from spotkick.study.plan import Block, Recipe, StudyPlan
from spotkick.study.results import check_result, read_result, result_path, write_result
from spotkick.study.running import run_plan
from spotkick.study.selection import (
    BlockScores,
    all_draws,
    comparison_rows,
    families,
    pack_plan,
    read_scores,
)
from spotkick.study.synthetic import SyntheticConfig, make_synthetic
from spotkick.study.tables import _choose_again, write_tables

ARMS = ("dense-bce", "dense-gaussian", "dense-paper", "dense-symmetric", "displacement-bce")
RECIPE = Recipe(
    steps=3,
    batch_chunks=4,
    chunk_frames=20,
    receptive_field_frames=7,
    hidden=(4, 4),
    pyramid=(2, 2, 2, 2),
    token_dropout=0,
    suppression="fixed",
    window_s=20.0,
    peaks=6,
)
PLAN = StudyPlan(
    recipes={"r": RECIPE},
    blocks=(Block(name="b", data="toy", recipe="r", arms=ARMS, draws=2, seeds=(0, 1), ensemble=3),),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("study")
    config = SyntheticConfig(train_matches=3, held_matches=6, period_s=200, actions=3)
    write_study_data(make_synthetic("toy", config), root / "toy.npz")
    run(root)
    return root


def run(root: Path) -> int:
    return run_plan(
        PLAN, root, root / "results", device="cpu", workers=1, reporter=SilentReporter()
    )


def test_run_plan_finished_stacks_are_not_repeated(folder: Path) -> None:
    assert run(folder) == 0
    result_path(folder / "results", PLAN.blocks[0], 1).unlink()
    assert run(folder) == 1


@pytest.mark.parametrize("change", [{"jitter_s": 1.0}, {"draws": 3}])
def test_read_scores_of_another_plan_is_refused(folder: Path, change: dict[str, object]) -> None:
    block = PLAN.blocks[0]
    assert read_scores(block.replace(seeds=(0, 1, 2)), folder / "results").seeds == (0, 1)
    with pytest.raises(ConfigError, match="was made with another block 'b'"):
        read_scores(block.replace(**change), folder / "results")


def test_check_result_other_recipe_is_refused(folder: Path) -> None:
    path, recipe = result_path(folder / "results", PLAN.blocks[0], 0), PLAN.recipes["r"]
    check_result(path, PLAN.blocks[0], recipe)
    with pytest.raises(ConfigError, match="or recipe"):
        check_result(path, PLAN.blocks[0], recipe.replace(weight_decay=0.5))


def test_check_result_other_data_are_refused(folder: Path, tmp_path: Path) -> None:
    path, block = result_path(folder / "results", PLAN.blocks[0], 0), PLAN.blocks[0]
    description, peaks = read_result(path)
    assert description["data_sha256"] == read_study_data(folder / "toy.npz").checksum()
    check_result(path, block, checksum=description["data_sha256"])
    with pytest.raises(ConfigError, match="another data set 'toy'"):
        check_result(path, block, checksum="0" * 64)

    # Seeds of two data sets do not become one table, even where the data are not at hand.
    for seed, checksum in ((0, "a"), (1, "b")):
        copied = result_path(tmp_path, block, seed)
        write_result(copied, {**description, "data_sha256": checksum}, peaks)
    with pytest.raises(ConfigError, match="another data set 'toy'"):
        read_scores(block, tmp_path)


def test_run_plan_ensembles_hold_the_best_networks_of_each_half(folder: Path) -> None:
    description, _ = read_result(result_path(folder / "results", PLAN.blocks[0], 0))
    rows = description["networks"]
    single = [row for row in rows if row["arm"] != ENSEMBLE]
    for half, row in zip("AB", rows[len(single) :], strict=True):
        best = sorted(single, key=lambda one: -one["scores"][half]["loose"])[:3]
        assert row["members"] == [[one["arm"], one["draw"]] for one in best]


def test_run_plan_time_limit_starts_nothing_more(folder: Path, tmp_path: Path) -> None:
    done = run_plan(
        PLAN,
        folder,
        tmp_path,
        device="cpu",
        workers=1,
        reporter=SilentReporter(),
        stop_after_s=1e-6,
    )
    assert done == 0


def test_pack_plan_keeps_scores_of_all_and_peaks_of_the_chosen(
    folder: Path, tmp_path: Path
) -> None:
    assert pack_plan(PLAN, folder, folder / "results", tmp_path) == 2
    whole, peaks = read_result(result_path(folder / "results", PLAN.blocks[0], 0))
    packed, fewer = read_result(result_path(tmp_path, PLAN.blocks[0], 0))
    assert packed["networks"] == whole["networks"]
    assert len(fewer.confidences) == len(packed["peaks_of"]) <= len(peaks.confidences)
    kept = fewer.confidences > 0
    assert kept.any()
    expected = peaks.select(packed["peaks_of"])
    np.testing.assert_array_equal(fewer.confidences[kept], expected.confidences[kept])
    np.testing.assert_array_equal(fewer.positions_ms[kept], expected.positions_ms[kept])


def test_pack_plan_block_without_all_seeds_is_copied_whole(folder: Path, tmp_path: Path) -> None:
    more = PLAN.replace(blocks=[PLAN.blocks[0].replace(seeds=(0, 1, 2))])
    assert pack_plan(more, folder, folder / "results", tmp_path) == 2
    kept, whole = (
        result_path(root, PLAN.blocks[0], 0).read_bytes() for root in (tmp_path, folder / "results")
    )
    assert kept == whole


def test_write_tables_packed_results_give_the_same_page(folder: Path, tmp_path: Path) -> None:
    pack_plan(PLAN, folder, folder / "results", tmp_path / "packed")
    for results, name in ((folder / "results", "a.md"), (tmp_path / "packed", "b.md")):
        write_tables(
            PLAN,
            folder,
            results,
            tmp_path / name,
            workers=1,
            reporter=SilentReporter(),
            resamples=5,
        )
    page = (tmp_path / "a.md").read_text()
    assert page == (tmp_path / "b.md").read_text()
    assert "2 seeds, 2 draws per arm" in page
    assert page.count("| dense-paper minus dense-symmetric |") == 1
    assert page.count("| dense |") == 4
    assert "| best ensemble, 3 networks |" in page
    assert "linear probe" not in page
    assert "context-aware (paper or symmetric) minus per frame" in page


def test_write_tables_redone_choices_need_all_peaks(folder: Path, tmp_path: Path) -> None:
    def write(results: Path, resamples: int) -> str:
        write_tables(
            PLAN,
            folder,
            results,
            tmp_path / "page.md",
            workers=1,
            reporter=SilentReporter(),
            resamples=resamples,
            redo_choice=True,
        )
        return (tmp_path / "page.md").read_text()

    page = write(folder / "results", 5)
    assert "Choices are redone in each resample." in page
    pack_plan(PLAN, folder, folder / "results", tmp_path / "packed")
    with pytest.raises(InputError, match="was packed"):
        write(tmp_path / "packed", 5)


def test_choose_again_takes_the_best_of_the_settings_that_a_resample_holds() -> None:
    group = dict.fromkeys("AB", (("dense-bce", 0), ("dense-bce", 1)))
    drawn = {
        (("dense-bce", 0, "A"), "loose"): np.array([0.5, 0.5, 0.5]),
        (("dense-bce", 0, "B"), "loose"): np.array([0.1, 0.1, 0.1]),
        (("dense-bce", 1, "A"), "loose"): np.array([0.6, 0.6, 0.4]),
        (("dense-bce", 1, "B"), "loose"): np.array([0.3, 0.3, 0.3]),
    }
    kept = {0: np.array([True, True, True]), 1: np.array([True, False, True])}

    # A chooses draw 1, 0, 0 and is scored on B; B chooses 1, 0, 1 and is scored on A.
    found = _choose_again(group, drawn, "loose", kept)
    np.testing.assert_allclose(found, [(0.3 + 0.6) / 2, (0.1 + 0.5) / 2, (0.1 + 0.4) / 2])


def planted(values: dict[tuple[str, int], tuple[float, float]]) -> BlockScores:
    """Scores of one seed: (arm, draw) -> loose on A and on B."""
    rows = tuple(
        {"arm": arm, "draw": draw, "scores": {"A": {"loose": a}, "B": {"loose": b}}}
        for (arm, draw), (a, b) in values.items()
    )
    return BlockScores(PLAN.blocks[0], (0,), (rows,))


def test_swapped_score_never_uses_the_half_that_chose() -> None:
    scores = planted({("dense-bce", 0): (0.9, 0.1), ("dense-bce", 1): (0.2, 0.8)})
    group = all_draws(PLAN.blocks[0], ("dense-bce",))
    assert scores.choose(group, "A") == ("dense-bce", 0)
    assert scores.swapped_score(group, "loose") == pytest.approx((0.1 + 0.2) / 2)


def test_families_have_equally_many_arms() -> None:
    found = families(PLAN.blocks[0])
    assert {name: len(group["A"]) for name, group in found.items()} == {
        "dense, per frame": 4,
        "dense, context-aware": 4,
    }


def test_read_scores_names_the_block_without_results(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="block 'b'"):
        read_scores(PLAN.blocks[0], tmp_path)


def test_comparison_rows_unsearched_calf_and_ensembles_have_no_choice() -> None:
    arms = ("linear-bce", "dense-bce", "capsule-paper", "capsule-symmetric")
    rows = comparison_rows(PLAN.blocks[0].replace(arms=arms, draws=3, ensemble=4))
    assert rows["CALF as published, no search"] == dict.fromkeys("AB", (("capsule-paper", 0),))
    assert rows["best ensemble, 4 networks"] == {
        "A": ((ENSEMBLE, 0),),
        "B": ((ENSEMBLE, 1),),
    }
    assert len(rows["CALF, searched"]["A"]) == 6
    assert len(rows["best single network"]["A"]) == 12
    assert "dense with displacement, searched" not in rows
