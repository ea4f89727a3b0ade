"""What the pages say about the shipped checkpoints."""

from dataclasses import replace

import pytest

import model_table
from spotkick.model_cards import MeasuredScore, ShippedModel, list_models, read_model


def with_class_scores(**per_class: float) -> ShippedModel:
    score = MeasuredScore(
        classes="17 classes",
        metric="loose Average-mAP",
        tolerance_s=(5, 60),
        data="SoccerNet-v2",
        split="valid",
        average_map=0.4,
        per_class=per_class,
    )
    demo = read_model("demo")
    return replace(demo, name="other", card=demo.card.replace(scores=[score.model_dump()]))


@pytest.mark.parametrize(
    ("page", "write"),
    [("README.md", model_table.readme_text), ("docs/spotting.md", model_table.guide_text)],
)
def test_pages_say_what_the_cards_say(page: str, write: type) -> None:
    text = (model_table.ROOT / page).read_text()
    assert model_table.with_text(text, write(list_models())) == text


def test_readme_text_sorts_classes_by_how_well_they_are_found() -> None:
    model = with_class_scores(Clearance=0.1, Goal=0.7, Foul=0.3, Corner=0.6)
    text = model_table.readme_text((read_model("demo"), model)).replace("\n", " ")
    assert text.startswith(
        "Best found: Goal 70, Corner 60. Found in part: Foul 30. Hardly found: Clearance 10."
    )
    assert "tolerances of 5 to 60 s (valid; SoccerNet-v2). `spotkick models other`" in text


def test_readme_text_without_scores_of_classes_names_the_command() -> None:
    assert model_table.readme_text((read_model("demo"),)).startswith("`spotkick models` lists")
