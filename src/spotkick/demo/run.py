"""The demo: train on the bundled season, score, spot the bundled clip from its pixels, cut a reel, and show all on one page."""

import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from spotkick.actions import ActionClasses, MatchActions
from spotkick.checkpoint import read_checkpoint
from spotkick.demo.page import DemoMatch, DemoReel, demo_page
from spotkick.demo.reel import cut_reel
from spotkick.errors import InputError, SpotkickWarning
from spotkick.evaluation import SpottingScore, evaluate
from spotkick.files import write_text
from spotkick.formats.results import RESULTS_FILE, read_results
from spotkick.formats.scores import SCORES_FILE, read_scores
from spotkick.formats.soccernet import read_label_set, read_labels
from spotkick.formats.splits import read_split
from spotkick.pipelines.spot import SpottingSummary, network_for, run_spotting
from spotkick.pipelines.spot_inputs import InputOptions, jobs_for

DATA: Final = Path(__file__).parent.parent / "assets" / "demo"
"""Features and labels of the season, its checkpoint, and a clip; see ``assets/NOTICE.md``."""

EXPERIMENT: Final = DATA / "season.toml"
SHIPPED: Final = DATA / "checkpoint"
CLIP: Final = DATA / "clip" / "clip.mp4"
CLIP_LABELS: Final = DATA / "clip" / "Labels-v2.json"

EPOCHS: Final = 24
"""Of the training in the demo; the shipped checkpoint had those of ``season.toml``."""

PAGE: Final = "index.html"
SPLITS: Final = ("train", "valid", "test")

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class ScoredCheckpoint:
    """A checkpoint and what it achieves on the test matches.

    Attributes:
        name: what people read in tables.
        folder: where it lies.
        loose: Average-mAP with tolerances of 5 to 60 s.
        tight: with tolerances of 1 to 5 s.
        predictions: folder of its spots and scores.
    """

    name: str
    folder: Path
    loose: SpottingScore
    tight: SpottingScore
    predictions: Path


@dataclass(frozen=True, slots=True)
class DemoResult:
    """What the demo achieved, and where it lies.

    Attributes:
        systems: the shipped checkpoint, and before it the one that was trained here, if one was.
        clip: how fast the clip was spotted from its pixels, with the shipped checkpoint.
        spots: of the clip.
        reel: cut from the clip; None when nothing in it reaches its threshold.
        page: the HTML file.
    """

    systems: tuple[ScoredCheckpoint, ...]
    clip: SpottingSummary
    spots: Path
    reel: DemoReel | None
    page: Path


def about() -> str:
    """What the data are, for the page and the terminal."""
    train, valid, test = (len(read_split(DATA / "splits" / f"{name}.txt")) for name in SPLITS)
    return (
        f"The data are {train + valid + test} football matches of 10 to 15 minutes, rendered by a simulator (Google Research "
        f"Football, Apache-2.0; Gameplay Football engine, public domain), with exact event times: {train} to train on, "
        f"{valid} to validate, {test} to test. They are synthetic: the numbers say nothing about accuracy on broadcasts."
    )


def run_demo(out: Path, *, epochs: int = EPOCHS, say: Say = lambda _: None) -> DemoResult:
    """Run the whole chain on the bundled data.

    Args:
        out: folder for everything that is made; must not hold a demo yet.
        epochs: of training; with 0, or without torch, only the shipped checkpoint is used.
        say: receives a line at each step.

    Raises:
        InputError: if ``out`` holds a former demo, or the bundled data are missing.
        StorageError: if ``out`` cannot be written.
    """
    if not (EXPERIMENT.is_file() and SHIPPED.is_dir() and CLIP.is_file()):
        raise InputError(
            "the demo's data are missing from the installation; install spotkick again"
        )
    if (out / PAGE).exists() or (out / "run").exists():
        raise InputError(f"{out} already holds a demo; remove it, or choose another --out")
    checkpoints = [("shipped", SHIPPED)]
    trained = _train(out / "run", epochs, say)
    if trained is not None:
        checkpoints.insert(0, ("trained", trained))
    systems = []
    for name, folder in checkpoints:
        say(f"scoring the test matches: {name}")
        systems.append(_score(name, folder, out / "predictions" / folder.name))
    shipped = read_checkpoint(SHIPPED)
    say("spotting the clip from its pixels with the shipped checkpoint")
    clip = run_spotting(jobs_for([CLIP], shipped), network_for(shipped), shipped, out / "clip")
    spots = out / "clip" / CLIP.stem
    match = _clip_match(spots)
    reel = cut_reel(CLIP, match, shipped, out, say)
    say("writing the page")
    page = out / PAGE
    tests = _test_matches(systems[-1].predictions)
    write_text(
        page, demo_page(about(), systems, match, clip, reel, tests, shipped.config.thresholds)
    )
    return DemoResult(tuple(systems), clip, spots, reel, page)


def _train(run: Path, epochs: int, say: Say) -> Path | None:
    """A checkpoint trained here; None where that is not wanted or not possible."""
    if not epochs:
        return None
    if find_spec("torch") is None:
        say(
            "torch is not installed, so nothing is trained: pip install 'spotkick[train]'; the shipped checkpoint is used"
        )
        return None
    # These import torch.
    from spotkick.pipelines.config import read_experiment
    from spotkick.pipelines.train import BEST, run_training

    say(f"training CALF for {epochs} epochs")
    started = time.perf_counter()
    changes = [f"training.epochs={epochs}", f"training.validate_every={max(1, epochs // 4)}"]
    run_training(read_experiment(EXPERIMENT, changes, data_root=DATA), run, quiet=True)
    say(f"trained in {time.perf_counter() - started:.0f} s")
    return run / BEST


def _score(name: str, folder: Path, predictions: Path) -> ScoredCheckpoint:
    checkpoint = read_checkpoint(folder)
    jobs = jobs_for([], checkpoint, InputOptions(data=DATA, split="test"))
    run_spotting(jobs, network_for(checkpoint), checkpoint, predictions)
    loose, tight = score_test(predictions, checkpoint.classes)
    return ScoredCheckpoint(name, folder, loose, tight, predictions)


def score_test(predictions: Path, classes: ActionClasses) -> tuple[SpottingScore, SpottingScore]:
    """Loose and tight Average-mAP of predictions of the bundled test matches."""
    matches = read_split(DATA / "splits" / "test.txt")
    labels, found = list(read_label_set(DATA, matches)), list(read_results(predictions, matches))
    with warnings.catch_warnings():
        # Labels of classes that are not scored, or two in one frame: a matter of the data, and no
        # news here.
        warnings.simplefilter("ignore", SpotkickWarning)
        return evaluate(found, labels, classes), evaluate(found, labels, classes, metric="tight")


def _test_matches(predictions: Path) -> list[DemoMatch]:
    matches = read_split(DATA / "splits" / "test.txt")
    pairs = zip(read_label_set(DATA, matches), read_results(predictions, matches), strict=True)
    return [
        DemoMatch(read_scores(predictions / truth.match / SCORES_FILE), found, truth)
        for truth, found in pairs
    ]


def _clip_match(spots: Path) -> DemoMatch:
    found = next(iter(read_results(spots / RESULTS_FILE)))
    truth = read_labels(CLIP_LABELS)
    return DemoMatch(
        read_scores(spots / SCORES_FILE), found, MatchActions(found.match, truth.actions)
    )
