"""The demo: train on the bundled matches, score, spot, and show the result on one page."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from spotkick.actions import ActionClasses
from spotkick.checkpoint import read_checkpoint
from spotkick.errors import InputError
from spotkick.evaluation import SpottingScore, evaluate
from spotkick.experiment.config import ExperimentConfig
from spotkick.experiment.demo_page import DemoHalf, demo_page
from spotkick.experiment.inputs import InputOptions, jobs_for
from spotkick.experiment.spot import SpottingSummary, network_for, run_spotting
from spotkick.experiment.train import BEST, RunResult, run_training
from spotkick.files import write_text
from spotkick.formats.results import read_results
from spotkick.formats.scores import SCORES_FILE, read_scores
from spotkick.formats.soccernet import read_label_set
from spotkick.formats.splits import read_split

DATA: Final = Path(__file__).parent.parent / "assets" / "demo"
"""Features and labels of seven rendered football matches (85 minutes)."""

ABOUT_DATA: Final = (
    "The data are seven football matches of 10 to 15 minutes rendered by a simulator (Google Research Football, Apache-2.0; "
    "Gameplay Football engine, public domain), with exact event times. Four matches train, one validates, two test. They are "
    "synthetic: the numbers say nothing about accuracy on broadcasts."
)

CLASSES: Final = ("Goal", "Kick-off", "Ball out of play", "Goal kick", "Throw-in", "Foul or offside", "Free-kick", "Yellow card")
"""The labels that occur often enough in seven matches to be learnt and scored."""


@dataclass(frozen=True, slots=True)
class DemoResult:
    """What the demo achieved, and where it lies."""

    training: RunResult
    score: SpottingScore
    spotting: SpottingSummary
    page: Path
    checkpoint: Path
    predictions: Path


def demo_experiment(epochs: int) -> ExperimentConfig:
    """The demo's experiment: CALF with a context of 10 s on each side, for events that follow each other fast."""
    return ExperimentConfig.parse(
        {
            "data": {"root": str(DATA), "features": "rendered", "classes": CLASSES},
            "model": {"chunk_s": 60, "receptive_field_s": 20, "num_spots": 12, "hidden": (64, 32)},
            "slicing": {"bounds_s": dict.fromkeys(CLASSES, (-10, -4, 4, 10))},
            "loss": {"segmentation_weight": 3.0},
            "sampling": {"preset": "v2", "chunks_per_epoch": 320, "batch_chunks": 32, "border_actions": True},
            "training": {
                "epochs": epochs,
                "learning_rate": 4e-3,
                "schedule": "cosine",
                "validate_every": max(1, epochs // 4),
                "feature_dropout": 0.2,
            },
            "decoding": {"source": "scores", "nms_window_s": 6},
        },
        "demo",
    )


def run_demo(out: Path, *, epochs: int = 40) -> DemoResult:
    """Run the whole chain on the bundled data.

    Args:
        out: folder for everything that is made; must not hold a demo yet.
        epochs: of training.

    Raises:
        InputError: if ``out`` holds a former demo, or the bundled data are missing.
        StorageError: if ``out`` cannot be written.
    """
    if not DATA.is_dir():
        raise InputError(f"the demo's data are missing from the installation ({DATA.name}); install spotkick again")
    run, predictions = out / "run", out / "predictions"
    training = run_training(demo_experiment(epochs), run)
    checkpoint = read_checkpoint(run / BEST)
    jobs = jobs_for([], checkpoint, InputOptions(data=DATA, split="test"))
    spotting = run_spotting(jobs, network_for(checkpoint), checkpoint, predictions)
    matches = read_split(DATA / "splits" / "test.txt")
    classes = ActionClasses(CLASSES)
    labels = list(read_label_set(DATA, matches))
    predicted = list(read_results(predictions, matches))
    score = evaluate(predicted, labels, classes)
    halves = []
    for truth, found in zip(labels, predicted, strict=True):
        scores = read_scores(predictions / truth.match / SCORES_FILE)
        for period, values in scores.periods.items():
            halves.append(
                DemoHalf(
                    title=f"{truth.match.rpartition('/')[2]}, half {period}",
                    frame_rate=float(scores.frame_rate),
                    scores=values,
                    truths=tuple(action for action in truth.actions if action.period == period),
                    spots=tuple(action for action in found.actions if action.period == period),
                )
            )
    page = out / "index.html"
    write_text(page, demo_page(score, classes, halves, checkpoint.config.thresholds, ABOUT_DATA))
    return DemoResult(training, score, spotting, page, run / BEST, predictions)
