"""The rows of the tables: which configuration each one trains, and one of them from end to end."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from spotkick.encoding.slicing import SLICING_V1
from spotkick.errors import ConfigError, InputError
from spotkick.reporter import SilentReporter
from spotkick.reproduce.experiments import (
    PROTOCOLS,
    ReproduceRequest,
    check_request,
    experiment_of,
    list_variants,
    predictions_of,
    run_variant,
    unique_variants,
)

REQUEST = ReproduceRequest(Path("data"), ("ResNET_PCA512", "I3D_PCA512"), Path("out"))


def test_list_variants_full_method_is_trained_once() -> None:
    parts = list_variants(REQUEST)
    assert [len(part) for part in parts] == [2, 5, 5]
    assert len(unique_variants(parts)) == 11


def test_experiment_of_rows_differ_from_the_paper_in_one_thing_each() -> None:
    _, ablations, scales = list_variants(REQUEST)
    full = experiment_of(REQUEST, ablations[0], 3)
    assert (full.training.epochs, full.training.seed, full.data.features) == (
        1000,
        3,
        "ResNET_PCA512",
    )
    bounds = full.slicing.slicing(full.data.class_list(), full.data.rate).bounds_s
    assert bounds == tuple(SLICING_V1.values())

    changed = [experiment_of(REQUEST, variant, 3) for variant in ablations[1:]]
    assert [one.loss.segmentation_weight for one in changed] == [0, 1.5, 1.5, 1.5]
    assert changed[1].slicing.preset == "binary"
    assert (changed[2].loss.margin_low, changed[2].loss.margin_high) == (0, 1)
    assert changed[3].loss.matching == "none"
    for variant in scales:
        scaled = experiment_of(REQUEST, variant, 0)
        own = scaled.slicing.slicing(scaled.data.class_list(), scaled.data.rate).bounds_s
        assert own[0] == pytest.approx([variant.scale * bound for bound in bounds[0]])


def test_experiment_of_binary_slicing_replaces_bounds_of_the_file(tmp_path: Path) -> None:
    config = tmp_path / "c.toml"
    config.write_text('[data]\nclasses = ["a"]\n[slicing.bounds_s]\na = [-8, -4, 4, 8]\n')
    request = replace(REQUEST, config=config)
    without = experiment_of(request, list_variants(request)[1][2], 0)
    bounds = without.slicing.slicing(without.data.class_list(), without.data.rate).bounds_s
    assert bounds == ((-0.5, -0.5, 0.5, 0.5),)


def test_experiment_of_unknown_key_is_refused() -> None:
    request = replace(REQUEST, assignments=("training.epoch=3",))
    with pytest.raises(ConfigError, match="epochs"):
        experiment_of(request, list_variants(request)[1][0], 0)


def test_check_request_missing_split_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        check_request(replace(REQUEST, data=tmp_path))


def test_run_variant_scores_by_every_protocol_and_is_not_repeated(
    tmp_path: Path, make_planted: Callable[..., Path]
) -> None:
    data = make_planted(tmp_path / "data", matches=3, num_frames=200, spacing=30)
    small = (
        "training.epochs=1",
        "model.chunk_s=30",
        "model.receptive_field_s=10",
        "model.hidden=[8, 4]",
        "model.pyramid=[2, 2, 2, 2]",
        "model.capsule_dim=2",
        "training.threads=1",
    )
    request = replace(
        REQUEST,
        data=data,
        features=("planted",),
        out=tmp_path / "out",
        split="valid",
        assignments=small,
    )
    variant = list_variants(request)[1][0]
    row, folder = run_variant(request, variant, SilentReporter())
    assert set(row.scores) == set(PROTOCOLS)
    assert all(0 <= value[0] <= 1 for value in row.scores.values())
    assert folder == predictions_of(request, variant, 0)
    assert list(folder.rglob("results_spotting.json"))
    assert run_variant(request, variant, SilentReporter())[0] == row

    # Rows of other settings or of another split are not passed off as these.
    longer = replace(request, assignments=(*small, "training.epochs=2"))
    with pytest.raises(InputError, match=r"training\.epochs is 1 there and 2 here"):
        run_variant(longer, variant, SilentReporter())
    with pytest.raises(InputError, match="was scored on split valid"):
        run_variant(replace(request, split="train"), variant, SilentReporter())
