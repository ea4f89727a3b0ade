"""Reading and scoring from paths and from objects."""

from collections.abc import Callable
from pathlib import Path

import pytest

import spotkick
from spotkick.actions import SOCCERNET_V1, Action, MatchActions
from spotkick.errors import ConfigError, InputError
from spotkick.formats.results import write_results
from spotkick.formats.soccernet import read_label_set, write_labels
from spotkick.formats.tables import write_table
from spotkick.tasks import TASKS

pytestmark = pytest.mark.filterwarnings("ignore::spotkick.errors.SpotkickWarning")

NAMES = ("goal", "card", "substitution")


def as_predictions(matches: list[MatchActions]) -> list[MatchActions]:
    """The labels as predictions that are right in all cases."""
    return [
        MatchActions(m.match, tuple(Action(a.label, a.period, a.position_ms, 0.9) for a in m))
        for m in matches
    ]


@pytest.fixture(scope="module")
def labels(planted: Path) -> list[MatchActions]:
    return list(read_label_set(planted))


@pytest.fixture(scope="module")
def predictions(labels: list[MatchActions], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("predictions")
    write_results(folder, as_predictions(labels))
    return folder


def test_evaluate_paths_texts_and_objects_agree(
    planted: Path, labels: list[MatchActions], predictions: Path
) -> None:
    scores = [
        spotkick.evaluate(found, truth, SOCCERNET_V1)
        for found in (predictions, str(predictions), as_predictions(labels))
        for truth in (planted, str(planted), labels)
    ]
    assert all(score == scores[0] for score in scores)
    assert scores[0].average_map == pytest.approx(1)
    assert scores[0].num_matches == 4


def test_evaluate_iterators_and_tuples_are_sets_of_matches(labels: list[MatchActions]) -> None:
    found = as_predictions(labels)
    assert spotkick.evaluate(iter(found), iter(labels), NAMES).num_matches == 4
    assert spotkick.evaluate(tuple(found), tuple(labels), NAMES).num_matches == 4


def test_evaluate_one_match_object_against_one(labels: list[MatchActions]) -> None:
    found = as_predictions(labels)[0]
    assert spotkick.evaluate(found, labels[0], list(NAMES)).average_map == pytest.approx(1)


def test_evaluate_one_match_is_scored_alone_in_a_labelled_set(
    planted: Path, labels: list[MatchActions], predictions: Path
) -> None:
    found = as_predictions(labels)[2]
    score = spotkick.evaluate(found, planted, NAMES)
    assert (score.num_matches, score.average_map) == (1, pytest.approx(1))
    file = predictions / found.match / "results_spotting.json"
    assert spotkick.evaluate(file, planted, NAMES) == score


@pytest.mark.parametrize("short", ["match 2", "2026/match 2"])
def test_evaluate_short_name_is_paired_with_the_only_match_it_ends(
    labels: list[MatchActions], planted: Path, short: str
) -> None:
    found = MatchActions(short, as_predictions(labels)[2].actions)
    assert spotkick.evaluate(found, planted, NAMES).average_map == pytest.approx(1)


def test_evaluate_incomplete_set_is_an_error_that_names_the_match(
    labels: list[MatchActions],
) -> None:
    with pytest.raises(InputError, match="league/2026/match 3"):
        spotkick.evaluate(as_predictions(labels)[:3], labels, NAMES)


def test_evaluate_split_by_name_takes_its_matches(planted: Path, predictions: Path) -> None:
    score = spotkick.evaluate(predictions, planted, NAMES, split="valid")
    assert score.num_matches == 1
    file = planted / "splits" / "valid.txt"
    assert spotkick.evaluate(predictions, planted, NAMES, split=str(file)) == score


@pytest.mark.parametrize(
    "classes",
    [SOCCERNET_V1, TASKS["soccernet-v1"], "soccernet-v1"],
    ids=["class list", "task", "name"],
)
def test_evaluate_classes_in_any_form(labels: list[MatchActions], classes: object) -> None:
    found = as_predictions(labels)
    assert spotkick.evaluate(found, labels, classes) == spotkick.evaluate(
        found, labels, SOCCERNET_V1
    )


def test_evaluate_class_file_and_names_agree(labels: list[MatchActions], tmp_path: Path) -> None:
    (tmp_path / "own.txt").write_text("goal\ncard\nsubstitution\n")
    found = as_predictions(labels)
    by_file = spotkick.evaluate(found, labels, str(tmp_path / "own.txt"))
    assert by_file == spotkick.evaluate(found, labels, NAMES)


def test_evaluate_unknown_class_list_and_metric_are_config_errors(
    labels: list[MatchActions],
) -> None:
    with pytest.raises(ConfigError, match="did you mean soccernet-v1"):
        spotkick.evaluate(labels, labels, "socernet-v1")
    with pytest.raises(ConfigError, match="metric must be"):
        spotkick.evaluate(as_predictions(labels), labels, NAMES, metric="lose")


def quarters(confidence: float | None) -> MatchActions:
    """An action in each of four periods, which an own sport counts and SoccerNet does not."""
    return MatchActions("m", tuple(Action("dunk", p, 60_000, confidence) for p in (1, 2, 3, 4)))


def test_evaluate_own_classes_count_all_periods() -> None:
    score = spotkick.evaluate(quarters(0.9), quarters(None), ["dunk"])
    assert dict(score.num_labels) == {"dunk": 4}
    two = spotkick.evaluate(quarters(0.9), quarters(None), ["dunk"], periods=(1, 2))
    assert dict(two.num_labels) == {"dunk": 2}


def test_evaluate_ball_classes_take_metric_and_rate_of_their_task() -> None:
    def at(position_ms: int, confidence: float | None) -> MatchActions:
        return MatchActions("m", (Action("PASS", 1, position_ms, confidence),))

    # 0.48 s apart: within a window of 1 s at 25 frames per second.
    score = spotkick.evaluate(at(10_480, 0.9), at(10_000, None), "soccernet-ball-2023")
    assert score.metric == "at1"
    assert score.overall.per_class["PASS"] == pytest.approx(1)
    coarse = spotkick.evaluate(at(10_480, 0.9), at(10_000, None), ["PASS"], frame_rate="25/2")
    assert coarse.metric == "at1"


def test_read_labels_and_predictions_take_text_and_path(
    planted: Path, labels: list[MatchActions], predictions: Path
) -> None:
    assert spotkick.read_labels(str(planted)) == spotkick.read_labels(planted) == tuple(labels)
    names = [labels[1].match]
    assert spotkick.read_labels(planted, names) == (labels[1],)
    assert [m.match for m in spotkick.read_predictions(str(predictions), names)] == names


@pytest.mark.parametrize("form", ["csv", "json", "parquet"])
def test_read_labels_of_single_file_in_any_format(
    labels: list[MatchActions], tmp_path: Path, form: str
) -> None:
    path = tmp_path / f"Labels-v2.{form}"
    if form == "json":
        write_labels(path, labels[0])
    else:
        write_table(path, labels[:2])
    found = spotkick.read_labels(str(path))
    assert [match.match for match in found] == [m.match for m in labels[: len(found)]]
    assert found[0].actions == labels[0].actions
    with pytest.raises(InputError, match="nothing for match 'nowhere'"):
        spotkick.read_labels(path, ["nowhere"])


def test_spot_and_evaluate_fit_together_on_one_folder_of_a_set(
    planted: Path, small_model: Callable[..., spotkick.Model], labels: list[MatchActions]
) -> None:
    model = small_model(dim=16, classes=NAMES, features="planted")
    actions = spotkick.spot(model, str(planted / labels[1].match))
    assert actions.match == labels[1].match
    assert spotkick.evaluate(actions, str(planted), model.classes).num_matches == 1
