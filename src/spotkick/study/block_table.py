"""The table of a block: scores with resamples, their differences, and all of it as Markdown."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from spotkick.study.plan import Block
from spotkick.study.scoring import METRICS
from spotkick.study.selection import comparison_rows, families

_DETECTABLE: Final = 1.96 + 0.84
"""Standard errors of a difference that is found in 80 % of studies at a level of 5 %."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class BlockTable:
    """Scores and resamples of one block; values are fractions of 1.

    Attributes:
        scores: what is compared -> metric -> score on the halves that did not choose.
        resamples: same -> metric -> (resamples,).
        chosen: same -> settings by half.
        num_seeds: seeds.
        redone: whether each metric has its own choice, made anew in each resample.
    """

    scores: Mapping[str, Mapping[str, float]]
    resamples: Mapping[str, Mapping[str, Floats]]
    chosen: Mapping[str, tuple[str, str]]
    num_seeds: int
    redone: bool = False

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


def format_block(block: Block, table: BlockTable) -> list[str]:
    """Markdown: a row per arm, the differences that the hypotheses name, and the best spotters."""
    missing = len(block.seeds) - table.num_seeds
    note = f" ({missing} of {len(block.seeds)} planned seeds are missing)" if missing else ""
    choice = " Choices are redone in each resample." if table.redone else ""
    lines = [
        f"### {block.name}",
        "",
        f"{table.num_seeds} seeds{note}, {block.draws} draws per arm.{choice}",
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
    return lines + _format_pairs(block, table) + _format_comparison(block, table)


def _format_pairs(block: Block, table: BlockTable) -> list[str]:
    """What else the hypotheses compare: one-sided with symmetric, capsules with a dense head."""
    pairs = [(f"{head}-paper", f"{head}-symmetric") for head in ("dense", "capsule")]
    pairs += [(f"capsule-{loss}", f"dense-{loss}") for loss in ("paper", "symmetric")]
    known = [pair for pair in pairs if set(pair) <= set(block.arms)]
    if not known:
        return []
    lines = ["", "| one arm minus another | loose | tight |", "|---|---:|---:|"]
    for first, second in known:
        cells = [_format_difference(table, first, second, metric) for metric in METRICS]
        lines.append(f"| {first} minus {second} | {' | '.join(cells)} |")
    return lines


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
