"""Several checkpoints in one call of ``spotkick spot``."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from spotkick.actions import ActionClasses
from spotkick.checkpoint import CheckpointConfig, DecodingConfig, write_checkpoint
from spotkick.cli.main import build_app
from spotkick.cluster.work import WorkItem
from spotkick.features.tracks import FeatureSource, write_source, write_track
from spotkick.formats.scores import read_scores
from spotkick.models import DenseArchitecture
from spotkick.models.loading import network_files, new_network
from spotkick.pipelines import spot_workers
from spotkick.pipelines.spot_inputs import InputOptions
from spotkick.reporter import SilentReporter
from spotkick.tasks import Task

CLASSES = ("goal", "card", "substitution")

Write = Callable[..., Path]


@pytest.fixture(scope="module")
def write_dense(tmp_path_factory: pytest.TempPathFactory) -> Write:
    """A function that writes the checkpoint of an untrained linear probe."""

    def write(
        seed: int,
        *,
        features: str = "planted",
        dim: int = 16,
        classes: tuple[str, ...] = CLASSES,
        chunk_frames: int = 100,
    ) -> Path:
        sizes = DenseArchitecture(
            trunk="linear",
            feature_dim=dim,
            num_classes=len(classes),
            chunk_frames=chunk_frames,
            receptive_field_frames=20,
        )
        config = CheckpointConfig(
            kind=sizes.kind,
            task=Task(ActionClasses(classes)).to_json(),
            slicing_s=dict.fromkeys(classes, (-20, -10, 10, 20)),
            chunk_frames=chunk_frames,
            border_frames=10,
            feature_source=FeatureSource(features, dim, fingerprint=features).to_json(),
            architecture=sizes.model_dump(mode="json"),
            decoding=DecodingConfig(source="scores"),
        )
        folder = tmp_path_factory.mktemp("member") / "best"
        write_checkpoint(folder, config, network_files(new_network(sizes, seed)))
        return folder

    return write


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(build_app(("spot", "train")), ["spot", *map(str, arguments)])


def scores_in(out: Path) -> dict[str, np.ndarray]:
    found = {}
    for path in sorted(out.rglob("scores.npz")):
        periods = read_scores(path).periods
        found |= {f"{path.parent.name} {period}": own for period, own in periods.items()}
    return found


def results_in(out: Path) -> dict[str, bytes]:
    return {path.parent.name: path.read_bytes() for path in out.rglob("results_spotting.json")}


def logit(scores: np.ndarray) -> np.ndarray:
    exact = scores.astype(np.float64)
    return np.log(exact / (1 - exact))


def test_spot_checkpoint_option_averages_logits(
    write_dense: Write, planted: Path, tmp_path: Path
) -> None:
    members = [write_dense(seed, chunk_frames=80 + 20 * seed) for seed in (1, 2)]
    from_split = ["--split", "valid", "--data", planted]
    for name, given in (
        ("one", [members[0], planted]),
        ("two", [members[1], planted]),
        ("both", [members[0], planted, "--checkpoint", members[1]]),
        ("named", ["--checkpoint", members[0], "--checkpoint", members[1], planted]),
        ("split", ["--checkpoint", members[0], "--checkpoint", members[1], *from_split]),
    ):
        done = run(*given, "--out", tmp_path / name, "--threads", "1")
        assert done.exit_code == 0, done.output

    one, two, both = (scores_in(tmp_path / name) for name in ("one", "two", "both"))
    assert len(both) == 8
    for name, own in both.items():
        expected = (logit(one[name]) + logit(two[name])) / 2
        np.testing.assert_allclose(logit(own), expected, atol=2e-2)  # stored in 16 bits
    assert results_in(tmp_path / "both") == results_in(tmp_path / "named")
    assert results_in(tmp_path / "split").items() <= results_in(tmp_path / "both").items()
    assert results_in(tmp_path / "split")


def test_spot_without_any_checkpoint_is_wrong_usage() -> None:
    done = run("--split", "valid")
    assert done.exit_code == 2
    assert "give a checkpoint" in done.output


def test_spot_one_worker_averages_as_the_program_does(
    write_dense: Write, planted: Path, tmp_path: Path
) -> None:
    first, second = write_dense(1), write_dense(2)
    assert run(first, planted, "--checkpoint", second, "--out", tmp_path / "own").exit_code == 0
    request = spot_workers.SpottingRequest(
        first,
        (planted,),
        InputOptions(threads=1),
        tmp_path / "worker",
        decoding=DecodingConfig(source="scores"),
        further=(second,),
    )
    spot = spot_workers.OpenSpotter(request)(SilentReporter())
    for number in range(4):
        spot(WorkItem(f"league/2026/match {number}"), SilentReporter())
    assert results_in(tmp_path / "worker") == results_in(tmp_path / "own")


def test_spot_checkpoints_of_other_features_read_their_own(
    write_dense: Write, make_planted: Callable[..., Path], tmp_path: Path
) -> None:
    root = make_planted(tmp_path / "data", matches=1, num_frames=200)
    write_source(FeatureSource("other", 3, fingerprint="other"), root)
    for path in sorted(root.rglob("?_planted.npy")):
        ones = np.ones((207, 3), dtype=np.float32)
        write_track(ones, path.with_name(path.name.replace("planted", "other")))
    other = write_dense(1, features="other", dim=3)
    done = run(write_dense(2), root, "--checkpoint", other, "--out", tmp_path / "out")
    assert done.exit_code == 0, done.output
    assert len(scores_in(tmp_path / "out")) == 2


def test_spot_checkpoints_that_do_not_fit_are_refused_in_one_line(
    write_dense: Write, planted: Path, tmp_path: Path
) -> None:
    first, out = write_dense(1), tmp_path / "out"
    others = write_dense(2, classes=("goal", "card", "foul"))
    done = run(first, planted, "--checkpoint", others, "--out", out)
    assert done.exit_code == 1
    assert "only checkpoints of the same classes in the same order" in str(done.exception)
    unread = write_dense(2, features="elsewhere")
    done = run(first, planted, "--checkpoint", unread, "--out", out)
    assert done.exit_code == 1
    assert "no videos and no features 'elsewhere'" in str(done.exception)


def test_spot_resume_notices_another_set_of_checkpoints(
    write_dense: Write, planted: Path, tmp_path: Path
) -> None:
    first, second = write_dense(1), write_dense(2)
    given = [first, planted, "--out", tmp_path / "out", "--resume"]
    assert run(*given, "--checkpoint", second).exit_code == 0
    assert "4 already there" in run(*given, "--checkpoint", second).stdout
    done = run(*given)
    assert done.exit_code == 1
    assert "results of another checkpoint or other settings" in str(done.exception)
    stamp = json.loads((tmp_path / "out" / "spotting.json").read_text())
    assert len(stamp["further"]) == 1
