"""The table of section 4.2: BMN with its own boundary loss and with the context-aware one."""

from collections.abc import Sequence
from pathlib import Path
from statistics import fmean, stdev
from typing import Final

from spotkick.evaluation.proposals import evaluate_proposals
from spotkick.files import read_json, write_json
from spotkick.localization.experiment import (
    LocalizationExperiment,
    check_localization_run,
    read_localization_experiment,
    run_localization_training,
)
from spotkick.localization.proposals import LocalizerOutput, proposal_segments, propose
from spotkick.localization.videos import load_videos, read_localization_labels
from spotkick.models.loading import load_network, torch_runner
from spotkick.reporter import Reporter
from spotkick.training.run_folder import RunFolder

LOSSES: Final = ("bmn", "context_aware", "symmetric")
RECALLS: Final = (1, 10, 100)


def run_localization(
    config: Path, out: Path, seeds: Sequence[int], reporter: Reporter
) -> dict[str, list[dict[str, float]]]:
    """Train every loss with every seed; finished trainings are not repeated.

    Args:
        config: of ``spotkick proposals --train``; its ``training.tem_loss`` is replaced.
        out: folder of the runs.
        seeds: one training each.
        reporter: receives a line per training.

    Returns:
        Loss -> scores of each seed in percent: AR@1, AR@10, AR@100, AUC.

    Raises:
        InputError: if data are missing or damaged, or a finished training had other settings.
        ConfigError: if the configuration is not valid.
    """
    # Loss by loss, the same seeds for each
    found: dict[str, list[dict[str, float]]] = {}
    for loss in LOSSES:
        for seed in seeds:
            run = out / f"bmn-{loss}-{seed}"
            summary = run / "reproduced.json"
            changes = (f"training.tem_loss={loss}", f"training.seed={seed}")
            experiment = read_localization_experiment(config, changes)
            check_localization_run(RunFolder(run), experiment, resume=True)
            if not summary.is_file():
                reporter.line(f"BMN, boundary loss {loss}, seed {seed}")
                folder = run_localization_training(experiment, run, resume=run.is_dir())
                write_json(summary, _score_localizer(experiment, folder))
            found.setdefault(loss, []).append(read_json(summary))
    return found


def _score_localizer(experiment: LocalizationExperiment, folder: Path) -> dict[str, float]:
    videos = load_videos(experiment.data, experiment.data.valid, experiment.model.num_steps)
    run = torch_runner(load_network(folder), LocalizerOutput)
    proposals = proposal_segments(propose(run, videos, experiment.proposals))
    labels = read_localization_labels(Path(experiment.data.labels))
    score = evaluate_proposals(proposals, labels, subset=experiment.data.valid).to_json()
    recalls = {f"AR@{number}": 100 * score["ar_at"][str(number)] for number in RECALLS}
    return {**recalls, "AUC": 100 * score["auc"]}


def localization_rows(found: dict[str, list[dict[str, float]]]) -> list[list[str]]:
    """Mean and standard deviation by loss, then the differences to BMN's own loss by seed."""
    rows = []
    for loss, scores in found.items():
        rows.append([loss, *(_format_spread([one[name] for one in scores]) for name in scores[0])])
    for loss in ("context_aware", "symmetric"):
        pairs = list(zip(found[loss], found["bmn"], strict=True))
        names = pairs[0][0]
        gains = [
            _format_spread([one[name] - other[name] for one, other in pairs]) for name in names
        ]
        rows.append([f"{loss} minus bmn", *gains])
    return rows


def seeds_needed(found: dict[str, list[dict[str, float]]], gain: float) -> int | None:
    """Seeds per loss that would show a gain in AR@100: 95 % confidence, 80 % power, by seed pairs.

    None with fewer than two seeds. The normal approximation, so a lower bound for few seeds; it
    covers the spread of trainings, not that of the videos.
    """
    pairs = zip(found["context_aware"], found["bmn"], strict=True)
    gains = [one["AR@100"] - other["AR@100"] for one, other in pairs]
    if len(gains) < 2:
        return None
    return max(2, round(((1.96 + 0.84) * stdev(gains) / gain) ** 2 + 0.5))


def _format_spread(values: Sequence[float]) -> str:
    if len(values) < 2:
        return f"{values[0]:.2f}"
    return f"{fmean(values):.2f} ± {stdev(values):.2f}"
