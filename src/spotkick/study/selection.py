"""Which settings each arm gets: chosen on one half of the held matches, used on the other.

A choice is the draw with the best ranked loose score on one half, as the mean over the seeds. What
is reported is its score on the other half; the halves are then swapped.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from spotkick.errors import InputError
from spotkick.files import read_bytes, write_bytes
from spotkick.study.data import read_study_data
from spotkick.study.ensembles import ENSEMBLE
from spotkick.study.plan import Block, StudyPlan
from spotkick.study.results import check_result, pack_result, read_result, result_path
from spotkick.study.scoring import HALVES

OTHER: Final = {"A": "B", "B": "A"}
CHOSEN_BY: Final = "loose"

CALF_UNSEARCHED: Final = "CALF as published, no search"
"""Capsules and the paper's loss with draw 0 of the settings."""

Candidates = tuple[tuple[str, int], ...]
"""Arms and draws."""

Group = Mapping[str, Candidates]
"""What is chosen from, by the half that chooses."""


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

    def choose(self, group: Group, half: str, metric: str = CHOSEN_BY) -> tuple[str, int]:
        """Arm and draw with the best score on a half."""
        return max(group[half], key=lambda one: self.mean_score(one[0], one[1], half, metric))

    def swapped_score(self, group: Group, metric: str, chosen_by: str = CHOSEN_BY) -> float:
        """Score of the choice on the half that did not choose, mean of both ways."""
        scores = []
        for half in HALVES:
            arm, draw = self.choose(group, half, chosen_by)
            scores.append(self.mean_score(arm, draw, OTHER[half], metric))
        return float(np.mean(scores))


def read_scores(block: Block, results: Path, checksum: str = "") -> BlockScores:
    """Scores of the stacks of a block that are there.

    Args:
        block: the block.
        results: folder of the results.
        checksum: of the data that the results must be of; without one they must agree.

    Raises:
        InputError: if there is none.
        ConfigError: if one belongs to another plan or to other data.
    """
    found = [seed for seed in block.seeds if result_path(results, block, seed).is_file()]
    if not found:
        raise InputError(f"{results}: no result of block '{block.name}'; run the plan first")
    rows = []
    for seed in found:
        path = result_path(results, block, seed)
        check_result(path, block, checksum=checksum)
        description, _ = read_result(path)
        checksum = checksum or description.get("data_sha256", "")
        rows.append(tuple(description["networks"]))
    return BlockScores(block, tuple(found), tuple(rows))


def all_draws(block: Block, arms: Sequence[str]) -> Group:
    """All networks of some arms, whichever half chooses."""
    candidates = tuple((arm, draw) for arm in arms for draw in block.draw_numbers)
    return dict.fromkeys(HALVES, candidates)


def families(block: Block) -> dict[str, Group]:
    """Groups of arms that are compared as one: per head, two per-frame losses, two of context."""
    found: dict[str, Group] = {}
    for head in ("dense", "capsule"):
        own = {arm: arm.partition("-")[2] for arm in block.arms if arm.startswith(f"{head}-")}
        if {"bce", "gaussian", "paper", "symmetric"} <= set(own.values()):
            sides = {"per frame": ("bce", "gaussian"), "context-aware": ("paper", "symmetric")}
            for side, losses in sides.items():
                arms = [arm for arm in own if own[arm] in losses]
                found[f"{head}, {side}"] = all_draws(block, arms)
    return found


def comparison_rows(block: Block) -> dict[str, Group]:
    """Rows of the table of spotters, from the simplest to the best; only those that have arms."""
    calf = tuple(arm for arm in block.arms if arm in ("capsule-paper", "capsule-symmetric"))
    displaced = tuple(arm for arm in block.arms if arm.startswith("displacement-"))
    rows = {
        "linear probe": ("linear-bce",) if "linear-bce" in block.arms else (),
        "cross-entropy, searched": ("dense-bce",) if "dense-bce" in block.arms else (),
        CALF_UNSEARCHED: ("capsule-paper",) if "capsule-paper" in block.arms else (),
        "CALF, searched": calf,
        "dense with displacement, searched": displaced,
        "best single network": block.arms,
    }
    found = {name: all_draws(block, arms) for name, arms in rows.items() if arms}
    if CALF_UNSEARCHED in found:
        found[CALF_UNSEARCHED] = dict.fromkeys(HALVES, (("capsule-paper", 0),))
    if block.ensemble:
        # Each half has chosen the members of one.
        chosen = {half: ((ENSEMBLE, number),) for number, half in enumerate(HALVES)}
        found[f"best ensemble, {block.ensemble} networks"] = chosen
    return found


def all_groups(block: Block) -> dict[str, Group]:
    """Everything that has a row in the tables of a block."""
    arms = {arm: all_draws(block, (arm,)) for arm in block.arms}
    return {**arms, **families(block), **comparison_rows(block)}


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
        for group in all_groups(block).values():
            for half in HALVES:
                own = periods[HALVES.index(OTHER[half])]
                needed.setdefault(scores.choose(group, half), set()).update(own)
        for seed in scores.seeds:
            pack_result(result_path(results, block, seed), out, needed)
            count += 1
    return count
