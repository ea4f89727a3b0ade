"""Loading a model and spotting from paths and from arrays."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pytest

import spotkick
from spotkick.api import Model
from spotkick.demo.data import CLIP, SHIPPED
from spotkick.errors import CheckpointError, ConfigError, InputError
from spotkick.reporter import ProgressTask, SilentReporter


def cut_short(source: Path, target: Path, *, seconds: float) -> Path:
    """The first seconds of a video, copied."""
    with av.open(str(source)) as whole, av.open(str(target), "w") as short:
        stream = short.add_stream_from_template(whole.streams.video[0])
        for packet in whole.demux(video=0):
            if packet.dts is not None and packet.pts * packet.time_base < seconds:
                packet.stream = stream
                short.mux(packet)
    return target


@pytest.fixture(scope="module")
def run(write_small_run: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_small_run(tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="module")
def model(run: Path) -> Model:
    return spotkick.load_model(run, threads=1)


@pytest.fixture
def values() -> npt.NDArray[np.float32]:
    """Features of a period of 90 frames."""
    return np.random.default_rng(0).standard_normal((90, 4)).astype(np.float32)


@pytest.fixture
def tree(tmp_path: Path) -> Callable[[str], Path]:
    """A function that makes a match folder of a name below a new root, and returns it."""

    def make(name: str) -> Path:
        folder = tmp_path / "root" / name
        folder.mkdir(parents=True)
        for period in (1, 2):
            np.save(folder / f"{period}_small.npy", np.zeros((60, 4), np.float32))
        return folder

    return make


def test_load_model_of_run_folder_and_of_checkpoint_are_the_same(run: Path) -> None:
    for path in (run, run / "best", str(run), os.fspath(run / "best")):
        assert spotkick.load_model(path, threads=1).checkpoint.folder == run / "best"


def test_load_network_of_run_folder_is_the_best_network(run: Path) -> None:
    network = spotkick.models.load_network(run)
    assert not network.training
    assert network.architecture.num_classes == 2
    assert spotkick.models.load_network(str(run / "best")).architecture == network.architecture


def test_load_model_of_other_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="not a checkpoint"):
        spotkick.load_model(tmp_path)


def test_model_states_classes_task_and_rate(model: Model) -> None:
    assert model.classes.names == ("a", "b")
    assert model.task.classes == model.classes
    assert model.frame_rate == 2


def test_model_repr_is_one_short_line(model: Model) -> None:
    text = repr(model)
    assert "2 classes (a, b)" in text
    assert "'small' of 4 values" in text
    assert "\n" not in text
    assert len(text) - len(str(model.checkpoint.folder)) < 120


def test_model_call_is_the_scores_of_spotting(
    model: Model, values: npt.NDArray[np.float32]
) -> None:
    scores = model(values)
    assert scores.shape == (90, 2)
    np.testing.assert_array_equal(scores, spotkick.spot_with_scores(model, values)[1].periods[1])


def test_spot_path_text_and_array_agree(
    model: Model, values: npt.NDArray[np.float32], tmp_path: Path
) -> None:
    path = tmp_path / "2_small.npy"
    np.save(path, values)
    actions, scores = spotkick.spot_with_scores(model, path)
    assert {action.period for action in actions} == {2}
    assert scores.periods[2].shape == (90, 2)
    assert spotkick.spot(model, str(path)) == actions
    assert spotkick.spot(model, {2: values}, name="2_small") == actions
    assert model.spot(values, period=2, name="2_small") == actions


@pytest.mark.parametrize("dtype", [np.float16, np.float64, np.int8, ">f4"])
def test_spot_array_of_other_type_is_converted(model: Model, dtype: str) -> None:
    values = np.arange(240).reshape(60, 4) % 7
    expected = model(values.astype(np.float32))
    np.testing.assert_allclose(model(values.astype(dtype)), expected, atol=1e-6)


def test_spot_lists_and_torch_tensors_are_arrays(
    model: Model, values: npt.NDArray[np.float32]
) -> None:
    torch = pytest.importorskip("torch")
    expected = model(values)
    np.testing.assert_array_equal(model(torch.from_numpy(values)), expected)
    np.testing.assert_allclose(model(values.tolist()), expected)


def test_spot_two_periods_in_memory(model: Model, values: npt.NDArray[np.float32]) -> None:
    actions, scores = spotkick.spot_with_scores(model, {1: values, 3: values[:50]}, name="final")
    assert (actions.match, scores.match) == ("final", "final")
    assert {period: len(part) for period, part in scores.periods.items()} == {1: 90, 3: 50}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.zeros(4), r"of shape \(frames, dim\).*got float64 of shape \(4,\)"),
        (np.zeros((2, 90, 4)), r"shape \(2, 90, 4\)"),
        (np.zeros((0, 4)), "at least one frame"),
        (np.zeros((90, 5)), "5 values per frame, the model needs 4 \\('small'\\)"),
        (np.full((90, 4), "x"), "must be numbers"),
        (np.full((90, 4), np.nan), "NaN"),
        ({}, "at least one period"),
    ],
)
def test_spot_array_that_cannot_be_features_is_one_clear_error(
    model: Model, values: object, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        spotkick.spot(model, values)


def test_spot_missing_and_unreadable_inputs_are_clear_errors(model: Model, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        spotkick.spot(model, tmp_path / "nothing.mp4")
    (tmp_path / "match.mp4").write_bytes(b"x")
    with pytest.raises(InputError, match="does not know how to make them from video"):
        spotkick.spot(model, str(tmp_path / "match.mp4"))


@pytest.mark.parametrize(
    "name", ["league/2016-2017/match", "serie a/2024/Home - Away", "cup/Season 2019/final"]
)
def test_spot_match_folder_in_a_season_has_the_name_of_its_labels(
    model: Model, tree: Callable[[str], Path], name: str
) -> None:
    assert spotkick.spot(model, tree(name)).match == name
    assert spotkick.spot(model, str(tree(name + " 2"))).match == name + " 2"


def test_spot_match_folder_below_splits_is_named_from_there(
    model: Model, tree: Callable[[str], Path]
) -> None:
    folder = tree("handball/u19/match 7")
    (folder.parents[2] / "splits").mkdir()
    assert spotkick.spot(model, folder).match == "handball/u19/match 7"


def test_spot_lone_match_folder_has_its_own_name(model: Model, tree: Callable[[str], Path]) -> None:
    assert spotkick.spot(model, tree("match 7")).match == "match 7"


def test_spot_match_folder_given_relative_has_the_same_name(
    model: Model, tree: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tree("league/2016-2017/match"))
    assert spotkick.spot(model, ".").match == "league/2016-2017/match"


class RecordingReporter:
    """Keeps the titles of the work that is reported."""

    def __init__(self) -> None:
        self.titles: list[str] = []

    def line(self, text: str) -> None:
        self.titles.append(text)

    @contextmanager
    def task(self, title: str, total: float | None, unit: str) -> Iterator[ProgressTask]:
        self.titles.append(title)
        with SilentReporter().task(title, total, unit) as progress:
            yield progress


@pytest.mark.filterwarnings("ignore::spotkick.errors.SpotkickWarning")
def test_spot_video_reports_progress_and_takes_periods(tmp_path: Path) -> None:
    shipped, reporter = spotkick.load_model(SHIPPED, threads=1), RecordingReporter()
    video = cut_short(CLIP, tmp_path / "short.mp4", seconds=30)
    whole = spotkick.spot_with_scores(shipped, video, progress=reporter)[1]
    assert reporter.titles
    assert list(whole.periods) == [1]
    parts = spotkick.spot_with_scores(shipped, video, periods={1: (0, None), 2: (15, 30)})[1]
    assert {period: len(part) for period, part in parts.periods.items()} == {1: 30, 2: 30}


def test_spot_progress_is_shown_on_standard_error_alone(
    model: Model,
    values: npt.NDArray[np.float32],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    np.save(tmp_path / "1_small.npy", values)
    silent = model.spot(tmp_path / "1_small.npy")
    assert capsys.readouterr() == ("", "")
    assert model.spot(tmp_path / "1_small.npy", progress=True) == silent
    assert capsys.readouterr().out == ""


def test_spot_contradicting_options_are_refused(model: Model, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="must not be negative"):
        model.spot(tmp_path / "1_small.npy", start_s=-1)
