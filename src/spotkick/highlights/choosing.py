"""From spots to the clips of a reel: propose, choose what fits, move ends to shot changes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from spotkick.actions import Action
from spotkick.datasets.period_video import PeriodVideo
from spotkick.errors import InputError
from spotkick.formats.scores import MatchScores
from spotkick.highlights.candidates import find_candidates, find_early_spots
from spotkick.highlights.clips import Clip, make_clips, merge_touching, snap_clips
from spotkick.highlights.config import HighlightsConfig
from spotkick.highlights.fitting import LeftOut, explain_unplaced, fit_clips
from spotkick.highlights.shots import find_shot_changes
from spotkick.highlights.weak_spots import find_missed_classes, find_strongest


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a reel may show.

    Attributes:
        clips: in order of time, none overlapping.
        left_out: candidates that no clip shows, with the reason.
        notes: lines about classes whose spots are too weak.
    """

    clips: tuple[Clip, ...]
    left_out: tuple[LeftOut, ...] = ()
    notes: tuple[str, ...] = ()


def propose(
    actions: Iterable[Action],
    scores: MatchScores | None,
    videos: Mapping[int, PeriodVideo],
    config: HighlightsConfig | None = None,
) -> Proposal:
    """Clips around all candidates, and the candidates without a clip.

    Raises:
        InputError: if there is no candidate in the videos.
    """
    config = config or HighlightsConfig()
    actions = tuple(actions)
    candidates = find_candidates(actions, scores, config)
    notes = tuple(missed.describe() for missed in find_missed_classes(actions, config))

    # A threshold that the user did not give is no reason for an empty reel.
    if not candidates and not config.is_strict:
        candidates = find_strongest(actions, config)
        if candidates:
            notes = ("no spot reaches its threshold: the strongest are shown as possible", *notes)
    durations_s = {period: video.duration_s for period, video in videos.items()}
    clips = make_clips(candidates, durations_s, config)
    if clips:
        everything = (*candidates, *find_early_spots(actions, config))
        return Proposal(clips, explain_unplaced(everything, clips, durations_s, config), notes)

    # Nothing to show: say whether thresholds or periods are the reason.
    if candidates:
        periods = ", ".join(
            f"period {period} lasts {duration_s:.0f} s"
            for period, duration_s in durations_s.items()
        )
        raise InputError(
            f"nothing to make a reel of: {len(candidates)} candidates lie outside the videos given "
            f"({periods}); check periods and videos"
        )
    best = max((action.confidence or 0.0 for action in actions), default=None)
    closest = "" if best is None else f" (the best has {best:.2f})"
    raise InputError(
        f"nothing to make a reel of: no spot reaches its threshold{closest}; lower the threshold"
    )


def propose_clips(
    actions: Iterable[Action],
    scores: MatchScores | None,
    videos: Mapping[int, PeriodVideo],
    config: HighlightsConfig | None = None,
) -> tuple[Clip, ...]:
    """The clips of `propose`."""
    return propose(actions, scores, videos, config).clips


def choose(
    clips: Sequence[Clip],
    budget_s: float,
    videos: Mapping[int, PeriodVideo],
    config: HighlightsConfig | None = None,
    *,
    snap: bool = True,
) -> tuple[Clip, ...]:
    """The clips that are worth most within a duration, with ends moved to near shot changes.

    Raises:
        InputError: if no clip is that short.
        MissingExtraError: if clips are to be moved and the package scenedetect is not installed.
    """
    config = config or HighlightsConfig()
    chosen = merge_touching(fit_clips(clips, budget_s, config))
    if not snap or not config.snap_s:
        return chosen

    def find_changes(period: int, first_s: float, last_s: float) -> list[float]:
        return find_period_changes(videos[period], first_s, last_s)

    return snap_clips(chosen, find_changes, snap_s=config.snap_s, budget_s=budget_s)


def find_period_changes(video: PeriodVideo, first_s: float, last_s: float) -> list[float]:
    """Shot changes in a stretch of a period, in seconds of the period."""
    changes: list[float] = []
    for piece in video.cut_out(max(0.0, first_s), last_s):
        end_s = piece.start_s + piece.duration_s
        changes += [
            video.seconds_of(piece, change_s)
            for change_s in find_shot_changes(piece.info.path, piece.start_s, end_s)
        ]
    return changes
