import json
from collections.abc import Callable

from spotkick.model_cards import read_model

Invoke = Callable[..., tuple[int, str, str]]


def test_models_lists_each_with_inputs_and_scores(invoke: Invoke) -> None:
    code, out, err = invoke("models")
    assert (code, err) == (0, "")
    for line in read_model("demo").score_lines():
        assert f"  {line}\n" in out


def test_models_json_holds_everything(invoke: Invoke) -> None:
    code, out, _ = invoke("models", "--json")
    found = {model["name"]: model for model in json.loads(out)}
    assert code == 0
    assert found["demo"] == read_model("demo").to_json()


def test_models_of_one_name_shows_licences_and_training(invoke: Invoke) -> None:
    code, out, _ = invoke("models", "demo")
    card = read_model("demo").card
    assert code == 0
    for line in (*card.licences, *card.commands, *card.unknowns, card.trained_on):
        assert f"  {line}\n" in out


def test_models_unknown_name_is_one_line(invoke: Invoke) -> None:
    code, out, err = invoke("models", "dmo")
    assert (code, out) == (1, "")
    assert err == "error: no shipped checkpoint is called 'dmo'; did you mean 'demo'?\n"
