"""The demo: train on the bundled season, score, spot the bundled clip, cut a reel, write a page."""

import time
import warnings
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from spotkick.actions import ActionClasses, MatchActions
from spotkick.checkpoint import read_checkpoint
from spotkick.demo.commentary import spot_commentary
from spotkick.demo.data import (
    CLIP,
    CLIP_LABELS,
    EXPERIMENT,
    SEASON,
    SHIPPED,
    describe_data,
)
from spotkick.demo.page import demo_page
from spotkick.demo.reel import cut_reel
from spotkick.demo.results import DemoMatch, DemoResult, ScoredCheckpoint
from spotkick.errors import InputError, SpotkickWarning
from spotkick.evaluation import SpottingScore, evaluate
from spotkick.files import write_text
from spotkick.formats.results import RESULTS_FILE, read_results
from spotkick.formats.scores import SCORES_FILE, read_scores
from spotkick.formats.soccernet import read_label_set, read_labels
from spotkick.formats.splits import read_split
from spotkick.pipelines.spot import network_for, run_spotting
from spotkick.pipelines.spot_inputs import InputOptions, jobs_for
from spotkick.reporter import Reporter, SilentReporter

EPOCHS: Final = 24
"""Of the training in the demo; the shipped checkpoint had those of ``season.toml``."""

PAGE: Final = "index.html"


def run_demo(
    out: Path,
    *,
    epochs: int = EPOCHS,
    commentary: Path | None = None,
    goals: Sequence[str] = (),
    reporter: Reporter | None = None,
) -> DemoResult:
    """Run the whole chain on the bundled data.

    Args:
        out: folder for everything that is made; must not hold a demo yet.
        epochs: of training; with 0, or without torch, only the shipped checkpoint is used.
        commentary: transcripts of a match of the user's own, instead of the invented ones.
        goals: minutes of the goals that are known of that match, such as ``26`` or ``45+2``.
        reporter: receives a line at each step; silent when None.

    Raises:
        InputError: if ``out`` holds a former demo, the bundled data are missing, or
            ``commentary`` does not hold the transcripts of one match.
        ConfigError: if a minute of ``goals`` is none.
        StorageError: if ``out`` cannot be written.
    """
    reporter = reporter or SilentReporter()
    if not (EXPERIMENT.is_file() and SHIPPED.is_dir() and CLIP.is_file()):
        raise InputError(
            "the demo's data are missing from the installation; install spotkick again"
        )
    if (out / PAGE).exists() or (out / "run").exists():
        raise InputError(f"{out} already holds a demo; remove it, or choose another --out")

    # The commentary first: it is quick, and a folder of the user's may be wrong.
    spoken = spot_commentary(commentary, goals, out / "commentary")
    if spoken is None:
        reporter.line("this installation has no checkpoint for commentary; that part is left out")

    # Train, and score on the test matches beside the checkpoint that ships.
    checkpoints = [("shipped", SHIPPED)]
    trained = _train_checkpoint(out / "run", epochs, reporter)
    if trained is not None:
        checkpoints.insert(0, ("trained", trained))
    systems = []
    for name, folder in checkpoints:
        reporter.line(f"scoring the test matches: {name}")
        systems.append(_score_checkpoint(name, folder, out / "predictions" / folder.name))

    shipped = read_checkpoint(SHIPPED)
    reporter.line("spotting the clip from its frames with the shipped checkpoint")
    clip = run_spotting(jobs_for([CLIP], shipped), network_for(shipped), shipped, out / "clip")
    spots = out / "clip" / CLIP.stem
    match = _read_clip(spots)
    reel = cut_reel(CLIP, match, shipped, out, reporter=reporter)

    reporter.line("writing the page")
    text = demo_page(
        describe_data(),
        systems,
        match,
        speed=clip,
        reel=reel,
        commentary=spoken,
        tests=_read_test_matches(systems[-1].predictions),
        thresholds=shipped.config.thresholds,
    )
    write_text(out / PAGE, text)
    return DemoResult(tuple(systems), clip, spots, reel=reel, commentary=spoken, page=out / PAGE)


def _train_checkpoint(run: Path, epochs: int, reporter: Reporter) -> Path | None:
    """A checkpoint trained here; None where that is not wanted or not possible."""
    if not epochs:
        return None
    if find_spec("torch") is None:
        reporter.line(
            "torch is not installed, so nothing is trained: pip install 'spotkick[train]'; "
            "the shipped checkpoint is used"
        )
        return None

    # These import torch.
    from spotkick.pipelines.config import read_experiment
    from spotkick.pipelines.train import BEST, run_training

    reporter.line(f"training CALF for {epochs} epochs")
    started = time.perf_counter()
    changes = [f"training.epochs={epochs}", f"training.validate_every={max(1, epochs // 4)}"]
    run_training(read_experiment(EXPERIMENT, changes, data_root=SEASON), run, quiet=True)
    reporter.line(f"trained in {time.perf_counter() - started:.0f} s")
    return run / BEST


def _score_checkpoint(name: str, folder: Path, predictions: Path) -> ScoredCheckpoint:
    checkpoint = read_checkpoint(folder)
    jobs = jobs_for([], checkpoint, InputOptions(data=SEASON, split="test"))
    run_spotting(jobs, network_for(checkpoint), checkpoint, predictions)

    loose, tight = score_test_matches(predictions, checkpoint.classes)
    return ScoredCheckpoint(name, folder, loose, tight=tight, predictions=predictions)


def score_test_matches(
    predictions: Path, classes: ActionClasses
) -> tuple[SpottingScore, SpottingScore]:
    """Loose and tight Average-mAP of predictions of the bundled test matches."""
    matches = read_split(SEASON / "splits" / "test.txt")
    labels, found = list(read_label_set(SEASON, matches)), list(read_results(predictions, matches))
    with warnings.catch_warnings():
        # The data hold labels of classes that are not scored, and two labels in one frame: known.
        warnings.simplefilter("ignore", SpotkickWarning)
        return evaluate(found, labels, classes), evaluate(found, labels, classes, metric="tight")


def _read_test_matches(predictions: Path) -> list[DemoMatch]:
    matches = read_split(SEASON / "splits" / "test.txt")
    pairs = zip(read_label_set(SEASON, matches), read_results(predictions, matches), strict=True)
    return [
        DemoMatch(read_scores(predictions / truth.match / SCORES_FILE), found, truth)
        for truth, found in pairs
    ]


def _read_clip(spots: Path) -> DemoMatch:
    found = next(iter(read_results(spots / RESULTS_FILE)))
    truth = MatchActions(found.match, read_labels(CLIP_LABELS).actions)
    return DemoMatch(read_scores(spots / SCORES_FILE), found, truth)
