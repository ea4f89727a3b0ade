"""The tables of a study: scores on the half that did not choose, and paired intervals.

Intervals come from a bootstrap over matches and seeds at once: each resample draws the matches of
both halves and the seeds anew, the same for all arms, so that easy matches and lucky seeds cancel
out in the differences. Where choices are redone, a resample also draws the settings that were tried
and chooses among them, so that the intervals hold the luck of the search.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from spotkick.errors import InputError
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
    CHOSEN_BY,
    OTHER,
    BlockScores,
    Group,
    all_groups,
    read_scores,
)

_SEED: Final = 3

_Key = tuple[str, int, str]
"""Arm, draw, half."""

_Drawn = dict[tuple[_Key, str], Floats]
"""Network and metric -> (resamples,) scores."""


def write_tables(
    plan: StudyPlan,
    data_folder: Path,
    results: Path,
    out: Path,
    *,
    workers: int,
    reporter: Reporter,
    resamples: int,
    redo_choice: bool = False,
) -> None:
    """Write the tables of all blocks that have results as Markdown.

    Args:
        plan: recipes and blocks.
        data_folder: folder of the data files.
        results: folder of the results.
        out: Markdown file.
        workers: processes that work out the resamples.
        reporter: receives a line per block.
        resamples: how many.
        redo_choice: see `tabulate_block`.

    Raises:
        InputError: if a data file is missing, or ``redo_choice`` needs peaks that are not kept.
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
            table = tabulate_block(
                scores, data, results, pool, resamples=resamples, redo_choice=redo_choice
            )
            lines += [*format_block(block, table), ""]
            reporter.line(f"{block.name}: {table.num_seeds} seeds")
    write_text(out, "\n".join(lines) + "\n")


def tabulate_block(
    scores: BlockScores,
    data: StudyData,
    results: Path,
    pool: Executor,
    *,
    resamples: int,
    redo_choice: bool = False,
) -> BlockTable:
    """Scores and resamples of each arm, and of the families of losses.

    Args:
        scores: of the block.
        data: labels of the held matches.
        results: folder of the results.
        pool: works out the resamples.
        resamples: how many.
        redo_choice: choose for each metric by this metric, and choose anew in each resample, which
            then draws the tried settings, too. Needs the peaks of all networks. Otherwise the
            choice is made once, by the loose score.

    Raises:
        InputError: if ``redo_choice`` needs peaks that packed results no longer hold.
    """
    groups = all_groups(scores.block)
    picks = {
        name: {half: scores.choose(group, half) for half in HALVES}
        for name, group in groups.items()
    }
    if redo_choice:
        _refuse_packed([result_path(results, scores.block, seed) for seed in scores.seeds])
        candidates = {one for group in groups.values() for half in HALVES for one in group[half]}
        needed = sorted((*one, half) for one in candidates for half in HALVES)
    else:
        chosen = (item for own in picks.values() for item in own.items())
        needed = sorted({(*pick, OTHER[half]) for half, pick in chosen})

    # (seeds, resamples) of each network that is needed
    jobs = {
        (key, seed): pool.submit(
            _resample_network, result_path(results, scores.block, seed), key, data, resamples
        )
        for key in needed
        for seed in scores.seeds
    }
    count, rng = len(scores.seeds), np.random.default_rng(_SEED)
    seeds = rng.integers(count, size=(resamples, count))

    # (resamples,) means over seeds, the same ones for all arms in each resample, as matches are
    drawn: _Drawn = {}
    for key in needed:
        found = [jobs[key, seed].result() for seed in scores.seeds]
        for metric in METRICS:
            values = np.stack([own[metric] for own in found])
            drawn[key, metric] = values[seeds.T, np.arange(resamples)].mean(axis=0)

    kept = _draw_settings_again(scores.block.draw_numbers, resamples, rng)
    return BlockTable(
        scores={
            name: {
                metric: scores.swapped_score(group, metric, metric if redo_choice else CHOSEN_BY)
                for metric in METRICS
            }
            for name, group in groups.items()
        },
        resamples={
            name: {
                metric: _choose_again(group, drawn, metric, kept)
                if redo_choice
                else np.mean(
                    [drawn[(*picks[name][half], OTHER[half]), metric] for half in HALVES], axis=0
                )
                for metric in METRICS
            }
            for name, group in groups.items()
        },
        chosen={
            name: (f"{own['A'][0]} {own['A'][1]}", f"{own['B'][0]} {own['B'][1]}")
            for name, own in picks.items()
        },
        num_seeds=count,
        redone=redo_choice,
    )


def _refuse_packed(paths: Sequence[Path]) -> None:
    """Raise an InputError for a result that lacks peaks: of other networks, or of a half."""
    for path in paths:
        description, _ = read_result(path)
        if "peaks_of" in description:
            raise InputError(
                f"{path} was packed and holds the peaks of the chosen networks alone; choices "
                "cannot be redone from it"
            )


def _draw_settings_again(
    draws: Sequence[int], resamples: int, rng: np.random.Generator
) -> dict[int, npt.NDArray[np.bool_]]:
    """Draw -> (resamples,) whether a resample holds these settings; the first draw is always in."""
    kept = np.zeros((len(draws), resamples), dtype=np.bool_)
    kept[0] = True
    if len(draws) > 1:
        again = rng.integers(1, len(draws), size=(len(draws) - 1, resamples))
        kept[again, np.arange(resamples)] = True
    return dict(zip(draws, kept, strict=True))


def _choose_again(
    group: Group, drawn: _Drawn, metric: str, kept: Mapping[int, npt.NDArray[np.bool_]]
) -> Floats:
    """(resamples,) scores of what each resample chooses, on the half that does not choose."""
    scores = []
    for half in HALVES:
        own, other = (
            np.stack([drawn[(*one, place), metric] for one in group[half]])
            for place in (half, OTHER[half])
        )
        if len(own) > 1:
            own = np.where([kept[draw] for _, draw in group[half]], own, -np.inf)
        scores.append(np.take_along_axis(other, own.argmax(axis=0)[None], axis=0)[0])
    mean: Floats = np.mean(scores, axis=0)
    return mean


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
