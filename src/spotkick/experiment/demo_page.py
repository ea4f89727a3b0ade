"""The demo's page: a table of scores, and for each half the scores over time with spots and truths. One file, no scripts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

import numpy as np
import numpy.typing as npt

from spotkick.actions import Action, ActionClasses
from spotkick.evaluation import SpottingScore
from spotkick.timeline import format_clock

WIDTH_PX: Final = 1100
LANE_PX: Final = 34
LABEL_PX: Final = 130
RIGHT_PX: Final = 40
DEFAULT_THRESHOLD: Final = 0.34
"""Confidence from which a spot is drawn. Source: the authors' export."""

_STYLE: Final = """
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #6b7280; --line: #d7dbe0; --curve: #2f6fb2; --fill: #2f6fb233;
  --truth: #d97706; --paper: #fff; }
@media (prefers-color-scheme: dark) { :root { --ink: #e7e9ec; --soft: #9aa3ad; --line: #39414a; --curve: #7db4e8;
  --fill: #7db4e833; --truth: #f5b041; --paper: #14181d; } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 1140px; margin: 2rem auto;
  padding: 0 1rem; }
h1 { font-size: 1.6rem; margin-bottom: .2rem; } h2 { font-size: 1.1rem; margin: 2rem 0 .4rem; }
p.note { color: var(--soft); max-width: 75ch; } table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .9rem .25rem 0; text-align: right; border-bottom: 1px solid var(--line); }
th:first-child, td:first-child { text-align: left; } tfoot td { font-weight: 600; }
.scroll { overflow-x: auto; } svg { display: block; min-width: 900px; }
svg text { font: 12px system-ui, sans-serif; fill: var(--ink); }
svg .soft { fill: var(--soft); } svg .curve { fill: var(--fill); stroke: var(--curve); stroke-width: 1; }
svg .base { stroke: var(--line); } svg .truth { stroke: var(--truth); stroke-width: 2; } svg .spot { fill: var(--curve); }
.key span { margin-right: 1.4rem; } .truth-key { color: var(--truth); } .spot-key { color: var(--curve); }
"""


@dataclass(frozen=True, slots=True)
class DemoHalf:
    """One half to draw: scores (frames, classes) with its labels and spots."""

    title: str
    frame_rate: float
    scores: npt.NDArray[np.float32]
    truths: tuple[Action, ...]
    spots: tuple[Action, ...]


def demo_page(
    score: SpottingScore, classes: ActionClasses, halves: Sequence[DemoHalf], thresholds: Mapping[str, float], about: str
) -> str:
    """The page as HTML text."""
    drawings = "\n".join(
        f'<h2>{escape(half.title)}</h2><div class="scroll">{half_svg(half, classes, thresholds)}</div>' for half in halves
    )
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>spotkick demo</title><style>{_STYLE}</style></head><body>
<h1>spotkick demo</h1>
<p class="note">{escape(about)}</p>
<h2>Average-mAP on the test matches (tolerances 5 to 60 s)</h2>
{_table(score)}
<h2>Scores over time</h2>
<p class="note key"><span>curve: score of each frame, 0 to 1</span><span class="truth-key">▎ true action</span>
<span class="spot-key">▼ spot above its threshold</span></p>
{drawings}
</body></html>
"""


def _table(score: SpottingScore) -> str:
    rows = "".join(
        f"<tr><td>{escape(name)}</td><td>{score.num_labels[name]}</td><td>{100 * value:.1f}</td></tr>"
        for name, value in score.overall.per_class.items()
    )
    total = f"<tr><td>Average-mAP</td><td>{sum(score.num_labels.values())}</td><td>{100 * score.average_map:.1f}</td></tr>"
    head = "<tr><th>class</th><th>labels</th><th>average precision</th></tr>"
    return f"<table><thead>{head}</thead><tbody>{rows}</tbody><tfoot>{total}</tfoot></table>"


def half_svg(half: DemoHalf, classes: ActionClasses, thresholds: Mapping[str, float]) -> str:
    """A drawing of one half: a lane per class, time from left to right."""
    frames = len(half.scores)
    scale = (WIDTH_PX - LABEL_PX - RIGHT_PX) / frames
    height = LANE_PX * len(classes) + 30
    parts = [f'<svg viewBox="0 0 {WIDTH_PX} {height}" role="img" aria-label="scores over time, {escape(half.title)}">']
    for lane, name in enumerate(classes):
        base = LANE_PX * (lane + 1)
        parts.append(f'<text x="0" y="{base - 6}">{escape(name)}</text>')
        parts.append(f'<path class="curve" d="{_curve(half.scores[:, lane], base, scale)}"/>')
        parts.append(f'<line class="base" x1="{LABEL_PX}" x2="{WIDTH_PX - RIGHT_PX}" y1="{base}" y2="{base}"/>')
        parts += [_truth(action, base, scale * half.frame_rate) for action in half.truths if action.label == name]
        threshold = thresholds.get(name, DEFAULT_THRESHOLD)
        shown = [spot for spot in half.spots if spot.label == name and (spot.confidence or 0) >= threshold]
        parts += [_spot(spot, base, scale * half.frame_rate) for spot in shown]
    duration_s = frames / half.frame_rate
    for second in range(0, int(duration_s) + 1, 60):
        x = LABEL_PX + second * scale * half.frame_rate
        parts.append(f'<text class="soft" x="{x:.1f}" y="{height - 8}">{format_clock(second)}</text>')
    return "".join([*parts, "</svg>"])


def _curve(scores: npt.NDArray[np.float32], base: float, scale: float) -> str:
    points = " ".join(
        f"{LABEL_PX + index * scale:.1f},{base - (LANE_PX - 8) * value:.1f}" for index, value in enumerate(scores.tolist())
    )
    end = LABEL_PX + len(scores) * scale
    return f"M{LABEL_PX},{base} L{points} L{end:.1f},{base} Z"


def _truth(action: Action, base: float, px_per_s: float) -> str:
    x = LABEL_PX + action.position_s * px_per_s
    title = f"<title>{escape(action.label)}, {escape(action.game_time)}</title>"
    return f'<line class="truth" x1="{x:.1f}" x2="{x:.1f}" y1="{base - LANE_PX + 8}" y2="{base}">{title}</line>'


def _spot(action: Action, base: float, px_per_s: float) -> str:
    x, top = LABEL_PX + action.position_s * px_per_s, base - LANE_PX + 3
    title = f"<title>{escape(action.label)}, {escape(action.game_time)}, confidence {action.confidence:.2f}</title>"
    return f'<path class="spot" d="M{x - 5:.1f},{top} h10 l-5,8 Z">{title}</path>'
