"""Networks that tell which team acts: planted data in which the side is visible."""

import json
import warnings
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import spotkick
from spotkick.actions import Action, ActionClasses, MatchActions
from spotkick.cli.main import build_app
from spotkick.errors import ConfigError, InputError, SpotkickWarning
from spotkick.evaluation.team_map import evaluate_teams
from spotkick.features.tracks import write_track
from spotkick.files import write_text
from spotkick.formats.reading import read_predictions
from spotkick.formats.scores import read_scores
from spotkick.formats.soccernet import read_label_set, write_labels
from spotkick.pipelines.config import ExperimentConfig, read_experiment
from spotkick.pipelines.labelled_data import read_match_labels
from spotkick.pipelines.train import run_training
from spotkick.prediction.class_groups import ClassGroups
from spotkick.reporter import SilentReporter

CONFIG = Path(__file__).parents[2] / "configs" / "dense.toml"
CLASSES = ("PASS", "SHOT")
SIDES = ("left", "right")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three matches; an action raises the value of its class, and that of its side."""
    root = tmp_path_factory.mktemp("sides")
    random = np.random.default_rng(0)
    names = [f"league/2026/match {number}" for number in range(3)]
    for name in names:
        actions = []
        values = 0.1 * random.standard_normal((300, 6)).astype(np.float32)
        for second in range(4, 145, 6):
            label, side = int(random.integers(2)), int(random.integers(2))
            values[2 * second, label] += 3
            values[2 * second, 2 + side] += 3
            actions.append(Action(CLASSES[label], 1, 1000 * second, team=SIDES[side]))
        write_track(values, root / name / "1_planted.npy")
        write_labels(root / name / "Labels-ball.json", MatchActions(name, tuple(actions)))
    for split, chosen in (("train", names[:-1]), ("valid", names[-1:])):
        write_text(root / "splits" / f"{split}.txt", "".join(f"{name}\n" for name in chosen))
    return root


def read_config(root: Path, *assignments: str) -> ExperimentConfig:
    small = (
        "data.features=planted",
        f"data.classes={list(CLASSES)}",
        f"data.sides={list(SIDES)}",
        "data.labels=Labels-ball.json",
        "data.frame_rate=2",
        "model.chunk_s=40",
        "model.receptive_field_s=4",
        "model.width=16",
        "model.layers=2",
        "model.displacement_radius_s=0",
        "loss.displacement_weight=0",
        "loss.target_sigma_s=0.4",
        "sampling.chunks_per_epoch=24",
        "sampling.batch_chunks=8",
        "training.epochs=20",
        "training.learning_rate=0.02",
        "training.ema_decay=0",
        "training.warmup_steps=1",
        "training.threads=1",
    )
    return read_experiment(CONFIG, (*small, *assignments), data_root=root)


@pytest.fixture(scope="module")
def run(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network trained on them."""
    folder = tmp_path_factory.mktemp("trained") / "run"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SpotkickWarning)
        run_training(read_config(data), folder, quiet=True, reporter=SilentReporter())
    return folder


def test_run_training_with_sides_spots_say_which_team(data: Path, run: Path) -> None:
    model = spotkick.load_model(run, threads=1)
    assert model.checkpoint.task.sides == SIDES
    name = "league/2026/match 2"
    spots = spotkick.spot(model, data / name, name=name)
    assert {action.label for action in spots} == set(CLASSES)
    assert {action.team for action in spots} == set(SIDES)

    # Team-mAP on a match that was not trained on, and that of the same spots with sides changed.
    labels = list(read_label_set(data, [name]))
    classes = ActionClasses(CLASSES)
    score = evaluate_teams([spots], labels, classes, frame_rate=model.checkpoint.task.frame_rate)
    assert score.average_map > 0.9
    swapped = tuple(
        Action(a.label, a.period, a.position_ms, a.confidence, SIDES[a.team == "left"])
        for a in spots
    )
    wrong = evaluate_teams([MatchActions(name, swapped)], labels, classes)
    assert wrong.average_map < score.average_map - 0.3


@pytest.mark.parametrize("wanted", [(), ("--classes", "{file}")], ids=["own", "grouped"])
def test_spot_with_sides_is_read_by_class_and_team(
    wanted: tuple[str, ...], data: Path, run: Path, tmp_path: Path
) -> None:
    name = "league/2026/match 2"
    classes = tmp_path / "classes.json"
    classes.write_text(
        json.dumps({"names": ["Touch"], "aliases": {"PASS": "Touch", "SHOT": "Touch"}})
    )
    labels = ("Touch",) if wanted else CLASSES
    options = [part.format(file=classes) for part in wanted]
    arguments = ["spot", str(data / name), "--checkpoint", str(run), "--out", str(tmp_path / "out")]
    done = CliRunner().invoke(build_app(("spot", "train")), [*arguments, *options])
    assert done.exit_code == 0, done.output

    # The files of the run: spots with a team, scores by class, and a list of classes without teams.
    (results,) = (tmp_path / "out").rglob("results_spotting.json")
    (spots,) = read_predictions(results)
    assert {action.label for action in spots} == set(labels)
    assert {action.team for action in spots} == set(SIDES)
    kept = read_scores(results.parent / "scores.npz", keep_sides=True)
    assert (kept.sides, len(kept.classes)) == (SIDES, 2 * len(labels))
    scores = read_scores(results.parent / "scores.npz")
    assert (scores.classes, scores.sides) == (labels, ())
    first = kept.periods[1][:, [0, 1]].max(axis=1)
    assert np.array_equal(scores.periods[1][:, 0], first)
    (stamp,) = (tmp_path / "out").glob("*.json")
    assert json.loads(stamp.read_text())["classes"]["names"] == list(labels)

    # A spot stands where the score of its class and team is, unless others beside it suppress it.
    for action in spots:
        frame = round(action.position_ms * 2 / 1000)
        column = kept.classes.index(f"{action.label} ({action.team})")
        assert kept.periods[1][frame, column] >= (action.confidence or 0.0) - 0.01


def test_class_groups_of_sides_unknown_class_names_what_is_known() -> None:
    own = ActionClasses(("PASS (left)", "PASS (right)"))
    with pytest.raises(ConfigError, match=r"does not spot OUT; it knows PASS$"):
        ClassGroups.find(own, ActionClasses(("PASS", "OUT")), SIDES)


def test_read_match_labels_other_words_for_teams_are_refused(data: Path) -> None:
    config = read_config(data, 'data.sides=["home", "away"]')
    with pytest.raises(InputError, match=r"no label has a team of data\.sides \(home, away\)"):
        read_match_labels(config.data, config.data.class_list(), ["league/2026/match 0"])


def test_read_match_labels_without_a_team_are_left_out(tmp_path: Path) -> None:
    actions = (Action("PASS", 1, 1000, team="left"), Action("SHOT", 1, 5000))
    write_labels(tmp_path / "m" / "Labels-ball.json", MatchActions("m", actions))
    config = read_config(tmp_path)
    with pytest.warns(SpotkickWarning, match="1 labels without a team"):
        found = read_match_labels(config.data, config.data.class_list(), ["m"])
    assert [action.label for action in found["m"]] == ["PASS (left)"]
