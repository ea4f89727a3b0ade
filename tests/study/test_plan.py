"""Arms, draws and plans."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from spotkick.actions import SOCCERNET_V1
from spotkick.encoding.slicing import SLICING_V1
from spotkick.errors import ConfigError
from spotkick.study.arms import HEADS, SearchSpace, draw_settings, parse_arm
from spotkick.study.plan import Block, Recipe, read_plan
from spotkick.study.running import list_networks, parse_shard

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
PLANS = (
    "study.json",
    "study_small.json",
    "study_cpu.json",
    "study_h200.json",
    "study_margins.json",
    "study_second.json",
)


def test_draw_settings_lengths_scale_with_the_unit() -> None:
    one, ten = draw_settings(5, 1.0), draw_settings(5, 10.0)
    assert ten.before_s == pytest.approx(10 * one.before_s)
    assert ten.learning_rate == one.learning_rate
    k1, k2, k3, k4 = one.slicing_s(1)[0]
    assert k1 < k2 < 0 < k3 < k4


def test_list_networks_draw_0_takes_the_published_slicing_of_each_class() -> None:
    block = Block(name="b", data="d", recipe="r", arms=("dense-paper",), draws=2)
    networks = list_networks(block, Recipe(slicing="v1"), SOCCERNET_V1)
    published, drawn = (settings for _, _, settings in networks)
    assert published.slicing_s(3) == tuple(SLICING_V1[name] for name in SOCCERNET_V1)
    assert len(set(drawn.slicing_s(3))) == 1


def test_list_networks_margin_of_the_recipe_replaces_the_drawn_one() -> None:
    block = Block(name="b", data="d", recipe="r", arms=("dense-paper", "dense-bce"), draws=3)
    drawn = list_networks(block, Recipe())
    replaced = list_networks(block, Recipe(margin=0.0))
    assert {settings.margin for *_, settings in replaced} == {0.0}
    assert [replace(one, margin=0.0) for *_, one in drawn] == [one for *_, one in replaced]
    assert [(arm, draw) for arm, draw, _ in replaced] == [(arm, draw) for arm, draw, _ in drawn]


def test_draw_settings_differ_by_draw() -> None:
    assert len({draw_settings(number, 10.0) for number in range(8)}) == 8


@pytest.mark.parametrize("name", ["dense", "dens-bce", "dense-paperr", "capsule-"])
def test_parse_arm_unknown_name_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="no arm"):
        parse_arm(name)


@pytest.mark.parametrize("name", PLANS)
def test_read_plan_shipped_gives_every_arm_the_same_draws(name: str) -> None:
    plan = read_plan(BENCHMARKS / name)
    for block in plan.blocks:
        networks = list_networks(block, plan.recipes[block.recipe])
        assert len(networks) == len(block.arms) * block.draws
        places = [HEADS.index(arm.head) for arm, _, _ in networks]
        assert places == sorted(places)
    assert all(len(block.seeds) >= 5 for block in plan.blocks)


def test_draw_settings_other_space_changes_only_what_it_names() -> None:
    wide = SearchSpace(longest_after=6, margins=(0, 0.03, 0.1), initial_logits=(-4, -2, 0))
    usual = [draw_settings(number, 10) for number in range(40)]
    found = [draw_settings(number, 10, space=wide) for number in range(40)]
    assert found[0] == usual[0]
    assert {settings.margin for settings in found} == {0, 0.03, 0.1}
    assert {settings.initial_logit for settings in found} == {-4, -2, 0}
    assert 25 < max(settings.after_s for settings in found) <= 60
    kept = ("learning_rate", "length_s", "positive_weight", "gamma", "before_s")
    assert all(
        getattr(one, name) == getattr(two, name)
        for one, two in zip(usual, found, strict=True)
        for name in kept
    )


def test_list_networks_only_draws_are_those_of_the_whole_search() -> None:
    block = Block(name="b", data="d", recipe="r", arms=("dense-bce", "dense-paper"), draws=8)
    whole = {(arm.name, draw): settings for arm, draw, settings in list_networks(block, Recipe())}
    found = list_networks(block.replace(draws=2, only_draws=(0, 7)), Recipe())
    assert [(arm.name, draw) for arm, draw, _ in found] == [
        (name, draw) for name in block.arms for draw in (0, 7)
    ]
    assert all(settings == whole[arm.name, draw] for arm, draw, settings in found)


@pytest.mark.parametrize(
    "change",
    [{"recipe": "none"}, {"arms": ["dense-x"]}, {"draw": 3}, {"draws": 0}, {"only_draws": [3]}],
)
def test_read_plan_mistakes_are_one_line(tmp_path: Path, change: dict[str, object]) -> None:
    block = {"name": "b", "data": "d", "recipe": "r", "arms": ["dense-bce"], **change}
    (tmp_path / "p.json").write_text(json.dumps({"recipes": {"r": {}}, "blocks": [block]}))
    with pytest.raises(ConfigError):
        read_plan(tmp_path / "p.json")


def test_parse_shard_counts_from_one() -> None:
    assert parse_shard("2/3") == (1, 3)
    for text in ("0/3", "4/3", "1", "a/b", ""):
        with pytest.raises(ConfigError):
            parse_shard(text)


def test_read_plan_chunk_without_a_centre_is_one_line(tmp_path: Path) -> None:
    recipe = {"chunk_frames": 20, "receptive_field_frames": 20}
    (tmp_path / "p.json").write_text(json.dumps({"recipes": {"r": recipe}, "blocks": []}))
    with pytest.raises(ConfigError, match=r"chunk_frames \(20\) must be more than the two borders"):
        read_plan(tmp_path / "p.json")
