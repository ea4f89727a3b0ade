"""Clips of one match or of several as parts of one reel: frames, captions, and the edit list."""

import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Final

from spotkick.datasets.period_video import PeriodVideo
from spotkick.errors import SpotkickWarning
from spotkick.highlights.captions import draw_caption
from spotkick.highlights.clips import Clip
from spotkick.highlights.config import HighlightsConfig
from spotkick.highlights.edit_list import Source, Stretch, make_edit_list
from spotkick.highlights.edit_list_format import ReelListing
from spotkick.highlights.fonts import warn_about_missing_letters
from spotkick.highlights.reel import describe, match_clocks, plan_parts
from spotkick.video.cut import shape_of
from spotkick.video.probe import probe
from spotkick.video.reel_parts import ReelPart
from spotkick.viewer.reels import CAPTION_PARTS, Reel, ReelClip, ReelMoment

_DATE: Final = re.compile(r"^\d{4}-\d{2}-\d{2}( - \d{1,2}-\d{2})? +")
_SAME_TIME_S: Final = 1e-3


@dataclass(frozen=True, slots=True)
class PlannedClip:
    """A clip as it is cut.

    Attributes:
        match: key of its match among the sources of the reel.
        clip: what is shown.
        parts: its frames; more than one over the border of two files.
        clock: of the match, at its main candidate.
    """

    match: str
    clip: Clip
    parts: tuple[ReelPart, ...]
    clock: str


def plan_match(
    key: str, clips: Sequence[Clip], videos: Mapping[int, PeriodVideo]
) -> list[PlannedClip]:
    """Find the frames and the clock of clips of one match.

    Raises:
        InputError: if a video cannot be read, or a clip lies outside its video.
    """
    clocks = match_clocks(clips, HighlightsConfig())
    own: list[list[ReelPart]] = []
    for part in plan_parts(clips, videos):
        if part.continues:
            own[-1].append(part)
        else:
            own.append([part])
    return [
        PlannedClip(key, clip, tuple(parts), clock)
        for clip, parts, clock in zip(clips, own, clocks, strict=True)
    ]


def add_captions(
    planned: Sequence[PlannedClip], reel: Reel
) -> tuple[tuple[ReelPart, ...], list[str]]:
    """All parts of a reel in order, with captions where the reel has some.

    Returns:
        parts; notes about letters that cannot be drawn.

    Raises:
        MissingExtraError: if captions are wanted and the package pillow is not installed.
    """
    parts = [part for item in planned for part in item.parts]
    if len({item.match for item in planned}) > 1:
        named = [short_name(reel.sources[item.match].name) for item in planned for _ in item.parts]
        parts = [
            replace(part, title=f"{part.title} · {name}")
            for part, name in zip(parts, named, strict=True)
        ]
    if not reel.captions:
        return tuple(parts), []

    # Captions have the size of the reel, which is that of its first clip.
    texts = [caption_of(item, reel) for item in planned for _ in item.parts]
    size_px = shape_of(probe(parts[0].cut.path)).size_px
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", SpotkickWarning)
        warn_about_missing_letters(texts)
    captioned = tuple(
        replace(part, overlay=draw_caption(text, size_px)) if text else part
        for part, text in zip(parts, texts, strict=True)
    )
    return captioned, [str(warning.message) for warning in caught]


def caption_of(item: PlannedClip, reel: Reel) -> str:
    """The caption of a clip, with the parts that the reel asks for."""
    moments = _moments_of(item, reel.clips)
    texts = {
        "match": short_name(reel.sources[item.match].name),
        "clock": item.clock,
        "title": _title_of(item, moments),
        "team": _team_of(item, moments),
    }
    wanted = (texts[part] for part in CAPTION_PARTS if part in reel.captions)
    return " · ".join(text for text in wanted if text)


def short_name(match: str) -> str:
    """Name of a match without its folders and date.

    Example:
        >>> short_name("league/2014-2015/2015-02-21 - 18-00 Chelsea 1 - 1 Burnley")
        'Chelsea 1 - 1 Burnley'
    """
    name = match.rpartition("/")[2]
    return _DATE.sub("", name) or name


def _title_of(item: PlannedClip, moments: Sequence[ReelMoment]) -> str:
    """What the clip is mainly about, and the player where one is known."""
    main = item.clip.main
    players = (
        moment.player
        for moment in moments
        if moment.label == main.label and abs(moment.position_s - main.position_s) < _SAME_TIME_S
    )
    return " · ".join(filter(None, (main.title, next(players, ""))))


def _team_of(item: PlannedClip, moments: Sequence[ReelMoment]) -> str:
    """Team of the main candidate, or that of a named clip's first spot."""
    at_s = item.clip.main.position_s
    known = [moment for moment in moments if moment.team]
    main = [moment for moment in known if abs(moment.position_s - at_s) < _SAME_TIME_S]
    return next((moment.team for moment in (*main, *known)), "")


def _moments_of(item: PlannedClip, requested: Sequence[ReelClip]) -> list[ReelMoment]:
    """What the clip shows, as the browser has it."""
    return [
        moment
        for clip in requested
        if clip.match == item.match and clip.period == item.clip.period
        for moment in clip.moments
        if item.clip.start_s <= moment.position_s <= item.clip.end_s
    ]


def list_reel(reel: Reel, planned: Sequence[PlannedClip]) -> ReelListing:
    """The reel as the writers of edit lists take it.

    Raises:
        InputError: if the timecode of a video does not exist at its rate.
    """
    clips = tuple(item.clip for item in planned)
    if len({item.match for item in planned}) == 1:
        parts = [part for item in planned for part in item.parts]
        videos = reel.sources[planned[0].match].videos
        return ReelListing(describe(reel.title, clips, parts, videos), clips)

    # Each match knows its videos; the frames of the reel are counted over all of them.
    sources = _sources_of(reel, planned)
    stretches = [
        Stretch(
            source=sources[part.cut.path],
            start_s=part.cut.start_s,
            duration_s=part.cut.duration_s,
            title=f"{item.clip.title} · {short_name(reel.sources[item.match].name)}",
            reason=item.clip.reason,
            value=item.clip.value,
            clip_number=number,
            clock=item.clock,
        )
        for number, item in enumerate(planned, start=1)
        for part in item.parts
    ]
    return ReelListing(make_edit_list(reel.title, stretches), clips)


def _sources_of(reel: Reel, planned: Sequence[PlannedClip]) -> Mapping[object, Source]:
    """Videos with their recorded timecodes, by path."""
    found: dict[object, Source] = {}
    by_match = sorted(planned, key=lambda item: item.match)
    for key, group in groupby(by_match, key=lambda item: item.match):
        own = list(group)
        edits = describe(
            reel.title,
            [item.clip for item in own],
            [part for item in own for part in item.parts],
            reel.sources[key].videos,
        )
        found |= {source.path: source for source in edits.sources}
    return found
