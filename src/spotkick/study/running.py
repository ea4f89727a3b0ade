"""Running a plan: one result file per stack, so that an interrupted study goes on."""

import time
from concurrent.futures import Executor, Future
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch

from spotkick.actions import ActionClasses
from spotkick.encoding.slicing import Bounds, slicing_for
from spotkick.errors import ConfigError
from spotkick.reporter import Reporter
from spotkick.study.arms import Arm, Settings, draw_settings
from spotkick.study.data import StudyData, read_study_data
from spotkick.study.ensembles import ENSEMBLE, average_networks, choose_members
from spotkick.study.peaks import Peaks, find_peaks, suppress_peaks
from spotkick.study.plan import Block, Recipe, StudyPlan
from spotkick.study.pool import open_pool
from spotkick.study.prediction import StackScores, predict_held
from spotkick.study.results import check_result, result_path, write_result
from spotkick.study.scoring import HALVES, rank_peaks, score_network
from spotkick.study.token_networks import train_token_networks
from spotkick.study.training import train_stack

_PENDING: Final = 3
"""Stacks whose scores may be open while the next one trains."""

_Part = tuple[Peaks, list[dict[str, dict[str, float]]]]
"""Suppressed peaks of some networks, and their scores by half and metric."""


def list_networks(
    block: Block, recipe: Recipe, classes: ActionClasses | None = None
) -> list[tuple[Arm, int, Settings]]:
    """Arm, draw and settings of each network of a block, in the order of the stack.

    Args:
        block: arms and draws.
        recipe: what settings are drawn relative to.
        classes: of the data set, for published context slicings.
    """
    published_s: tuple[Bounds, ...] = ()
    if recipe.slicing and classes is not None:
        published_s = slicing_for(classes, preset=recipe.slicing).bounds_s
    drawn = {
        draw: draw_settings(draw, recipe.unit_s, published_s, space=recipe.search)
        for draw in block.draw_numbers
    }
    if recipe.margin is not None:
        drawn = {draw: replace(settings, margin=recipe.margin) for draw, settings in drawn.items()}
    return [(arm, *one) for arm in block.sorted_arms() for one in drawn.items()]


def run_plan(
    plan: StudyPlan,
    data_folder: Path,
    out: Path,
    *,
    device: str,
    workers: int,
    reporter: Reporter,
    shard: tuple[int, int] = (0, 1),
    stop_after_s: float = 0.0,
) -> int:
    """Train every stack of a plan that has no result yet.

    Args:
        plan: recipes and blocks.
        data_folder: folder of the data files.
        out: folder of the results.
        device: of torch.
        workers: processes that score.
        reporter: receives a line per stack.
        shard: (i, n): train every nth stack, from the ith on.
        stop_after_s: no stack is started later than this; 0 for no limit.

    Returns:
        Number of stacks that were trained.

    Raises:
        InputError: if a data file is missing or damaged.
        ConfigError: if a result that is there belongs to another plan or to other data.
        StorageError: if a result cannot be written.
    """
    begun, done, longest = time.monotonic(), 0, 0.0
    held: dict[str, tuple[StudyData, str]] = {}
    pending: list[_Scoring] = []
    with open_pool(workers) as pool:
        stacks = [(block, seed) for block in plan.blocks for seed in block.seeds]
        for block, seed in stacks[shard[0] :: shard[1]]:
            if block.data not in held:
                data = read_study_data(data_folder / f"{block.data}.npz")
                held[block.data] = data, data.checksum()
            path, (data, checksum) = result_path(out, block, seed), held[block.data]
            if path.is_file():
                check_result(path, block, plan.recipes[block.recipe], checksum)
                continue
            started = time.monotonic()
            if stop_after_s and started - begun + longest > stop_after_s:
                break

            # Scores are worked out by other processes while the next stack trains.
            scoring = _train_and_find(plan, block, seed, data, torch.device(device))
            scoring.checksum = checksum
            scoring.submit(pool, workers)
            pending.append(scoring)
            longest, done = max(longest, time.monotonic() - started), done + 1
            while len(pending) > _PENDING or (pending and pending[0].is_done()):
                reporter.line(pending.pop(0).write(out))
        for scoring in pending:
            reporter.line(scoring.write(out))
    return done


@dataclass(slots=True)
class _Scoring:
    """A trained stack whose predictions are being scored."""

    block: Block
    seed: int
    data: StudyData
    recipe: Recipe
    networks: list[tuple[Arm, int, Settings]]
    found: StackScores | None
    peaks: Peaks
    notes: dict[str, float]
    checksum: str = ""
    jobs: list[Future[_Part]] = field(default_factory=list)
    ensembles: list[list[int]] = field(default_factory=list)

    def submit(self, pool: Executor, workers: int) -> None:
        """Hand out a part of the networks to each worker."""
        parts = np.array_split(np.arange(len(self.networks)), min(len(self.networks), workers))
        held = self.data.without_training()
        self.jobs = [
            pool.submit(_score_part, self.peaks.select(part), held, self.recipe) for part in parts
        ]
        found, self.found = self.found, None  # the scores of all frames are large
        if not self.block.ensemble or found is None:
            return

        # Members are chosen by scores, so these are waited for.
        scores = [row for job in self.jobs for row in job.result()[1]]
        self.ensembles = [choose_members(scores, half, self.block.ensemble) for half in HALVES]
        averaged = average_networks(found, self.ensembles)
        peaks = find_peaks(averaged, self.recipe, float(self.data.frame_rate))
        self.jobs.append(pool.submit(_score_part, peaks, held, self.recipe))

    def is_done(self) -> bool:
        """Whether all parts are scored."""
        return all(job.done() for job in self.jobs)

    def write(self, out: Path) -> str:
        """Wait, write the result, and describe it in a line."""
        # Parts come back in the order of the networks.
        scored = [job.result() for job in self.jobs]
        kept = Peaks(
            np.concatenate([part.positions_ms for part, _ in scored]),
            np.concatenate([part.confidences for part, _ in scored]),
        )
        scores = [row for _, own in scored for row in own]
        rows: list[dict[str, Any]] = [
            {"arm": arm.name, "draw": draw, "settings": asdict(settings)}
            for arm, draw, settings in self.networks
        ]
        for number, members in enumerate(self.ensembles):
            names = [[rows[one]["arm"], rows[one]["draw"]] for one in members]
            rows.append({"arm": ENSEMBLE, "draw": number, "members": names})
        rows = [{**row, "scores": own} for row, own in zip(rows, scores, strict=True)]
        description = {
            "block": self.block.model_dump(),
            "recipe": self.recipe.model_dump(),
            "data_sha256": self.checksum,
            "seed": self.seed,
            **self.notes,
        }
        path = result_path(out, self.block, self.seed)
        write_result(path, {**description, "networks": rows}, kept)

        best = max(max(row["scores"][half]["loose"] for half in "AB") for row in rows)
        seconds = ", ".join(f"{name} {value:.1f}" for name, value in self.notes.items())
        return f"{self.block.name} seed {self.seed}: best {best:.3f}; {seconds}"


def _train_and_find(
    plan: StudyPlan, block: Block, seed: int, data: StudyData, device: torch.device
) -> _Scoring:
    """Train one stack and find its peaks."""
    recipe = plan.recipes[block.recipe]
    networks = list_networks(block, recipe, data.class_list)
    used = data.jitter_training(block.jitter_s, seed)
    if block.train_matches:
        used = used.reduce_training(block.train_matches, seed)

    # Where the seconds go is part of the result.
    started, processor = time.monotonic(), time.process_time()
    arms = [(arm, settings) for arm, _, settings in networks]
    if recipe.tokens is not None:
        found, notes = train_token_networks(used, arms, recipe, seed, device=device)
        trained = time.monotonic()
    else:
        stack, loss = train_stack(used, arms, recipe, seed, device=device)
        trained, notes = time.monotonic(), {"loss": loss}
        found = predict_held(stack, used, device=device)
    peaks = find_peaks(found, recipe, float(data.frame_rate))
    notes |= {
        "train_s": trained - started,
        "predict_s": time.monotonic() - trained,
        "processor_s": time.process_time() - processor,
    }
    return _Scoring(
        block,
        seed,
        data=used,
        recipe=recipe,
        networks=networks,
        found=found,
        peaks=peaks,
        notes=notes,
    )


def _score_part(peaks: Peaks, data: StudyData, recipe: Recipe) -> _Part:
    """Suppressed peaks of some networks, and their scores on A and B."""
    kept = rank_peaks(suppress_peaks(peaks, recipe), data)
    first, second = data.halves()
    scores = [
        {
            name: score_network(kept, network, data, matches)
            for name, matches in (("A", first), ("B", second))
        }
        for network in range(len(kept.confidences))
    ]
    return kept, scores


def parse_shard(text: str) -> tuple[int, int]:
    """(i - 1, n) of ``"i/n"``.

    Raises:
        ConfigError: if it is not that.
    """
    first, _, count = text.partition("/")
    if first.isdecimal() and count.isdecimal() and 1 <= int(first) <= int(count):
        return int(first) - 1, int(count)
    raise ConfigError(f"a shard is I/N with I from 1 to N, such as 1/2, got {text!r}")
