"""What the demo's steps hand to each other: scored checkpoints, spotted matches, the reel."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from spotkick.actions import Action, MatchActions
from spotkick.commentary.transcripts import Transcript
from spotkick.evaluation import SpottingScore
from spotkick.formats.scores import MatchScores
from spotkick.peaks import is_likely
from spotkick.pipelines.spot_summary import SpottingSummary

_HEARD_BEFORE_S: Final = 4.0
_HEARD_AFTER_S: Final = 8.0
"""What is said this long before and after a spot is shown beside it."""


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
class DemoCommentary:
    """Transcripts of a match, what was spotted in them, and what is known of the match.

    Attributes:
        match: scores, spots, and known actions.
        transcripts: by period.
        thresholds: confidence from which spots of a class are shown.
        is_invented: whether it is the commentary that ships.
        results: file of the spots.
    """

    match: DemoMatch
    transcripts: Mapping[int, Transcript]
    thresholds: Mapping[str, float]
    is_invented: bool
    results: Path

    @property
    def shown(self) -> list[Action]:
        """Spots that reach the threshold of their class, in the order of the match."""
        found = (spot for spot in self.match.found.actions if is_likely(spot, self.thresholds))
        return sorted(found, key=lambda spot: (spot.period, spot.position_ms))

    def said_at(self, spot: Action) -> str:
        """What is said around a spot."""
        if spot.period not in self.transcripts:
            return ""
        start_ms = spot.position_ms - 1000 * _HEARD_BEFORE_S
        end_ms = spot.position_ms + 1000 * _HEARD_AFTER_S
        segments = self.transcripts[spot.period].segments
        near = (part for part in segments if part.end_ms > start_ms and part.start_ms < end_ms)
        return " ".join(part.text for part in near)


@dataclass(frozen=True, slots=True)
class DemoResult:
    """What the demo achieved, and where it lies.

    Attributes:
        systems: the shipped checkpoint, and before it the one that was trained here, if one was.
        clip: how fast the clip was spotted from its frames, with the shipped checkpoint.
        spots: of the clip.
        reel: cut from the clip; None when nothing in it reaches its threshold.
        commentary: spotted in transcripts; None without a checkpoint for them.
        page: the HTML file.
    """

    systems: tuple[ScoredCheckpoint, ...]
    clip: SpottingSummary
    spots: Path
    reel: DemoReel | None
    commentary: DemoCommentary | None
    page: Path
