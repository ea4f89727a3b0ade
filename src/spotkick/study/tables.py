"""The tables of a study: scores on the half that did not choose, and paired intervals.

Intervals come from a bootstrap over matches and seeds at once: each resample draws the matches of
both halves and the seeds anew, the same for all arms, so that easy matches and lucky seeds cancel
out in the differences.
"""

from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from spotkick.evaluation.resampling import draw_matches, score_resamples
from spotkick.files import write_text
from spotkick.reporter import Reporter
from spotkick.study.data import StudyData, read_study_data
from spotkick.study.peaks import predictions_of
from spotkick.study.plan import Block, StudyPlan
from spotkick.study.results import read_result, result_path
from spotkick.study.running import open_pool
from spotkick.study.scoring import HALVES, METRICS, assign_network
from spotkick.study.selection import (
    OTHER,
    BlockScores,
    all_groups,
    comparison_rows,
    families,
    read_scores,
)

RESAMPLES: Final = 400
_SEED: Final = 3

_DETECTABLE: Final = 1.96 + 0.84
"""Standard errors of a difference that is found in 80 % of studies at a level of 5 %."""

Floats = npt.NDArray[np.float64]
_Key = tuple[str, int, str]
"""Arm, draw, half."""


@dataclass(frozen=True, slots=True)
class BlockTable:
    """Scores and resamples of one block; values are fractions of 1.

    Attributes:
        scores: what is compared -> metric -> score on the halves that did not choose.
        resamples: same -> metric -> (resamples,).
        chosen: same -> settings by half.
        num_seeds: seeds.
    """

    scores: Mapping[str, Mapping[str, float]]
    resamples: Mapping[str, Mapping[str, Floats]]
    chosen: Mapping[str, tuple[str, str]]
    num_seeds: int

    def difference(self, first: str, second: str, metric: str) -> tuple[float, float, float]:
        """First minus second, with the ends of its 95 % interval."""
        drawn = self.resamples[first][metric] - self.resamples[second][metric]
        low, high = np.nanquantile(drawn, (0.025, 0.975))
        value = self.scores[first][metric] - self.scores[second][metric]
        return value, float(low), float(high)

    def detectable(self, first: str, second: str, metric: str) -> float:
        """Difference whose interval would lie beside 0 in four studies of five like this one."""
        drawn = self.resamples[first][metric] - self.resamples[second][metric]
        return _DETECTABLE * float(np.nanstd(drawn))


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


def format_block(block: Block, table: BlockTable) -> list[str]:
    """Markdown: a row per arm, the differences that the hypotheses name, and the best spotters."""
    missing = len(block.seeds) - table.num_seeds
    note = f" ({missing} of {len(block.seeds)} planned seeds are missing)" if missing else ""
    lines = [
        f"### {block.name}",
        "",
        f"{table.num_seeds} seeds{note}, {block.draws} draws per arm.",
        "",
        *_format_arms(block, table),
    ]

    # Families of equally many draws.
    found = families(block)
    if found:
        title = "context-aware (paper or symmetric) minus per frame (hard or Gaussian)"
        lines += ["", f"| {title} | loose | tight | detectable, loose |", "|---|---:|---:|---:|"]
    for head in sorted({name.partition(",")[0] for name in found}, reverse=True):
        pair = (f"{head}, context-aware", f"{head}, per frame")
        cells = [_format_difference(table, *pair, metric) for metric in METRICS]
        power = f"{100 * table.detectable(*pair, 'loose'):.1f}"
        lines.append(f"| {head} head | {' | '.join(cells)} | {power} |")
    return lines + _format_comparison(block, table)


def _format_arms(block: Block, table: BlockTable) -> list[str]:
    """A row per arm, with its difference from cross-entropy on the same head."""
    lines = [
        "| head | loss | loose | tight | loose minus cross-entropy, 95 % interval | tight, same |",
        "|---|---|---:|---:|---:|---:|",
    ]
    for arm in block.arms:
        head, _, loss = arm.partition("-")
        scores = " | ".join(f"{100 * table.scores[arm][metric]:.1f}" for metric in METRICS)
        baseline = f"{head}-bce" if f"{head}-bce" in block.arms else "dense-bce"
        gains = ["", ""]
        if arm != baseline and baseline in block.arms:
            gains = [_format_difference(table, arm, baseline, metric) for metric in METRICS]
        lines.append(f"| {head} | {loss} | {scores} | {' | '.join(gains)} |")
    return lines


def _format_comparison(block: Block, table: BlockTable) -> list[str]:
    """The table of spotters, for blocks that average networks."""
    if not block.ensemble:
        return []
    lines = [
        "",
        "| spotter | loose | tight | loose minus cross-entropy, 95 % interval |",
        "|---|---:|---:|---:|",
    ]
    baseline = "cross-entropy, searched"
    for name in comparison_rows(block):
        scores = " | ".join(f"{100 * table.scores[name][metric]:.1f}" for metric in METRICS)
        gain = ""
        if name != baseline and baseline in table.scores:
            gain = _format_difference(table, name, baseline, "loose")
        lines.append(f"| {name} | {scores} | {gain} |")
    return lines


def _format_difference(table: BlockTable, first: str, second: str, metric: str) -> str:
    value, low, high = (100 * part for part in table.difference(first, second, metric))
    return f"{value:+.1f} [{low:+.1f}, {high:+.1f}]"
