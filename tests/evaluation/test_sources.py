"""Scoring of files and of actions in memory, in every form that is taken."""

from pathlib import Path

import pytest

from spotkick.actions import SOCCERNET_V1, SOCCERNET_V2, Action, ActionClasses, MatchActions
from spotkick.errors import ConfigError, InputError
from spotkick.evaluation import evaluate
from spotkick.evaluation.sources import find_label_file, resolve_task
from spotkick.formats import read_label_set, read_results, write_labels
from spotkick.formats.tables import write_table
from spotkick.tasks import SOCCERNET_BALL_TASK, SOCCERNET_V2_TASK, Task

GOLDEN = Path(__file__).parent / "golden"

pytestmark = pytest.mark.filterwarnings("ignore::spotkick.errors.SpotkickWarning")


def test_evaluate_paths_lists_and_mappings_score_the_same(tmp_path: Path) -> None:
    found, truth = list(read_results(GOLDEN / "pred")), list(read_label_set(GOLDEN / "gt"))
    write_table(tmp_path / "found.csv", found)
    expected = evaluate(found, truth)
    predictions = [
        GOLDEN / "pred",
        str(GOLDEN / "pred"),
        tmp_path / "found.csv",
        iter(found),
        {match.match: match.actions for match in found},
        {match.match: match for match in found},
    ]
    for source in predictions:
        assert evaluate(source, truth) == expected
    for labels in (GOLDEN / "gt", str(GOLDEN / "gt"), {m.match: list(m.actions) for m in truth}):
        assert evaluate(found, labels).overall == expected.overall


def test_evaluate_single_matches_belong_together_whatever_their_names() -> None:
    labels = MatchActions("league/season/m", (Action("Goal", 1, 1000),))
    found = MatchActions("m", (Action("Goal", 1, 1000, 0.9),))
    assert evaluate(found, labels, ["Goal"]).average_map == 1


@pytest.mark.parametrize("name", [Path, str])
def test_evaluate_one_prediction_file_takes_labels_of_its_match(name: type) -> None:
    file = name(GOLDEN / "pred/lg/2020/game0/results_spotting.json")
    score = evaluate(file, name(GOLDEN / "gt"))
    assert score.num_matches == 1
    assert score == evaluate(file, GOLDEN / "gt/lg/2020/game0/Labels-v2.json")


def test_evaluate_folder_of_labels_as_predictions_is_refused() -> None:
    with pytest.raises(InputError, match=r"no file named results_spotting\.json, it holds labels"):
        evaluate(GOLDEN / "gt", GOLDEN / "gt")
    with pytest.raises(InputError, match="no such file"):
        evaluate(GOLDEN / "nothing", GOLDEN / "gt")


@pytest.mark.parametrize(
    ("classes", "names"),
    [
        (SOCCERNET_V1, SOCCERNET_V1.names),
        ("soccernet-v1", SOCCERNET_V1.names),
        (SOCCERNET_V2_TASK, SOCCERNET_V2.names),
        (["Goal", "Corner"], ("Goal", "Corner")),
        (("Smash",), ("Smash",)),
    ],
)
def test_resolve_task_every_form_gives_its_classes(classes: object, names: tuple[str, ...]) -> None:
    assert resolve_task(classes).classes.names == names  # type: ignore[arg-type]


def test_resolve_task_file_and_unknown_name(tmp_path: Path) -> None:
    (tmp_path / "own.txt").write_text("PASS\nDRIVE\n")
    task = resolve_task(str(tmp_path / "own.txt"))
    assert (task.frame_rate, task.metric) == (SOCCERNET_BALL_TASK.frame_rate, "at1")
    with pytest.raises(ConfigError, match="did you mean soccernet-v"):
        resolve_task("soccernet-3")


def test_evaluate_task_decides_periods_rate_and_metric() -> None:
    labels = MatchActions("m", tuple(Action("dunk", p, 60_000) for p in (1, 2, 3, 4)))
    found = MatchActions("m", tuple(Action("dunk", p, 60_000, 0.9) for p in (1, 2, 3, 5)))
    own = evaluate(found, labels, ["dunk"])
    assert own.periods == (1, 2, 3, 4, 5)
    assert dict(own.num_predictions) == {"dunk": 4}
    task = Task(ActionClasses(("dunk",)), periods=(1, 2, 3), metric="tight")
    fixed = evaluate(found, labels, task)
    assert (fixed.periods, fixed.metric) == ((1, 2, 3), "tight")
    assert fixed.average_map == 1
    assert evaluate(found, labels, task, periods=(4,), metric="at1").average_map == 0


def test_find_label_file_prefers_the_name_that_every_match_has(tmp_path: Path) -> None:
    one = MatchActions("m", (Action("Goal", 1, 0),))
    write_labels(tmp_path / "a/Labels-v2.json", one)
    write_labels(tmp_path / "a/Labels.json", one)
    write_labels(tmp_path / "b/Labels-v2.json", one)
    v1, v2 = resolve_task("soccernet-v1"), resolve_task("soccernet-v2")
    assert find_label_file(tmp_path, v2) == "Labels-v2.json"
    assert find_label_file(tmp_path, v1) == "Labels-v2.json"  # b has no other
    assert find_label_file(tmp_path, v1, ("a",)) == "Labels.json"
    assert find_label_file(tmp_path, SOCCERNET_BALL_TASK) is None
    assert find_label_file(tmp_path / "a/Labels.json", v1) is None


def test_evaluate_unshown_factor_is_for_the_17_classes_only() -> None:
    found, truth = list(read_results(GOLDEN / "pred")), list(read_label_set(GOLDEN / "gt"))
    whole = evaluate(found, truth)
    own = evaluate(found, truth, SOCCERNET_V2.names[:16])
    shuffled = evaluate(found, truth, SOCCERNET_V2.names[::-1])
    for score, factor in ((whole, 17 / 13), (own, 1), (shuffled, 17 / 13)):
        assert score.unshown is not None
        values = list(score.unshown.map_at.values())
        area = (sum(values) - (values[0] + values[-1]) / 2) / (len(values) - 1)
        assert score.unshown.average_map == pytest.approx(factor * area)
        assert not any("17/13" in message for message in score.warnings)
    assert str(whole.unshown_factor) == "17/13"


def test_evaluate_labels_by_visibility_are_counted() -> None:
    score = evaluate(GOLDEN / "pred", GOLDEN / "gt")
    assert sum(score.num_visible.values()) + sum(score.num_unshown.values()) == 277
    assert 0 < sum(score.num_unshown.values()) < 277
