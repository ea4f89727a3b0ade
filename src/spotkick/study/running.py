"""Running a plan: one result file per stack, so that an interrupted study goes on."""

import json
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np
import torch

from spotkick.errors import ConfigError
from spotkick.files import atomic_path, reading_arrays
from spotkick.processes import end_with_parent
from spotkick.reporter import Reporter
from spotkick.study.arms import Arm, Settings, draw_settings
from spotkick.study.data import StudyData, read_study_data
from spotkick.study.peaks import Peaks, find_peaks, suppress_peaks
from spotkick.study.plan import Block, Recipe, StudyPlan
from spotkick.study.scoring import LEVELS, rank_peaks, score_network
from spotkick.study.training import predict_held, train_stack

RESULT_SUFFIX: Final = ".npz"

_FIX: Final = "remove it and run the plan again"

_STEP_MS: Final = 100
"""Resolution of the positions in a result."""

_PENDING: Final = 3
"""Stacks whose scores may be open while the next one trains."""

_Result = TypeVar("_Result")

_Part = tuple[Peaks, list[dict[str, dict[str, float]]]]
"""Suppressed peaks of some networks, and their scores by half and metric."""


def result_path(out: Path, block: Block, seed: int) -> Path:
    """Where the result of a stack lies."""
    return out / f"{block.name}-{seed}{RESULT_SUFFIX}"


def list_networks(block: Block, recipe: Recipe) -> list[tuple[Arm, int, Settings]]:
    """Arm, draw and settings of each network of a block, in the order of the stack."""
    return [
        (arm, draw, draw_settings(draw, recipe.unit_s))
        for arm in block.sorted_arms()
        for draw in range(block.draws)
    ]


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
        ConfigError: if a result that is there belongs to another plan.
        StorageError: if a result cannot be written.
    """
    begun, done, longest = time.monotonic(), 0, 0.0
    held: dict[str, StudyData] = {}
    pending: list[_Scoring] = []
    with open_pool(workers) as pool:
        stacks = [(block, seed) for block in plan.blocks for seed in block.seeds]
        for block, seed in stacks[shard[0] :: shard[1]]:
            if result_path(out, block, seed).is_file():
                check_result(result_path(out, block, seed), block, plan.recipes[block.recipe])
                continue
            started = time.monotonic()
            if stop_after_s and started - begun + longest > stop_after_s:
                break
            if block.data not in held:
                held[block.data] = read_study_data(data_folder / f"{block.data}.npz")

            # Scores are worked out by other processes while the next stack trains.
            scoring = _train_and_find(plan, block, seed, held[block.data], torch.device(device))
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
    peaks: Peaks
    notes: dict[str, float]
    jobs: list[Future[_Part]] = field(default_factory=list)

    def submit(self, pool: Executor, workers: int) -> None:
        """Hand out a part of the networks to each worker."""
        parts = np.array_split(np.arange(len(self.networks)), min(len(self.networks), workers))
        held = self.data.without_training()
        self.jobs = [
            pool.submit(_score_part, self.peaks.select(part), held, self.recipe) for part in parts
        ]

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
            {"arm": arm.name, "draw": draw, "settings": asdict(settings), "scores": own}
            for (arm, draw, settings), own in zip(self.networks, scores, strict=True)
        ]
        description = {
            "block": self.block.model_dump(),
            "recipe": self.recipe.model_dump(),
            "seed": self.seed,
            **self.notes,
        }
        path = result_path(out, self.block, self.seed)
        _write_result(path, {**description, "networks": rows}, kept)

        best = max(max(row["scores"][half]["loose"] for half in "AB") for row in rows)
        seconds = ", ".join(f"{name} {value:.1f}" for name, value in self.notes.items())
        return f"{self.block.name} seed {self.seed}: best {best:.3f}; {seconds}"


def _train_and_find(
    plan: StudyPlan, block: Block, seed: int, data: StudyData, device: torch.device
) -> _Scoring:
    """Train one stack and find its peaks."""
    recipe = plan.recipes[block.recipe]
    networks = list_networks(block, recipe)
    used = data.jitter_training(block.jitter_s, seed)
    if block.train_matches:
        used = used.reduce_training(block.train_matches, seed)

    # Where the seconds go is part of the result.
    started = time.monotonic()
    arms = [(arm, settings) for arm, _, settings in networks]
    stack, loss = train_stack(used, arms, recipe, seed, device=device)
    trained = time.monotonic()
    peaks = find_peaks(predict_held(stack, used, device=device), recipe, float(data.frame_rate))
    notes = {"loss": loss, "train_s": trained - started, "predict_s": time.monotonic() - trained}
    return _Scoring(
        block, seed, data=used, recipe=recipe, networks=networks, peaks=peaks, notes=notes
    )


class _InlinePool(Executor):
    """Runs what is submitted at once, in this process."""

    def submit(  # type: ignore[override]  # narrower, as only positions are passed here
        self, work: Callable[..., _Result], /, *arguments: object
    ) -> Future[_Result]:
        done: Future[_Result] = Future()
        done.set_result(work(*arguments))
        return done


def open_pool(workers: int) -> Executor:
    """Processes that end with this one; this process itself where one worker is enough."""
    if workers <= 1:
        return _InlinePool()
    return ProcessPoolExecutor(workers, get_context("spawn"), initializer=end_with_parent)


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


def _write_result(path: Path, description: dict[str, Any], peaks: Peaks) -> None:
    """Positions in tenths of a second, ranked confidences as levels: about three bytes a peak."""
    levels = np.ceil(LEVELS * peaks.confidences).astype(np.uint8)
    tenths = np.round(peaks.positions_ms / _STEP_MS) * (levels > 0)
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(
            file,
            description=np.array(json.dumps(description)),
            tenths=tenths.astype(np.min_scalar_type(int(tenths.max(initial=0)))),
            levels=levels,
        )


def pack_result(path: Path, out: Path, networks: Mapping[tuple[str, int], set[int]]) -> None:
    """Copy a result with the peaks that the tables need; the scores of all networks stay.

    Args:
        path: of a result.
        out: folder.
        networks: (arm, draw) -> held periods whose peaks are kept.
    """
    description, peaks = read_result(path)
    rows = description["networks"]
    chosen = [number for number, row in enumerate(rows) if (row["arm"], row["draw"]) in networks]
    before = description.get("peaks_of", list(range(len(rows))))
    kept = peaks.select([before.index(number) for number in chosen])
    for place, number in enumerate(chosen):
        periods = networks[rows[number]["arm"], rows[number]["draw"]]
        unused = [period for period in range(kept.confidences.shape[1]) if period not in periods]
        kept.confidences[place, unused] = 0
    _write_result(out / path.name, {**description, "peaks_of": chosen}, kept)


def read_result(path: Path) -> tuple[dict[str, Any], Peaks]:
    """Description and ranked peaks of a result."""
    with reading_arrays(path, "a result of a study", _FIX), np.load(path) as arrays:
        description: dict[str, Any] = json.loads(str(arrays["description"]))
        levels = arrays["levels"].astype(np.float32)
        positions_ms = arrays["tenths"].astype(np.int32) * _STEP_MS
    return description, Peaks(positions_ms, (levels - 0.5).clip(min=0) / LEVELS)


def check_result(path: Path, block: Block, recipe: Recipe | None = None) -> None:
    """Refuse a result of another plan, which would stand in the tables of this one.

    Args:
        path: of a result.
        block: that it should be of; further seeds may have been added.
        recipe: same; not compared when None.

    Raises:
        InputError: if it is damaged.
        ConfigError: if it was made with other arms, data or settings.
    """
    description, _ = read_result(path)
    made_with = Block.parse(description.get("block", {}), str(path))
    other = made_with.replace(seeds=block.seeds) != block
    if recipe is not None and "recipe" in description:
        other = other or Recipe.parse(description["recipe"], str(path)) != recipe
    if other:
        raise ConfigError(
            f"{path} was made with another block '{block.name}' or recipe; choose another folder "
            "for the results of this plan"
        )


def parse_shard(text: str) -> tuple[int, int]:
    """(i - 1, n) of ``"i/n"``.

    Raises:
        ConfigError: if it is not that.
    """
    first, _, count = text.partition("/")
    if first.isdecimal() and count.isdecimal() and 1 <= int(first) <= int(count):
        return int(first) - 1, int(count)
    raise ConfigError(f"a shard is I/N with I from 1 to N, such as 1/2, got {text!r}")
