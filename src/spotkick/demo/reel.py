"""The demo's reel: highlights of the bundled clip, with an edit list, captions and a thumbnail of each."""

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from spotkick.actions import Action
from spotkick.checkpoint import Checkpoint
from spotkick.demo.page import DemoMatch, DemoMoment, DemoReel
from spotkick.errors import InputError
from spotkick.files import read_bytes, write_text
from spotkick.highlights.clips import Clip
from spotkick.highlights.config import HighlightsConfig
from spotkick.highlights.edl import write_edl
from spotkick.highlights.reel import (
    PeriodVideo,
    choose,
    describe,
    plan_parts,
    propose_clips,
    render,
    total_s,
)
from spotkick.highlights.shots import can_find_shots
from spotkick.highlights.webvtt import write_vtt
from spotkick.video.probe import probe
from spotkick.video.stills import picture_at, write_jpeg

REEL_S: Final = 75.0
"""Longest duration of the reel."""

LEAD_S: Final = {
    "Goal": (8.0, 9.0),
    "Penalty": (5.0, 6.0),
    "Corner": (3.0, 7.0),
    "Yellow card": (6.0, 4.0),
}
"""The classes that the reel shows, with seconds before and after; celebrations and set pieces of the simulator are short.

Second yellow cards are left out: they are rare and look like the first, so that the network cannot
tell them apart.
"""

_AGREES_S: Final = 5.0
"""A spot this near to a true action of its class is right."""

_LATER_S: Final = 0.6
"""A thumbnail shows the moment this long after the spot."""


def cut_reel(
    video: Path, match: DemoMatch, checkpoint: Checkpoint, out: Path, say: Callable[[str], None]
) -> DemoReel | None:
    """Cut the reel, and write ``reel.mp4``, ``reel.edl``, ``reel.vtt`` and thumbnails into ``out``.

    Args:
        video: what the match was spotted in; its only period is the first.
        match: spots and truths.
        checkpoint: gives the thresholds.
        out: folder.
        say: receives a line about what happens.

    Returns:
        None when no spot reaches its threshold.

    Raises:
        StorageError: if a file cannot be written.
    """
    config = HighlightsConfig(
        class_thresholds=checkpoint.config.thresholds,
        lead_s=LEAD_S,
        interest=dict.fromkeys(set(checkpoint.config.classes) - set(LEAD_S), 0.0),
    )
    videos = {1: PeriodVideo(probe(video))}
    try:
        clips = propose_clips(match.found.actions, match.scores, videos, config)
        chosen = choose(clips, REEL_S, videos, config, snap=can_find_shots())
    except InputError as error:
        say(f"no reel: {error}")
        return None
    parts = plan_parts(chosen, videos, captions=find_spec("PIL") is not None)
    reel = out / "reel.mp4"
    say(f"cutting a reel of {float(total_s(parts)):.1f} s from {len(chosen)} of {len(clips)} clips")
    render(reel, parts)
    edits = describe(match.found.match, chosen, parts, videos)
    write_text(reel.with_suffix(".edl"), write_edl(edits))
    write_text(reel.with_suffix(".vtt"), write_vtt(edits))
    moments = []
    for number, clip in enumerate(chosen, start=1):
        picture = out / "thumbnails" / f"{number}.jpg"
        write_jpeg(picture, picture_at(video, min(clip.main.position_s + _LATER_S, clip.end_s)))
        moments.append(_moment(clip, read_bytes(picture), match.truth.actions))
    return DemoReel(reel, float(total_s(parts)), tuple(moments))


def _moment(clip: Clip, picture: bytes, truths: tuple[Action, ...]) -> DemoMoment:
    main = clip.main
    near = [action for action in truths if abs(action.position_s - main.position_s) <= _AGREES_S]
    right = any(action.label == main.label for action in near)
    others = ", ".join(sorted({action.label for action in near}))
    verdict = (
        "agrees with the truth"
        if right
        else f"truth: {others}"
        if others
        else "truth: nothing within 5 s"
    )
    return DemoMoment(clip.title, main.position_s, clip.reason, verdict, picture)
