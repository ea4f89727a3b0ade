"""Planted offsets and drifts, found from the labels of rendered matches in place of a network.

The matches are those of the demo's season (rendered with Google Research Football).
"""

import json
import random
from importlib.resources import files
from pathlib import Path

import pytest

from spotkick.events.alignment import PeriodFit, align_period
from spotkick.events.offset_search import Mark, kind_of, search_offsets
from spotkick.events.residual_chart import describe_fit, residual_chart_svg

SEASON = Path(str(files("spotkick.assets") / "demo"))


def labels_of(match: str) -> list[tuple[float, str]]:
    path = next(SEASON.glob(f"*/{match}/Labels-v2.json"))
    rows = json.loads(path.read_text())["annotations"]
    return [(int(row["position"]) / 1000, row["label"]) for row in rows]


MATCHES = sorted(path.parent.name for path in SEASON.glob("*/match_*/Labels-v2.json"))[:8]


def feed_of(match: str, offset_s: float, drift: float) -> list[Mark]:
    """Events whose clock shows 0 at ``offset_s`` of the video and gains ``drift`` on it."""
    return [
        Mark(kind_of(label), (at_s - offset_s) / (1 + drift), label=label)
        for at_s, label in labels_of(match)
    ]


def spots_of(match: str, seed: int, *, recall: float, false: float, jitter_s: float) -> list[Mark]:
    """Labels as a network might find them: some missing, some invented, none exact."""
    rng = random.Random(seed)
    labels = labels_of(match)
    last_s = labels[-1][0]
    found = [
        Mark(kind_of(label), at_s + rng.gauss(0, jitter_s), weight=rng.uniform(0.4, 1))
        for at_s, label in labels
        if rng.random() < recall
    ]
    invented = [
        Mark(kind_of(rng.choice(labels)[1]), rng.uniform(0, last_s), weight=rng.uniform(0.2, 0.7))
        for _ in range(round(false * len(labels)))
    ]
    return found + invented


@pytest.mark.parametrize("seed", range(6))
def test_align_period_planted_offset_and_drift_leave_less_than_half_a_second(seed: int) -> None:
    rng = random.Random(seed)
    match, offset_s = MATCHES[seed], rng.uniform(-1200, 1200)
    drift = rng.uniform(-200e-6, 200e-6)
    spots = spots_of(match, seed, recall=0.8, false=0.3, jitter_s=0.7)
    fit = align_period(1, feed_of(match, offset_s, drift), spots)
    assert fit.problem == ""
    true_s = [at_s for at_s, _ in labels_of(match)]
    errors = [abs(fit.time_of((at_s - offset_s) / (1 + drift)) - at_s) for at_s in true_s]
    assert max(errors) < 0.5


def test_align_period_exact_spots_give_offset_and_drift_exactly() -> None:
    feed = feed_of(MATCHES[0], 754.25, 200e-6)
    fit = align_period(2, feed, spots_of(MATCHES[0], 0, recall=1, false=0, jitter_s=0))
    assert fit.time_of(0.0) == pytest.approx(754.25, abs=0.05)
    assert fit.num_used == fit.num_events
    assert fit.residual_s is not None
    assert fit.residual_s < 0.05


@pytest.mark.parametrize("seed", range(6))
def test_align_period_another_match_is_refused(seed: int) -> None:
    spots = spots_of(MATCHES[seed], seed, recall=0.8, false=0.3, jitter_s=0.7)
    fit = align_period(1, feed_of(MATCHES[(seed + 1) % 8], 300.0, 0.0), spots)
    assert fit.problem
    assert describe_fit(fit).startswith("period 1: not aligned, ")


def test_align_period_nothing_in_common_is_refused() -> None:
    fit = align_period(1, [Mark("serve", 1.0)], [Mark("goal", 1.0)])
    assert fit.problem == "no event of this period has a spot of the same kind"


def test_align_period_clock_alone_gives_the_kick_off_unchecked() -> None:
    fit = align_period(2, feed_of(MATCHES[0], 0.0, 0.0), [], clock_s=3725.0)
    assert (fit.offset_s, fit.found_by, fit.problem) == (3725.0, "clock", "")
    assert describe_fit(fit).endswith("by the clock, not checked by spots")


def test_align_period_clock_near_the_kick_off_is_refined_by_spots() -> None:
    spots = spots_of(MATCHES[1], 1, recall=0.8, false=0.3, jitter_s=0.5)
    fit = align_period(1, feed_of(MATCHES[1], 62.0, 0.0), spots, clock_s=60.0)
    assert (fit.found_by, fit.problem) == ("clock and spots", "")
    assert fit.offset_s == pytest.approx(62.0, abs=0.4)


def test_align_period_spots_that_contradict_the_clock_are_said() -> None:
    spots = spots_of(MATCHES[1], 1, recall=1, false=0, jitter_s=0.2)
    fit = align_period(1, feed_of(MATCHES[2], 0.0, 0.0), spots, clock_s=0.0)
    assert "the spots do not lie where the events are" in fit.problem


def test_search_offsets_rare_kind_counts_more_than_a_frequent_one() -> None:
    # three throw-ins of forty meet a spot at 7 s, three goals of three at 100 s
    throw_ins = [Mark("throw-in", 31.0 * n) for n in range(40)]
    goals = [Mark("goal", at_s) for at_s in (200.0, 555.0, 901.0)]
    spots = [Mark("throw-in", 31.0 * n + (7.0 if n < 3 else 3.0 * n)) for n in range(40)]
    spots += [Mark("goal", goal.at_s + 100.0) for goal in goals]
    assert search_offsets(throw_ins + goals, spots)[0].offset_s == pytest.approx(100, abs=0.2)


@pytest.mark.parametrize(
    ("label", "kind"),
    [
        ("Goal", "goal"),
        ("Ball out of play", "out"),
        ("OUT", "out"),
        ("Foul or offside", "foul"),
        ("Clearance", "goal-kick"),
        ("THROW IN", "throw-in"),
        ("Smash", "smash"),
    ],
)
def test_kind_of_labels_of_several_class_lists_agree(label: str, kind: str) -> None:
    assert kind_of(label) == kind


def test_residual_chart_svg_marks_every_pair() -> None:
    spots = spots_of(MATCHES[0], 0, recall=0.8, false=0, jitter_s=0.5)
    fit = align_period(1, feed_of(MATCHES[0], 10.0, 0.0), spots)
    text = residual_chart_svg("A & B", [fit, PeriodFit(2, 0.0, problem="no spots")])
    assert text.count("<circle") == len(fit.pairs)
    assert "A &amp; B" in text
    assert "period 2: not aligned, no spots" in text
