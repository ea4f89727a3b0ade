"""Highlight reels for the viewer: ``spotkick highlights``, clip by clip from the browser."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from spotkick.actions import Action, MatchActions
from spotkick.datasets.period_video import PeriodVideo
from spotkick.errors import InputError, MissingExtraError
from spotkick.formats.scores import MatchScores
from spotkick.highlights.candidates import Candidate, find_candidates
from spotkick.highlights.choosing import find_period_changes
from spotkick.highlights.clips import Clip, make_clips, merge_touching, snap_clips, value_of
from spotkick.highlights.config import HighlightsConfig
from spotkick.highlights.edit_list_files import LIST_FORMATS, write_list
from spotkick.highlights.fitting import fit_clips, shrink_clip
from spotkick.highlights.reel import render, write_poster
from spotkick.highlights.shots import can_find_shots
from spotkick.pipelines.viewer_reel_parts import (
    PlannedClip,
    add_captions,
    list_reel,
    plan_match,
)
from spotkick.viewer.exporting import plain_name
from spotkick.viewer.jobs import Made
from spotkick.viewer.reels import MAX_MOMENTS, Reel, ReelClip, ReelMoment

_SEARCH_STEP_S: Final = 20.0
"""Shot changes are searched in stretches of this length, so that progress shows and a search can be
cancelled."""

_PLANNED_SHARE: Final = 0.1
_RENDERED_SHARE: Final = 0.97
"""Progress when the cuts are planned, and when the reel is encoded."""

_NO_SPOT_THRESHOLD: Final = {"spot_threshold": 0.0}
"""The viewer has applied its own thresholds."""


@dataclass(frozen=True)
class HighlightReels:
    """Proposes and renders reels; see `spotkick.viewer.reels.ReelMaker`.

    Attributes:
        config: lengths of clips and interest in classes.
    """

    config: HighlightsConfig = field(
        default_factory=lambda: HighlightsConfig.parse(_NO_SPOT_THRESHOLD, "highlights")
    )

    @property
    def draws_captions(self) -> bool:
        """Whether the package pillow is installed."""
        return find_spec("PIL") is not None

    @property
    def finds_shots(self) -> bool:
        """Whether the package scenedetect is installed."""
        return can_find_shots()

    def propose(
        self,
        actions: MatchActions,
        rejected: Sequence[Action],
        scores: MatchScores | None,
        videos: Mapping[int, PeriodVideo],
        duration_s: float,
    ) -> tuple[ReelClip, ...]:
        """Clips around all candidates; the best that fit into ``duration_s`` are chosen."""
        # Peaks that a reviewer has rejected do not come back; what the video misses is not shown.
        candidates = [
            candidate
            for candidate in find_candidates(actions.actions, scores, self.config)
            if (candidate.spotted or not self._was_rejected(candidate, rejected))
            and self._is_seen(candidate, videos)
        ]

        durations_s = {period: video.duration_s for period, video in videos.items()}
        clips = make_clips(candidates, durations_s, self.config)
        # Goals may be shortened to fit: the browser gets the clips as they are chosen.
        shortest_s = [shrink_clip(clip, 0.0, self.config).duration_s for clip in clips]
        chosen: dict[Candidate, Clip] = {}
        if min(shortest_s, default=duration_s) <= duration_s:
            fitted = fit_clips(clips, duration_s, self.config)
            chosen = {clip.main: clip for clip in fitted}
        known = {
            (action.label, action.period, action.position_s): action for action in actions.actions
        }
        return tuple(
            _to_browser(chosen.get(clip.main, clip), chosen=clip.main in chosen, known=known)
            for clip in clips
        )

    def plan(self, reel: Reel, progress: Callable[[float], object]) -> tuple[ReelClip, ...]:
        """The clips as `render` cuts them."""
        fitted = self._fit_reel(reel, progress)
        return tuple(replace(_to_browser(clip, chosen=True), match=key) for key, clip in fitted)

    def render(self, reel: Reel, folder: Path, progress: Callable[[float], None]) -> Made:
        """Write the reel, its edit lists and a poster."""
        planned = self._plan_clips(reel, lambda share: progress(_PLANNED_SHARE * share))
        parts, notes = add_captions(planned, reel)
        stem = f"{plain_name(reel.title)}-reel"
        path, poster = folder / f"{stem}.mp4", folder / f"{stem}.jpg"

        span = _RENDERED_SHARE - _PLANNED_SHARE
        render(path, parts, progress=lambda share: progress(_PLANNED_SHARE + span * share))
        lists = _write_lists(reel, planned, folder)
        best = max(planned, key=lambda item: item.clip.value)
        write_poster(poster, [best.clip], reel.sources[best.match].videos)
        note = "; ".join(filter(None, (*notes, lists.note)))
        return Made((path, *lists.files, poster), note)

    def edit_lists(self, reel: Reel, folder: Path, progress: Callable[[float], None]) -> Made:
        """Write the edit lists alone, for cutting the reel in another program."""
        return _write_lists(reel, self._plan_clips(reel, progress), folder)

    def shot_changes(self, video: PeriodVideo, progress: Callable[[float], None]) -> list[float]:
        """Starts of the shots of a period, in seconds since its start."""
        found: list[float] = []
        length_s = video.duration_s - video.begin_s
        for step in range(max(1, round(length_s / _SEARCH_STEP_S))):
            first_s = step * _SEARCH_STEP_S
            progress(min(1.0, first_s / max(length_s, 1e-9)))

            # A short rest is searched together with the step before it.
            is_last = first_s + 1.5 * _SEARCH_STEP_S > length_s
            last_s = length_s if is_last else first_s + _SEARCH_STEP_S
            changes = find_period_changes(video, video.begin_s + first_s, video.begin_s + last_s)
            found += [second for second in changes if not found or second > found[-1]]
        return found

    @staticmethod
    def _is_seen(candidate: Candidate, videos: Mapping[int, PeriodVideo]) -> bool:
        """Whether the video of the period has begun; what has none is left to `make_clips`."""
        video = videos.get(candidate.period)
        return video is None or candidate.position_s >= video.begin_s

    def _was_rejected(self, candidate: Candidate, rejected: Sequence[Action]) -> bool:
        """Whether a reviewer has rejected an action at this peak of the scores."""
        return any(
            action.label == candidate.label
            and action.period == candidate.period
            and abs(action.position_s - candidate.position_s) <= self.config.apart_s
            for action in rejected
        )

    def _plan_clips(
        self, reel: Reel, progress: Callable[[float], object]
    ) -> tuple[PlannedClip, ...]:
        """The clips as they are cut, with the frames and the clock of each."""
        fitted = self._fit_reel(reel, progress)
        planned: dict[int, PlannedClip] = {}
        for key, source in reel.sources.items():
            places = [number for number, (match, _) in enumerate(fitted) if match == key]
            clips = [fitted[number][1] for number in places]
            if clips:
                own = plan_match(key, clips, source.videos)
                planned |= dict(zip(places, own, strict=True))
        return tuple(planned[number] for number in sorted(planned))

    def _fit_reel(self, reel: Reel, progress: Callable[[float], object]) -> list[tuple[str, Clip]]:
        """Key of the match and clip, in the order of the reel, as they are cut."""
        keys = list(dict.fromkeys(clip.match for clip in reel.clips))
        if len(keys) == 1:
            videos = reel.sources[keys[0]].videos
            return [(keys[0], clip) for clip in self._fit_clips(reel.clips, videos, progress)]

        # Clips of several matches keep their order, and are not joined.
        found: dict[int, tuple[str, Clip]] = {}
        for number, key in enumerate(keys):
            places = [n for n, clip in enumerate(reel.clips) if clip.match == key]
            fitted = self._fit_clips(
                [reel.clips[n] for n in places],
                reel.sources[key].videos,
                partial(_report_part, progress, number, len(keys)),
                join=False,
            )
            found |= {n: (key, clip) for n, clip in zip(places, fitted, strict=True)}
        return [found[n] for n in sorted(found)]

    def _fit_clips(
        self,
        clips: Sequence[ReelClip],
        videos: Mapping[int, PeriodVideo],
        progress: Callable[[float], object],
        *,
        join: bool = True,
    ) -> tuple[Clip, ...]:
        """Join clips where they touch, and move ends that no person has set to near shot changes.

        Clips in an order of their own stay apart.
        """
        made = [self._from_browser(clip) for clip in clips]
        places = sorted(range(len(made)), key=lambda n: (made[n].period, made[n].start_s))
        ordered = tuple(made[n] for n in places)
        exact = [clips[n].exact for n in places]
        is_ordered = places == list(range(len(made)))
        if join and is_ordered and not any(exact) and not any(clip.name for clip in clips):
            ordered = merge_touching(ordered)
            exact = [False] * len(ordered)
        num_searches = 0

        def find_changes(period: int, first_s: float, last_s: float) -> list[float]:
            """Shot changes in seconds of the period; each end of a clip asks once."""
            nonlocal num_searches
            num_searches += 1
            progress(min(1.0, num_searches / (2 * len(ordered))))
            return find_period_changes(videos[period], first_s, last_s)

        if self.config.snap_s and can_find_shots() and not all(exact):
            total_s = sum(clip.duration_s for clip in ordered)
            snapped = snap_clips(ordered, find_changes, snap_s=self.config.snap_s, budget_s=total_s)
            ordered = tuple(
                before if kept else after
                for before, after, kept in zip(ordered, snapped, exact, strict=True)
            )
        if is_ordered:
            return ordered
        return tuple(clip for _, clip in sorted(zip(places, ordered, strict=True), key=_first_of))

    def _from_browser(self, clip: ReelClip) -> Clip:
        """The clip again; without moments it shows its label in the middle."""
        middle_s = (clip.start_s + clip.end_s) / 2
        moments = clip.moments or (
            ReelMoment(clip.label or "Clip", middle_s, 1.0, is_certain=True),
        )
        if clip.name:
            moments = (ReelMoment(clip.name, moments[0].position_s, 1.0, is_certain=True),)
        candidates = tuple(
            Candidate(
                label=item.label,
                period=clip.period,
                position_s=min(max(item.position_s, clip.start_s), clip.end_s),
                score=item.score,
                spotted=item.spotted,
                is_certain=item.is_certain,
            )
            for item in moments
        )

        # The browser does not say which one is the main candidate.
        main = max(candidates, key=lambda candidate: value_of(candidate, self.config))
        return Clip(
            period=clip.period,
            start_s=clip.start_s,
            end_s=clip.end_s,
            candidates=candidates,
            value=clip.rank,
            main=main,
        )


def _write_lists(reel: Reel, planned: Sequence[PlannedClip], folder: Path) -> Made:
    """Write all lists; what one of them cannot hold becomes a note."""
    listing = list_reel(reel, planned)
    files, notes = [], []
    for kind, form in LIST_FORMATS.items():
        if not form.bundled:
            continue
        path = folder / f"{plain_name(reel.title)}-reel.{form.file_suffix}"
        try:
            write_list(kind, path, listing)
        except (InputError, MissingExtraError) as error:
            notes.append(f"no {kind.upper()}: {error}")
        else:
            files.append(path)
    return Made(files, "; ".join(notes))


def _to_browser(
    clip: Clip, *, chosen: bool, known: Mapping[tuple[str, int, float], Action] | None = None
) -> ReelClip:
    """A clip for the browser, with what is known of the actions that it shows."""
    moments = []
    for item in clip.candidates:
        action = (known or {}).get((item.label, item.period, item.position_s))
        moments.append(
            ReelMoment(
                item.label,
                item.position_s,
                item.score,
                spotted=item.spotted,
                team="" if action is None else action.team or "",
                player="" if action is None else dict(action.details).get("player", ""),
                is_certain=item.is_certain,
            )
        )
    return ReelClip(
        period=clip.period,
        start_s=clip.start_s,
        end_s=clip.end_s,
        label=clip.title,
        reason=clip.reason,
        rank=clip.value,
        chosen=chosen,
        moments=tuple(moments[:MAX_MOMENTS]),
        main_s=clip.main.position_s,
    )


def _report_part(
    progress: Callable[[float], object], done: int, total: int, share: float
) -> object:
    """Progress of one match as progress of all."""
    return progress((done + share) / total)


def _first_of(pair: tuple[int, Clip]) -> int:
    return pair[0]
