"""Events onto videos: how far aligned events lie from the truth, and whether wrong matches pass.

    python benchmarks/align.py season                     # spots of a checkpoint, rendered season
    python benchmarks/align.py simulate --labels FOLDER   # spots made from labels

``season`` spots rendered matches with a checkpoint, from their features. ``simulate`` makes spots
of chosen quality from label files (``Labels-v2.json``, at any depth), and lays both periods of a
match into one video. In both a feed is made from the labels: its clock is shifted by up to 20
minutes and drifts by up to 200 ppm, its events are jittered, left out, invented and recorded late.

A row prints the largest distance between a true time of the match and where the fit puts it, over
all moments of the period, and how many right matches were refused and wrong ones accepted.
"""

import argparse
import random
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent / "src"))

from spotkick.actions import MatchActions
from spotkick.demo.data import SEASON
from spotkick.events.alignment import PeriodFit, align_period
from spotkick.events.offset_search import Mark, half_step_s, kind_of
from spotkick.formats.reading import read_actions
from spotkick.pipelines.align_spotting import spot_for_alignment
from spotkick.reporter import SilentReporter

OFFSETS_S = (-1200.0, -417.5, 0.0, 612.3, 1200.0)
DRIFTS = (-200e-6, -50e-6, 100e-6, 200e-6)


class FeedQuality(NamedTuple):
    """How a provider records: seconds and shares."""

    jitter_s: float
    missing: float
    extra: float
    late: float


class SpotQuality(NamedTuple):
    """How a network spots: seconds and shares."""

    recall: float
    invented: float
    jitter_s: float


FEEDS = (
    FeedQuality(0.0, 0.0, 0.0, 0.0),
    FeedQuality(0.5, 0.15, 0.15, 0.05),
    FeedQuality(1.0, 0.3, 0.3, 0.1),
)
SPOTS = (
    SpotQuality(0.9, 0.2, 0.5),
    SpotQuality(0.8, 0.3, 0.7),
    SpotQuality(0.6, 0.6, 1.0),
    SpotQuality(0.5, 0.5, 1.2),
    SpotQuality(0.4, 0.8, 1.2),
    SpotQuality(0.3, 0.7, 1.5),
)


@dataclass
class Row:
    """What many alignments gave."""

    errors_s: list[float] = field(default_factory=list)
    precise: list[bool] = field(default_factory=list)
    leads: list[float] = field(default_factory=list)
    wrong_leads: list[float] = field(default_factory=list)
    refused: int = 0
    accepted: int = 0

    def add(self, right: PeriodFit, error_s: float, wrong: PeriodFit) -> None:
        """Count one match, and one that is not the match of the video."""
        if not right.problem:
            self.errors_s.append(error_s)
            self.precise.append(right.is_precise)
        self.leads.append(right.lead or 0.0)
        self.wrong_leads.append(wrong.lead or 0.0)
        self.refused += bool(right.problem)
        self.accepted += not wrong.problem

    def describe(self) -> str:
        """One line."""
        errors, precise = np.array(self.errors_s), np.array(self.precise)
        sure = errors[precise].max() if precise.any() else float("nan")
        return (
            f"{len(errors)} accepted, error median {np.median(errors):.2f} s, 95 % "
            f"{np.quantile(errors, 0.95):.2f}, worst {errors.max():.2f}, over 0.5 s: "
            f"{int((errors > 0.5).sum())}; called precise {int(precise.sum())}, worst of these "
            f"{sure:.2f}; refused {self.refused} (lead >= {min(self.leads):.2f}); wrong matches "
            f"accepted {self.accepted} (lead <= {max(self.wrong_leads):.2f})"
        )


def main() -> None:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    commands = parser.add_subparsers(dest="command", required=True)
    season = commands.add_parser("season")
    season.add_argument("--checkpoint", type=Path, default=Path("demo"))
    season.add_argument("--split", action="append", choices=("train", "valid", "test"), default=[])
    simulate = commands.add_parser("simulate")
    simulate.add_argument("--labels", type=Path, required=True)
    simulate.add_argument("--matches", type=int, default=60)
    args = parser.parse_args()
    if args.command == "season":
        measure_season(args.checkpoint, args.split or ["test", "valid"])
    else:
        measure_simulation(sorted(args.labels.rglob("Labels-v2.json")), args.matches)


def measure_season(checkpoint: Path, splits: Sequence[str]) -> None:
    """Rendered matches, spotted from their features; all offsets and drifts for each."""
    matches = {}
    for folder in (match for split in splits for match in sorted((SEASON / split).iterdir())):
        labels = read_one(folder / "Labels-v2.json")
        features = next(folder.glob("*.npy"))
        with tempfile.TemporaryDirectory() as out:
            file = spot_for_alignment(checkpoint, [features], Path(out), SilentReporter())
            matches[folder.name] = (labels, spot_marks(read_one(file)))

    for quality in FEEDS:
        rng, row = random.Random(0), Row()
        for name, (labels, spots) in matches.items():
            others = [other for other in matches if other != name]
            for offset_s in OFFSETS_S:
                for drift in DRIFTS:
                    wrong = matches[rng.choice(others)][0]
                    measure_pair(row, rng, (labels, wrong), spots, offset_s, drift, quality)
        print(f"{checkpoint} on {'+'.join(splits)}, feed {tuple(quality)}: {row.describe()}")


def measure_simulation(files: Sequence[Path], most: int) -> None:
    """Spots of chosen quality; a random offset and drift for each match."""
    for quality in SPOTS:
        rng, row = random.Random(1), Row()
        chosen = [read_one(file) for file in rng.sample(list(files), min(most, len(files)))]
        for number in range(most):
            labels = chosen[number % len(chosen)]
            wrong = chosen[(number + 1 + number // len(chosen)) % len(chosen)]
            spots = list(make_spots(labels, rng, quality))
            offset_s, drift = rng.uniform(-1200, 1200), rng.uniform(-200e-6, 200e-6)
            measure_pair(row, rng, (labels, wrong), spots, offset_s, drift, FEEDS[0])
        print(f"simulated {tuple(quality)}: {row.describe()}")


def measure_pair(
    row: Row,
    rng: random.Random,
    feeds: tuple[MatchActions, MatchActions],
    spots: Sequence[Mark],
    offset_s: float,
    drift: float,
    quality: FeedQuality,
) -> None:
    """Align the feed of the match of the spots, and that of another."""
    right, wrong = (
        align_period(1, list(make_feed(match, rng, offset_s, drift, quality)), spots)
        for match in feeds
    )
    # The largest error lies at one end of the period.
    ends_s = (0.0, max(action.position_s for action in feeds[0] if action.period == 1))
    errors = [abs(right.time_of((at - offset_s) / (1 + drift)) - at) for at in ends_s]
    row.add(right, max(errors), wrong)


def make_feed(
    match: MatchActions, rng: random.Random, offset_s: float, drift: float, quality: FeedQuality
) -> Iterator[Mark]:
    """The first period as a provider's clock has it."""
    actions = [action for action in match if action.period == 1]
    last_s = max(action.position_s for action in actions)
    kept = [(a.label, a.position_s) for a in actions if rng.random() >= quality.missing]
    extra = range(round(quality.extra * len(actions)))
    kept += [(rng.choice(actions).label, rng.uniform(0, last_s)) for _ in extra]
    for label, at_s in kept:
        event_s = (at_s - offset_s) / (1 + drift) + rng.gauss(0, quality.jitter_s)
        if rng.random() < quality.late:
            event_s += rng.uniform(2, 8)
        yield Mark(kind_of(label), event_s, label=label)


def make_spots(match: MatchActions, rng: random.Random, quality: SpotQuality) -> Iterator[Mark]:
    """Spots of all periods of a match, the second 3,900 s after the first."""
    places = [(a.label, a.position_s + 3900 * (a.period - 1)) for a in match]
    length_s = max(at_s for _, at_s in places)
    for label, at_s in places:
        if rng.random() < quality.recall:
            yield Mark(
                kind_of(label), at_s + rng.gauss(0, quality.jitter_s), weight=rng.uniform(0.4, 1)
            )
    for _ in range(round(quality.invented * len(places))):
        kind = kind_of(rng.choice(places)[0])
        yield Mark(kind, rng.uniform(0, length_s), weight=rng.uniform(0.2, 0.7))


def spot_marks(match: MatchActions) -> list[Mark]:
    """Spots of one period, in the middle of their frames."""
    middle_s = half_step_s([action.position_ms for action in match])
    return [
        Mark(kind_of(a.label), a.position_s + middle_s, weight=a.confidence or 0.0) for a in match
    ]


def read_one(path: Path) -> MatchActions:
    """The one match of a file."""
    (match,) = read_actions(path)
    return match


if __name__ == "__main__":
    main()
