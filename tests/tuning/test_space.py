"""From candidates to configurations."""

from typing import Any

import pytest

from spotkick.encoding.slicing import SLICING_V1
from spotkick.errors import ConfigError
from spotkick.localization.experiment import LocalizationExperiment
from spotkick.pipelines.config import ExperimentConfig
from spotkick.training.tune_config import Candidates, Range, TuneConfig
from spotkick.tuning.space import (
    LOCALIZATION_SPACE,
    apply,
    check_space,
    grid_points,
    scale_points,
    spotting_space,
    starting_point,
)

V1 = {"data": {"classes": "soccernet-v1"}, "slicing": {"preset": "v1"}}
BMN = {"data": {"labels": "l.json", "features": "f"}, "training": {"tem_loss": "context_aware"}}


def slicing_of(values: dict[str, Any]) -> dict[str, tuple[float, ...]]:
    config = ExperimentConfig.parse(values)
    classes = config.data.class_list()
    return dict(
        zip(classes.names, config.slicing.slicing(classes, config.data.rate).bounds_s, strict=True)
    )


def test_apply_sets_keys_and_keeps_the_original() -> None:
    values = {"loss": {"location_weight": 5.0}}
    changed = apply(values, {"loss.location_weight": 2.0, "model.hidden": (64, 16)})
    assert changed == {"loss": {"location_weight": 2.0}, "model": {"hidden": [64, 16]}}
    assert values == {"loss": {"location_weight": 5.0}}


def test_apply_scale_multiplies_all_bounds() -> None:
    scaled = slicing_of(apply(V1, {"slicing.scale": 1.5}))
    assert scaled == {
        name: tuple(1.5 * bound for bound in bounds) for name, bounds in SLICING_V1.items()
    }


def test_apply_scale_of_a_class_leaves_the_others() -> None:
    scaled = slicing_of(apply(V1, {"slicing.scale.goal": 2.0}))
    assert scaled == {**SLICING_V1, "goal": (-40, -20, 120, 180)}
    with pytest.raises(ConfigError, match="no such class; there are goal, card, substitution"):
        apply(V1, {"slicing.scale.gaol": 2.0})


def test_apply_scales_of_several_classes_combine() -> None:
    first = apply(V1, {"slicing.scale.goal": 2.0})
    assert slicing_of(apply(first, {"slicing.scale.card": 0.5}))["goal"] == (-40, -20, 120, 180)


def test_apply_class_with_a_dot_is_found() -> None:
    values = {"data": {"classes": ["a.b", "c"]}}
    assert slicing_of(apply(values, {"slicing.scale.a.b": 2.0})) == {
        "a.b": (-40, -20, 20, 40),
        "c": (-20, -10, 10, 20),
    }


@pytest.mark.parametrize(
    ("widths", "expected"),
    [
        ((5, 2, 3, 7), [-5, -2, 3, 7]),
        ((2, 5, 7, 3), [-5, -2, 3, 7]),
        ((1, 1, 1, 1), [-1, -1, 1, 1]),
    ],
)
def test_apply_widths_of_a_localizer_are_ordered(
    widths: tuple[int, ...], expected: list[int]
) -> None:
    chosen = {
        f"training.slicing_steps.K{index}": width for index, width in enumerate(widths, start=1)
    }
    assert apply(BMN, chosen)["training"] == {
        "tem_loss": "context_aware",
        "slicing_steps": expected,
    }
    del chosen["training.slicing_steps.K3"]
    with pytest.raises(ConfigError, match="needs all of K1, K2, K3 and K4"):
        apply(BMN, chosen)


@pytest.mark.parametrize("loss", ["bce", "focal", "gaussian", "symmetric"])
@pytest.mark.parametrize("kind", ["dense", "tokens"])
def test_spotting_space_without_capsules_searches_what_the_network_uses(
    kind: str, loss: str
) -> None:
    values = {"model": {"kind": kind}, "loss": {"segmentation": loss, "target_radius_s": 2.0}}
    config = ExperimentConfig.parse(values)
    space = spotting_space(config)
    lengths = {"bce": ["loss.target_radius_s"], "gaussian": ["loss.target_sigma_s"]}
    lengths["focal"] = ["loss.target_radius_s", "loss.focal_gamma"]
    expected = ["training.learning_rate", *lengths.get(loss, [])]
    assert sorted(space) == sorted(expected + ["model.receptive_field_s"] * (kind == "dense"))
    check_space(values, space, ExperimentConfig.parse)
    assert starting_point(values, space, config.model_dump(mode="json")) is not None


def test_spotting_space_holds_the_paper_s_values() -> None:
    config = ExperimentConfig.parse(V1)
    point = starting_point(V1, spotting_space(config), config.model_dump(mode="json"))
    assert point == {
        "model.capsule_dim": 16,
        "model.receptive_field_s": 40.0,
        "loss.location_weight": 5.0,
        "loss.unmatched_weight": 0.5,
        "loss.segmentation_weight": 1.5,
    }


def test_localization_space_holds_the_defaults() -> None:
    defaults = LocalizationExperiment.parse(BMN).model_dump(mode="json")
    point = starting_point(BMN, LOCALIZATION_SPACE, defaults)
    assert point is not None
    assert apply(BMN, point)["training"]["slicing_steps"] == [-4, -2, 2, 4]
    assert point["training.boundary_weight"] == 1


@pytest.mark.parametrize(
    "candidates",
    [(1.0, 2.0), Range(low=6.0, high=9.0), Range(low=1, high=9, step=3)],
)
def test_starting_point_outside_of_the_candidates_is_none(candidates: Candidates) -> None:
    assert (
        starting_point({}, {"loss.location_weight": candidates}, {"loss": {"location_weight": 5.0}})
        is None
    )


def test_grid_points_hold_every_combination_once() -> None:
    space: dict[str, Candidates] = {
        "loss.location_weight": Range(low=1.0, high=2.0, step=0.5),
        "model.capsule_dim": (4, 8),
    }
    points = grid_points({}, space, seed=3)
    assert {tuple(point.values()) for point in points} == {
        (a, b) for a in (1, 1.5, 2) for b in (4, 8)
    }
    assert len(points) == 6
    assert points == grid_points({}, space, seed=3) != grid_points({}, space, seed=4)


def test_grid_points_of_widths_leave_out_equal_ones() -> None:
    space: dict[str, Candidates] = {
        f"training.slicing_steps.K{index}": Range(low=1, high=3) for index in (1, 2)
    }
    space |= {f"training.slicing_steps.K{index}": (1, 2) for index in (3, 4)}
    assert len(grid_points(BMN, space, seed=0)) == 6 * 3


@pytest.mark.parametrize(
    ("space", "message"),
    [
        ({"loss.location_weight": Range(low=1.0, high=2.0)}, "continuous range"),
        ({"loss.location_weight": Range(low=1, high=2, log=True)}, "continuous range"),
        ({"a.b": Range(low=0, high=999), "a.c": Range(low=0, high=99)}, "100,000 combinations"),
    ],
)
def test_grid_points_without_an_end_are_refused(space: dict[str, Candidates], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        grid_points({}, space, seed=0)


@pytest.mark.parametrize(
    ("key", "candidates", "message"),
    [
        ("loss.locaton_weight", (1.0, 2.0), "did you mean 'location_weight'"),
        ("loss.location_weight", Range(low=-1.0, high=1.0), "greater than or equal to 0"),
        ("loss.matching", ("mutual", "best"), "best"),
        ("loss.location_weight.x", (1, 2), "is a value, not a table"),
        ("slicing.scale.foul", (1, 2), "no such class"),
        ("slicing.scale", (-1.0, 2.0), "context slicing needs"),
    ],
)
def test_check_space_wrong_candidates_are_named(
    key: str, candidates: Candidates, message: str
) -> None:
    def parse(values: dict[str, Any]) -> object:
        config = ExperimentConfig.parse(values)
        return config.slicing.slicing(config.data.class_list(), config.data.rate)

    values = {**V1, "loss": {"location_weight": 5.0}}
    with pytest.raises(ConfigError, match=message) as caught:
        check_space(values, {key: candidates}, parse)
    assert key in str(caught.value)


def test_scale_points_cover_all_classes_or_each() -> None:
    config = ExperimentConfig.parse(V1)
    assert scale_points(TuneConfig(slicing_scales=(2, 1, 0.5)), config) == [
        ("slicing.scale", (0.5, 2))
    ]
    assert scale_points(TuneConfig(slicing_scales=()), config) == []
    by_class = scale_points(TuneConfig(slicing_scales=(2,), slicing_by_class=True), config)
    assert [key for key, _ in by_class] == [
        "slicing.scale.goal",
        "slicing.scale.card",
        "slicing.scale.substitution",
    ]


@pytest.mark.parametrize("weight", [0.1, 30.0, 100.0, 500.0])
def test_spotting_space_own_values_are_candidates(weight: float) -> None:
    values = {
        "data": {"classes": "soccernet-v1"},
        "model": {"kind": "calf", "capsule_dim": 7, "chunk_s": 60, "receptive_field_s": 13},
        "loss": {"segmentation_weight": weight, "location_weight": 40.0},
    }
    config = ExperimentConfig.parse(values)
    point = starting_point(values, spotting_space(config), config.model_dump(mode="json"))
    assert point is not None
    assert point["loss.segmentation_weight"] == weight
    assert point["model.capsule_dim"] == 7


def test_apply_preset_drops_the_bounds_that_would_override_it() -> None:
    values = {
        "data": {"classes": ["a"]},
        "slicing": {"preset": "default20", "bounds_s": {"a": [-6, -3, 3, 6]}},
    }
    chosen = apply(values, {"slicing.preset": "binary"})
    assert chosen["slicing"] == {"preset": "binary"}
    assert ExperimentConfig.parse(chosen).slicing.bounds_s == {}
