"""Configurations: validation, misspelt keys, TOML, overrides."""

import copy
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import Field, ValidationError, model_validator

from spotkick.configuration import FrozenConfig, nearest, read_toml, suggestion, with_overrides
from spotkick.errors import ConfigError, InputError


class Schedule(FrozenConfig):
    kind: Literal["linear", "cosine"] = "linear"
    learning_rate: float = Field(1e-3, gt=0)
    warmup_epochs: int = 0


class Training(FrozenConfig):
    epochs: int = Field(10, ge=1)
    schedule: Schedule = Schedule()
    second: Schedule | None = None
    stages: tuple[Schedule, ...] = ()
    by_class: dict[str, Schedule] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _fit(self) -> "Training":
        if self.schedule.warmup_epochs > self.epochs:
            raise ValueError("warmup_epochs must not be above epochs")
        return self


class Experiment(FrozenConfig):
    name: str
    training: Training = Training()


def message(values: dict[str, Any]) -> str:
    with pytest.raises(ConfigError) as caught:
        Experiment.parse(values, "run.toml")
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_parse_plain_values_give_frozen_object() -> None:
    config = Experiment.parse(
        {"name": "a", "training": {"epochs": 3, "schedule": {"kind": "cosine"}}}
    )
    assert config == Experiment(
        name="a", training=Training(epochs=3, schedule=Schedule(kind="cosine"))
    )
    with pytest.raises(ValidationError, match="frozen"):
        config.name = "b"


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("learning_rat", "learning_rate"),
        ("learningrate", "learning_rate"),
        ("lerning_rate", "learning_rate"),
        ("knd", "kind"),
    ],
)
def test_parse_unknown_key_names_nearest(wrong: str, right: str) -> None:
    said = message({"name": "a", "training": {"schedule": {wrong: 1}}})
    assert said == f"run.toml: unknown key 'training.schedule.{wrong}', did you mean '{right}'?"


@pytest.mark.parametrize(
    ("training", "key"),
    [
        ({"second": {"warmup": 1}}, "training.second.warmup"),
        ({"stages": [{}, {"warmup": 1}]}, "training.stages.1.warmup"),
        ({"by_class": {"Goal": {"warmup": 1}}}, "training.by_class.Goal.warmup"),
    ],
)
def test_parse_unknown_key_in_optional_and_repeated_tables_names_nearest(
    training: dict[str, Any], key: str
) -> None:
    assert (
        message({"name": "a", "training": training})
        == f"run.toml: unknown key '{key}', did you mean 'warmup_epochs'?"
    )


def test_parse_unknown_key_unlike_all_lists_valid_ones() -> None:
    assert message({"name": "a", "qqq": 1}) == "run.toml: unknown key 'qqq', valid: name, training"
    assert suggestion("qqq", ["epochs", "kind"]) == "valid: epochs, kind"
    assert nearest("qqq", ["epochs", "kind"]) is None
    assert nearest("epoch", []) is None
    assert nearest("V0", ["v0", "v1"]) == "v0"
    assert nearest("GOAL KICK", ["goal kick", "Goal"]) == "goal kick"


def test_parse_bad_value_is_named_with_rule() -> None:
    said = message(
        {
            "name": "a",
            "training": {"epochs": 0, "schedule": {"learning_rate": float("nan"), "kind": "step"}},
        }
    )
    assert "'training.epochs' = 0: input should be greater than or equal to 1" in said
    assert "'training.schedule.learning_rate' = nan: input should be a finite number" in said
    assert "'training.schedule.kind' = 'step': input should be 'linear' or 'cosine'" in said
    assert "key 'name' is required" in message({})


def test_parse_contradicting_values_leave_out_the_table() -> None:
    said = message({"name": "a", "training": {"epochs": 1, "schedule": {"warmup_epochs": 2}}})
    assert said == "run.toml: training: warmup_epochs must not be above epochs"
    with pytest.raises(
        ConfigError, match=r"^configuration: warmup_epochs must not be above epochs$"
    ):
        Training.parse({"epochs": 1, "schedule": {"warmup_epochs": 2}})


def test_replace_bad_value_is_refused() -> None:
    config = Experiment(name="a")
    assert config.replace(training={"epochs": 2}).training.epochs == 2
    assert config.training.epochs == 10
    with pytest.raises(ConfigError, match="unknown key 'nam', did you mean 'name'"):
        config.replace(nam="b")
    with pytest.raises(ConfigError, match="greater than or equal to 1"):
        config.replace(training={"epochs": 0})


def test_read_toml_gives_nested_tables(tmp_path: Path) -> None:
    path = tmp_path / "run.toml"
    path.write_bytes(b'\xef\xbb\xbfname = "a"\n[training]\nepochs = 3\n')
    assert read_toml(path) == {"name": "a", "training": {"epochs": 3}}


@pytest.mark.parametrize(
    "content",
    [
        b"a =",
        b"a = 1\na = 2",
        b"\xff = 1",
        b"[a",
        b"a = 2020-13-45",
        b"a = " + b"9" * 5000,
        b"a = " + b"[" * 5000,
    ],
    ids=[
        "no value",
        "repeated",
        "not UTF-8",
        "open table",
        "no date",
        "endless number",
        "too deep",
    ],
)
def test_read_toml_other_content_is_one_line(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "run.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match="TOML") as caught:
        read_toml(path)
    assert str(path) in str(caught.value)
    with pytest.raises(InputError, match="no such file"):
        read_toml(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("assignment", "expected"),
    [
        ("training.epochs=2", {"training": {"epochs": 2, "schedule": {"kind": "linear"}}}),
        (
            "training.schedule.kind=cosine",
            {"training": {"epochs": 5, "schedule": {"kind": "cosine"}}},
        ),
        (
            "training.schedule.kind = 'cosine'",
            {"training": {"epochs": 5, "schedule": {"kind": "cosine"}}},
        ),
        ("new.deep.key=[1, 2]", {"new": {"deep": {"key": [1, 2]}}}),
        ("on=true", {"on": True}),
        ("rate=1e-3", {"rate": 1e-3}),
        ("path=runs/a=b", {"path": "runs/a=b"}),
        ("empty=", {"empty": ""}),
        ("bounds={Goal = [-20, -10]}", {"bounds": {"Goal": [-20, -10]}}),
        ("digits=" + "9" * 5000, {"digits": "9" * 5000}),
        ("deep=" + "[" * 5000, {"deep": "[" * 5000}),
    ],
    ids=lambda value: value[:30] if isinstance(value, str) else "",
)
def test_with_overrides_values_in_toml_syntax(assignment: str, expected: dict[str, Any]) -> None:
    values = {"training": {"epochs": 5, "schedule": {"kind": "linear"}}}
    before = copy.deepcopy(values)
    assert with_overrides(values, [assignment]) == {**values, **expected}
    assert values == before


def test_with_overrides_later_wins_and_input_is_unchanged() -> None:
    values = {"a": {"b": {"c": 1, "d": 2}}}
    assert with_overrides(values, ["a.b.c=3", "a.b.c=4"]) == {"a": {"b": {"c": 4, "d": 2}}}
    assert values == {"a": {"b": {"c": 1, "d": 2}}}


@pytest.mark.parametrize(
    ("assignment", "said"),
    [
        ("epochs", "needs key=value"),
        ("=5", "needs key=value"),
        ("a.b=1", "'a' is a value, not a table"),
    ],
)
def test_with_overrides_malformed_assignment_is_refused(assignment: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        with_overrides({"a": 1}, [assignment])


@given(
    st.recursive(
        st.integers() | st.booleans(),
        lambda inner: st.dictionaries(st.sampled_from("abc"), inner),
        max_leaves=8,
    )
)
@settings(deadline=None, max_examples=50)
def test_with_overrides_changes_its_key_alone(values: Any) -> None:
    given_values = values if isinstance(values, dict) else {}
    before = copy.deepcopy(given_values)
    changed = with_overrides(given_values, ["x.y.z=7"])
    assert changed.pop("x") == {"y": {"z": 7}}
    assert changed == before == given_values
