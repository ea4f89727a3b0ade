"""Which settings each arm gets: chosen on one half of the held matches, used on the other.

A choice is the draw with the best ranked loose score on one half, as the mean over the seeds. What
is reported is its score on the other half; the halves are then swapped.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from spotkick.errors import InputError
from spotkick.files import read_bytes, write_bytes
from spotkick.study.data import read_study_data
from spotkick.study.plan import Block, StudyPlan
from spotkick.study.running import check_result, pack_result, read_result, result_path

HALVES: Final = ("A", "B")
OTHER: Final = {"A": "B", "B": "A"}
CHOSEN_BY: Final = "loose"


@dataclass(frozen=True, slots=True)
class BlockScores:
    """Scores of all networks of a block.

    Attributes:
        block: the block.
        seeds: whose stacks are there.
        rows: by seed: one entry per network, in the same order for every seed.
    """

    block: Block
    seeds: tuple[int, ...]
    rows: tuple[tuple[dict[str, Any], ...], ...]

    def mean_score(self, arm: str, draw: int, half: str, metric: str) -> float:
        """Mean over the seeds."""
        return float(np.mean(self.seed_scores(arm, draw, half, metric)))

    def seed_scores(self, arm: str, draw: int, half: str, metric: str) -> list[float]:
        """Score of each seed."""
        return [
            row["scores"][half][metric]
            for rows in self.rows
            for row in rows
            if (row["arm"], row["draw"]) == (arm, draw)
        ]

    def choose(self, arms: Sequence[str], half: str) -> tuple[str, int]:
        """Arm and draw with the best score on a half."""
        candidates = [(arm, draw) for arm in arms for draw in range(self.block.draws)]
        return max(candidates, key=lambda one: self.mean_score(one[0], one[1], half, CHOSEN_BY))

    def swapped_score(self, arms: Sequence[str], metric: str) -> float:
        """Score of the choice on the half that did not choose, mean of both ways."""
        scores = []
        for half in HALVES:
            arm, draw = self.choose(arms, half)
            scores.append(self.mean_score(arm, draw, OTHER[half], metric))
        return float(np.mean(scores))


def read_scores(block: Block, results: Path) -> BlockScores:
    """Scores of the stacks of a block that are there.

    Raises:
        InputError: if there is none.
        ConfigError: if one belongs to another plan.
    """
    found = [seed for seed in block.seeds if result_path(results, block, seed).is_file()]
    if not found:
        raise InputError(f"{results}: no result of block '{block.name}'; run the plan first")
    for seed in found:
        check_result(result_path(results, block, seed), block)
    rows = [tuple(read_result(result_path(results, block, s))[0]["networks"]) for s in found]
    return BlockScores(block, tuple(found), tuple(rows))


def families(block: Block) -> dict[str, tuple[str, ...]]:
    """Groups of arms that are compared as one: per head, two per-frame losses, two of context."""
    found: dict[str, tuple[str, ...]] = {}
    for head in ("dense", "capsule"):
        own = {arm: arm.partition("-")[2] for arm in block.arms if arm.startswith(f"{head}-")}
        if {"bce", "gaussian", "paper", "symmetric"} <= set(own.values()):
            found[f"{head}, per frame"] = tuple(
                arm for arm in own if own[arm] in ("bce", "gaussian")
            )
            found[f"{head}, context-aware"] = tuple(
                arm for arm in own if own[arm] in ("paper", "symmetric")
            )
    return found


def pack_plan(plan: StudyPlan, data_folder: Path, results: Path, out: Path) -> int:
    """Copy all results, with the peaks of the chosen networks on the other half alone.

    Results of a block that lacks seeds are copied whole: further seeds may choose other networks.

    Returns:
        Number of results.

    Raises:
        InputError: if a data file is missing.
        StorageError: if they cannot be written.
    """
    count = 0
    for block in plan.blocks:
        try:
            scores = read_scores(block, results)
        except InputError:
            continue
        if scores.seeds != block.seeds:
            for seed in scores.seeds:
                path = result_path(results, block, seed)
                write_bytes(out / path.name, read_bytes(path))
                count += 1
            continue
        data = read_study_data(data_folder / f"{block.data}.npz")
        matches = data.period_match[data.periods(held=True)]
        periods = [set(np.flatnonzero(np.isin(matches, half)).tolist()) for half in data.halves()]

        # Chosen on one half, scored on the other.
        needed: dict[tuple[str, int], set[int]] = {}
        for arms in ((arm,) for arm in block.arms):
            for half in HALVES:
                own = periods[HALVES.index(OTHER[half])]
                needed.setdefault(scores.choose(arms, half), set()).update(own)
        for seed in scores.seeds:
            pack_result(result_path(results, block, seed), out, needed)
            count += 1
    return count
