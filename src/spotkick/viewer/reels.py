"""The interface through which the viewer proposes and renders highlight reels.

The viewer proposes nothing and cuts nothing itself: the command line gives it an object with these
methods.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, Protocol

from spotkick.actions import Action, MatchActions
from spotkick.datasets.period_video import PeriodVideo
from spotkick.formats.scores import MatchScores
from spotkick.viewer.jobs import Made

MAX_MOMENTS: Final = 200
"""Spots and peaks that one clip can show."""

CaptionPart = Literal["match", "clock", "title", "team"]

CAPTION_PARTS: Final[tuple[CaptionPart, ...]] = ("match", "clock", "title", "team")
"""What a caption can say, in the order in which it is said."""


@dataclass(frozen=True, slots=True)
class ReelMoment:
    """A spot or a peak that a clip shows.

    Attributes:
        label: class.
        position_s: seconds since the start of the period.
        score: confidence of the spot, or score of the peak.
        spotted: False for an unspotted peak of the scores.
        team: of the spot, empty where it is not known.
        player: likewise.
        is_certain: whether a person has set or confirmed it, so that its score says nothing.
    """

    label: str
    position_s: float
    score: float
    spotted: bool = True
    team: str = ""
    player: str = ""
    is_certain: bool = False


@dataclass(frozen=True, slots=True)
class ReelClip:
    """A stretch of a period that may become part of a reel.

    Attributes:
        period: of the match.
        start_s: seconds since the start of the period.
        end_s: same.
        label: what happens.
        reason: why it was proposed, for people.
        rank: larger is better.
        chosen: whether it fits into the duration asked for.
        moments: what it shows, in order of time; the browser gives them back when the clip is to be
            rendered.
        name: title that a person has given it, empty for that of the moments.
        exact: whether its ends were set by a person, and are not moved to shot changes.
        match: key of its match among the sources of the reel.
        main_s: position of what it is mainly about, which tells it from others however long it is.
    """

    period: int
    start_s: float
    end_s: float
    label: str
    reason: str = ""
    rank: float = 0.0
    chosen: bool = True
    moments: tuple[ReelMoment, ...] = ()
    name: str = ""
    exact: bool = False
    match: str = ""
    main_s: float | None = None

    def document(self) -> dict[str, Any]:
        """The clip as JSON for the browser."""
        return {
            "period": self.period,
            "start_s": self.start_s,
            "end_s": self.end_s,
            "label": self.label,
            "reason": self.reason,
            "rank": self.rank if math.isfinite(self.rank) else 0.0,
            "chosen": self.chosen,
            "moments": [asdict(moment) for moment in self.moments],
            "match": self.match,
            "main_s": self.main_s,
        }


@dataclass(frozen=True, slots=True)
class ReelSource:
    """A match that clips of a reel come from.

    Attributes:
        name: of the match.
        videos: by period.
    """

    name: str
    videos: Mapping[int, PeriodVideo]


@dataclass(frozen=True, slots=True)
class Reel:
    """Clips that become one file, of one match or of several.

    Attributes:
        title: names the files.
        clips: in the order in which they are shown.
        sources: by key, the matches of the clips.
        captions: what is burnt into each clip; none for no captions.
    """

    title: str
    clips: tuple[ReelClip, ...]
    sources: Mapping[str, ReelSource]
    captions: tuple[CaptionPart, ...] = field(default=())


class ReelMaker(Protocol):
    """Proposes clips and renders them."""

    def propose(
        self,
        actions: MatchActions,
        rejected: Sequence[Action],
        scores: MatchScores | None,
        videos: Mapping[int, PeriodVideo],
        duration_s: float,
    ) -> Sequence[ReelClip]:
        """Clips in order of time; the best that fit into ``duration_s`` are chosen.

        Nothing that was rejected is proposed.
        """

    def plan(self, reel: Reel, progress: Callable[[float], object]) -> Sequence[ReelClip]:
        """The clips as `render` cuts them: ends at near shot changes.

        Those of one match that touch are joined.
        """

    def render(self, reel: Reel, folder: Path, progress: Callable[[float], None]) -> Made:
        """Write the reel and its edit lists into ``folder``."""

    def edit_lists(self, reel: Reel, folder: Path, progress: Callable[[float], None]) -> Made:
        """Write only the edit lists (EDL, OTIO and others)."""

    @property
    def draws_captions(self) -> bool:
        """Whether captions can be burnt in here."""

    @property
    def finds_shots(self) -> bool:
        """Whether `shot_changes` works here."""

    def shot_changes(
        self, video: PeriodVideo, progress: Callable[[float], None]
    ) -> Sequence[float]:
        """Starts of the shots of a period, in seconds since its start."""
