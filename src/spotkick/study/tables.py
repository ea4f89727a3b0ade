"""The tables of a study: scores on the half that did not choose, and paired intervals.

Intervals come from a bootstrap over matches and seeds at once: each resample draws the matches of
both halves and the seeds anew, the same for all arms, so that easy matches and lucky seeds cancel
out in the differences.
"""

from concurrent.futures import Executor
from pathlib import Path
from typing import Final

import numpy as np

from spotkick.evaluation.resampling import draw_matches, score_resamples
from spotkick.files import write_text
from spotkick.reporter import Reporter
from spotkick.study.block_table import BlockTable, Floats, format_block
from spotkick.study.data import StudyData, read_study_data
from spotkick.study.peaks import predictions_of
from spotkick.study.plan import StudyPlan
from spotkick.study.pool import open_pool
from spotkick.study.results import read_result, result_path
from spotkick.study.scoring import HALVES, METRICS, assign_network
from spotkick.study.selection import (
    OTHER,
    BlockScores,
    all_groups,
    read_scores,
)

RESAMPLES: Final = 400
_SEED: Final = 3

_Key = tuple[str, int, str]
"""Arm, draw, half."""


def write_tables(
    plan: StudyPlan,
    data_folder: Path,
    results: Path,
    out: Path,
    *,
    workers: int,
    reporter: Reporter,
    resamples: int = RESAMPLES,
) -> None:
    """Write the tables of all blocks that have results as Markdown.

    Raises:
        InputError: if a data file is missing.
        ConfigError: if a result belongs to another plan or to other data.
        StorageError: if the file cannot be written.
    """
    lines: list[str] = []
    held: dict[str, tuple[StudyData, str]] = {}
    with open_pool(workers) as pool:
        for block in plan.blocks:
            if not any(result_path(results, block, seed).is_file() for seed in block.seeds):
                continue
            if block.data not in held:
                read = read_study_data(data_folder / f"{block.data}.npz")
                held[block.data] = read.without_training(), read.checksum()
            data, checksum = held[block.data]
            scores = read_scores(block, results, checksum)
            table = tabulate_block(scores, data, results, pool, resamples=resamples)
            lines += [*format_block(block, table), ""]
            reporter.line(f"{block.name}: {table.num_seeds} seeds")
    write_text(out, "\n".join(lines) + "\n")


def tabulate_block(
    scores: BlockScores, data: StudyData, results: Path, pool: Executor, *, resamples: int
) -> BlockTable:
    """Scores and resamples of each arm, and of the families of losses.

    Args:
        scores: of the block.
        data: labels of the held matches.
        results: folder of the results.
        pool: works out the resamples.
        resamples: how many.
    """
    groups = all_groups(scores.block)
    picks = {
        name: {half: scores.choose(group, half) for half in HALVES}
        for name, group in groups.items()
    }
    needed = sorted({(*pick, OTHER[half]) for own in picks.values() for half, pick in own.items()})

    # (seeds, resamples) of each network that is needed
    jobs = {
        (key, seed): pool.submit(
            _resample_network, result_path(results, scores.block, seed), key, data, resamples
        )
        for key in needed
        for seed in scores.seeds
    }
    drawn = {
        key: {
            metric: np.stack([jobs[key, seed].result()[metric] for seed in scores.seeds])
            for metric in METRICS
        }
        for key in needed
    }

    # The same seeds for all arms in each resample, as the matches are.
    seeds = np.random.default_rng(_SEED).integers(
        len(scores.seeds), size=(resamples, len(scores.seeds))
    )
    spread = {
        name: {
            metric: np.mean(
                [
                    drawn[*own[half], OTHER[half]][metric][seeds.T, np.arange(resamples)].mean(0)
                    for half in HALVES
                ],
                axis=0,
            )
            for metric in METRICS
        }
        for name, own in picks.items()
    }
    return BlockTable(
        scores={
            name: {metric: scores.swapped_score(group, metric) for metric in METRICS}
            for name, group in groups.items()
        },
        resamples=spread,
        chosen={
            name: (f"{own['A'][0]} {own['A'][1]}", f"{own['B'][0]} {own['B'][1]}")
            for name, own in picks.items()
        },
        num_seeds=len(scores.seeds),
    )


def _resample_network(path: Path, key: _Key, data: StudyData, resamples: int) -> dict[str, Floats]:
    """Resampled scores of one network on one half: metric -> (resamples,)."""
    arm, draw, half = key
    description, peaks = read_result(path)
    rows = description["networks"]
    number = next(n for n, row in enumerate(rows) if (row["arm"], row["draw"]) == (arm, draw))
    place = description.get("peaks_of", list(range(len(rows)))).index(number)

    matches = data.halves()[HALVES.index(half)]
    labels = data.labels(matches)
    one = peaks.select([place])
    predictions = predictions_of(one, 0, data, matches)
    weights = draw_matches(len(matches), resamples, _SEED + HALVES.index(half))
    return {
        metric: score_resamples(
            assign_network(predictions, labels, data, metric), weights
        ).average_map
        for metric in METRICS
    }
