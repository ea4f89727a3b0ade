"""What the demo's steps hand to each other: scored checkpoints, spotted matches, the reel."""

from dataclasses import dataclass
from pathlib import Path

from spotkick.actions import MatchActions
from spotkick.evaluation import SpottingScore
from spotkick.formats.scores import MatchScores
from spotkick.pipelines.spot import SpottingSummary


@dataclass(frozen=True, slots=True)
class ScoredCheckpoint:
    """A checkpoint and what it achieves on the test matches.

    Attributes:
        name: what people read in tables.
        folder: where it lies.
        loose: Average-mAP with tolerances of 5 to 60 s.
        tight: with tolerances of 1 to 5 s.
        predictions: folder of its spots and scores.
    """

    name: str
    folder: Path
    loose: SpottingScore
    tight: SpottingScore
    predictions: Path


@dataclass(frozen=True, slots=True)
class DemoMatch:
    """Scores, spots and true actions of one match."""

    scores: MatchScores
    found: MatchActions
    truth: MatchActions


@dataclass(frozen=True, slots=True)
class ReelClip:
    """A clip of the reel.

    Attributes:
        title: what it shows.
        position_s: of its main spot.
        reason: why it was chosen.
        verdict: how the spot compares with the true actions.
        thumbnail: JPEG.
    """

    title: str
    position_s: float
    reason: str
    verdict: str
    thumbnail: bytes


@dataclass(frozen=True, slots=True)
class DemoReel:
    """The reel: its file, its length and its clips."""

    path: Path
    duration_s: float
    clips: tuple[ReelClip, ...]


@dataclass(frozen=True, slots=True)
class DemoResult:
    """What the demo achieved, and where it lies.

    Attributes:
        systems: the shipped checkpoint, and before it the one that was trained here, if one was.
        clip: how fast the clip was spotted from its frames, with the shipped checkpoint.
        spots: of the clip.
        reel: cut from the clip; None when nothing in it reaches its threshold.
        page: the HTML file.
    """

    systems: tuple[ScoredCheckpoint, ...]
    clip: SpottingSummary
    spots: Path
    reel: DemoReel | None
    page: Path
