"""How far goals are off once spots are joined with changes of the score.

Spots are those of a checkpoint; the scoreboard is made from the labels: each goal is shown some
time after it fell, and read every four seconds, as `spotkick clock` does it.

    spotkick spot commentary --split valid --data DATA --out PRED
    python benchmarks/goal_fusion.py --data DATA --predictions PRED --split valid

Prints, for each kind of delay, how many goals lie within 5, 10 and 30 s of their label by the
fusion, by the scoreboard alone, and by the surest goal spots alone (as many as there are goals).
"""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from spotkick.actions import Action, MatchActions
from spotkick.datasets.periods import PeriodSpan
from spotkick.formats import read_actions, read_predictions
from spotkick.formats.splits import read_split
from spotkick.pipelines.clock_goals import USUAL_DELAY_S, observe_goals, watch_periods
from spotkick.pipelines.scoreboard_spots import SPOKEN_SPREAD_MS
from spotkick.prediction.fusion import Observation, WatchedStretch, fuse_spots
from spotkick.scoreboard.score_changes import ScoreChange

GOAL = "Goal"
WITHIN_S = (5, 10, 30)
READ_EVERY_S = 4.0
SHOWN = 0.5
"""Confidence of a goal that the fusion believes in."""

DELAYS: dict[str, Callable[[np.random.Generator], float]] = {
    "12 s": lambda _: 12.0,
    "20 s": lambda _: 20.0,
    "35 s": lambda _: 35.0,
    "5 to 45 s": lambda random: random.uniform(5, 45),
    "5 to 90 s": lambda random: random.uniform(5, 90),
}


def main() -> None:
    """Read the arguments, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, required=True, help="match folders with labels")
    parser.add_argument("--predictions", type=Path, required=True)
    parser.add_argument("--split", default="valid")
    parser.add_argument(
        "--half", choices=("A", "B"), help="a permutation of the sorted names with seed 7, in two"
    )
    args = parser.parse_args()

    names = sorted(read_split(args.data / "splits" / f"{args.split}.txt"))
    order = np.random.default_rng(7).permutation(len(names))
    chosen = {"A": order[: len(order) // 2], "B": order[len(order) // 2 :], None: order}[args.half]
    wanted = {names[index] for index in chosen}
    labels = {match.match: match for match in read_actions(args.data, kind="labels")}
    pairs = [
        (found, labels[found.match])
        for found in read_predictions(args.predictions)
        if found.match in wanted and found.match in labels
    ]
    print(f"{len(pairs)} matches, {sum(len(list_goals(known)) for _, known in pairs)} goals\n")
    print(
        "| delay of the graphic | source | " + " | ".join(f"{s} s" for s in WITHIN_S) + " | false |"
    )
    print("|---|---|" + "---:|" * (len(WITHIN_S) + 1))
    for name, draw in DELAYS.items():
        print_delay(name, draw, pairs)


def list_goals(match: MatchActions) -> list[Action]:
    """Goals of the first two periods, in order."""
    goals = [a for a in match.actions if a.label == GOAL and a.period in (1, 2)]
    return sorted(goals, key=lambda goal: (goal.period, goal.position_ms))


def print_delay(
    name: str,
    draw: Callable[[np.random.Generator], float],
    pairs: Sequence[tuple[MatchActions, MatchActions]],
) -> None:
    """One row for each source of goals."""
    random = np.random.default_rng(0)
    errors: dict[str, list[float]] = {"both": [], "scoreboard": [], "spots": []}
    false = dict.fromkeys(errors, 0)
    for found, known in pairs:
        spots, goals = list_goals(found), list_goals(known)
        shown_s = [goal.position_ms / 1000 + draw(random) for goal in goals]
        fused = [g for g in fuse_goals(spots, goals, shown_s) if (g.confidence or 0) >= SHOWN]
        surest = sorted(spots, key=lambda spot: -(spot.confidence or 0.0))[: len(goals)]
        board = [
            Action(GOAL, goal.period, max(0, round(1000 * (seen - USUAL_DELAY_S))))
            for goal, seen in zip(goals, shown_s, strict=True)
        ]
        for source, given in (("both", fused), ("scoreboard", board), ("spots", surest)):
            own, spare = measure_errors(goals, given)
            errors[source] += own
            false[source] += spare
    for source, own in errors.items():
        shares = (f"{np.mean([error <= limit for error in own]):.1%}" for limit in WITHIN_S)
        print(f"| {name} | {source} | {' | '.join(shares)} | {false[source]} |")


def fuse_goals(
    spots: Sequence[Action], goals: Sequence[Action], shown_s: Sequence[float]
) -> list[Action]:
    """Goals by both sources; each period is a file of its own."""
    observed: list[Observation] = []
    watched: list[WatchedStretch] = []
    for period in (1, 2):
        own = [spot for spot in spots if spot.period == period]
        ends = [spot.position_ms / 1000 for spot in own]
        span = PeriodSpan(period, 0.0, max([2700.0, *ends]), Path(f"{period}.mkv"))
        changes = [
            ScoreChange(
                seen - seen % READ_EVERY_S, seen - seen % READ_EVERY_S + 4, (n, 0), (n + 1, 0)
            )
            for n, (goal, seen) in enumerate(zip(goals, shown_s, strict=True))
            if goal.period == period
        ]
        observed += observe_goals(changes, [span], GOAL)
        watched += watch_periods([span], GOAL)
    return list(fuse_spots(spots, observed, watched, spot_spread_ms=SPOKEN_SPREAD_MS))


def measure_errors(goals: Sequence[Action], given: Sequence[Action]) -> tuple[list[float], int]:
    """Distance of each goal to the nearest unused one that is given; and how many are left."""
    left, errors = list(given), []
    for goal in goals:
        near = [one for one in left if one.period == goal.period]
        if not near:
            errors.append(float("inf"))
            continue
        best = min(near, key=lambda one: abs(one.position_ms - goal.position_ms))
        errors.append(abs(best.position_ms - goal.position_ms) / 1000)
        left.remove(best)
    return errors, len(left)


if __name__ == "__main__":
    main()
